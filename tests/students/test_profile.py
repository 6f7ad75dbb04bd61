"""A student's profile: what is refused, what is kept, and when it is complete."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from education.models import Season, Skill
from students import queries
from students.forms import A_YEAR, MOST_SKILLS, ProfileForm, names_a_contact
from students.models import MOST_KM, Availability, Student
from tests.conftest import Cast, client_of
from tests.factories.education import ProgrammeFactory, SeasonFactory, SkillFactory
from tests.factories.geo import postcode
from tests.factories.matching import seeking_student
from tests.factories.students import AvailabilityFactory, StudentFactory

pytestmark = pytest.mark.django_db

TOO_BIG = 2**63
Form = dict[str, object]


@pytest.fixture
def bram(cast: Cast) -> Client:
    """Bram's browser."""
    return client_of(cast.bram.user)


@pytest.fixture
def filled_in(cast: Cast) -> Form:
    """A form that is as it should be."""
    postcode("8261")
    return {
        "programme": cast.bram.programme_id,
        "postcode": "8261",
        "max_km": 40,
        "starts_on": (cast.season.starts_on + timedelta(days=7)).isoformat(),
        "ends_on": cast.season.ends_on.isoformat(),
        "days": 3,
        "learning_goal": "Beter leren schrijven",
    }


def page_of(client: Client) -> str:
    return client.get(reverse("students:profile")).content.decode()


def save(client: Client, form: Form) -> None:
    answer = client.post(reverse("students:profile"), form)
    assert answer.status_code == 302
    assert answer.headers["Location"] == reverse("matching:browse")


def stored(student: Student) -> tuple[object, ...]:
    """All that the form can change."""
    student = Student.objects.get(pk=student.pk)
    return (
        student.programme_id,
        student.postcode_id,
        student.max_km,
        student.learning_goal,
        set(student.skills.all()),
        set(student.wants.all()),
        list(Availability.objects.filter(student=student).values("season", "starts_on", "days")),
    )


# --- what is kept ----------------------------------------------------------------------------


def test_what_is_filled_in_is_kept(cast: Cast, bram: Client, filled_in: Form) -> None:
    can, wants = [SkillFactory() for _ in range(2)], [SkillFactory() for _ in range(3)]
    other = ProgrammeFactory(school=cast.windesheim)
    save(
        bram,
        {
            **filled_in,
            "programme": other.pk,
            "skills": [s.pk for s in can],
            "wants": [s.pk for s in wants],
        },
    )
    student = Student.objects.get(pk=cast.bram.pk)
    assert (student.programme, student.postcode_id, student.max_km) == (other, "8261", 40)
    assert student.learning_goal == "Beter leren schrijven"
    assert set(student.skills.all()) == set(can)
    assert set(student.wants.all()) == set(wants)
    seeks = Availability.objects.get(student=student)
    assert (seeks.season, seeks.days) == (cast.season, 3)
    assert seeks.starts_on == cast.season.starts_on + timedelta(days=7)
    assert seeks.ends_on == cast.season.ends_on


def test_the_form_shows_again_what_was_kept(cast: Cast, bram: Client, filled_in: Form) -> None:
    skill, other = SkillFactory(), SkillFactory()
    save(bram, {**filled_in, "skills": [skill.pk]})
    page = " ".join(page_of(bram).split())
    for value in ("8261", "40", filled_in["starts_on"], filled_in["ends_on"]):
        assert f'value="{value}"' in page
    assert "Beter leren schrijven" in page
    form = ProfileForm(student=Student.objects.get(pk=cast.bram.pk), season=cast.season)
    assert form.initial["skills"] == [str(skill.pk)]
    assert form.initial["days"] == "3"
    assert str(other.label_nl) in page


def test_what_is_ticked_off_is_gone(cast: Cast, bram: Client, filled_in: Form) -> None:
    skill = SkillFactory()
    cast.bram.skills.add(skill)
    cast.bram.wants.add(skill)
    save(bram, filled_in)
    assert not cast.bram.skills.exists()
    assert not cast.bram.wants.exists()


