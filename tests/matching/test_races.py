"""Two or more at the same moment, in threads with connections of their own: exactly one effect, a
clear answer for the others, never an error, and a naive control that does lose the race."""

import random
import threading
from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection, transaction
from django.db.models import Value
from django.db.models.functions import Now

from accounts.actions import moving
from accounts.models import User
from companies import actions as offers
from companies.actions import Refused
from companies.models import Offer
from matching import states
from matching.actions import answers, approval, ending, rankings, rounds
from matching.models import Proposal, Round, Run, Wish
from students.models import Student
from tests.conftest import Cast
from tests.factories.companies import OfferFactory
from tests.factories.matching import ProposalFactory, RoundFactory, ranked, seeking_student
from tests.matching.at_once import at_once, in_step, refusals
from tests.matching.conftest import MakeOffer, MakeProposal
from tests.matching.reading import letters, seats, state_of, steps_of

pytestmark = pytest.mark.django_db(transaction=True)

STUDENT, COMPANY = Proposal.Side.STUDENT, Proposal.Side.COMPANY
MANY = 30


def two_for_the_last_opening(cast: Cast, times: int) -> list[tuple[Offer, Proposal, Proposal]]:
    """Offers with one opening, each with a proposal of two schools."""
    students = [
        (
            seeking_student(programme=cast.anouk.programme),
            seeking_student(programme=cast.bram.programme),
        )
        for _ in range(times)
    ]
    with transaction.atomic():
        places = OfferFactory.create_batch(times)
        return [
            (
                offer,
                ProposalFactory(student=one, offer=offer),
                ProposalFactory(student=other, offer=offer),
            )
            for offer, (one, other) in zip(places, students, strict=True)
        ]


# --- the last opening -----------------------------------------------------------------------------


def test_the_last_opening_is_approved_once_and_the_loser_reads_why(cast: Cast) -> None:
    pairs = two_for_the_last_opening(cast, MANY)

    def approve_nth(which: int, by: User) -> Callable[[int], str]:
        def act(n: int) -> str:
            result = approval.approve([pairs[n][which].pk], by=by)
            return result.refused[0][1] if result.refused else "approved"

        return act

    found = in_step(MANY, approve_nth(1, cast.els), approve_nth(2, cast.frits))
    assert [sorted(one) for one in found] == [["approved", "offer_full"]] * MANY
    for offer, *both in pairs:
        assert seats(offer) == (Offer.State.FILLED, 1)
        assert sorted(state_of(p) for p in both) == [states.APPROVED, states.PROPOSED]


def test_a_naive_look_before_writing_would_oversell(cast: Cast) -> None:
    """The control: the same race without lock and without counted seats. It counts who sits, sees
    a free seat, and sits down. If this does not oversell, the test above proves nothing."""
    pairs = two_for_the_last_opening(cast, MANY)

    def naive(which: int, by: User) -> Callable[[int], str]:
        def act(n: int) -> str:
            offer, proposal = pairs[n][0], pairs[n][which]
            with transaction.atomic():
                sitting = Proposal.objects.filter(offer=offer, holds_seat=True).count()
                if sitting >= offer.openings:
                    return "offer_full"
                with moving("approve", by=by):
                    Proposal.objects.filter(pk=proposal.pk).update(
                        state=states.APPROVED, holds_seat=True
                    )
            return "approved"

        return act

    found = in_step(MANY, naive(1, cast.els), naive(2, cast.frits))
    oversold = sum(one == ["approved", "approved"] for one in found)
    assert oversold > MANY / 2, f"only {oversold} of {MANY}"


def test_sixteen_coordinators_divide_three_openings_without_overselling(cast: Cast) -> None:
    times = 4
    places = [OfferFactory(openings=3) for _ in range(times)]
    students = [seeking_student(programme=cast.bram.programme) for _ in range(16)]
    rows = [[ProposalFactory(student=s, offer=o) for s in students] for o in places]

    def approve_one(who: int) -> Callable[[int], bool]:
        return lambda n: bool(approval.approve([rows[n][who].pk], by=cast.frits).done)

    for n, done in enumerate(in_step(times, *map(approve_one, range(16)))):
        assert sum(map(bool, done)) == 3
        assert seats(places[n]) == (Offer.State.FILLED, 3)


