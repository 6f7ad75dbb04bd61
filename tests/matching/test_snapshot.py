"""Between rows and arrays: frozen and read again, asked for reasons, and words for every code."""

import ast
import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from companies import reasons as company_words
from companies import states as states_of_offers
from companies.models import Accreditation, Company, Offer
from education import reasons as school_words
from matching import reasons, states
from matching.engine import (
    EFFORTS,
    Code,
    Criterion,
    Explanation,
    Outcome,
    Rule,
    Unplaced,
    UnplacedCode,
    solve,
)
from matching.engine.explanation import _CHANGES, Change
from matching.models import Proposal, Round, Run
from matching.snapshot import Frozen, fits_for, fits_of_offer, take
from matching.snapshot.market import read_market
from matching.views import asking
from matching.views.school import MOVE_WORDS
from students.models import Availability, Student
from students.queries import missing_fields
from tests.conftest import Cast
from tests.factories.companies import OfferFactory
from tests.factories.education import SkillFactory
from tests.factories.geo import postcode
from tests.factories.matching import ProposalFactory, RoundFactory, ranked, seeking_student
from tests.factories.students import StudentFactory
from tests.matching.conftest import MakeOffer

ROOMS = ["accounts", "cockpit", "companies", "education", "matching", "notifications", "students"]


def classmates(cast: Cast, number: int) -> list[Student]:
    return [seeking_student(programme=cast.bram.programme) for _ in range(number)]


@pytest.fixture
def round_(cast: Cast) -> Round:
    return RoundFactory(season=cast.season, school=cast.windesheim)


# --- frozen and read -------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_was_frozen_reads_the_same(
    cast: Cast, at_klikwerf: MakeOffer, round_: Round, today: date
) -> None:
    places = [at_klikwerf(skills=[SkillFactory()]), at_klikwerf(openings=2), at_klikwerf()]
    for student in [cast.bram, *classmates(cast, 3)]:
        ranked(student, [places[0], places[2]], places[1])
    ProposalFactory(student=cast.bram, offer=places[1], state=states.DECLINED)
    snapshot = take(round_, today=today)
    outcome = solve(snapshot.problem)
    stored = snapshot.freeze(outcome)
    read = Frozen.read(stored)
    assert read.snapshot.student_ids == snapshot.student_ids
    assert read.snapshot.offer_ids == snapshot.offer_ids
    assert read.snapshot.wishes == snapshot.wishes
    for name in ("eligible", "failed", "uncheckable", "km", "parts", "score"):
        before, after = getattr(snapshot.candidates, name), getattr(read.snapshot.candidates, name)
        assert before.dtype == after.dtype
        np.testing.assert_array_equal(before, after)
    assert read.snapshot.problem.fingerprint == snapshot.problem.fingerprint
    assert read.outcome.fingerprint == outcome.fingerprint
    assert read.assignment() == Frozen(snapshot, outcome).assignment() != []
    assert snapshot.freeze(outcome) == stored, "equal input gives equal bytes"


@pytest.mark.django_db
def test_an_empty_round_freezes_too(cast: Cast, round_: Round, today: date) -> None:
    Availability.objects.all().delete()
    snapshot = take(round_, today=today)
    read = Frozen.read(snapshot.freeze(solve(snapshot.problem)))
    assert (read.assignment(), read.unplaced(), read.snapshot.offer_ids) == ([], {}, ())


@pytest.mark.django_db
def test_what_is_stored_holds_no_name_and_no_postcode(
    cast: Cast, at_klikwerf: MakeOffer, round_: Round, today: date
) -> None:
    ranked(cast.bram, at_klikwerf())
    snapshot = take(round_, today=today)
    outcome = solve(snapshot.problem)
    with np.load(io.BytesIO(snapshot.freeze(outcome)), allow_pickle=False) as kept:
        assert not {kept[name].dtype.kind for name in kept.files} - set("biufU")
        texts = [str(kept[name]) for name in kept.files if kept[name].dtype.kind == "U"]
    assert texts == ["standard"]