def test_saving_twice_is_once(cast: Cast, bram: Client, filled_in: Form) -> None:
    save(bram, filled_in)
    once = stored(cast.bram)
    save(bram, filled_in)
    assert stored(cast.bram) == once
    assert Availability.objects.filter(student=cast.bram).count() == 1


@pytest.mark.parametrize("written", ["8261", "8261 AB", "8261ab", "  8261  "])
def test_only_the_four_digits_of_a_postcode_are_kept(
    cast: Cast, bram: Client, filled_in: Form, written: str
) -> None:
    save(bram, {**filled_in, "postcode": written})
    assert Student.objects.get(pk=cast.bram.pk).postcode_id == "8261"


def test_a_new_student_starts_with_the_whole_season_and_the_days_of_the_programme(
    cast: Cast,
) -> None:
    new = StudentFactory(programme=cast.bram.programme, empty=True)
    form = ProfileForm(student=new, season=cast.season)
    assert (form.initial["starts_on"], form.initial["ends_on"]) == (
        cast.season.starts_on,
        cast.season.ends_on,
    )
    assert form.initial["days"] == str(new.programme.days_per_week)
    assert form.initial["postcode"] == ""


def test_saving_makes_a_new_student_seek_a_place(cast: Cast, filled_in: Form) -> None:
    new = StudentFactory(programme=cast.bram.programme, empty=True)
    assert new.pk not in {a.student_id for a in queries.seeking(cast.season)}
    save(client_of(new.user), filled_in)
    assert new.pk in {a.student_id for a in queries.complete(cast.season)}


# --- what is refused -------------------------------------------------------------------------


def wrong_forms(season: Season) -> list[Form]:
    """One thing wrong in each."""
    after, before = season.ends_on, season.starts_on
    one_field: dict[str, list[object]] = {
        "postcode": [
            *("", "9999", "0123", "826", "82611", "ABCD", "8261 A", "８２６１"),
            *("8261\x00", "82 61", "-8261", "8261; DROP"),
        ],
        "max_km": ["", "0", "-1", str(MOST_KM + 1), "abc", "1.5", TOO_BIG, "NaN"],
        "days": ["", "0", "6", "-1", "abc", TOO_BIG],
        "starts_on": ["", "0000-01-01", "2027-02-30", "morgen", "10000-01-01"],
        "ends_on": ["", "2027-13-01", "\x00"],
        "programme": ["", "0", "-1", "abc", TOO_BIG, "\x00"],
        "skills": ["0", "-1", "abc", TOO_BIG, "\x00"],
        "wants": ["0"],
        "learning_goal": ["x" * 501, "a\x00b"],
    }
    periods: list[Form] = [
        {"starts_on": "2027-05-02", "ends_on": "2027-05-01"},
        {"starts_on": "2027-05-01", "ends_on": "2027-05-01"},
        {"starts_on": after + timedelta(days=1), "ends_on": after + timedelta(days=90)},
        {"starts_on": before - timedelta(days=90), "ends_on": before - timedelta(days=1)},
    ]
    single: list[Form] = [{name: value} for name, values in one_field.items() for value in values]
    return single + periods


def test_what_cannot_be_meant_is_refused_and_nothing_is_kept(
    cast: Cast, bram: Client, filled_in: Form
) -> None:
    before = stored(cast.bram)
    for wrong in wrong_forms(cast.season):
        answer = bram.post(reverse("students:profile"), {**filled_in, **wrong})
        page = " ".join(answer.content.decode().split())
        assert answer.status_code == 422, wrong
        assert "<title>Fout:" in page, wrong
        assert 'class="error-summary' in page, wrong
        assert "Beter leren schrijven" in page or "learning_goal" in wrong, "input is kept"
        assert stored(cast.bram) == before, wrong


@pytest.mark.parametrize("name", ["skills", "wants"])
def test_at_most_forty_skills(cast: Cast, bram: Client, filled_in: Form, name: str) -> None:
    Skill.objects.bulk_create(
        Skill(slug=f"s-{n}", label_nl=f"S {n}", label_en=f"S {n}", category="webshop")
        for n in range(MOST_SKILLS + 1)
    )
    many = list(Skill.objects.values_list("pk", flat=True))
    answer = bram.post(reverse("students:profile"), {**filled_in, name: many})
    assert answer.status_code == 422
    assert f"Kies er hooguit {MOST_SKILLS}, de belangrijkste." in answer.content.decode()
    save(bram, {**filled_in, name: many[1:]})
    assert getattr(cast.bram, name).count() == MOST_SKILLS


