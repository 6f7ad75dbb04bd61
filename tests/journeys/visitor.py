"""Somebody at a keyboard, over HTTP and without a script: reads words, follows links, fills in
fields by their labels, presses buttons. What a page does not offer cannot be done."""

from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from django.test import Client

from accounts.models import User
from tests.conftest import client_of

VOID = ("area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr")
SILENT = ("script", "style", "template")
PARTS = ("tr", "article", "details", "form")

Answers = Mapping[str, str | list[str]]


class Node:
    """An element of a page."""

    def __init__(self, tag: str, attrs: Mapping[str, str | None], parent: "Node | None") -> None:
        self.tag, self.attrs, self.parent = tag, attrs, parent
        self.parts: list[Node | str] = []

    def get(self, name: str) -> str:
        """An attribute; empty when it is not there."""
        return self.attrs.get(name) or ""

    def all(self, *tags: str) -> "Iterator[Node]":
        """The elements inside, in the order of the page."""
        for part in self.parts:
            if isinstance(part, Node):
                if part.tag in tags:
                    yield part
                yield from part.all(*tags)

    @property
    def words(self) -> str:
        """All text inside, in single spaces."""
        return " ".join("".join(self._texts()).split()).replace(" :", ":")

    def _texts(self) -> Iterator[str]:
        for part in self.parts:
            if isinstance(part, str):
                yield part
            elif part.tag not in SILENT:
                # A line of its own: words of neighbours do not run into each other.
                yield from (" ", *part._texts(), " ")

    def inside(self, *tags: str) -> "Node":
        """The nearest element of one of these kinds around this one."""
        node = self.parent
        while node is not None and node.tag not in tags:
            node = node.parent
        assert node is not None, f"“{self.words}” is in no {tags}"
        return node


class _Reader(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = self.here = Node("", {}, None)
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs}, self.here)
        self.here.parts.append(node)
        if tag not in VOID:
            self.here = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.here.parts.append(Node(tag, dict(attrs), self.here))

    def handle_endtag(self, tag: str) -> None:
        node: Node | None = self.here
        while node is not None and node.tag != tag:
            node = node.parent
        if node is not None and node.parent is not None:
            self.here = node.parent

    def handle_data(self, data: str) -> None:
        self.here.parts.append(data)


def _the_one(found: list[Node], name: str, among: list[Node]) -> Node:
    if len(found) != 1:
        there = ", ".join(f"“{node.words}”" for node in among)
        raise AssertionError(f"{len(found)} times “{name}” among: {there}")
    return found[0]


def _named(nodes: list[Node], name: str) -> Node:
    """The one that says exactly this; else the one that says it among other words."""
    exact = [node for node in nodes if _caption(node) == name]
    return _the_one(exact or [node for node in nodes if name in node.words], name, nodes)


def _caption(node: Node) -> str:
    """What it says, without the note that an answer is optional."""
    words = node.words
    for note in node.all("span"):
        if note.get("class") == "optional":
            words = words.replace(note.words, "")
    return words.strip()