def test_a_student_gets_one_seat_from_two_offers_at_once(cast: Cast) -> None:
    """Two coordinators approve a proposal each, for the same student and period."""
    students = [seeking_student(programme=cast.bram.programme) for _ in range(MANY)]
    pairs = [[ProposalFactory(student=s, offer=OfferFactory()) for _ in range(2)] for s in students]

    def approve_nth(which: int) -> Callable[[int], str]:
        def act(n: int) -> str:
            result = approval.approve([pairs[n][which].pk], by=cast.frits)
            return result.refused[0][1] if result.refused else "approved"

        return act

    found = in_step(MANY, approve_nth(0), approve_nth(1))
    assert [sorted(one) for one in found] == [["approved", "student_taken"]] * MANY
    for both in pairs:
        assert sorted(seats(p.offer)[1] for p in both) == [0, 1]


# --- one proposal, many answers -------------------------------------------------------------------


def test_sixteen_answers_to_one_proposal_have_one_end(cast: Cast, at_klikwerf: MakeOffer) -> None:
    times = 4
    made = [
        ProposalFactory(student=seeking_student(), offer=at_klikwerf(), state=states.OFFERED)
        for _ in range(times)
    ]

    def yes(side: str) -> Callable[[int], str]:
        return lambda n: answers.accept(made[n].pk, side=side, by=cast.carla).state

    def no(side: str) -> Callable[[int], str]:
        return lambda n: answers.decline(made[n].pk, side=side, code="other", by=cast.carla).state

    acts = [yes(STUDENT), yes(COMPANY), no(STUDENT), no(COMPANY)] * 4
    for n, said in enumerate(in_step(times, *acts)):
        end = state_of(made[n])
        assert end in (states.AGREED, states.DECLINED)
        assert set(said) <= {states.OFFERED, end, f"proposal_{end}"}
        moves = [step[0] for step in steps_of(made[n])][3:]
        assert moves.count("decline") == (end == states.DECLINED)
        assert len(moves) <= 2
        assert seats(made[n].offer)[1] == (end == states.AGREED)
        told = [kind for kind, to in letters() if to == made[n].student.user.email]
        assert len(told) == len(set(told)) <= 1


@pytest.mark.parametrize("side", [STUDENT, COMPANY])
def test_ten_times_yes_at_once_is_one_yes(cast: Cast, proposal: MakeProposal, side: str) -> None:
    made = proposal(state=states.OFFERED)
    other = COMPANY if side == STUDENT else STUDENT
    answers.accept(made.pk, side=other, by=cast.carla)
    said = at_once(*[lambda: answers.accept(made.pk, side=side, by=cast.carla).state] * 10)
    assert said == [states.AGREED] * 10
    assert [s[0] for s in steps_of(made)] == ["propose", "approve", "release", "accept", "accept"]
    assert [kind for kind, _to in letters()].count("proposal_agreed_student") == 1


def test_ten_times_no_at_once_is_one_no(cast: Cast, proposal: MakeProposal) -> None:
    made = proposal(state=states.OFFERED)
    no = lambda: answers.decline(made.pk, side=STUDENT, code="other", by=cast.bram.user).state  # noqa: E731
    assert at_once(*[no] * 10) == [states.DECLINED] * 10
    assert [s[0] for s in steps_of(made)].count("decline") == 1
    assert seats(made.offer) == (Offer.State.PUBLISHED, 0)
    assert len(letters()) == 2


# --- one student, two offers ----------------------------------------------------------------------


def test_two_companies_saying_yes_last_give_one_student_one_place(cast: Cast) -> None:
    """Each would withdraw the other's proposal: both lock the same rows, in the same order."""
    times = 8
    students = [seeking_student() for _ in range(times)]
    pairs = [
        [ProposalFactory(student=student, state=states.OFFERED) for _ in range(2)]
        for student in students
    ]
    for one in (p for pair in pairs for p in pair):
        answers.accept(one.pk, side=STUDENT, by=one.student.user)

    def yes(which: int, by: User) -> Callable[[int], str]:
        return lambda n: answers.accept(pairs[n][which].pk, side=COMPANY, by=by).state

    for n, said in enumerate(in_step(times, yes(0, cast.carla), yes(1, cast.dirk))):
        assert sorted(said) == [states.AGREED, "proposal_withdrawn"]
        assert sorted(state_of(p) for p in pairs[n]) == [states.AGREED, states.WITHDRAWN]
        assert sorted(seats(p.offer)[1] for p in pairs[n]) == [0, 1]


