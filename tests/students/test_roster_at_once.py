"""Two coordinators take over a roster at the same moment."""

import threading
from datetime import date
from types import SimpleNamespace

import pytest
from django.utils import timezone

from companies.actions import Refused
from students.actions import keep_upload
from students.imports import Plan, Sheet, StalePlan, carry_out, plan_of, plans
from students.models import RosterEntry, RosterUpload
from tests.conftest import Cast
from tests.factories.education import StaffFactory
from tests.matching.at_once import LONGEST_SECONDS, at_once, refusals

pytestmark = pytest.mark.django_db(transaction=True)

STALE = "stale"


def upload_of(cast: Cast, by: object, *numbers: str) -> RosterUpload:
    """A file with these students, looked at and ready to be taken over."""
    studies = cast.anouk.programme.name_nl
    rows = [(2 + i, [n, f"Student {n}", f"s{n}@x.example", studies]) for i, n in enumerate(numbers)]
    sheet = Sheet(["Nr", "Naam", "Mail", "Studie"], rows)
    upload = keep_upload(cast.deltion, file_name="x.csv", sheet=sheet.pack(), by=by)  # type: ignore[arg-type]
    upload.columns = {"number": 0, "name": 1, "email": 2, "programme": 3}
    upload.save()
    return upload


def take_over_both(cast: Cast) -> list[object]:
    """Els and Frits look first, and take over at once."""
    StaffFactory(school=cast.deltion, user=cast.frits)
    today = timezone.localdate()
    looked = [
        (upload, plan_of(upload, today=today).fingerprint)
        for upload in (upload_of(cast, cast.els, "1", "2"), upload_of(cast, cast.frits, "3"))
    ]

    def act(upload: RosterUpload, fingerprint: str) -> object:
        try:
            return carry_out(upload.pk, fingerprint, by=upload.uploaded_by, today=today)
        except StalePlan as error:
            raise Refused(STALE) from error

    return list(at_once(*(lambda one=one: act(*one) for one in looked)))


def at_school() -> set[str]:
    return set(RosterEntry.objects.filter(left_on=None).values_list("number", flat=True))


def test_of_two_at_once_one_wins(cast: Cast) -> None:
    results = take_over_both(cast)
    assert refusals(results) == [STALE]
    assert at_school() in ({"1", "2"}, {"3"})


def test_without_the_lock_both_would(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: each looks before the other has written, and the lists get mixed."""
    both_looked = threading.Barrier(2)

    def together(upload: RosterUpload, *, today: date) -> Plan:
        plan = plan_of(upload, today=today)
        both_looked.wait(timeout=LONGEST_SECONDS)
        return plan

    unlocked = SimpleNamespace(
        objects=SimpleNamespace(select_for_update=lambda **_: SimpleNamespace(get=lambda **_: None))
    )
    monkeypatch.setattr(plans, "School", unlocked)
    monkeypatch.setattr(plans, "plan_of", together)
    assert refusals(take_over_both(cast)) == []
    assert at_school() == {"1", "2", "3"}


def test_one_form_sent_twice_at_once_has_one_effect(cast: Cast) -> None:
    upload = upload_of(cast, cast.els, "1")
    today = timezone.localdate()
    seen = plan_of(upload, today=today).fingerprint

    def act() -> dict[str, int]:
        return carry_out(upload.pk, seen, by=cast.els, today=today)

    first, second = at_once(act, act)
    assert first == second
    assert at_school() == {"1"}
