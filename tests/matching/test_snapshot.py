"""Between rows and arrays: frozen and read again, asked for reasons, and words for every code."""

import ast
import io
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from companies import reasons as company_words
from companies.models import Accreditation, Offer
from matching import reasons, states
from matching.engine import (
    Code,
    Criterion,
    Explanation,
    Outcome,
    Rule,
    Unplaced,
    UnplacedCode,
    solve,
)
from matching.models import Proposal, Round
from matching.snapshot import Frozen, fits_for, fits_of_offer, take
from matching.snapshot.market import read_market
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
    assert texts == ["quick"]


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
def contest(cast: Cast, at_klikwerf: MakeOffer, round_: Round, today: date) -> Callable[[], Frozen]:
    """A solved round of which the market is made by the test first."""

    def solved() -> Frozen:
        snapshot = take(round_, today=today)
        return Frozen(snapshot, solve(snapshot.problem))

    return solved


Contest = Callable[[], Frozen]


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
        (loser, wanted.pk): (Code.FULL_LOTTERY, "loting"),
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
    unplaced = contest().unplaced()
    (both,) = {lucky.pk, unlucky.pk} & unplaced.keys()
    assert {pk: one.code for pk, one in unplaced.items()} == {
        both: UnplacedCode.ALL_FULL,
        dreamer.pk: UnplacedCode.NO_ELIGIBLE_CHOICE,
        idle.pk: UnplacedCode.EMPTY_LIST,
    }
    assert [c.code for c in unplaced[both].choices] == [Code.FULL_LOTTERY, Code.NOT_ELIGIBLE]
    assert len({reasons.unplaced_words(one) for one in unplaced.values()}) == 3


# --- words for every code --------------------------------------------------------------------


def explanation(code: Code, **figures: int | None) -> Explanation:
    known: dict[str, int | None] = {"rank": 2, "got": 1, "priority": 3, "cutoff": 3}
    counts = {"capacity": 2, "taken": 2, "rivals": 4, "drawn_claims": 5, "drawn_seats": 2}
    return Explanation(code=code, student=0, place=0, **{**known, **counts, **figures})  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("code", Code)
def test_every_explanation_has_words_in_the_singular_and_the_plural(
    code: Code, number: int
) -> None:
    counts = dict.fromkeys(("capacity", "rivals", "drawn_seats"), number)
    words = reasons.explanation_words(explanation(code, **counts))
    assert words.endswith(".")
    assert "%(" not in words
    assert "None" not in words


@pytest.mark.parametrize("code", UnplacedCode)
def test_every_reason_for_no_place_has_words(code: UnplacedCode) -> None:
    assert reasons.unplaced_words(Unplaced(code=code, student=0, choices=())).endswith(".")


def test_every_rule_criterion_state_and_move_has_words() -> None:
    assert set(reasons.RULES) == set(Rule)
    assert set(reasons.CRITERIA) == set(Criterion)
    assert {f"proposal_{state}" for state in Proposal.State.values} <= set(reasons.REFUSALS)
    assert set(MOVE_WORDS) == {move.name for move in states.PROPOSAL.moves}


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
    known = set(reasons.REFUSALS) | {"proposal_*"}
    # What only the pages of companies meet, where this answer is no trouble but the same answer.
    elsewhere = {"offer_stands_already"} | set(company_words.REFUSALS)
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
    assert codes - {""} <= set(reasons.REFUSALS)


def test_an_unknown_code_still_says_something() -> None:
    assert reasons.refusal("never heard of") == reasons.refusal("")
    assert reasons.refusal("") not in {str(words) for words in reasons.REFUSALS.values()}