# --- fit -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_student_who_browses_sees_the_figures_of_the_round(
    cast: Cast, at_klikwerf: MakeOffer, round_: Round, today: date
) -> None:
    skills = [SkillFactory() for _ in range(4)]
    cast.bram.skills.set(skills[:2])
    cast.bram.wants.set(skills[2:3])
    places: list[Offer] = [
        at_klikwerf(skills=skills[1:], days_max=4),
        at_klikwerf(),
        OfferFactory(site__postcode=postcode("8261")),
        OfferFactory(site__postcode=postcode("1011")),
    ]
    classmates(cast, 2)
    snapshot = take(round_, today=today)
    frozen = Frozen(snapshot, solve(snapshot.problem))
    availability = Availability.objects.select_related(
        "student__programme", "student__postcode"
    ).get(student=cast.bram)
    fits = fits_for(availability, places, today=today)
    assert {pk: fits[pk] for pk in fits} == {o.pk: frozen.fit(cast.bram.pk, o.pk) for o in places}
    assert len({fit.score for fit in fits.values()}) == 4, "figures that are all equal prove little"
    beside = [fits_of_offer(o, [availability], today=today)[cast.bram.pk] for o in places]
    assert beside == list(fits.values())
    first = fits[places[0].pk]
    assert first.parts["skills"] == pytest.approx(1 / 3)
    assert first.parts["learning"] == pytest.approx(1 / 3)
    assert first.parts["days"] == pytest.approx(4 / 5)
    assert first.percent == round(first.score * 100)


@pytest.mark.django_db
@pytest.mark.parametrize("students", [1, 30])
def test_a_market_is_read_with_a_fixed_number_of_queries(
    cast: Cast, at_klikwerf: MakeOffer, round_: Round, today: date, students: int
) -> None:
    skills = [SkillFactory() for _ in range(5)]
    for offer in [at_klikwerf(skills=skills[:n]) for n in range(1, students % 5 + 2)]:
        Accreditation.objects.get_or_create(
            site=offer.site,
            crebo="25998",
            defaults={"status": "accredited", "checked_on": today, "source": "test"},
        )
    for student in classmates(cast, students - 1):
        student.skills.set(skills)
        student.wants.set(skills[2:])
    rows = list(
        Availability.objects.filter(student__programme=cast.bram.programme).select_related(
            "student__programme", "student__postcode"
        )
    )
    places = list(Offer.objects.select_related("site__postcode"))
    assert len(rows) == students
    with CaptureQueriesContext(connection) as asked:
        read_market(rows, places, today=today)
    assert len(asked) == 5
    with CaptureQueriesContext(connection) as asked:
        take(round_, today=today)
    assert len(asked) == 14


# --- why and why not -------------------------------------------------------------------------


@pytest.fixture
def contest(cast: Cast, round_: Round, today: date) -> "Contest":
    """A solved round of which the market is made by the test first."""

    def solved(effort: str = "quick") -> Frozen:
        snapshot = take(round_, today=today)
        return Frozen(snapshot, solve(snapshot.problem, effort=effort))

    return solved


Contest = Callable[..., Frozen]


