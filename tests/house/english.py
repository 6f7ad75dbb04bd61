"""What is left in Dutch in something that should be English.

Words that English does not have are looked for in all that people read or hear, but for what is
said to be Dutch: what companies and students wrote.
"""

import re
from html.parser import HTMLParser

# None of these is an English word, a name of the scene, or a term that stays Dutch (mbo, bpv).
DUTCH = re.compile(
    r"(?<![\w/-])(?:de|het|een|voor|jouw|je|jij|jullie|niet|geen|van|naar|wordt|worden|zijn|met|ook|nog|"
    r"maar|als|dan|deze|dit|wie|wat|waar|hoe|bij|uit|op|om|aan|tot|moet|heeft|hebben|hebt|bent|kun|"
    r"kunt|kies|bewaar|bekijk|terug|stages|opdracht|opdrachten|bedrijf|bedrijven|plek|plekken|aanbod|"
    r"voorstel|voorstellen|ronde|rondes|keus|opleiding|periode|dagen|maand|uur|brief|lijst|profiel|"
    r"januari|februari|maart|mei|juni|juli|augustus|oktober|maandag|dinsdag|woensdag|donderdag|"
    r"vrijdag|zaterdag|zondag)(?![\w/-])",
    re.IGNORECASE,
)
HEARD = ("title", "alt", "placeholder", "aria-label", "aria-description", "aria-roledescription")
UNREAD = {"script", "style", "textarea"}  # what stands in a field was typed by somebody
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}


class Reader(HTMLParser):
    """All that somebody reads or hears on a page, but for what is said to be Dutch."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self._open: list[tuple[str, bool]] = []  # elements, and whether they are to be read
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        read = self._reads and tag not in UNREAD
        if "lang" in known:
            read = known["lang"] == "en"
        if read:
            self.words += [
                value
                for name, value in known.items()
                if name in HEARD or name.startswith(("data-text", "data-label", "data-filter"))
            ]
            if known.get("name") == "description":
                self.words.append(known.get("content", ""))
        if tag not in VOID:
            self._open.append((tag, read))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._reads:
            self.words.append(data)

    @property
    def _reads(self) -> bool:
        return not self._open or self._open[-1][1]


def dutch_in(words: list[str]) -> list[str]:
    """Pieces of text with a Dutch word, in one line each."""
    return [" ".join(piece.split()) for piece in words if DUTCH.search(piece)]
