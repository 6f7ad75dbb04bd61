"""What a roster changes: looked at first, then carried out whole or not at all."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import User
from education.models import Programme
from students import actions
from students.actions import keep_upload
from students.imports import Plan, Sheet, StalePlan, carry_out, plan_of
from students.models import RosterColumns, RosterEntry, RosterUpload, Student, is_minor
from students.queries import seeking
from students.signals import students_leaving
from tests.conftest import Cast
from tests.factories.education import ProgrammeFactory, SchoolFactory
from tests.factories.geo import postcode
from tests.factories.students import RosterEntryFactory

pytestmark = pytest.mark.django_db

HEADINGS = ["Nr", "Naam", "Mail", "Studie"]
COLUMNS = {"number": 0, "name": 1, "email": 2, "programme": 3}
Row = Sequence[str]


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@pytest.fixture
def programme(cast: Cast) -> Programme:
    return cast.anouk.programme


@pytest.fixture
def send(cast: Cast) -> Callable[..., RosterUpload]:
    """Sends a roster of Deltion, with its columns chosen."""

    def sent(
        *rows: Row, by: User = cast.els, whole: bool = True, also: Sequence[str] = ()
    ) -> RosterUpload:
        sheet = Sheet([*HEADINGS, *also], [(i, list(row)) for i, row in enumerate(rows, start=2)])
        upload = keep_upload(cast.deltion, file_name="lijst.csv", sheet=sheet.pack(), by=by)
        upload.columns = COLUMNS | {name: 4 + i for i, name in enumerate(also)}
        upload.is_whole = whole
        upload.save()
        return upload

    return sent


def student(number: str, programme: Programme, **other: str) -> Row:
    row = {"name": f"Student {number}", "email": f"s{number}@x.example"} | other
    return number, row["name"], row["email"], programme.name_nl


def take_over(upload: RosterUpload) -> dict[str, int]:
    """Look, and take it over."""
    today = timezone.localdate()
    plan = plan_of(upload, today=today)
    assert plan.faults == []
    return carry_out(upload.pk, plan.fingerprint, by=upload.uploaded_by, today=today)


def look(upload: RosterUpload) -> Plan:
    return plan_of(upload, today=timezone.localdate())


def check_constraints() -> None:
    """What the database looks at when a transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def entry(number: str) -> RosterEntry:
    return RosterEntry.objects.get(number=number)


Send = Callable[..., RosterUpload]


# --- What a file would do --------------------------------------------------------------------


def test_the_first_roster_is_all_new(send: Send, programme: Programme) -> None:
    upload = send(student("1", programme), student("2", programme))
    assert look(upload).figures == {"new": 2, "changed": 0, "unchanged": 0, "leaving": 0}
    assert RosterEntry.objects.count() == 0, "looking changes nothing"
    assert take_over(upload)["new"] == 2
    made = entry("1")
    assert (made.name, made.email, made.programme) == ("Student 1", "s1@x.example", programme)


def test_the_same_roster_again_changes_nothing(send: Send, programme: Programme) -> None:
    rows = [student("1", programme), student("2", programme)]
    take_over(send(*rows))
    before = list(RosterEntry.objects.values())
    assert take_over(send(*rows)) == {"new": 0, "changed": 0, "unchanged": 2, "leaving": 0}
    assert list(RosterEntry.objects.values()) == before


def test_a_later_roster_updates_adds_and_marks_who_left(
    send: Send, programme: Programme, today: date
) -> None:
    take_over(send(student("1", programme), student("2", programme), student("3", programme)))
    kept = entry("2").pk
    upload = send(
        student("1", programme),
        student("2", programme, name="Nieuwe Naam"),
        student("4", programme),
    )
    plan = look(upload)
    assert [(c.entry.number, c.fields, c.is_back) for c in plan.changed] == [
        ("2", ("name",), False)
    ]
    assert take_over(upload) == {"new": 1, "changed": 1, "unchanged": 1, "leaving": 1}
    assert (entry("2").pk, entry("2").name) == (kept, "Nieuwe Naam")
    assert entry("3").left_on == today, "nobody is deleted"
    assert entry("1").left_on is None


def test_who_comes_back_is_on_the_list_again(send: Send, programme: Programme) -> None:
    take_over(send(student("1", programme), student("2", programme)))
    take_over(send(student("1", programme)))
    upload = send(student("1", programme), student("2", programme))
    assert [(c.entry.number, c.is_back) for c in look(upload).changed] == [("2", True)]
    take_over(upload)
    assert entry("2").left_on is None


def test_a_part_of_the_list_makes_nobody_leave(send: Send, programme: Programme) -> None:
    take_over(send(student("1", programme), student("2", programme)))
    assert take_over(send(student("3", programme), whole=False))["leaving"] == 0
    assert RosterEntry.objects.filter(left_on=None).count() == 3


