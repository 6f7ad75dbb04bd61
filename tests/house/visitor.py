"""Somebody who tries doors, and takes everything back afterwards."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html import unescape
from http.cookies import SimpleCookie
from unittest.mock import patch
from urllib.parse import urljoin

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpResponse
from django.shortcuts import resolve_url
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.conftest import client_of
from tests.house.doors import LOGIN, NEVER, Door, Status
from tests.house.scene import PEOPLE, Scene
from topcentrum import urls

# A visit may write these: the session itself, and how often somebody tried.
OWN = {"django_session", "topcentrum_cache"}
DIFFERS = re.compile(rb'nonce="[^"]*"|name="(?:csrfmiddlewaretoken|next)" value="[^"]*"')
LINK = re.compile(r'(?:href|hx-get)="([?/][^"#]*)')


@dataclass(frozen=True)
class Answer:
    """What somebody got; `changed` are the tables in which rows were written."""

    status: Status
    where: str
    body: bytes
    trouble: str
    changed: frozenset[str] = frozenset()

    @property
    def masked(self) -> bytes:
        """The body without what differs from one request to the next."""
        return DIFFERS.sub(b"", self.body)


class Visitor:
    """Tries doors as anybody of the scene. After each visit the database is as it was."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        # One browser for all: each brings the cookies of a session of their own.
        self._client = Client(raise_request_exception=False)
        self._cookies = {name: _sign_in(scene, name) for name in PEOPLE}
        self._login = resolve_url(settings.LOGIN_URL)
        self._written: Written | None = None  # after the last visit

    def visit(
        self, person: str, method: str, path: str, form: Mapping[str, object] | None = None
    ) -> Answer:
        """One request by somebody who has just signed in."""
        before = written() if self._written is None else self._written
        with transaction.atomic():
            answer = self._go(person, method, path, form)
            transaction.set_rollback(True)
        self._written = written()
        return replace(answer, changed=tables(self._written - before))

    def begin_anew(self) -> None:
        """Somebody else wrote: that is no change by the next visit."""
        self._written = None

    def look(self, person: str, path: str) -> Answer:
        """The same for a page, quicker: nothing is taken back, nobody watches what is written."""
        self._written = None
        return self._go(person, "GET", path)

    def _go(
        self, person: str, method: str, path: str, form: Mapping[str, object] | None = None
    ) -> Answer:
        self._client.cookies = SimpleCookie(self._cookies[person])
        if method == "POST":
            # A browser sends at least this.
            response = self._client.post(path, {"csrfmiddlewaretoken": "", **(form or {})})
        else:
            response = self._client.generic(method, path)
        where = response.get("Location", "")
        to_login = response.status_code == 302 and where.startswith(self._login)
        trouble = getattr(response, "exc_info", None)
        return Answer(
            status=LOGIN if to_login else response.status_code,
            where=where,
            body=response.content,
            trouble=repr(trouble[1]) if trouble else "",
        )

    @contextmanager
    def without_token(self) -> Iterator[None]:
        """Forms are sent as a page elsewhere would send them: by a browser that is signed in
        here, without the token that only our own pages have."""
        self._client.handler.enforce_csrf_checks = True
        yield
        self._client.handler.enforce_csrf_checks = False


def _sign_in(scene: Scene, name: str) -> str:
    person = scene.people[name]
    return client_of(person).cookies.output(header="", sep=";") if person else ""


Written = frozenset[tuple[str, int]]