def test_students_who_cross_each_other_do_not_wait_for_each_other_in_a_circle(cast: Cast) -> None:
    """One has the last word at two offers that both want: who locks offer first and student then
    would deadlock here."""
    times = 6
    couples = [(seeking_student(), seeking_student()) for _ in range(times)]
    places = [(OfferFactory(openings=2), OfferFactory(openings=2)) for _ in range(times)]
    rows = [
        [
            ProposalFactory(student=student, offer=offer, state=states.OFFERED)
            for student in couple
            for offer in pair
        ]
        for couple, pair in zip(couples, places, strict=True)
    ]
    for one in (p for row in rows for p in row):
        answers.accept(one.pk, side=COMPANY, by=cast.carla)

    def yes(which: int) -> Callable[[int], str]:
        return lambda n: answers.accept(rows[n][which].pk, side=STUDENT, by=cast.carla).state

    for n, said in enumerate(in_step(times, *map(yes, (0, 3, 2, 1)))):
        assert sorted(said) == [*[states.AGREED] * 2, *["proposal_withdrawn"] * 2]
        for offer in places[n]:
            seats(offer)


def test_the_last_seat_goes_to_one_of_many_who_asked(cast: Cast, at_klikwerf: MakeOffer) -> None:
    offer = at_klikwerf()
    asked = [
        ProposalFactory(
            student=seeking_student(), offer=offer, origin="application", student_accepted_at=Now()
        )
        for _ in range(6)
    ]
    approval.approve([p.pk for p in asked], by=cast.frits)
    approval.release([p.pk for p in asked], by=cast.frits)

    def yes(one: Proposal) -> Callable[[], str]:
        return lambda: answers.accept(one.pk, side=COMPANY, by=cast.carla).state

    said = at_once(*map(yes, asked))
    assert sorted(said) == [states.AGREED, *["proposal_withdrawn"] * 5]
    assert seats(offer) == (Offer.State.FILLED, 1)


