"""Charts are drawn to scale, parts say what they must, colours can be told apart."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.template.loader import render_to_string
from django.utils import translation

from topcentrum.templatetags import charts

ROOT = Path(settings.BASE_DIR)
CSS = (ROOT / "static/css/topcentrum.css").read_text()
HEADS = ("School", "met plek", "zonder")
ROWS: list[charts.Row] = [("Deltion", 30, 10), ("Cibap", 5, 15)]


def drawn(kind: str, rows: Sequence[charts.Row], heads: Sequence[str] = HEADS) -> str:
    """The markup of a chart, in one line."""
    source = f'{{% load charts %}}{{% {kind} "a-chart" "Per school" heads rows %}}'
    markup = Template(source).render(Context({"heads": heads, "rows": rows}))
    return re.sub(r"\s+", " ", markup)


# --- Charts ----------------------------------------------------------------------------------


def test_bars_are_as_long_as_their_figures() -> None:
    drawing = charts.bar_chart("a", "b", HEADS, ROWS)["drawing"]
    assert [(bar.x, bar.width, bar.part) for bar in drawing.bars] == [
        ("0.00%", "75.00%", 1),
        ("75.00%", "25.00%", 2),
        ("0.00%", "12.50%", 1),
        ("12.50%", "37.50%", 2),
    ]
    totals = [words.said for words in drawing.words if words.kind == "total"]
    assert totals == ["40", "20"]


def test_the_steps_of_a_funnel_stand_in_the_middle() -> None:
    rows: list[charts.Row] = [("Zoeken", 40), ("Met plek", 10)]
    drawing = charts.funnel("a", "b", HEADS[:2], rows)["drawing"]
    assert [(bar.x, bar.width) for bar in drawing.bars] == [
        ("0.00%", "100.00%"),
        ("37.50%", "25.00%"),
    ]
    assert [words.said for words in drawing.words if words.kind == "total"] == ["40", "10 (25%)"]


def test_columns_stand_on_one_floor() -> None:
    rows: list[charts.Row] = [("1", 4), ("2", 1)]
    drawing = charts.histogram("a", "b", HEADS[:2], rows)["drawing"]
    tall, low = drawing.bars
    feet = {round(float(bar.y[:-2]) + float(bar.height[:-2]), 2) for bar in (tall, low)}
    assert feet == {float(drawing.floor[:-2])}
    assert float(tall.height[:-2]) == 4 * float(low.height[:-2])


def test_a_line_goes_up_with_its_figure() -> None:
    rows: list[charts.Row] = [("a", 0), ("b", 10), ("c", 5)]
    heights = [
        point.split(",")[1] for point in charts.sparkline("a", "b", HEADS, rows)["points"].split()
    ]
    assert heights == ["21.0", "3.0", "12.0"]


@pytest.mark.parametrize("kind", ["bar_chart", "funnel", "histogram"])
def test_a_chart_can_be_read_without_seeing_it(kind: str) -> None:
    rows: list[charts.Row] = [("Deltion", 1200), ("<b>", 5)]
    page = drawn(kind, rows, HEADS[:2])
    assert '<figcaption class="chart__caption" id="a-chart-caption">Per school</figcaption>' in page
    assert 'role="img"' in page
    assert 'aria-labelledby="a-chart-caption"' in page
    assert '<th scope="row">Deltion</th> <td class="num">1.200</td>' in page
    assert "<b>" not in page


@pytest.mark.parametrize("kind", ["bar_chart", "funnel", "histogram", "sparkline"])
@pytest.mark.parametrize("rows", [[], [("Deltion", 0)], [("Deltion", 0), ("Cibap", 0)]])
def test_a_chart_of_nothing_breaks_nothing(kind: str, rows: list[charts.Row]) -> None:
    page = drawn(kind, rows, HEADS[:2])
    assert "<rect" not in page
    assert "nan" not in page


def test_a_chart_with_one_figure_needs_no_legend() -> None:
    assert "chart__legend" not in drawn("bar_chart", [("Deltion", 3)], HEADS[:2])
    assert "chart__legend" in drawn("bar_chart", ROWS)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_lengths_are_lengths_in_every_language(language: str) -> None:
    with translation.override(language):
        page = drawn("bar_chart", [("Deltion", 2, 1)]) + drawn("sparkline", [("a", 1), ("b", 3)])
    for name in ("x", "y", "width", "height", "viewBox", "points"):
        for value in re.findall(rf' {name}="([^"]*)"', page):
            assert re.fullmatch(r"[\d. ]+(?:em|%)?|[\d., ]+", value), f"{name}={value}"
    assert ",00%" not in page


# --- Parts -----------------------------------------------------------------------------------


class PeriodForm(forms.Form):
    """Two days."""

    starts_on = forms.DateField(label="Vanaf")
    ends_on = forms.DateField(label="Tot en met")


def period(form: forms.Form) -> str:
    given = {"legend": "Periode", "help": "", "first": form["starts_on"], "last": form["ends_on"]}
    return re.sub(r"\s+", " ", render_to_string("parts/period.html", given))


def test_a_period_is_one_question_with_two_answers() -> None:
    page = period(PeriodForm())
    assert page.count("<fieldset") == 1
    assert page.count("<legend") == 1
    assert re.findall(r'<label for="([^"]+)">', page) == ["id_starts_on", "id_ends_on"]
    assert "field--error" not in page


def test_errors_of_a_period_stand_together_and_are_told_with_their_field() -> None:
    page = period(PeriodForm({"starts_on": "31 februari"}))
    assert page.count("field--error") == 1
    assert page.index("id_starts_on_error") < page.index("id_ends_on_error") < page.index("<input")
    for name in ("starts_on", "ends_on"):
        assert re.search(rf'<input[^>]*name="{name}"[^>]*aria-describedby="id_{name}_error"', page)


def test_a_toast_can_be_read_without_a_script() -> None:
    page = render_to_string("parts/toast.html", {"text": "Bewaard <nu>", "tone": ""})
    assert "Bewaard &lt;nu&gt;" in page
    assert "hidden" not in page.replace('aria-hidden="true"', "")


# --- Colours ---------------------------------------------------------------------------------


def tokens() -> dict[str, dict[str, str]]:
    """The colours of both schemes, by name, as the stylesheet gives them."""
    light, _media, dark = CSS.partition("@media (prefers-color-scheme: dark)")
    pattern = re.compile(r"--([a-z0-9-]+): (#[0-9a-f]{3,6})\b")
    found = dict(pattern.findall(light))
    dark_ones = dict(pattern.findall(dark.partition("/* A tone")[0]))
    return {"light": found, "dark": found | dark_ones}


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 counts it."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


READ = [(name, f"{name}-soft") for name in ("success", "warning", "danger", "info", "neutral")]
READ += [(ink, ground) for ink in ("ink", "soft") for ground in ("canvas", "surface", "sunken")]
READ += [("accent", "canvas"), ("accent", "accent-soft"), ("on-accent", "accent")]
READ += [("chart-ink", f"chart-{n}") for n in range(1, 5)]
SEEN = [(f"chart-{n}", "surface") for n in range(1, 5)] + [("edge", "surface"), ("edge", "canvas")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_can_be_read_and_lines_can_be_seen(scheme: str) -> None:
    colour = tokens()[scheme]
    wanted = [(pair, 4.5) for pair in READ] + [(pair, 3.0) for pair in SEEN]
    found = {(a, b): contrast(colour[a], colour[b]) for (a, b), _least in wanted}
    assert {pair: found[pair] for pair, least in wanted if found[pair] < least} == {}


def test_colours_that_are_too_near_would_be_found() -> None:
    assert round(contrast("#fff", "#000"), 1) == 21
    assert contrast("#777777", "#ffffff") < 4.5 < contrast("#757575", "#fff")


def test_dark_has_its_own_colours() -> None:
    light, dark = tokens()["light"], tokens()["dark"]
    same = {name for name in light if light[name] == dark[name]}
    assert same <= {"spark"}, "a colour of the light scheme shines through in the dark"


# --- What others made ------------------------------------------------------------------------


def test_leaflet_stands_here_with_its_licence_and_asks_for_nothing_more() -> None:
    folder = ROOT / "static/vendor/leaflet"
    assert "BSD 2-Clause" in (folder / "LICENSE").read_text()
    assert (folder / "VERSION").read_text().startswith("Leaflet 1.9.4")
    script = (folder / "leaflet.js").read_text()
    assert "Leaflet 1.9.4" in script[:200]
    assert "sourceMappingURL" not in script
    asked = re.findall(r"url\((?!#)([^)]+)\)", (folder / "leaflet.css").read_text())
    assert len(asked) == 3
    assert all((folder / name).is_file() for name in asked)