def test_a_programme_of_another_school_cannot_be_chosen(
    cast: Cast, bram: Client, filled_in: Form
) -> None:
    form = {**filled_in, "programme": cast.anouk.programme_id}
    assert bram.post(reverse("students:profile"), form).status_code == 422
    assert Student.objects.get(pk=cast.bram.pk).programme == cast.bram.programme


def test_a_period_that_reaches_into_the_season_is_enough(
    cast: Cast, bram: Client, filled_in: Form
) -> None:
    early = cast.season.starts_on - A_YEAR
    late = cast.season.ends_on + A_YEAR
    save(bram, {**filled_in, "starts_on": early.isoformat(), "ends_on": late.isoformat()})
    seeks = Availability.objects.get(student=cast.bram)
    assert (seeks.starts_on, seeks.ends_on) == (early, late)


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [("0001-01-01", "9999-12-31", "starts_on"), ("", "9999-12-31", "ends_on")],
)
def test_a_period_is_not_longer_than_a_year_around_the_season(
    cast: Cast, bram: Client, filled_in: Form, start: str, end: str, field: str
) -> None:
    before = stored(cast.bram)
    form = {**filled_in, "ends_on": end, **({"starts_on": start} if start else {})}
    answer = bram.post(reverse("students:profile"), form)
    assert answer.status_code == 422
    assert next(iter(answer.context["form"].errors)) == field
    words = answer.content.decode()
    assert "Kies een dag vanaf" in words if start else "Kies een dag tot en met" in words
    assert stored(cast.bram) == before


def test_a_learning_goal_that_shows_nothing_is_none(
    cast: Cast, bram: Client, filled_in: Form
) -> None:
    save(bram, {**filled_in, "learning_goal": "\u200b\r\n"})
    assert Student.objects.get(pk=cast.bram.pk).learning_goal == ""


def test_only_a_student_has_a_profile(cast: Cast) -> None:
    for who in (cast.carla, cast.frits, cast.gerda, cast.henk):
        assert client_of(who).get(reverse("students:profile")).status_code == 404


def test_without_a_season_there_is_nothing_to_fill_in(cast: Cast, bram: Client) -> None:
    over = timezone.localdate() - timedelta(days=1)
    Season.objects.update(starts_on=over - timedelta(days=100), ends_on=over)
    answer = bram.get(reverse("students:profile"))
    assert answer.status_code == 200
    assert "Er is nu geen seizoen open" in answer.content.decode()
    assert bram.post(reverse("students:profile"), {"days": "1"}).status_code == 200


def test_the_page_asks_the_same_number_of_queries_for_few_skills_and_for_many(
    cast: Cast, bram: Client, django_assert_num_queries: object
) -> None:
    for more in (1, 30):
        for _ in range(more):
            cast.bram.skills.add(SkillFactory(category=f"soort {more}"))
        with django_assert_num_queries(13):  # type: ignore[operator]
            page_of(bram)


# --- complete or not -------------------------------------------------------------------------

MISSING: list[tuple[Form, Form, str]] = [
    ({"postcode": None}, {}, "postcode"),
    ({"max_km": None}, {}, "max_km"),
    ({}, {"starts_on": None}, "period"),
    ({}, {"ends_on": None}, "period"),
    ({}, {"days": None}, "days"),
]


@pytest.mark.parametrize(("profile", "seeks", "code"), MISSING, ids=str)
def test_a_profile_that_misses_something_is_not_complete(
    cast: Cast, profile: Form, seeks: Form, code: str
) -> None:
    student = StudentFactory(programme=cast.bram.programme, **profile)
    availability = AvailabilityFactory(student=student, season=cast.season, **seeks)
    complete = {a.student_id for a in queries.complete(cast.season)}
    assert {a.student_id for a in queries.incomplete(cast.season)} == {student.pk}
    assert complete == {cast.anouk.pk, cast.bram.pk}
    assert queries.missing_fields(student, availability) == [code]


