"""Somebody who tries doors, and takes everything back afterwards."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie

from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve_url

from tests.conftest import client_of
from tests.house.doors import LOGIN, Door, Status
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
        self._cookies = {name: _sign_in(scene, name) for name in PEOPLE}
        self._login = resolve_url(settings.LOGIN_URL)

    def visit(
        self, person: str, method: str, path: str, form: Mapping[str, object] | None = None
    ) -> Answer:
        """One request by somebody who has just signed in."""
        client = Client(raise_request_exception=False)
        client.cookies = SimpleCookie(self._cookies[person])
        sent = client.get if method == "GET" else client.generic
        before = _written()
        with transaction.atomic():
            if method == "POST":
                response = client.post(path, dict(form or {}))
            elif method == "GET":
                response = client.get(path)
            else:
                response = client.generic(method, path)
            transaction.set_rollback(True)
        del sent
        after = _written()
        where = response.get("Location", "")
        sent_to_login = response.status_code == 302 and where.startswith(self._login)
        trouble = getattr(response, "exc_info", None)
        return Answer(
            status=LOGIN if sent_to_login else response.status_code,
            where=where,
            body=response.content,
            changed=frozenset(t for t in after if after[t] != before.get(t, 0)) - OWN,
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


def differences(visitor: Visitor, doors: tuple[Door, ...]) -> Iterator[str]:
    """Where the portal does something else than the table says."""
    for door in doors:
        path = door.path(visitor.scene)
        for person in PEOPLE:
            for method, form, expected in _tries(door, visitor.scene, person):
                got = visitor.visit(person, method, path, form)
                what = f"{method}{' with a form' if form else ''}"
                if got.status != expected:
                    yield (
                        f"{door}: {what} by {person} gives {got.status} {got.where or got.trouble}"
                        f", not {expected}"
                    )
                elif got.changed and not (method == "POST" and door.opens_for(person, "POST")):
                    yield f"{door}: {what} by {person} changes {', '.join(sorted(got.changed))}"
                elif form is not None and door.opens_for(person, "POST") and expected == 302 and not got.changed:
                    yield f"{door}: {what} by {person} changes nothing, so that it proves nothing"


def _tries(
    door: Door, scene: Scene, person: str
) -> Iterator[tuple[str, Mapping[str, object] | None, Status]]:
    yield "GET", None, door.get[person]
    yield "POST", None, door.post[person]
    if door.form is not None:
        yield "POST", door.filled_in(scene), door.answer_to_form(person)


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
