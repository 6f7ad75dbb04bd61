"""What goes into a round: who, which offers, how many seats, and what stands in the way."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from companies import actions as offers
from companies.models import Accreditation, Offer
from education.models import School
from matching import states
from matching.engine import Rule
from matching.models import Proposal, Round
from matching.snapshot import Entrants, entrants
from students.models import Availability
from tests.conftest import Cast
from tests.factories.companies import OfferFactory
from tests.factories.education import ProgrammeFactory, SeasonFactory
from tests.factories.geo import postcode
from tests.factories.matching import ProposalFactory, RoundFactory, ranked, seeking_student
from tests.factories.students import AvailabilityFactory, StudentFactory
from tests.matching.conftest import Calculate, MakeOffer
from tests.matching.running import classmate, frozen_of, pairs_of

pytestmark = pytest.mark.django_db

ONE_DAY = timedelta(days=1)


# --- what goes in ---------------------------------------------------------------------------------


def going_in(cast: Cast, school: School | None = None) -> Entrants:
    return entrants(cast.season, school or cast.windesheim)


def ids(rows: list[Availability]) -> set[int]:
    return {row.student_id for row in rows}


def test_only_complete_profiles_of_the_own_school_go_in(cast: Cast) -> None:
    empty = StudentFactory(programme=cast.bram.programme, empty=True)
    AvailabilityFactory(student=empty, season=cast.season)
    half = StudentFactory(programme=cast.bram.programme)
    AvailabilityFactory(student=half, season=cast.season, days=None)
    StudentFactory(programme=cast.bram.programme)  # seeks nothing this season
    classmate(cast, user__is_active=False)
    found = going_in(cast)
    assert ids(found.students) == {cast.bram.pk}
    assert ids(found.incomplete) == {empty.pk, half.pk}
    assert ids(going_in(cast, cast.deltion).students) == {cast.anouk.pk}


def test_who_ranked_nothing_this_season_is_named(cast: Cast, at_klikwerf: MakeOffer) -> None:
    later = SeasonFactory(name="Daarna", starts_on=cast.season.ends_on + ONE_DAY)
    other = classmate(cast)
    ranked(cast.bram, at_klikwerf())
    ranked(other, at_klikwerf(season=later))
    found = going_in(cast)
    assert ids(found.students) == {cast.bram.pk, other.pk}
    assert ids(found.unranked) == {other.pk}


@pytest.mark.parametrize("state", Proposal.State.values)
def test_who_has_a_standing_proposal_is_left_out(cast: Cast, state: str) -> None:
    ProposalFactory(student=cast.bram, state=state, origin="application", student_accepted_at=Now())
    out = state in (states.APPROVED, states.OFFERED, states.AGREED)
    found = going_in(cast)
    assert (ids(found.students) == set()) == out
    assert found.left_out == out


def test_who_waits_with_a_proposal_by_hand_is_left_out(cast: Cast) -> None:
    ProposalFactory(student=cast.bram)
    assert going_in(cast).students == []


def test_a_place_in_another_period_does_not_leave_a_student_out(cast: Cast) -> None:
    """It is the period that counts, not the season."""
    later = SeasonFactory(name="Daarna", starts_on=cast.season.ends_on + ONE_DAY)
    ProposalFactory(student=cast.bram, offer=OfferFactory(season=later), state=states.AGREED)
    assert ids(going_in(cast).students) == {cast.bram.pk}
    touching = OfferFactory(season=later, starts_on=cast.season.ends_on)
    ProposalFactory(student=cast.bram, offer=touching, state=states.APPROVED)
    assert going_in(cast).students == []


def test_held_seats_and_proposals_by_hand_are_not_divided_again(
    cast: Cast, at_klikwerf: MakeOffer, calculate: Calculate
) -> None:
    """Also when they are of another school."""
    offer = at_klikwerf(openings=4)
    ProposalFactory(student=cast.anouk, offer=offer, state=states.OFFERED)
    ProposalFactory(student=seeking_student(programme__school=cast.deltion), offer=offer)
    for student in (cast.bram, classmate(cast), classmate(cast)):
        ranked(student, offer)
    assert going_in(cast).openings == 2
    assert calculate().figures["placed"] == 2


def test_more_proposals_by_hand_than_free_seats_leave_none(
    cast: Cast, at_klikwerf: MakeOffer, calculate: Calculate
) -> None:
    offer = at_klikwerf()
    for _ in range(2):
        ProposalFactory(student=seeking_student(programme__school=cast.deltion), offer=offer)
    ranked(cast.bram, offer)
    run = calculate()
    assert (run.state, run.figures["openings"], pairs_of(run)) == (states.DONE, 0, [])


@pytest.mark.parametrize(
    "state",
    [s for s in Offer.State.values if s != Offer.State.PUBLISHED],
)
def test_only_published_offers_go_in(cast: Cast, at_klikwerf: MakeOffer, state: str) -> None:
    at_klikwerf(state=state)
    kept = at_klikwerf()
    later = SeasonFactory(name="Daarna", starts_on=cast.season.ends_on + ONE_DAY)
    at_klikwerf(season=later)
    assert [o.pk for o in going_in(cast).offers] == [kept.pk]


@pytest.mark.parametrize(
    ("state", "in_this_round", "banned"),
    [
        (states.DECLINED, False, True),
        (states.DROPPED, True, True),
        (states.DROPPED, False, False),
        (states.EXPIRED, True, False),
        (states.WITHDRAWN, True, False),
        (states.CANCELLED, True, False),
    ],
)
def test_declined_and_dropped_pairs_do_not_come_back(
    cast: Cast,
    at_klikwerf: MakeOffer,
    round_: Round,
    calculate: Calculate,
    state: str,
    in_this_round: bool,
    banned: bool,
) -> None:
    offer = at_klikwerf()
    ranked(cast.bram, offer)
    ProposalFactory(
        student=cast.bram, offer=offer, state=state, round=round_ if in_this_round else None
    )
    run = calculate()
    assert pairs_of(run) == ([] if banned else [(cast.bram.pk, offer.pk)])
    if banned:
        assert frozen_of(run).why(cast.bram.pk, offer.pk).rules == (Rule.BANNED,)


@pytest.mark.parametrize(
    ("days_left", "free_for_all"), [(1, False), (0, False), (-1, True)], ids=str
)
def test_an_earmark_holds_until_its_day_has_passed(
    cast: Cast,
    at_klikwerf: MakeOffer,
    calculate: Calculate,
    today: date,
    days_left: int,
    free_for_all: bool,
) -> None:
    offer = at_klikwerf(
        openings=2, earmarked_for=cast.deltion, earmarked_until=today + days_left * ONE_DAY
    )
    Accreditation.objects.create(
        site=offer.site, crebo="25998", status="accredited", checked_on=today, source="test"
    )
    for student in (cast.anouk, cast.bram):
        ranked(student, offer)
    run = calculate()
    assert pairs_of(run) == ([(cast.bram.pk, offer.pk)] if free_for_all else [])
    if not free_for_all:
        assert frozen_of(run).why(cast.bram.pk, offer.pk).rules == (Rule.EARMARK,)
    own = calculate(RoundFactory(season=cast.season, school=cast.deltion))
    assert pairs_of(own) == [(cast.anouk.pk, offer.pk)]


@pytest.mark.parametrize(
    ("known", "eligible"),
    [
        (None, False),
        ({"status": "accredited"}, True),
        ({"status": "accredited", "valid_until": 0}, True),
        ({"status": "accredited", "valid_until": -1}, False),
        ({"status": "accredited", "crebo": "25999"}, False),
        ({"status": "pending"}, False),
        ({"status": "ended"}, False),
    ],
    ids=[
        "unknown site",
        "accredited",
        "until today",
        "ended yesterday",
        "another code",
        "pending",
        "ended",
    ],
)
def test_mbo_needs_a_site_that_is_accredited_for_the_code(
    cast: Cast,
    at_klikwerf: MakeOffer,
    calculate: Calculate,
    today: date,
    known: dict[str, Any] | None,
    eligible: bool,
) -> None:
    offer = at_klikwerf(openings=2)
    if known is not None:
        until = known.get("valid_until")
        Accreditation.objects.create(
            site=offer.site,
            crebo=known.get("crebo", "25998"),
            status=known["status"],
            checked_on=today,
            source="test",
            valid_until=None if until is None else today + until * ONE_DAY,
        )
    ranked(cast.anouk, offer)
    ranked(cast.bram, offer)
    run = calculate(RoundFactory(season=cast.season, school=cast.deltion))
    assert pairs_of(run) == ([(cast.anouk.pk, offer.pk)] if eligible else [])
    assert pairs_of(calculate()) == [(cast.bram.pk, offer.pk)], "hbo needs none"


@pytest.mark.parametrize("confirmed", [False, True])
def test_an_mbo_code_that_is_not_known_is_marked_until_a_coordinator_confirms(
    cast: Cast, at_klikwerf: MakeOffer, calculate: Calculate, confirmed: bool
) -> None:
    offer = at_klikwerf()
    student = seeking_student(programme=ProgrammeFactory(school=cast.deltion, mbo_unknown=True))
    ranked(student, offer)
    if confirmed:
        offers.confirm_accreditation(offer)
    run = calculate(RoundFactory(season=cast.season, school=cast.deltion))
    assert pairs_of(run) == [(student.pk, offer.pk)], "a gap in a list leaves nobody out"
    assert frozen_of(run).fit(student.pk, offer.pk).uncheckable is not confirmed


def test_a_project_needs_its_whole_period_an_internship_its_weeks(
    cast: Cast, at_klikwerf: MakeOffer, calculate: Calculate
) -> None:
    """Bram comes a week late: enough for twenty weeks of an internship, not for a team."""
    Availability.objects.filter(student=cast.bram).update(
        starts_on=cast.season.starts_on + timedelta(weeks=1)
    )
    project = at_klikwerf(project=True, team_min=1)
    internship = at_klikwerf()
    ranked(cast.bram, project, internship)
    run = calculate()
    assert pairs_of(run) == [(cast.bram.pk, internship.pk)]
    assert frozen_of(run).why(cast.bram.pk, project.pk).rules == (Rule.PERIOD,)


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"levels": [2, 3, 4]}, Rule.LEVEL),
        ({"days_min": 5, "days_max": 5}, Rule.DAYS),
        ({"site__postcode": "1011"}, Rule.DISTANCE),
        ({"ends_on": 10}, Rule.PERIOD),
        ({"programmes": 1}, Rule.PROGRAMME),
    ],
    ids=lambda one: str(one) if isinstance(one, Rule) else "",
)
def test_each_hard_rule_is_read_from_the_rows(
    cast: Cast, at_klikwerf: MakeOffer, calculate: Calculate, wrong: dict[str, Any], rule: Rule
) -> None:
    Availability.objects.filter(student=cast.bram).update(days=4)
    if "site__postcode" in wrong:
        wrong = {"site": OfferFactory(site__postcode=postcode("1011")).site}
    if "ends_on" in wrong:
        wrong = {"ends_on": cast.season.starts_on + wrong["ends_on"] * ONE_DAY}
    if "programmes" in wrong:
        wrong = {"programmes": [ProgrammeFactory()]}
    offer = at_klikwerf(**wrong)
    ranked(cast.bram, offer)
    run = calculate()
    assert frozen_of(run).why(cast.bram.pk, offer.pk).rules == (rule,)
    assert pairs_of(run) == []


def test_a_team_below_its_minimum_does_not_start_and_is_named(
    cast: Cast, at_klikwerf: MakeOffer, calculate: Calculate
) -> None:
    project = at_klikwerf(project=True)
    ranked(cast.bram, project)
    run = calculate()
    assert (pairs_of(run), run.figures["closed"]) == ([], [project.pk])
    mate = seeking_student(programme=cast.bram.programme)
    ranked(mate, project)
    run = calculate()
    assert pairs_of(run) == [(cast.bram.pk, project.pk), (mate.pk, project.pk)]
    assert run.figures["closed"] == []
    assert not Proposal.objects.filter(run=run, is_internship=True).exists()


def test_a_team_that_has_members_elsewhere_needs_fewer(
    cast: Cast, at_klikwerf: MakeOffer, calculate: Calculate
) -> None:
    project = at_klikwerf(project=True)
    ProposalFactory(student=cast.anouk, offer=project, state=states.OFFERED)
    ranked(cast.bram, project)
    run = calculate()
    assert (pairs_of(run), run.figures["closed"]) == ([(cast.bram.pk, project.pk)], [])