class Form:
    """A form as it stands on the page, to be filled in by label."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.values: dict[str, list[str]] = {}
        for control in node.all("input", "select", "textarea"):
            self._read(control)

    def _read(self, control: Node) -> None:
        name = control.get("name")
        if not name or control.get("type") in ("submit", "button"):
            return
        values = self.values.setdefault(name, [])
        if control.tag == "textarea":
            values.append("".join(part for part in control.parts if isinstance(part, str)))
        elif control.tag == "select":
            options = list(control.all("option"))
            chosen = [option for option in options if "selected" in option.attrs] or options[:1]
            values += [option.get("value") for option in chosen]
        elif control.get("type") not in ("checkbox", "radio"):
            values.append(control.get("value"))
        elif "checked" in control.attrs:
            values.append(control.get("value") or "on")

    def fill(self, label: str, answer: str | list[str]) -> None:
        """Type or choose the answer at the field with this label, or in the group with it."""
        groups = [node for node in self.node.all("legend") if label in node.words]
        if groups:
            self._choose(list(_named(groups, label).inside("fieldset").all("label")), answer)
            return
        found = _named(list(self.node.all("label")), label)
        control, name = self._control_of(found), self._control_of(found).get("name")
        if control.get("type") == "checkbox":
            self.values[name].append(control.get("value") or "on")
        elif control.tag == "select":
            self.values[name] = [_named(list(control.all("option")), str(answer)).get("value")]
        else:
            self.values[name] = [str(answer)]

    def _choose(self, labels: list[Node], answer: str | list[str]) -> None:
        wanted = [answer] if isinstance(answer, str) else answer
        controls = [self._control_of(_named(labels, one)) for one in wanted]
        self.values[controls[0].get("name")] = [control.get("value") for control in controls]

    def _control_of(self, label: Node) -> Node:
        controls = list(self.node.all("input", "select", "textarea"))
        inside = list(label.all("input", "select", "textarea"))
        found = inside or [one for one in controls if one.get("id") == label.get("for")]
        return _the_one(found, label.words, controls)


class Visitor:
    """A person with a browser of their own. Without a user: somebody who has yet to sign in."""

    def __init__(self, user: User | None = None) -> None:
        self.client = client_of(user) if user else Client()
        self.client.handler.enforce_csrf_checks = True
        self.url = "/"
        self.page = Node("", {}, None)

    def open(self, url: str, status: int = 200) -> "Visitor":
        """Go to an address, and on to where it leads."""
        self._arrive(self.client.get(url, follow=True), url, status)
        return self

    def follow(self, name: str, *, among: str = "") -> "Visitor":
        """Click the link that says this; `among`: in the part that says that."""
        there = {link.get("href"): link for link in self._choices("a", among) if name in link.words}
        exact = {url: link for url, link in there.items() if link.words == name}
        link = _the_one(list((exact or there).values()), name, self._choices("a", among))
        return self.open(urljoin(self.url, link.get("href")))

    def press(
        self, button: str, answers: Answers | None = None, *, among: str = "", status: int = 200
    ) -> "Visitor":
        """Fill in the form around a button and press it."""
        pressed = _named(self._choices("button", among), button)
        around = pressed.inside("form")
        form = Form(around)
        for label, answer in (answers or {}).items():
            form.fill(label, answer)
        if pressed.get("name"):
            form.values[pressed.get("name")] = [pressed.get("value")]
        url = urljoin(self.url, around.get("action").strip())
        send: Any = self.client.post if around.get("method") == "post" else self.client.get
        self._arrive(send(url, form.values, follow=True), url, status)
        return self

    def _choices(self, tag: str, among: str) -> list[Node]:
        found = list(self.page.all(tag))
        if not among:
            return found
        return [node for node in found if among in node.inside(*PARTS, "body").words]

    def _arrive(self, answer: Any, url: str, status: int) -> None:
        steps = getattr(answer, "redirect_chain", [])
        self.url = urljoin(url, steps[-1][0]) if steps else url
        self.page = _Reader(answer.content.decode()).root
        assert answer.status_code == status, f"{self.url}: {answer.status_code}\n{self.words}"
        assert len(list(self.page.all("h1"))) == 1, f"{self.url} needs one heading"
        assert self.title.removesuffix("· Topcentrum").strip(), f"{self.url} needs a title"

    @property
    def words(self) -> str:
        """All that the page says."""
        return " ".join(body.words for body in self.page.all("body"))

    @property
    def title(self) -> str:
        """What the tab says."""
        return next(self.page.all("title")).words

    @property
    def heading(self) -> str:
        """The name of the page."""
        return next(self.page.all("h1")).words

    def sees(self, *words: str) -> "Visitor":
        """The page says all of this."""
        for one in words:
            assert one in self.words, f"“{one}” is not on {self.url}:\n{self.words}"
        return self

    def sees_nothing_of(self, *words: str) -> "Visitor":
        """The page says none of this."""
        for one in words:
            assert one not in self.words, f"“{one}” is on {self.url}:\n{self.words}"
        return self

    def reads(self, about: str, tag: str) -> str:
        """The words of the one row (tr), card (article) or disclosure (details) that speaks of
        something."""
        return _named(list(self.page.all(tag)), about).words