def test_a_team_is_agreed_together_when_all_answer_at_once(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    for _ in range(2):
        project = at_klikwerf(project=True)
        team = [
            ProposalFactory(student=seeking_student(), offer=project, state=states.OFFERED)
            for _ in range(4)
        ]

        def yes(one: Proposal, side: str) -> Callable[[], Proposal]:
            return lambda: answers.accept(one.pk, side=side, by=cast.carla)

        at_once(*(yes(one, STUDENT) for one in team), yes(team[0], COMPANY), yes(team[3], COMPANY))
        assert [state_of(p) for p in team] == [states.AGREED] * 4
        assert seats(project) == (Offer.State.FILLED, 4)


# --- an offer that closes -------------------------------------------------------------------------


def test_an_offer_that_closes_while_it_is_accepted_ends_either_way_but_whole(cast: Cast) -> None:
    times = 8
    made = [ProposalFactory(student=seeking_student(), state=states.OFFERED) for _ in range(times)]
    for one in made:
        answers.accept(one.pk, side=STUDENT, by=one.student.user)

    def close(n: int) -> str:
        offers.close_offer(made[n].offer, reason="Dicht", by=cast.carla)
        return "closed"

    def yes(n: int) -> str:
        return answers.accept(made[n].pk, side=COMPANY, by=cast.carla).state

    for n, (closed, said) in enumerate(in_step(times, close, yes)):
        assert closed == "closed"
        end = state_of(made[n])
        assert (end, said) in [
            (states.AGREED, states.AGREED),
            (states.WITHDRAWN, "proposal_withdrawn"),
        ]
        assert seats(made[n].offer) == (Offer.State.CLOSED, int(end == states.AGREED))


def waits_for_a_lock() -> bool:
    """Whether a session of this database waits for another."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def test_what_is_proposed_while_an_offer_closes_is_taken_along(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    """The offer had no proposal when closing began to look, and has one when it may go on."""
    offer = at_klikwerf()
    offer_is_locked, closed = threading.Event(), threading.Event()

    def close() -> None:
        assert offer_is_locked.wait(timeout=20)
        offers.close_offer(Offer.objects.get(pk=offer.pk), reason="Dicht", by=cast.carla)
        closed.set()

    def propose() -> None:
        with transaction.atomic():
            Offer.objects.select_for_update(no_key=True).get(pk=offer.pk)
            offer_is_locked.set()
            while not waits_for_a_lock():
                assert not closed.is_set(), "closing did not wait for who is proposing"
            approval.propose_by_hand(cast.bram, offer, by=cast.frits)

    at_once(propose, close)
    assert seats(offer) == (Offer.State.CLOSED, 0)
    assert state_of(Proposal.objects.get()) == states.WITHDRAWN


def test_an_offer_closes_once_however_often_it_is_asked(cast: Cast, proposal: MakeProposal) -> None:
    made = proposal(state=states.OFFERED)

    def close() -> None:
        offers.close_offer(Offer.objects.get(pk=made.offer_id), reason="Dicht", by=cast.carla)

    said = at_once(*[close] * 6)
    assert refusals(said) == ["offer_moved_on"] * 5
    assert [s[0] for s in steps_of(made)].count("withdraw") == 1
    assert [kind for kind, _to in letters()] == [
        "offer_closed",
        "offer_closed_coordinator",
        "proposal_withdrawn_company",
        "proposal_withdrawn_student",
    ]


# --- clocks ---------------------------------------------------------------------------------------


def test_what_is_answered_at_the_last_moment_is_answered_or_expired_not_both(cast: Cast) -> None:
    times = 8
    made = [ProposalFactory(student=seeking_student(), state=states.OFFERED) for _ in range(times)]
    for one in made:
        answers.accept(one.pk, side=STUDENT, by=one.student.user)
    first = made[0].moved_at

    def yes(n: int) -> str:
        return answers.accept(made[n].pk, side=COMPANY, by=cast.carla).state

    def expire(n: int) -> str:
        Proposal.objects.filter(pk=made[n].pk).update(company_respond_by=Value(first))
        ending.expire_due()
        return "looked"

    for n, (said, *_looked) in enumerate(in_step(times, yes, expire, expire)):
        end = state_of(made[n])
        assert (end, said) in [
            (states.AGREED, states.AGREED),
            (states.EXPIRED, "proposal_expired"),
        ]
        assert seats(made[n].offer)[1] == (end == states.AGREED)
        assert [s[0] for s in steps_of(made[n])].count("expire") == (end == states.EXPIRED)


# --- rounds ---------------------------------------------------------------------------------------


def test_a_round_started_twice_at_once_runs_once_and_the_other_is_told(cast: Cast) -> None:
    for school in (cast.windesheim, cast.deltion):
        round_ = RoundFactory(season=cast.season, school=school)
        said = at_once(*[lambda of=round_: rounds.start_run(of, by=cast.frits)] * 4)
        assert refusals(said) == ["run_under_way"] * 3
        assert Run.objects.filter(round=round_).count() == 1


def test_a_round_made_twice_at_once_is_made_once(cast: Cast) -> None:
    make = lambda: rounds.create_round(cast.season, cast.windesheim, by=cast.frits)  # noqa: E731
    assert refusals(at_once(*[make] * 4)) == ["round_is_open"] * 3
    assert Round.objects.count() == 1


def test_a_run_is_claimed_by_one_worker(cast: Cast) -> None:
    for school in (cast.windesheim, cast.deltion):
        rounds.start_run(RoundFactory(season=cast.season, school=school), by=cast.frits)
    claimed = [run for run in at_once(*[rounds.claim_run] * 6) if run is not None]
    assert len(claimed) == 2
    assert len({run.pk for run in claimed if isinstance(run, Run)}) == 2
    assert {run.attempts for run in Run.objects.all()} == {1}


def test_a_run_stores_beside_people_who_work_on_the_round(
    cast: Cast, at_klikwerf: MakeOffer, today: date
) -> None:
    """While a second run stores, its proposals are approved and dropped: whole, and no circle."""
    offer = at_klikwerf(openings=6)
    round_ = RoundFactory(season=cast.season, school=cast.windesheim)
    for _ in range(6):
        ranked(seeking_student(programme=cast.bram.programme), offer)
    rounds.start_run(round_, by=cast.frits)
    first = rounds.claim_run()
    assert first is not None
    rounds.execute(first, today=today)
    made = list(Proposal.objects.order_by("pk"))
    rounds.start_run(round_, by=cast.frits)

    def run_again() -> None:
        second = rounds.claim_run()
        assert second is not None
        rounds.execute(second, today=today)

    def drop() -> None:
        approval.drop([made[0].pk], reason="Liever niet", by=cast.frits)

    def approve() -> None:
        approval.approve([p.pk for p in made[1:3]], by=cast.frits)

    at_once(run_again, drop, approve)
    assert {r.state for r in Run.objects.all()} == {states.DONE}
    taken = list(Proposal.objects.filter(state__in=(*states.OPEN, states.AGREED)))
    assert len({p.student_id for p in taken}) == len(taken), "nobody has two"
    seats(offer)


# --- rankings -------------------------------------------------------------------------------------


def test_wishes_that_are_clicked_at_once_all_stand_on_the_list(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    places = [at_klikwerf() for _ in range(8)]

    def add(offer: Offer) -> Callable[[], list[Wish]]:
        return lambda: rankings.add_wish(cast.bram, offer)

    at_once(*map(add, places))
    tiers = sorted(Wish.objects.filter(student=cast.bram).values_list("tier", flat=True))
    assert tiers == [1, 2, 3, 4, 5, 6, 7, 8]


# --- everything at once ---------------------------------------------------------------------------


def test_a_crowd_that_does_what_it_likes_leaves_everything_whole(cast: Cast, today: date) -> None:
    """Six people make random moves on a small market: nobody waits for ever, nobody gets an
    error, and the books agree afterwards."""
    students = [seeking_student(programme__mode="open") for _ in range(4)]
    places: list[Offer] = [OfferFactory(openings=1 + n % 2) for n in range(3)]
    places.append(OfferFactory(project=True, openings=3))

    def person(seed: int) -> Callable[[], int]:
        rng = random.Random(seed)

        def act() -> int:
            return sum(_random_move(rng, students, places, cast, today) for _ in range(20))

        return act

    moved = at_once(*map(person, range(6)))
    assert sum(n for n in moved if isinstance(n, int)) > 30
    for offer in places:
        state, held = seats(offer)
        if state in (Offer.State.PUBLISHED, Offer.State.FILLED):
            assert (state == Offer.State.FILLED) == (held == offer.openings)
    for student in students:
        agreed = Proposal.objects.filter(student=student, state=states.AGREED)
        assert agreed.count() <= 1


def _random_move(
    rng: random.Random, students: list[Student], places: list[Offer], cast: Cast, today: date
) -> bool:
    """Try one; whether it was possible."""
    row = rng.choice(list(Proposal.objects.order_by("pk")) or [None])
    if row is None or rng.random() < 0.2:
        student, offer = rng.choice(students), rng.choice(places)
        if rng.random() < 0.5:
            return _possible(lambda: approval.propose_by_hand(student, offer, by=cast.frits))
        return _possible(lambda: approval.apply_for(student, offer, by=cast.frits))
    by = cast.frits
    forward = [
        lambda: approval.approve([row.pk], by=by),
        lambda: approval.release([row.pk], by=by),
        lambda: answers.accept(row.pk, side=STUDENT, by=by),
        lambda: answers.accept(row.pk, side=COMPANY, by=by),
    ]
    back = [
        lambda: approval.undo([row.pk], by=by),
        lambda: approval.drop([row.pk], reason="Nee", by=by),
        lambda: answers.decline(row.pk, side=rng.choice([STUDENT, COMPANY]), code="other", by=by),
        lambda: ending.withdraw([row.pk], code="coordinator", by=by),
        lambda: ending.reopen(row.pk, reason="Nog eens", today=today, by=by),
        lambda: ending.cancel(row.pk, reason="Toch niet", today=today, by=by),
        ending.expire_due,
    ]
    return _possible(rng.choice([*forward * 3, *back]))


def _possible(act: Callable[[], object]) -> bool:
    try:
        act()
    except Refused:
        return False
    return True