def written() -> Written:
    """(table, rows written) so far in this transaction, also those that were taken back: counted
    by the database, whoever wrote them and however."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
            " WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
        )
        return frozenset(cursor.fetchall())


def tables(rows: Written) -> frozenset[str]:
    """The tables of rows that were written, but for the session."""
    return frozenset(table for table, _rows in rows) - OWN


# --- the table -------------------------------------------------------------------------------


def differences(
    visitor: Visitor, doors: Iterable[Door], people: Iterable[str] = PEOPLE
) -> list[str]:
    """Where the portal does something else than the table says."""
    doors = list(doors)
    with _bare_error_pages(), transaction.atomic():
        found = [
            _difference(visitor, door, person, *one)
            for at, door in enumerate(doors)
            for person in people
            for one in _tries(door, visitor.scene, person)
            if not (one[0] == "GET" and _knocked_before(doors[:at], door, person))
        ]
        transaction.set_rollback(True)
    return [difference for difference in found if difference]


def _tries(
    door: Door, scene: Scene, person: str
) -> Iterator[tuple[str, Mapping[str, object] | None, Status]]:
    """What this person does there. Outsiders fill in the form well: that must not help them."""
    if door.get is not NEVER:
        yield "GET", None, door.get[person]
    may = door.opens_for(person, "POST")
    if door.form is not None:
        yield "POST", door.filled_in(scene), door.answer_to_form(person)
    if door.post is not NEVER and (door.form is None or (door.form and may)):
        yield "POST", None, door.post[person]


def _knocked_before(before: list[Door], door: Door, person: str) -> bool:
    """Whether it is as closed as the address was with another object; a walk knocks at all."""
    closed = door.get[person] in (404, LOGIN)
    return closed and any(d.name == door.name and d.get[person] == door.get[person] for d in before)


def _difference(
    visitor: Visitor,
    door: Door,
    person: str,
    method: str,
    form: Mapping[str, object] | None,
    expected: Status,
) -> str:
    # That reading changes nothing is seen on a walk.
    path = door.path(visitor.scene)
    got = (
        visitor.look(person, path) if method == "GET" else visitor.visit(person, method, path, form)
    )
    what = f"{door}: {method} by {person}"
    may_change = method == "POST" and door.opens_for(person, "POST")
    if got.status != expected:
        return f"{what} gives {got.status} {got.where or got.trouble}, not {expected}"
    if got.changed and not may_change:
        return f"{what} changes {', '.join(sorted(got.changed))}"
    if form is not None and may_change and expected == 302 and not got.changed:
        return f"{what} changes nothing: what others may not do, nobody can"
    return ""


@contextmanager
def _bare_error_pages() -> Iterator[None]:
    """Saves the time of drawing a page for every closed door."""
    with (
        patch.object(urls, "handler404", lambda *_a, **_k: HttpResponse(status=404), create=True),
        patch.object(urls, "handler403", lambda *_a, **_k: HttpResponse(status=403), create=True),
    ):
        yield


@contextmanager
def quietly() -> Iterator[None]:
    """Thousands of closed doors are not worth a line in the log each."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


# --- all there is ----------------------------------------------------------------------------


def patterns(urlconf: object = None) -> Iterator[tuple[str, str, URLPattern]]:
    """(name, route, pattern) of every address, as the resolver has them."""
    yield from _patterns(get_resolver(urlconf), "", "")  # type: ignore[arg-type]


def _patterns(
    resolver: URLResolver, route: str, space: str
) -> Iterator[tuple[str, str, URLPattern]]:
    for entry in resolver.url_patterns:
        here = route + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield f"{space}{entry.name}", here, entry
        else:
            yield from _patterns(entry, here, f"{entry.namespace}:" if entry.namespace else space)


@dataclass(frozen=True)
class Walk:
    """What somebody saw of the portal: the pages that opened, in small letters, by address; what
    went wrong; and the tables that were written."""

    pages: dict[str, str]
    broken: list[str]
    changed: frozenset[str]

    def reads(self, word: str) -> list[str]:
        """The pages on which this word stands, in capitals or not; a number stands alone."""
        part = re.compile(rf"\b{word}\b" if word.isdigit() else re.escape(word.lower()))
        return [path for path, page in self.pages.items() if part.search(page)]


def walk(visitor: Visitor, person: str, start: Iterable[str]) -> Walk:
    """Knock at these addresses, and follow every link of every page that opens."""
    waiting = list(start)
    seen: set[str] = set()
    pages: dict[str, str] = {}
    broken: list[str] = []
    before = written()
    with _bare_error_pages(), transaction.atomic():
        while waiting:
            path = waiting.pop()
            if path in seen or path.startswith("/static/"):
                continue
            seen.add(path)
            answer = visitor.look(person, path)
            if answer.status == 200:
                page = answer.body.decode()
                pages[path] = page.lower()
                waiting += [urljoin(path, unescape(link)) for link in LINK.findall(page)]
            elif answer.status == 302:
                waiting.append(urljoin(path, answer.where))
            elif answer.trouble:
                broken.append(f"{path} gives {answer.status} {answer.trouble}")
        transaction.set_rollback(True)
    return Walk(pages, broken, tables(written() - before))