def test_whose_enrolment_is_over_leaves_and_does_not_come(
    send: Send, programme: Programme, today: date
) -> None:
    take_over(send(student("1", programme), student("2", programme)))
    over, last = (today - timedelta(days=1)).isoformat(), today.isoformat()
    upload = send(
        (*student("1", programme), over),
        (*student("2", programme), last),
        (*student("3", programme), over),
        also=["enrolled_until"],
        whole=False,
    )
    assert take_over(upload) == {"new": 0, "changed": 1, "unchanged": 0, "leaving": 1}
    assert (entry("1").left_on, entry("2").left_on) == (today, None)
    assert not RosterEntry.objects.filter(number="3").exists()


def test_what_a_file_does_not_have_stays(send: Send, programme: Programme) -> None:
    postcode("8011")
    take_over(send((*student("1", programme), "8011AB"), also=["postcode"]))
    take_over(send(student("1", programme, name="Anders")))
    assert (entry("1").name, entry("1").postcode_id) == ("Anders", "8011")
    take_over(send((*student("1", programme, name="Anders"), ""), also=["postcode"]))
    assert entry("1").postcode_id is None, "an empty cell says that it is not known"


def test_a_number_with_and_without_its_zeros_is_one_student(
    send: Send, programme: Programme
) -> None:
    mail = "s@x.example"
    take_over(send(student("123", programme, name="Anna", email=mail)))
    take_over(send(student("00123", programme, name="Anna", email=mail)))
    assert [e.number for e in RosterEntry.objects.all()] == ["00123"]
    upload = send(student("123", programme, name="Anna", email=mail))
    assert look(upload).unchanged == 1


def test_two_students_may_swap_their_addresses(send: Send, programme: Programme) -> None:
    take_over(send(student("1", programme), student("2", programme)))
    take_over(
        send(
            student("1", programme, email="s2@x.example"),
            student("2", programme, email="s1@x.example"),
        )
    )
    check_constraints()
    assert entry("1").email == "s2@x.example"


def test_an_address_of_somebody_who_stays_is_a_fault(send: Send, programme: Programme) -> None:
    take_over(send(student("1", programme)))
    plan = look(send(student("2", programme, email="s1@x.example"), whole=False))
    assert [(f.at, f.heading) for f in plan.faults] == [(2, "Mail")]
    assert "Student 1" in plan.faults[0].words


def test_an_address_of_somebody_who_leaves_is_free(send: Send, programme: Programme) -> None:
    take_over(send(student("1", programme)))
    take_over(send(student("2", programme, email="s1@x.example")))
    check_constraints()
    assert entry("2").left_on is None


def test_another_schools_roster_is_left_alone(cast: Cast, send: Send, programme: Programme) -> None:
    other = RosterEntryFactory(school=cast.windesheim, number="1", email="s1@x.example")
    take_over(send(student("1", programme)))
    take_over(send(student("2", programme)))
    other.refresh_from_db()
    assert other.left_on is None
    assert RosterEntry.objects.filter(number="1").count() == 2


# --- All or nothing --------------------------------------------------------------------------


def test_with_one_fault_nothing_changes(send: Send, programme: Programme, today: date) -> None:
    upload = send(student("1", programme), student("2", programme, email="geen"))
    plan = look(upload)
    assert len(plan.faults) == 1
    with pytest.raises(StalePlan):
        carry_out(upload.pk, plan.fingerprint, by=upload.uploaded_by, today=today)
    assert RosterEntry.objects.count() == 0