@pytest.mark.django_db
def test_each_answer_to_why_and_why_not_is_said_in_words(
    cast: Cast, at_klikwerf: MakeOffer, contest: Contest
) -> None:
    wanted, spare, unasked, far, taken = (
        at_klikwerf(),
        at_klikwerf(),
        at_klikwerf(),
        OfferFactory(site__postcode=postcode("1011")),
        at_klikwerf(),
    )
    for student in (seeking_student(programme__school=cast.deltion) for _ in range(1)):
        ProposalFactory(student=student, offer=taken)  # by hand, so no seat is left to divide
    near, away = classmates(cast, 2)
    Student.objects.filter(pk=away.pk).update(postcode=postcode("8261"))
    for student in (cast.bram, near):
        ranked(student, wanted, spare)
    ranked(away, wanted, taken, far)
    Availability.objects.update(beyond_list=False)
    frozen = contest()
    winner = next(s for s, o, _t in frozen.assignment() if o == wanted.pk)
    loser = near.pk if winner == cast.bram.pk else cast.bram.pk
    expected = {
        (winner, wanted.pk): (Code.PLACED_HERE, "krijgt deze plek: keus 1"),
        (winner, spare.pk): (Code.PREFERRED_ANOTHER, "kreeg keus 1"),
        (winner, unasked.pk): (Code.NOT_RANKED, "niet op de lijst"),
        (away.pk, far.pk): (Code.NOT_ELIGIBLE, "kan niet"),
        (away.pk, wanted.pk): (Code.FULL_BETTER_CLAIMS, "beter bij past"),
        (away.pk, taken.pk): (Code.NO_OPENINGS, "geen plek meer"),
        (loser, wanted.pk): (Code.FULL_LOTTERY, "loting besliste. Wat zou helpen: een beter lot"),
    }
    for pair, (code, words) in expected.items():
        found = frozen.why(*pair)
        assert found.code == code, pair
        assert words in reasons.explanation_words(found), pair
    assert reasons.rule_words(frozen.why(away.pk, far.pk).rules) == [
        str(reasons.RULES[Rule.DISTANCE])
    ]
    with pytest.raises(KeyError):
        frozen.why(cast.anouk.pk, wanted.pk)
    assert not frozen.knows(cast.anouk.pk, wanted.pk)
    assert (frozen.offer_of(winner), frozen.offer_of(away.pk)) == (wanted.pk, None)


@pytest.mark.django_db
def test_an_outcome_that_is_not_stable_would_be_called_so(
    cast: Cast, at_klikwerf: MakeOffer, round_: Round, today: date
) -> None:
    offer = at_klikwerf()
    ranked(cast.bram, offer)
    snapshot = take(round_, today=today)
    nobody = Outcome.of(snapshot.problem, np.array([-1], dtype=np.int32), effort="quick")
    found = Frozen(snapshot, nobody).why(cast.bram.pk, offer.pk)
    assert found.code == Code.BLOCKING
    assert "opnieuw" in reasons.explanation_words(found)


@pytest.mark.django_db
def test_each_reason_for_having_no_place_is_said_in_words(
    cast: Cast, at_klikwerf: MakeOffer, contest: Contest
) -> None:
    offer, far = at_klikwerf(), OfferFactory(site__postcode=postcode("1011"))
    lucky, unlucky, dreamer, idle = classmates(cast, 4)
    Availability.objects.filter(student=cast.bram).delete()
    for student in (lucky, unlucky):
        ranked(student, offer, far)
    ranked(dreamer, far)
    Availability.objects.filter(student=dreamer).update(beyond_list=False)
    unplaced = contest().unplaced()
    (both,) = {lucky.pk, unlucky.pk} & unplaced.keys()
    assert {pk: one.code for pk, one in unplaced.items()} == {
        both: UnplacedCode.ALL_FULL,
        dreamer.pk: UnplacedCode.NO_ELIGIBLE_CHOICE,
        idle.pk: UnplacedCode.EMPTY_LIST,
    }
    assert [c.code for c in unplaced[both].choices] == [Code.FULL_LOTTERY, Code.NOT_ELIGIBLE]
    assert len({reasons.unplaced_words(one) for one in unplaced.values()}) == 3


@pytest.mark.django_db
def test_whose_ranked_places_took_no_part_is_not_told_to_make_a_list(
    cast: Cast, at_klikwerf: MakeOffer, contest: Contest
) -> None:
    """After a round was approved its places are full, and stand on lists of others still."""
    full, far = (
        at_klikwerf(state=states_of_offers.FILLED),
        OfferFactory(site__postcode=postcode("1011")),
    )
    (both,) = classmates(cast, 1)
    ranked(cast.bram, full)
    ranked(both, far, full)
    frozen = contest()
    assert {pk: one.code for pk, one in frozen.unplaced().items()} == dict.fromkeys(
        (cast.bram.pk, both.pk), UnplacedCode.ALL_FULL
    )
    assert frozen.gone() == {cast.bram.pk: [full.pk], both.pk: [full.pk]}


