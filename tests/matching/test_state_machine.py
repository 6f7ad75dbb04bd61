"""Random lives: a few students and offers, random people who make random moves, and books that
must agree after every step."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Count, Q, Value
from django.db.models.functions import Now
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts.models import HistoryEntry, User
from companies import actions as offers
from companies.actions import Refused
from companies.models import Offer
from matching import states
from matching.actions import answers, approval, ending
from matching.models import Proposal
from matching.states import PROPOSAL
from notifications.models import Letter
from tests.conftest import Cast
from tests.factories.companies import OfferFactory
from tests.factories.education import SeasonFactory
from tests.factories.matching import seeking_student

STUDENT, COMPANY = Proposal.Side.STUDENT, Proposal.Side.COMPANY
SIDES = st.sampled_from([STUDENT, COMPANY])
PICK = st.integers(0, 59)
BY_STUDENT = [Proposal.Origin.APPLICATION, Proposal.Origin.OWN_PLACE]


class Market(RuleBasedStateMachine):
    """Three students, three internships of which two overlap, and a project. Each example ends
    with a rollback, so that the next one starts from the same rows."""

    cast: Cast

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.today: date = timezone.localdate()
        self.first_letter = Letter.objects.count()
        self.first_history = HistoryEntry.objects.count()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    @initialize()
    def open_the_market(self) -> None:
        cast = self.cast
        later = SeasonFactory(name="Daarna", starts_on=cast.season.ends_on + timedelta(days=1))
        site = cast.klikwerf.sites.get()
        self.students = [
            cast.bram,
            seeking_student(programme__school=cast.windesheim, programme__mode="open"),
            seeking_student(programme__school=cast.windesheim, programme__mode="open"),
        ]
        self.offers = [
            OfferFactory(site=site, openings=1),
            OfferFactory(site=site, openings=2),
            OfferFactory(site=site, openings=1, season=later),
            OfferFactory(site=site, project=True, openings=3),
        ]
        by = cast.frits
        made = [
            approval.propose_by_hand(self.students[who], self.offers[what], by=by)
            for who, what in ((0, 0), (1, 1), (2, 1), (0, 2), (0, 3), (1, 3), (2, 3))
        ] + [
            approval.apply_for(self.students[who], self.offers[what], by=by)
            for who, what in ((1, 0), (2, 0), (2, 2))
        ]
        approval.approve([p.pk for p in made[2:]], by=by)
        approval.release([p.pk for p in made[4:]], by=by)

    # --- who does what ---

    def student(self, pick: int) -> Any:
        return self.students[pick % len(self.students)]

    def offer(self, pick: int) -> Offer:
        return self.offers[pick % len(self.offers)]

    def one(self, pick: int, move: str) -> Proposal:
        """A proposal that may make this move; one time in six any, possible or not."""
        rows = list(Proposal.objects.order_by("pk"))
        ready = [p for p in rows if PROPOSAL.allows(move, p.state)]
        choice = ready if ready and pick % 6 else rows
        return choice[pick % len(choice)]

    def some(self, pick: int, move: str) -> list[int]:
        """One or two of those."""
        return sorted({self.one(pick, move).pk, self.one(pick // 2 + 1, move).pk})

    def attempt(self, act: Callable[[], object]) -> None:
        """Refusals are ordinary answers: then nothing has changed."""
        before = list(Proposal.objects.order_by("pk").values())
        try:
            act()
        except Refused:
            assert list(Proposal.objects.order_by("pk").values()) == before

    @rule(who=PICK, what=PICK, ask=st.sampled_from(["", *BY_STUDENT]))
    def propose(self, who: int, what: int, ask: str) -> None:
        """By hand, or by the student."""
        student, offer = self.student(who), self.offer(what)
        if ask:
            self.attempt(lambda: approval.apply_for(student, offer, origin=ask, by=student.user))
        else:
            self.attempt(lambda: approval.propose_by_hand(student, offer, by=self.cast.frits))

    @rule(which=PICK, send=st.booleans())
    def approve(self, which: int, send: bool) -> None:
        """And perhaps send at once."""
        ids = self.some(which, "approve")
        self.attempt(lambda: approval.approve(ids, by=self.cast.frits))
        if send:
            self.attempt(lambda: approval.release(ids, by=self.cast.frits))

    @rule(which=PICK)
    def release(self, which: int) -> None:
        ids = self.some(which, "release")
        self.attempt(lambda: approval.release(ids, by=self.cast.frits))

    @rule(which=PICK, side=SIDES)
    def accept(self, which: int, side: str) -> None:
        self.say_yes(self.one(which, "accept"), side)

    @rule(which=PICK)
    def agree(self, which: int) -> None:
        """Both say yes."""
        proposal = self.one(which, "accept")
        self.say_yes(proposal, STUDENT)
        self.say_yes(proposal, COMPANY)

    def say_yes(self, proposal: Proposal, side: str) -> None:
        self.attempt(lambda: answers.accept(proposal.pk, side=side, by=self.by(side)))

    def by(self, side: str) -> User:
        return self.cast.carla if side == COMPANY else self.cast.bram.user

    @rule(which=PICK, move=st.sampled_from(["undo", "drop", "withdraw", "decline", "expire"]))
    def go_back(self, which: int, move: str) -> None:
        """It comes to nothing, one way or another."""
        proposal, by = self.one(which, move), self.cast.frits
        side = (STUDENT, COMPANY)[which % 2]
        if move == "expire" and proposal.state == states.OFFERED:
            past = Now() - Value(timedelta(minutes=1))
            Proposal.objects.filter(pk=proposal.pk).update(**{f"{side}_respond_by": past})
        acts: dict[str, Callable[[], object]] = {
            "undo": lambda: approval.undo(self.some(which, "undo"), by=by),
            "drop": lambda: approval.drop([proposal.pk], reason="Nee", by=by),
            "withdraw": lambda: ending.withdraw([proposal.pk], code="coordinator", by=by),
            "decline": lambda: answers.decline(
                proposal.pk, side=side, code="other", by=self.by(side)
            ),
            "expire": ending.expire_due,
        }
        self.attempt(acts[move])

    @rule(which=PICK, move=st.sampled_from(["cancel", "reopen"]))
    def reconsider(self, which: int, move: str) -> None:
        """An agreed match is asked about again, or does not go on."""
        proposal, by = self.one(which, move), self.cast.frits
        act = ending.cancel if move == "cancel" else ending.reopen
        self.attempt(lambda: act(proposal.pk, reason="Anders", today=self.today, by=by))

    @rule(which=PICK, too_late=st.booleans())
    def choose_for_a_team(self, which: int, too_late: bool) -> None:
        """A coordinator lets a smaller team go on, or the day has come on which it should begin."""
        waits = [p for p in Proposal.objects.order_by("pk") if p.waits_for_team]
        chosen = waits[which % len(waits)] if waits else self.one(which, "accept")
        if too_late and which % 3 == 0:
            ending.withdraw_teams_that_cannot_begin(today=chosen.starts_on)
        else:
            self.attempt(
                lambda: answers.agree_as_a_smaller_team(
                    chosen.pk, reason="Toch", by=self.cast.frits
                )
            )

    @rule(what=PICK, move=st.sampled_from(["pause", "resume", "resume", "close"]))
    def move_offer(self, what: int, move: str) -> None:
        """Closing is seldom: nothing happens on a closed offer any more."""
        offer, by = self.offer(what), self.cast.carla
        if move == "close" and what % 3 == 0:
            self.attempt(lambda: offers.close_offer(offer, reason="Dicht", by=by))
        if move != "close":
            act = offers.pause_offer if move == "pause" else offers.resume_offer
            self.attempt(lambda: act(offer, by=by))

    # --- the books ---

    @invariant()
    def seats_are_counted(self) -> None:
        here = Q(proposals__generation=1, proposals__state__in=states.OPEN)
        counted = Offer.objects.annotate(
            holders=Count("proposals", filter=Q(proposals__holds_seat=True)),
            waiting=Count("proposals", filter=here),
        )
        for offer in counted:
            assert offer.held == offer.holders <= offer.openings
            if offer.state in (Offer.State.PUBLISHED, Offer.State.FILLED):
                assert (offer.state == Offer.State.FILLED) == (offer.held == offer.openings)
            if offer.state == Offer.State.CLOSED:
                assert not offer.waiting, "open proposals on a closed offer"

    @invariant()
    def states_mean_what_they_say(self) -> None:
        for p in Proposal.objects.select_related("offer"):
            by_school = p.origin in (Proposal.Origin.ROUND, Proposal.Origin.COORDINATOR)
            both = p.student_answered and p.company_answered
            if p.state == states.AGREED:
                assert both
                assert p.holds_seat
            if p.state in (states.APPROVED, states.OFFERED) and by_school:
                assert p.holds_seat
            if p.state not in states.TAKEN:
                assert not p.holds_seat
            if p.state == states.OFFERED and not p.offer.is_project:
                assert not both, "both said yes, and it is not agreed"
            assert bool(p.silent_side) == (p.state == states.EXPIRED)
            assert bool(p.declined_by) == (p.state == states.DECLINED)

    @invariant()
    def nobody_has_two_places_at_once(self) -> None:
        agreed = list(Proposal.objects.filter(state=states.AGREED).order_by("student", "starts_on"))
        for one, other in pairwise(agreed):
            if one.student_id == other.student_id:
                assert one.ends_on < other.starts_on

    @invariant()
    def every_change_has_one_history_row(self) -> None:
        steps = set(PROPOSAL.steps().split())
        at: dict[int, str] = {}
        rows = HistoryEntry.objects.filter(subject=PROPOSAL.subject).order_by("pk")
        for h in rows:
            assert f"{h.move}:{h.from_state}>{h.to_state}" in steps
            assert at.get(h.subject_id, "") == h.from_state, "a step is missing or stands twice"
            at[h.subject_id] = h.to_state
        assert at == dict(Proposal.objects.values_list("pk", "state"))

    @invariant()
    def nothing_is_told_before_it_is_sent(self) -> None:
        sent = set(
            HistoryEntry.objects.filter(subject=PROPOSAL.subject, move="release").values_list(
                "subject_id", flat=True
            )
        )
        about_one = Letter.objects.filter(kind__startswith="proposal_")
        for kind, key in about_one.values_list("kind", "key"):
            proposal = int(key.split(":")[1])
            if proposal not in sent:
                origin = Proposal.objects.get(pk=proposal).origin
                assert kind in ("proposal_dropped_student", "proposal_withdrawn_student")
                assert origin in (Proposal.Origin.APPLICATION, Proposal.Origin.OWN_PLACE)


@pytest.mark.django_db
def test_whatever_people_do_the_books_agree(cast: Cast) -> None:
    Market.cast = cast
    run_state_machine_as_test(
        Market,
        settings=settings(
            max_examples=14,
            stateful_step_count=30,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db
def test_books_that_do_not_agree_are_found(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: seats that are not let go of."""
    Market.cast = cast
    monkeypatch.setattr(approval, "free_seats", lambda _offer, _seats: None)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            Market,
            settings=settings(
                max_examples=8,
                stateful_step_count=15,
                deadline=None,
                database=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate],
            ),
        )