def test_trouble_at_the_end_takes_everything_back(
    send: Send, programme: Programme, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = send(student("1", programme))

    def breaks(*_args: object, **_more: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(students_leaving, "send", breaks)
    with pytest.raises(RuntimeError), transaction.atomic():
        carry_out(upload.pk, look(upload).fingerprint, by=upload.uploaded_by, today=today)
    upload.refresh_from_db()
    assert (RosterEntry.objects.count(), upload.applied_at) == (0, None)
    assert look(upload).figures["new"] == 1


def test_of_two_files_the_first_one_wins(
    cast: Cast, send: Send, programme: Programme, today: date
) -> None:
    """Both looked before either took over: the second is told to look again."""
    first = send(student("1", programme))
    second = send(student("2", programme), by=cast.frits)
    seen = look(second).fingerprint
    take_over(first)
    with pytest.raises(StalePlan):
        carry_out(second.pk, seen, by=cast.frits, today=today)
    assert [e.number for e in RosterEntry.objects.filter(left_on=None)] == ["1"]


def test_once_more_does_nothing_and_answers_the_same(send: Send, programme: Programme) -> None:
    upload = send(student("1", programme))
    figures = take_over(upload)
    take_over(send(student("2", programme)))
    again = carry_out(upload.pk, "", by=upload.uploaded_by, today=timezone.localdate())
    assert again == figures
    assert entry("1").left_on is not None, "the older roster does not come back"


def test_what_stood_in_a_file_is_forgotten_when_it_was_taken_over(
    send: Send, programme: Programme
) -> None:
    upload = send(student("1", programme))
    take_over(upload)
    upload.refresh_from_db()
    assert bytes(upload.sheet) == b""
    assert upload.applied_at is not None


def test_a_file_that_lies_about_for_a_day_is_forgotten(
    cast: Cast, send: Send, programme: Programme
) -> None:
    old, done = send(student("1", programme)), send(student("1", programme), by=cast.frits)
    take_over(done)
    yesterday = timezone.now() - timedelta(hours=25)
    RosterUpload.objects.update(uploaded_at=yesterday)
    fresh = send(student("1", programme), by=cast.gerda)
    assert set(RosterUpload.objects.all()) == {done, fresh}
    assert old not in RosterUpload.objects.all()


def test_a_person_has_one_file_under_way_per_school(send: Send, programme: Programme) -> None:
    first = send(student("1", programme))
    second = send(student("2", programme))
    assert list(RosterUpload.objects.all()) == [second]
    with pytest.raises(IntegrityError), transaction.atomic():
        RosterUpload.objects.create(
            school=first.school, uploaded_by=first.uploaded_by, file_name="x", sheet=b""
        )


# --- Who has an account already --------------------------------------------------------------


def test_a_student_of_the_school_is_tied_to_the_entry(
    cast: Cast, send: Send, programme: Programme
) -> None:
    take_over(send(student("1", programme, email=cast.anouk.user.email.upper())))
    assert entry("1").student == cast.anouk


def test_a_student_of_another_school_is_not(cast: Cast, send: Send, programme: Programme) -> None:
    take_over(send(student("1", programme, email=cast.bram.user.email)))
    assert entry("1").student is None


def test_a_profile_follows_the_programme_in_the_roster(
    cast: Cast, send: Send, programme: Programme
) -> None:
    other = ProgrammeFactory(school=cast.deltion, name_nl="Mediavormgever", code="25633")
    mail = cast.anouk.user.email
    take_over(send(student("1", programme, email=mail)))
    take_over(send(student("1", other, email=mail)))
    cast.anouk.refresh_from_db()
    assert cast.anouk.programme == other


def test_whoever_left_takes_no_part_in_a_round(
    cast: Cast, send: Send, programme: Programme
) -> None:
    def seekers() -> set[int]:
        return set(seeking(cast.season, cast.deltion).values_list("student", flat=True))

    take_over(send(student("1", programme, email=cast.anouk.user.email)))
    assert seekers() == {cast.anouk.pk}
    take_over(send(student("2", programme)))
    assert seekers() == set()
    assert Student.objects.filter(pk=cast.anouk.pk).exists()


# --- At size ---------------------------------------------------------------------------------


def test_a_large_roster_takes_no_more_queries_than_a_small_one(
    send: Send, programme: Programme, django_assert_max_num_queries: Callable
) -> None:
    def queries(changed: int, new: int, name: str) -> int:
        """How many it takes for a roster of which so many change, and so many are new."""
        first = 1 + RosterEntry.objects.count()
        take_over(send(*(student(str(first + n), programme) for n in range(changed))))
        rows = [student(str(first + n), programme, name=name) for n in range(changed + new)]
        upload = send(*rows)
        with django_assert_max_num_queries(100) as seen:
            take_over(upload)
        return len(seen)

    assert queries(1, 1, "Anders") == queries(3, 3, "Nog anders") == queries(300, 300, "Weer")


# --- What the database holds -----------------------------------------------------------------


def test_an_address_is_of_one_student_at_a_time() -> None:
    school = SchoolFactory()
    RosterEntryFactory(school=school, email="a@x.example", left_on=timezone.localdate())
    RosterEntryFactory(email="a@x.example")
    first = RosterEntryFactory(school=school, email="a@x.example")
    check_constraints()
    with transaction.atomic():
        RosterEntryFactory(school=school, programme=first.programme, email="a@x.example")
        with pytest.raises(IntegrityError):
            check_constraints()
        transaction.set_rollback(True)
    with pytest.raises(IntegrityError), transaction.atomic():
        RosterEntryFactory(school=school, programme=first.programme, number=first.number)
    with pytest.raises(IntegrityError), transaction.atomic():
        RosterEntryFactory(school=school, programme=first.programme, email="A@x.example")


@pytest.mark.parametrize(
    ("born_on", "on", "minor"),
    [
        (date(2008, 11, 29), date(2026, 11, 28), True),
        (date(2008, 11, 28), date(2026, 11, 28), False),
        (date(2008, 2, 29), date(2026, 2, 28), True),
        (date(2008, 2, 29), date(2026, 3, 1), False),
        (None, date(2026, 3, 1), False),
    ],
)
def test_until_which_day_somebody_is_a_minor(born_on: date | None, on: date, minor: bool) -> None:
    assert is_minor(born_on, on) is minor


def test_the_choice_of_columns_is_kept_per_school(send: Send, programme: Programme) -> None:
    upload = send(student("1", programme))
    actions.choose_columns(upload, {"number": 1}, ["a", "b"], is_whole=False)
    actions.choose_columns(upload, {"number": 0}, ["a", "b"], is_whole=False)
    assert RosterColumns.objects.get().headings == {"number": "a"}
    upload.refresh_from_db()
    assert (upload.columns, upload.is_whole) == ({"number": 0}, False)