# --- tails and owners ----------------------------------------------------------------------------


@pytest.mark.django_db
def test_whose_list_is_used_up_gets_another_place_that_fits(
    cast: Cast, at_klikwerf: MakeOffer, contest: Contest
) -> None:
    wanted, other = at_klikwerf(), at_klikwerf(openings=3)
    OfferFactory(site__postcode=postcode("1011"))  # too far away for any of them
    refuses, idle = classmates(cast, 2)
    for student in (cast.bram, *classmates(cast, 1), refuses):
        ranked(student, wanted)
    Availability.objects.filter(student=refuses).update(beyond_list=False)
    frozen = contest("standard")
    tiers = sorted((offer, tier or 0) for _student, offer, tier in frozen.assignment())
    assert tiers[0] == (wanted.pk, 1)
    assert set(tiers[1:]) == {(other.pk, 0)}
    assert frozen.profile() == [1]
    placed = {student for student, _offer, _tier in frozen.assignment()}
    assert idle.pk not in placed, "who ranked nothing asked for nothing"
    assert {tier for s, _o, tier in frozen.assignment() if s == refuses.pk} <= {1}
    (got,) = [s for s, o, tier in frozen.assignment() if tier is None][:1]
    why = frozen.why(got, other.pk)
    assert (why.code, why.in_tail) == (Code.PLACED_HERE, True)
    assert "niet van de eigen lijst, maar past" in reasons.explanation_words(why)


@pytest.mark.django_db
def test_a_company_gets_no_more_students_than_it_guides(
    cast: Cast, at_klikwerf: MakeOffer, contest: Contest
) -> None:
    """It has room for one, of two seats at two places; elsewhere there is room for all."""
    Company.objects.filter(pk=cast.klikwerf.pk).update(guides_at_most=1)
    one, two = at_klikwerf(), at_klikwerf()
    (mate,) = classmates(cast, 1)
    ranked(cast.bram, one)
    ranked(mate, two)
    Availability.objects.update(beyond_list=False)
    frozen = contest("standard")
    assert frozen.snapshot.company_ids == (cast.klikwerf.pk,)
    assert len(frozen.assignment()) == 1
    (left,) = frozen.unplaced()
    found = frozen.why(left, one.pk if left == cast.bram.pk else two.pk)
    assert found.code == Code.OWNER_FULL
    assert "begeleidt" in reasons.explanation_words(found)
    read = Frozen.read(frozen.snapshot.freeze(frozen.outcome))
    assert read.snapshot.problem.fingerprint == frozen.snapshot.problem.fingerprint
    assert read.why(left, one.pk).code == frozen.why(left, one.pk).code


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("limit", "held", "room"), [(None, 0, None), (3, 0, None), (2, 0, 2), (3, 1, 2), (1, 2, 0)]
)
def test_who_is_guided_already_counts(
    cast: Cast,
    at_klikwerf: MakeOffer,
    round_: Round,
    today: date,
    limit: int | None,
    held: int,
    room: int | None,
) -> None:
    """Three seats in the round; what is held elsewhere in the season takes from the room, what is
    held in a season that does not overlap does not."""
    Company.objects.filter(pk=cast.klikwerf.pk).update(guides_at_most=limit)
    at_klikwerf(openings=2)
    at_klikwerf()
    for _ in range(held):
        ProposalFactory(offer=at_klikwerf(), state=states.APPROVED)
    past = today - timedelta(days=1000)
    before = at_klikwerf(starts_on=past, ends_on=past + timedelta(days=140))
    ProposalFactory(offer=before, state=states.AGREED)
    problem = take(round_, today=today).problem
    assert problem.owner_capacity.tolist() == ([] if room is None else [room])
    assert bool((problem.owner >= 0).any()) == (room is not None)


