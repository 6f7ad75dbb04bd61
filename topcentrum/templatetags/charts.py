"""Charts as pictures that a server draws, each with its figures in a table beside it.

`{% load charts %}{% bar_chart "schools" caption heads rows %}`: `rows` are tuples of a label with
its figures, `heads` the names of their columns. Lengths are shares of the width, heights are in em,
so that a picture follows the window and the letters of its reader; colours are classes. A picture
of nothing is not drawn: the page says in words that there is nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import template
from django.utils.formats import number_format

register = template.Library()

Row = tuple[str, int, *tuple[int, ...]]
Picture = Callable[[Sequence[Row]], "Drawing"]

LINE = 3.4  # em: a label with its bar under it, and air
LABEL = 1.1  # em: the line on which the words of a bar stand
BAR_TOP, BAR_HEIGHT = 1.55, 1.25  # em, below the top of a line
SPOKEN = 7  # a part narrower than this many hundredths holds no number
PLOT = 9.0  # em: the height of the tallest column
COLUMN = 0.7  # of the room that a column has
SPARK_WIDTH, SPARK_HEIGHT, SPARK_EDGE = 100, 24, 3


@dataclass(frozen=True)
class Bar:
    """A rectangle; `part` is the number of its series, from 1."""

    x: str
    y: str
    width: str
    height: str
    part: int


@dataclass(frozen=True)
class Words:
    """A text at a place; `kind` says how it is aligned and coloured."""

    x: str
    y: str
    said: str
    kind: str


@dataclass
class Drawing:
    """What stands in a picture."""

    height: float
    bars: list[Bar] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)
    floor: str = ""

    def bar(self, x: float, y: float, width: float, height: float, part: int = 1) -> None:
        """Draw a bar; `x` and `width` are hundredths of the picture."""
        self.bars.append(Bar(_share(x), _em(y), _share(width), _em(height), part))

    def say(self, x: float, y: float, said: str, kind: str) -> None:
        """Write words."""
        self.words.append(Words(_share(x), _em(y), said, kind))


# --- The pictures ----------------------------------------------------------------------------


@register.inclusion_tag("parts/chart.html")
def bar_chart(name: str, caption: str, heads: Sequence[str], rows: Sequence[Row]) -> dict[str, Any]:
    """A bar per row, to compare a figure. With more figures per row, these are stacked."""
    return _figure(name, caption, heads, rows, _bars)


@register.inclusion_tag("parts/chart.html")
def funnel(name: str, caption: str, heads: Sequence[str], rows: Sequence[Row]) -> dict[str, Any]:
    """Steps of which each keeps some of the one before; the share is that of the first step."""
    return _figure(name, caption, heads, rows, _steps)


@register.inclusion_tag("parts/chart.html")
def histogram(name: str, caption: str, heads: Sequence[str], rows: Sequence[Row]) -> dict[str, Any]:
    """Columns next to each other: how a number of things is spread over an order."""
    return _figure(name, caption, heads, rows, _columns)


@register.inclusion_tag("parts/sparkline.html")
def sparkline(name: str, caption: str, heads: Sequence[str], rows: Sequence[Row]) -> dict[str, Any]:
    """A small line: how one figure went up and down, the latest at the right."""
    return {
        "name": name,
        "caption": caption,
        "heads": heads,
        "rows": rows,
        "points": _line(rows),
        "width": SPARK_WIDTH,
        "height": SPARK_HEIGHT,
        "latest": rows[-1][1] if rows else 0,
    }


def _figure(
    name: str, caption: str, heads: Sequence[str], rows: Sequence[Row], picture: Picture
) -> dict[str, Any]:
    """What the template shows: the picture, the legend where it needs one, and the table."""
    parts = list(enumerate(heads[1:], start=1))
    return {
        "name": name,
        "caption": caption,
        "heads": heads,
        "rows": rows,
        "legend": parts if len(parts) > 1 else [],
        "drawing": picture(rows) if any(sum(row[1:]) for row in rows) else None,
    }


def _bars(rows: Sequence[Row]) -> Drawing:
    most = max(sum(row[1:]) for row in rows)
    drawing = Drawing(height=LINE * len(rows))
    for place, (label, *figures) in enumerate(rows):
        top, left = place * LINE, 0.0
        drawing.say(0, top + LABEL, label, "label")
        drawing.say(100, top + LABEL, number_format(sum(figures)), "total")
        for part, figure in enumerate(figures, start=1):
            width = 100 * figure / most
            drawing.bar(left, top + BAR_TOP, width, BAR_HEIGHT, part)
            if len(figures) > 1 and width >= SPOKEN:
                middle = left + width / 2
                drawing.say(middle, top + BAR_TOP + 0.95, number_format(figure), f"in-{part}")
            left += width
    return drawing


def _steps(rows: Sequence[Row]) -> Drawing:
    first = rows[0][1]
    most = max(row[1] for row in rows)
    drawing = Drawing(height=LINE * len(rows))
    for place, row in enumerate(rows):
        label, figure = row[:2]
        top, width = place * LINE, 100 * figure / most
        share = f" ({round(100 * figure / first)}%)" if place and first else ""
        drawing.say(0, top + LABEL, label, "label")
        drawing.say(100, top + LABEL, f"{number_format(figure)}{share}", "total")
        drawing.bar((100 - width) / 2, top + BAR_TOP, width, BAR_HEIGHT)
    return drawing


def _columns(rows: Sequence[Row]) -> Drawing:
    most, room = max(row[1] for row in rows), 100 / len(rows)
    base = LABEL + 0.5 + PLOT
    drawing = Drawing(height=base + 1.7, floor=_em(base))
    for place, row in enumerate(rows):
        label, figure = row[:2]
        left, height = place * room, PLOT * figure / most
        middle = left + room / 2
        drawing.bar(left + room * (1 - COLUMN) / 2, base - height, room * COLUMN, height)
        drawing.say(middle, base - height - 0.4, number_format(figure), "on-top")
        drawing.say(middle, base + 1.3, label, "below")
    return drawing


def _line(rows: Sequence[Row]) -> str:
    """The points of a polyline, between the edges of its box."""
    if len(rows) < 2:
        return ""
    most = max(row[1] for row in rows) or 1
    across = (SPARK_WIDTH - 2 * SPARK_EDGE) / (len(rows) - 1)
    up = SPARK_HEIGHT - 2 * SPARK_EDGE
    return " ".join(
        f"{SPARK_EDGE + place * across:.1f},{SPARK_HEIGHT - SPARK_EDGE - up * row[1] / most:.1f}"
        for place, row in enumerate(rows)
    )


def _share(hundredths: float) -> str:
    return f"{hundredths:.2f}%"


def _em(height: float) -> str:
    return f"{height:.2f}em"
