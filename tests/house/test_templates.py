"""Templates: they parse, are used, load nothing from elsewhere, carry no script or style of their
own, protect their forms, and say nothing that cannot be translated."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import django.forms
import pytest
from django.conf import settings
from django.template.base import Lexer, Token, TokenType
from django.template.loader import get_template
from django.template.utils import get_app_template_dirs

ROOT = Path(settings.BASE_DIR)
FOLDER = ROOT / "templates"
NAMES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.*"))
PAGES = [name for name in NAMES if name.endswith(".html")]

# Mail readers know no stylesheets: letters carry their style with them.
WITH_STYLE = {"letters/layout.html", "account/email/base_message.html"}
# Plain text is not escaped; nothing of it reaches a page.
UNESCAPED = re.compile(r"^(?:account|mfa)/email/.*\.txt$")
# Help texts are our own words, as in Django's own templates of these names.
HELP_TEXTS = {"django/forms/field.html", "django/forms/field_notes.html"}
# Names are the same in every language.
NAMES_IN_EVERY_LANGUAGE = {
    "Topcentrum",
    "Topcentrum e-commerce Regio Zwolle",
    "Kadaster / Centraal Bureau voor de Statistiek, 2022",
}
ERROR_PAGES = {"400.html", "403.html", "403_csrf.html", "404.html", "429.html", "500.html"}

# Attributes that people read or hear, and words of a part that is included.
READ = ("placeholder", "title", "aria-label", "aria-description", "alt", "label", "summary")
GIVEN = ("title", "text", "label", "action", "caption")
LOADING = ("src", "srcset", "href", "action", "formaction", "poster", "data", "xlink:href")
ELSEWHERE = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
LITERAL = re.compile(r"""(?<!_\()(["'])(.*?)\1""")


def source_of(name: str) -> str:
    return (FOLDER / name).read_text()


# --- reading a template ----------------------------------------------------------------------


def tokens_of(source: str) -> Iterator[Token]:
    """The tokens of a template without comments and without what is marked for translation."""
    until = ""
    for token in Lexer(source).tokenize():
        word = token.contents.split(maxsplit=1)[0] if token.contents.strip() else ""
        if until:
            until = "" if token.token_type == TokenType.BLOCK and word == until else until
        elif token.token_type == TokenType.BLOCK and token.contents == "block main_class":
            until = "endblock"  # the name of a class, which nobody reads
        elif token.token_type == TokenType.BLOCK and word in ("blocktranslate", "comment"):
            until = f"end{word}"
        elif token.token_type != TokenType.COMMENT:
            yield token


def markup_of(source: str) -> str:
    """What a template holds beside its tags."""
    return "".join(t.contents for t in tokens_of(source) if t.token_type == TokenType.TEXT)


def literals_of(source: str) -> Iterator[str]:
    """Words that stand as they are inside tags where people will read them."""
    for token in tokens_of(source):
        if token.token_type == TokenType.VAR:
            yield from (
                found[1]
                for found in re.findall(
                    r"""\|(?:default|default_if_none|yesno|add):(["'])(.*?)\1""", token.contents
                )
            )
        elif token.token_type == TokenType.BLOCK:
            word, _space, rest = token.contents.partition(" ")
            if word == "firstof":
                yield from (found[1] for found in LITERAL.findall(rest))
            if word in ("include", "with"):
                given = "|".join(GIVEN)
                yield from (
                    found[1] for found in re.findall(rf"""\b(?:{given})=(["'])(.*?)\1""", rest)
                )


class Reader(HTMLParser):
    """Finds what people read, and what a browser would load or run."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.trouble: list[str] = []
        self.styled: list[str] = []
        self._inside = ""
        self._english = ""
        self.feed(markup_of(source))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        self._inside = tag
        if known.get("lang") == "en":
            self._english = tag
        if tag == "script" and "src" not in known:
            self.trouble.append("a script inside the page")
        if tag == "style" or "style" in known:
            self.styled.append(f"<{tag}> has a style of its own")
        for name, value in known.items():
            if name.startswith(("on", "hx-on", "hx-vals", "hx-vars")):
                self.trouble.append(f"<{tag} {name}> runs a script")
            if name in LOADING and (ELSEWHERE.match(value) or "javascript:" in value.lower()):
                self.trouble.append(f"<{tag} {name}> leads elsewhere: {value}")
            if name in READ or name.startswith("data-text") or name == "data-label":
                self.words.append(value)
        if tag == "input" and known.get("type") in ("submit", "button", "reset"):
            self.words.append(known.get("value", ""))
        if tag == "meta" and known.get("name") == "description":
            self.words.append(known.get("content", ""))

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""
        if tag == self._english:
            self._english = ""

    def handle_data(self, data: str) -> None:
        # What is said to be English is as its owner asks for it to be written.
        if self._inside not in ("script", "style") and not self._english:
            self.words.append(data)


def untranslated(source: str, *, html: bool = True) -> list[str]:
    """Texts with letters that are not marked for translation."""
    read = Reader(source).words if html else markup_of(source).splitlines()
    found = (" ".join(words.split()) for words in [*read, *literals_of(source)])
    return [
        words
        for words in found
        if any(c.isalpha() for c in words) and words.strip(" ·") not in NAMES_IN_EVERY_LANGUAGE
    ]


# --- what they say ---------------------------------------------------------------------------


def test_every_template_parses() -> None:
    assert len(NAMES) > 100
    for name in NAMES:
        get_template(name)


def test_nothing_is_said_that_cannot_be_translated() -> None:
    found = {name: untranslated(source_of(name), html=name in PAGES) for name in NAMES}
    assert {name: words for name, words in found.items() if words} == {}


@pytest.mark.parametrize(
    "planted",
    [
        "<p>Hallo</p>",
        '<input placeholder="Zoek hier">',
        '<button aria-label="Sluit"></button>',
        '<img src="/a.svg" alt="Een winkel">',
        '<input type="submit" value="Verstuur">',
        '<body data-text-show="Toon">',
        '<meta name="description" content="Een portaal">',
        '{% include "parts/empty.html" with title="Niets" only %}',
        '{{ name|default:"niemand" }}',
        '{% firstof name "niemand" %}',
        "{% if a %}<p>Ja{% else %}{% translate 'nee' %}{% endif %}",
        "{% blocktranslate %}goed{% endblocktranslate %} fout",
        '<p lang="en">Right</p> fout',
    ],
)
def test_a_word_that_was_forgotten_is_found(planted: str) -> None:
    assert len(untranslated(planted)) == 1


@pytest.mark.parametrize(
    "fine",
    [
        "<p>{% translate 'Hallo' %} – {{ name }} (3 × 4)</p>",
        "{% blocktranslate trimmed %}Dag {{ name }}{% endblocktranslate %}",
        '{% include "parts/icon.html" with name="check" only %}',
        "{% comment %}Nog niet{% endcomment %}{# nooit #}<!-- nooit -->",
        '{% firstof subject _("(zonder onderwerp)") %}',
        '<li lang="en">Data: <a href="{{ url }}">GeoNames</a></li>',
        '<a class="button{% if on %} button--on{% endif %}" href="{% url \'x\' %}"></a>',
    ],
)
def test_what_is_marked_for_translation_is_fine(fine: str) -> None:
    assert untranslated(fine) == []


def python_strings() -> Iterator[tuple[str, str]]:
    """(file, text) of every string in our code, but for the tests."""
    for path in code_files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield str(path.relative_to(ROOT)), node.value


def code_files() -> list[Path]:
    """Every module that we wrote, but for tests and migrations."""
    apart = {"tests", "migrations", ".venv"}
    return [
        path
        for path in sorted(ROOT.rglob("*.py"))
        if not apart & set(path.relative_to(ROOT).parts) and not path.name.startswith(".")
    ]


UNWANTED = re.compile(r"leerling|deelnemer|kandida[at]", re.IGNORECASE)
# Headings of columns that other systems write.
OF_OTHERS = {"students/imports/columns.py", "bench/roster.py"}


def test_a_student_is_called_a_student() -> None:
    said = [(name, source_of(name)) for name in NAMES]
    said += [*python_strings(), ("app.js", (ROOT / "static/js/app.js").read_text())]
    assert len(said) > 1000
    found = [(where, text) for where, text in said if UNWANTED.search(text)]
    assert [one for one in found if one[0] not in OF_OTHERS] == []
    assert {where for where, _text in found} >= OF_OTHERS, "no longer an exception"


def test_another_word_for_a_student_is_found() -> None:
    assert all(UNWANTED.search(word) for word in ("Leerlingen", "deelnemers", "kandidaat"))


# --- what they load and run ------------------------------------------------------------------


def test_no_page_runs_or_loads_anything_of_its_own() -> None:
    found = {name: Reader(source_of(name)) for name in PAGES}
    assert {name: one.trouble for name, one in found.items() if one.trouble} == {}
    assert {name for name, one in found.items() if one.styled} == WITH_STYLE


@pytest.mark.parametrize(
    "planted",
    [
        "<script>go()</script>",
        '<button onclick="go()">{% translate "x" %}</button>',
        '<a hx-on:click="go()"></a>',
        '<img src="https://elders.example/a.png" alt="">',
        '<link href="//elders.example/a.css">',
        '<a href="javascript:go()"></a>',
        '<form action="http://elders.example/"></form>',
    ],
)
def test_a_template_that_runs_or_loads_something_is_found(planted: str) -> None:
    assert len(Reader(planted).trouble) == 1


def test_a_style_of_its_own_is_found() -> None:
    assert Reader('<p style="color: red"></p>').styled
    assert Reader("<style></style>").styled


UNSAFE = re.compile(r"\|\s*(?:safe|safeseq)\b|{%\s*autoescape\s+off")


def test_everything_is_escaped() -> None:
    found = [
        f"{name}: {line.strip()}"
        for name in NAMES
        for line in source_of(name).splitlines()
        if UNSAFE.search(line) and not UNESCAPED.match(name)
    ]
    allowed = [name for name in HELP_TEXTS if "{{ field.help_text|safe }}" in source_of(name)]
    assert [line for line in found if line.partition(":")[0] not in allowed] == []


def test_no_code_calls_its_own_markup_safe() -> None:
    calls = re.compile(r"\b(?:mark_safe|SafeString|format_html)\b")
    assert [str(path) for path in code_files() if calls.search(path.read_text())] == []


@pytest.mark.parametrize("planted", ["{{ text|safe }}", "{% autoescape off %}", "{{ a| safeseq }}"])
def test_what_is_not_escaped_is_found(planted: str) -> None:
    assert UNSAFE.search(planted)


# --- forms -----------------------------------------------------------------------------------


def unprotected(source: str) -> list[str]:
    """Forms that post without the token, and forms that would show it in the address."""
    found = []
    for form in re.findall(r"<form\b.*?</form>", source, re.DOTALL | re.IGNORECASE):
        head = form.partition(">")[0].lower()
        if ('method="post"' in head) != ("{% csrf_token %}" in form):
            found.append(head)
    outside = re.sub(r"<form\b.*?</form>", "", source, flags=re.DOTALL | re.IGNORECASE)
    return found + re.findall(r"hx-(?:post|put|patch|delete)", outside)


def test_every_form_that_posts_carries_the_token() -> None:
    found = {name: unprotected(source_of(name)) for name in PAGES}
    assert {name: forms for name, forms in found.items() if forms} == {}


@pytest.mark.parametrize(
    "planted",
    [
        '<form method="post"></form>',
        '<form method="get">{% csrf_token %}</form>',
        '<button hx-post="/x/"></button>',
    ],
)
def test_a_form_without_protection_is_found(planted: str) -> None:
    assert unprotected(planted)


# --- use -------------------------------------------------------------------------------------


def used() -> set[str]:
    """Templates that a view, a letter, another template or a package asks for."""
    asked = {text for _where, text in python_strings()} | ERROR_PAGES
    for name in NAMES:
        asked |= set(ASKS.findall(source_of(name)))
    return {name for name in NAMES if name in asked or _of_package(name) or _of_letter(name, asked)}


ASKS = re.compile(r"""{%\s*(?:include|extends)\s+["']([^"']+)["']""")
PACKAGES = [*get_app_template_dirs("templates"), Path(django.forms.__file__).parent / "templates"]


def _of_package(name: str) -> bool:
    """Ours instead of one of a package. Allauth has its letters in plain text only."""
    names = {name, re.sub(r"((?:account|mfa)/email/.*)\.html$", r"\1.txt", name)}
    return any((Path(folder) / one).exists() for folder in PACKAGES for one in names)


def _of_letter(name: str, asked: set[str]) -> bool:
    """A part of a kind of letter that is written somewhere; or what all letters stand in."""
    room, _slash, rest = name.partition("/")
    kind, _slash, part = rest.partition("/")
    parts = ("subject.txt", "body.txt", "action.txt")
    return room == "letters" and (rest == "layout.txt" or (kind in asked and part in parts))


def test_every_template_is_used() -> None:
    assert sorted(set(NAMES) - used()) == []


def test_a_template_that_nobody_asks_for_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.NAMES", ["cockpit/home.html"])
    assert used() == {"cockpit/home.html"}
    monkeypatch.setattr(f"{__name__}.python_strings", list)
    assert used() == set()