@pytest.mark.django_db
def test_a_company_has_one_order_for_all_its_places(
    cast: Cast, at_klikwerf: MakeOffer, contest: Contest
) -> None:
    """A student who fits one place well and another badly has the better claim at both."""
    Company.objects.filter(pk=cast.klikwerf.pk).update(guides_at_most=1)
    skills = [SkillFactory() for _ in range(3)]
    cast.bram.skills.set(skills)
    good, bad = at_klikwerf(skills=skills), at_klikwerf(skills=[SkillFactory()])
    ranked(cast.bram, bad, good)
    problem = contest().snapshot.problem
    assert len(set(problem.choice_priority.tolist())) == 1
    Company.objects.update(guides_at_most=None)
    assert len(set(contest().snapshot.problem.choice_priority.tolist())) == 2


@pytest.mark.django_db
def test_a_project_that_too_few_want_is_closed_and_named(
    cast: Cast, at_klikwerf: MakeOffer, contest: Contest
) -> None:
    wanted = at_klikwerf(project=True, team_min=3)
    unwanted = at_klikwerf(project=True, team_min=2)
    for student in (cast.bram, *classmates(cast, 1)):
        ranked(student, wanted)
    Availability.objects.update(beyond_list=False)
    frozen = contest("standard")
    found = [(p.offer_id, p.wanted, p.needs, p.missing) for p in frozen.closed_projects()]
    assert found == [(wanted.pk, 2, 3, 1), (unwanted.pk, 0, 2, 2)]
    why = frozen.why(cast.bram.pk, wanted.pk)
    assert why.code == Code.CLOSED
    assert "nog 1 student die dit ook wil" in reasons.explanation_words(why)
    read = Frozen.read(frozen.snapshot.freeze(frozen.outcome))
    assert read.closed_projects() == frozen.closed_projects()


@pytest.mark.django_db
def test_what_was_frozen_before_there_were_owners_and_tails_still_reads(
    cast: Cast, at_klikwerf: MakeOffer, contest: Contest
) -> None:
    offer, project = at_klikwerf(), at_klikwerf(project=True)
    ranked(cast.bram, offer)
    frozen = contest()
    with np.load(io.BytesIO(frozen.snapshot.freeze(frozen.outcome)), allow_pickle=False) as now:
        kept = {name: now[name] for name in now.files}
    since = {"owner", "owner_capacity", "tail_start", "tail_place", "tail_priority"}
    since |= {"company_ids", "bound", "closed"}
    target = io.BytesIO()
    np.savez_compressed(target, **{k: v for k, v in kept.items() if k not in since})
    assert since <= set(kept)
    read = Frozen.read(target.getvalue())
    assert read.assignment() == [(cast.bram.pk, offer.pk, 1)]
    assert read.why(cast.bram.pk, offer.pk).code == Code.PLACED_HERE
    assert read.closed_projects() == [], "then, no project was closed"
    assert frozen.closed_projects()[0].offer_id == project.pk


# --- words for every code --------------------------------------------------------------------


COUNTS = ("capacity", "rivals", "drawn_seats", "missing", "waiting_before")