def test_nothing_is_missing_from_a_complete_profile(cast: Cast) -> None:
    seeks = Availability.objects.get(student=cast.bram)
    assert queries.missing_fields(cast.bram, seeks) == []
    assert queries.missing_fields(cast.bram, None) == ["season"]


def test_who_left_seeks_nothing(cast: Cast) -> None:
    cast.bram.user.is_active = False
    cast.bram.user.save()
    assert {a.student_id for a in queries.seeking(cast.season)} == {cast.anouk.pk}


def test_a_school_counts_its_own_and_a_season_its_own(cast: Cast) -> None:
    later = SeasonFactory(name="Daarna", starts_on=cast.season.ends_on + timedelta(days=1))
    seeking_student(season=later, programme=cast.bram.programme)
    assert {a.student_id for a in queries.seeking(cast.season, cast.windesheim)} == {cast.bram.pk}


def test_a_student_is_seen_by_itself_and_by_its_school(cast: Cast) -> None:
    seen = {
        name: set(queries.visible_to(getattr(cast, name)))
        for name in ("els", "frits", "gerda", "carla", "henk")
    }
    nobody: set[Student] = set()
    assert seen == {
        "els": {cast.anouk},
        "frits": {cast.bram},
        "gerda": nobody,
        "carla": nobody,
        "henk": nobody,
    }
    assert set(queries.visible_to(cast.bram.user)) == {cast.bram}


# --- the database ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "fields", "name"),
    [
        (Student, {"max_km": 0}, "student_travels_a_sane_distance"),
        (Student, {"max_km": MOST_KM + 1}, "student_travels_a_sane_distance"),
        (Availability, {"days": 0}, "availability_days_make_a_week"),
        (Availability, {"days": 6}, "availability_days_make_a_week"),
        (
            Availability,
            {"starts_on": date(2027, 5, 1), "ends_on": date(2027, 5, 1)},
            "availability_ends_after_it_starts",
        ),
    ],
)
def test_the_database_refuses_what_the_form_refuses(
    cast: Cast, model: type[Student], fields: Form, name: str
) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        model.objects.update(**fields)


def test_a_student_seeks_once_per_season(cast: Cast) -> None:
    with (
        pytest.raises(IntegrityError, match="availability_stands_once_per_season"),
        transaction.atomic(),
    ):
        AvailabilityFactory(student=cast.bram, season=cast.season)


# --- nothing by which a company could reach a student ------------------------------------------

CONTACTS = [
    "Bel me: 06-12345678",
    "06 12 34 56 78",
    "0612345678.",
    "(038) 123 45 67",
    "+31 6 1234 5678",
    "0031612345678",
    "mail naar bram@kanarie-twee.example",
    "BRAM@WINKEL.NL",
    "kijk op https://bram.example",
    "http:bram",
    "www.bram.example",
    "zie bramkanarie.nl",
    "linkedin.com/in/bram",
    "bol.com/nl/bram",
]
PLAIN = [
    "Ik wil leren verkopen via bol.com en marktplaats.nl.",
    "Node.js en ASP.NET",
    "Van 01-02-2027 tot 01-07-2027, 32 uur per week",
    "Minstens 1.000 bestellingen, 20% meer omzet, 10.000.000 bezoekers",
    "Ik werk graag in 2026-2027. Ook @ kantoor",
    "Een webshop met 3.5 sterren. Com­municatie",
]


@pytest.mark.parametrize("goal", CONTACTS)
def test_a_learning_goal_names_no_way_to_reach_the_student(
    cast: Cast, bram: Client, filled_in: Form, goal: str
) -> None:
    before = stored(cast.bram)
    answer = bram.post(reverse("students:profile"), {**filled_in, "learning_goal": goal})
    assert answer.status_code == 422
    assert "Haal je telefoonnummer, e-mailadres of link weg." in answer.content.decode()
    assert stored(cast.bram) == before


@pytest.mark.parametrize("goal", PLAIN)
def test_a_learning_goal_may_name_shops_dates_and_amounts(goal: str) -> None:
    assert not names_a_contact(goal)
