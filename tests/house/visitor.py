"""Somebody who tries doors, and takes everything back afterwards."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie

from django.conf import settings
from django.db import connection, transaction
from django.shortcuts import resolve_url
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.conftest import client_of
from tests.house.doors import LOGIN, NEVER, Door, Status
from tests.house.scene import PEOPLE, Scene

# Tables that a visit may write: the session itself.
OWN = {"django_session"}
SECRETS = (
    re.compile(rb'nonce="[^"]*"'),
    re.compile(rb'name="csrfmiddlewaretoken" value="[^"]*"'),
)


@dataclass(frozen=True)
class Answer:
    """What somebody got; `changed` are the tables in which rows were written."""

    status: Status
    where: str
    body: bytes
    changed: frozenset[str]
    trouble: str = ""

    @property
    def masked(self) -> bytes:
        """The body without what differs from one request to the next."""
        body = self.body
        for secret in SECRETS:
            body = secret.sub(b"", body)
        return body


class Visitor:
    """Tries doors as anybody of the scene. After each visit the database is as it was."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        # One browser for all: each brings the cookies of a session of their own.
        self._client = Client(raise_request_exception=False)
        self._cookies = {name: _sign_in(scene, name) for name in PEOPLE}
        self._written = _written()
        self._login = resolve_url(settings.LOGIN_URL)

    def visit(
        self, person: str, method: str, path: str, form: Mapping[str, object] | None = None
    ) -> Answer:
        """One request by somebody who has just signed in."""
        client = self._client
        client.cookies = SimpleCookie(self._cookies[person])
        before = self._written
        with transaction.atomic():
            if method == "GET":
                response = client.get(path)
            elif method == "POST":
                # A browser sends at least this.
                response = client.post(path, {"csrfmiddlewaretoken": "", **(form or {})})
            else:
                response = client.generic(method, path)
            transaction.set_rollback(True)
        self._written = _written()
        where = response.get("Location", "")
        to_login = response.status_code == 302 and where.startswith(self._login)
        trouble = getattr(response, "exc_info", None)
        changed = {name for name, rows in self._written.items() if rows != before.get(name, 0)}
        return Answer(
            status=LOGIN if to_login else response.status_code,
            where=where,
            body=response.content,
            changed=frozenset(changed - OWN),
            trouble=repr(trouble[1]) if trouble else "",
        )


def _sign_in(scene: Scene, name: str) -> str:
    person = scene.people[name]
    return client_of(person).cookies.output(header="", sep=";") if person else ""


def _written() -> dict[str, int]:
    """How many rows of each table this transaction has written so far, also those that were
    taken back: counted by the database, whoever wrote them and however."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
        )
        return dict(cursor.fetchall())


def differences(
    visitor: Visitor, doors: Iterable[Door], people: Iterable[str] = PEOPLE
) -> Iterator[str]:
    """Where the portal does something else than the table says."""
    for door in doors:
        path = door.path(visitor.scene)
        for person in people:
            for method, form, expected in _tries(door, visitor.scene, person):
                got = visitor.visit(person, method, path, form)
                what = f"{door}: {method} by {person}"
                may_change = method == "POST" and door.opens_for(person, "POST")
                if got.status != expected:
                    yield f"{what} gives {got.status} {got.where or got.trouble}, not {expected}"
                elif got.changed and not may_change:
                    yield f"{what} changes {', '.join(sorted(got.changed))}"
                elif form is not None and may_change and expected == 302 and not got.changed:
                    yield f"{what} changes nothing: what others may not do, nobody can"


def _tries(
    door: Door, scene: Scene, person: str
) -> Iterator[tuple[str, Mapping[str, object] | None, Status]]:
    """What this person does there. Outsiders fill in the form well: that must not help them."""
    if door.get is not NEVER:
        yield "GET", None, door.get[person]
    if door.form is not None:
        yield "POST", door.filled_in(scene), door.answer_to_form(person)
    if door.post is not NEVER and (not door.form or door.opens_for(person, "POST")):
        yield "POST", None, door.post[person]


def patterns(urlconf: object = None) -> Iterator[tuple[str, str, URLPattern]]:
    """(name, route, pattern) of every address, as the resolver has them."""
    yield from _walk(get_resolver(urlconf), "", "")  # type: ignore[arg-type]


def _walk(
    resolver: URLResolver, route: str, space: str
) -> Iterator[tuple[str, str, URLPattern]]:
    for entry in resolver.url_patterns:
        here = route + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield f"{space}{entry.name}", here, entry
        else:
            inside = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _walk(entry, here, inside)
