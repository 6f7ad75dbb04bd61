"""Figures of the region: what is counted, once, and in the right row."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from cockpit import queries
from cockpit.queries import Place, SchoolFigures
from companies import states as offer_states
from companies.models import Offer
from education.models import Season
from geo.models import Municipality, Postcode
from matching import states
from tests.factories.companies import OfferFactory, SiteFactory
from tests.factories.education import ProgrammeFactory, SchoolFactory, SeasonFactory
from tests.factories.geo import postcode
from tests.factories.matching import ProposalFactory, ranked, seeking_student

pytestmark = pytest.mark.django_db


@pytest.fixture
def season() -> Season:
    return SeasonFactory()


@pytest.fixture
def zwolle() -> Municipality:
    """Zwolle with a postcode area; that of Kampen lies in no municipality that we know."""
    town = Municipality.objects.create(
        code="GM0193", name="Zwolle", province="Overijssel", lat=52.5, lon=6.1
    )
    postcode("8011")
    Postcode.objects.filter(pc4="8011").update(municipality=town)
    return town


def test_supply_counts_what_is_live_by_kind_and_by_sector(season: Season) -> None:
    OfferFactory(season=season, openings=3, levels=[4])
    OfferFactory(season=season, project=True, levels=[4, 6])
    OfferFactory(season=season, state=offer_states.FILLED, openings=2, levels=[6])
    OfferFactory(season=season, state=offer_states.SUBMITTED)
    OfferFactory(season=season, state=offer_states.DRAFT)
    OfferFactory(season=season, state=offer_states.CLOSED)
    OfferFactory(season=SeasonFactory(name="Later", starts_on=date(2030, 1, 1)))
    found = queries.supply(season)
    assert (found.companies, found.offers, found.submitted) == (3, 3, 1)
    assert (found.openings, found.free) == (9, 7)
    assert (found.mbo, found.hbo) == (7, 6)
    assert found.kinds == [("Stage", 2, 3), ("Opdracht", 0, 4), ("Leerbaan", 0, 0)]


def test_supply_of_nothing_is_nothing(season: Season) -> None:
    found = queries.supply(season)
    assert (found.openings, found.free, found.mbo, found.companies) == (0, 0, 0, 0)


def test_a_student_is_counted_in_one_state_only(season: Season) -> None:
    school = SchoolFactory(slug="deltion", name="Deltion College")
    SchoolFactory(slug="cibap", name="Cibap")
    programme = ProgrammeFactory(school=school)
    placed, waiting, listed, _nothing = (
        seeking_student(season=season, programme=programme) for _ in range(4)
    )
    offers = [OfferFactory(season=season, openings=5) for _ in range(3)]
    # Agreed on one and proposed for another: that is a place. Two proposals are one student.
    ProposalFactory(student=placed, offer=offers[0], state=states.AGREED)
    ProposalFactory(student=placed, offer=offers[1])
    ProposalFactory(student=waiting, offer=offers[0], state=states.OFFERED)
    ProposalFactory(student=waiting, offer=offers[1])
    ProposalFactory(student=listed, offer=offers[2], state=states.DECLINED)
    ranked(listed, *offers)
    deltion, cibap = queries.per_school(season)
    assert deltion == SchoolFigures(
        "Deltion College", "mbo", seeking=4, ranked=1, waiting=1, placed=1
    )
    assert deltion.without == 2
    assert (cibap.name, cibap.seeking) == ("Cibap", 0)


def test_what_belongs_to_another_season_is_not_counted(season: Season) -> None:
    later = SeasonFactory(name="Later", starts_on=date(2030, 1, 1), ends_on=date(2030, 7, 1))
    student = seeking_student(season=season)
    offer = OfferFactory(season=later)
    ranked(student, offer)
    ProposalFactory(student=student, offer=offer, state=states.AGREED)
    [school] = [one for one in queries.per_school(season) if one.seeking]
    assert (school.seeking, school.ranked, school.placed) == (1, 0, 0)
    assert queries.choices_given(season) == []
    assert queries.seekers(season) == 1
    assert queries.seekers(later) == 0


def test_choices_that_nobody_got_stand_between(season: Season) -> None:
    for choice, state in ((1, states.AGREED), (1, states.OFFERED), (3, states.PROPOSED)):
        offer = OfferFactory(season=season)
        ProposalFactory(offer=offer, choice=choice, state=state)
    ProposalFactory(offer=OfferFactory(season=season), choice=2, state=states.DROPPED)
    assert queries.choices_given(season) == [(1, 2), (2, 0), (3, 1)]
    ProposalFactory(offer=OfferFactory(season=season), choice=None)
    assert queries.choices_given(season)[-1] == (None, 1)


def test_weeks_without_anything_new_are_there_too(season: Season) -> None:
    today = timezone.localdate()
    for weeks in (0, 2, 2, queries.WEEKS):
        offer = OfferFactory(season=season)
        moment = timezone.now() - timedelta(weeks=weeks)
        Offer.objects.filter(pk=offer.pk).update(published_at=moment)
    found = queries.published_per_week(season, today)
    assert [number for _week, number in found[-3:]] == [2, 0, 1]
    assert len(found) == queries.WEEKS
    assert sum(number for _week, number in found) == 3
    assert {week.weekday() for week, _number in found} == {0}


def test_per_municipality_counts_both_sides(season: Season, zwolle: Municipality) -> None:
    Municipality.objects.create(
        code="GM0180", name="Staphorst", province="Overijssel", lat=52.6, lon=6.2
    )
    OfferFactory(season=season, openings=3)
    OfferFactory(season=season, project=True)
    OfferFactory(season=season, site=SiteFactory(postcode=postcode("8261")))
    seeking_student(season=season)
    seeking_student(season=season, postcode=None)
    assert queries.per_municipality(season, "", "Elders") == [
        Place("GM0180", "Staphorst", offers=0, openings=0, free=0, seeking=0),
        Place("GM0193", "Zwolle", offers=2, openings=7, free=7, seeking=1),
        Place("", "Elders", offers=1, openings=1, free=1, seeking=1),
    ]
    projects = queries.per_municipality(season, Offer.Kind.PROJECT, "Elders")
    assert [(place.name, place.openings) for place in projects][1:] == [
        ("Zwolle", 4),
        ("Elders", 0),
    ]


def test_elsewhere_is_left_out_when_nothing_lies_there(
    season: Season, zwolle: Municipality
) -> None:
    assert [place.name for place in queries.per_municipality(season, "", "Elders")] == ["Zwolle"]


def test_as_many_queries_for_many_as_for_one(
    season: Season, zwolle: Municipality, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        ProposalFactory(student=seeking_student(season=season), offer=OfferFactory(season=season))
    for ask in (queries.supply, queries.per_school, queries.choices_given):
        with django_assert_num_queries(1):
            ask(season)
    with django_assert_num_queries(3):
        queries.per_municipality(season, "", "Elders")