def explanation(code: Code, number: int = 2, **more: object) -> Explanation:
    """What the engine says of a pair, with every count as given."""
    known = {"rank": 2, "in_tail": False, "got": 1, "priority": 3, "cutoff": 3, "taken": 2}
    known |= {"drawn_claims": 5, **dict.fromkeys(COUNTS, number)}
    changes = {"rules": (), "changes": _CHANGES[code]}
    return Explanation(code=code, student=0, place=0, **{**known, **changes, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("in_tail", [False, True])
@pytest.mark.parametrize("code", Code)
def test_every_explanation_has_words_in_the_singular_and_the_plural(
    code: Code, in_tail: bool, number: int
) -> None:
    words = reasons.explanation_words(explanation(code, number, in_tail=in_tail))
    assert words.endswith(".")
    assert "%(" not in words
    assert "None" not in words
    assert not in_tail or "keus 2" not in words, "the rank of a tail is no choice of the student"


@pytest.mark.parametrize("change", Change)
def test_whatever_would_have_helped_is_said_in_words(change: Change) -> None:
    words = reasons.explanation_words(explanation(Code.CLOSED, changes=(change,)))
    # That a rule should not fail is said by the rule itself.
    assert ("Wat zou helpen" in words) == (change is not Change.BE_ACCEPTED)


def test_every_effort_has_a_name_and_a_meaning() -> None:
    assert set(reasons.EFFORTS) == set(EFFORTS) == set(Run.Effort.values)
    assert all(str(part) for parts in reasons.EFFORTS.values() for part in parts)


@pytest.mark.parametrize("code", UnplacedCode)
def test_every_reason_for_no_place_has_words(code: UnplacedCode) -> None:
    assert reasons.unplaced_words(Unplaced(code=code, student=0, choices=())).endswith(".")


def test_every_rule_criterion_state_and_move_has_words() -> None:
    assert set(reasons.RULES) == set(Rule)
    assert set(reasons.CRITERIA) == set(Criterion)
    assert {f"proposal_{state}" for state in Proposal.State.values} <= set(reasons.REFUSALS)
    assert {move.name for move in states.PROPOSAL.moves} <= set(MOVE_WORDS)


@pytest.mark.django_db
def test_everything_that_a_profile_misses_has_words() -> None:
    missing = missing_fields(StudentFactory(empty=True), None)
    missing += missing_fields(StudentFactory(empty=True), Availability())
    assert set(missing) == set(reasons.MISSING)


def modules(*rooms: str) -> dict[str, ast.Module]:
    root = Path(settings.BASE_DIR)
    found = (file for room in rooms for file in sorted((root / room).rglob("*.py")))
    return {str(file.relative_to(root)): ast.parse(file.read_text()) for file in found}


def refused_codes(tree: ast.Module) -> set[str]:
    """What `Refused(…)` is called with; a part that is filled in becomes a star."""
    calls = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Refused"
    )
    return {re.sub(r"\{.*?\}", "*", ast.unparse(call.args[0]).strip("f'\"")) for call in calls}


def test_the_walk_over_the_source_finds_codes() -> None:
    tree = ast.parse("raise Refused('a')\nraise Refused(f'b_{x.state}')\nraise Other('c')")
    assert refused_codes(tree) == {"a", "b_*"}


def test_every_refusal_anywhere_has_words() -> None:
    found = {code for tree in modules(*ROOMS).values() for code in refused_codes(tree)}
    assert {"offer_full", "run_under_way", "proposal_*"} <= found
    known = set(reasons.REFUSALS) | set(asking.REFUSALS) | {"proposal_*", "round_*"}
    # What only the pages of companies meet, where this answer is no trouble but the same answer.
    elsewhere = {"offer_stands_already", "address_is_proven"} | set(company_words.REFUSALS)
    elsewhere |= set(school_words.REFUSALS)
    assert sorted(found - known - elsewhere) == []


def codes_named(tree: ast.Module, verb: str) -> set[str]:
    """The constants that calls of `verb` get as `code`."""
    return {
        str(keyword.value.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) == verb
        for keyword in node.keywords
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant)
    }


def test_every_reason_for_withdrawing_has_words() -> None:
    verbs = ("withdraw", "withdraw_locked", "withdraw_all_on")
    found = {
        c for tree in modules("matching").values() for v in verbs for c in codes_named(tree, v)
    }
    assert {"offer_closed", "offer_full", "agreed_elsewhere", "coordinator"} <= found
    assert found <= set(reasons.WITHDRAWALS)


def test_what_cannot_be_approved_is_refused_with_words() -> None:
    source = modules("matching")["matching/actions/approval.py"]
    why_not = next(
        node
        for node in ast.walk(source)
        if isinstance(node, ast.FunctionDef) and node.name == "_why_not_approve"
    )
    codes = {
        str(node.value.value)
        for node in ast.walk(why_not)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Constant)
    }
    assert codes - {""}
    assert codes - {""} <= set(reasons.REFUSALS) | set(asking.REFUSALS)


def test_an_unknown_code_still_says_something() -> None:
    assert reasons.refusal("never heard of") == reasons.refusal("")
    assert reasons.refusal("") not in {str(words) for words in reasons.REFUSALS.values()}
