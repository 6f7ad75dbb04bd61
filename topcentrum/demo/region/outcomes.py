"""What became of the proposals of a past season: matches, refusals, silence.

Everything was proposed by hand: a round keeps the snapshot that it was decided by, and nobody
took one of an invented past.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.actions import moving
from accounts.models import CLOCK, By, User
from companies import states as offer_states
from companies.models import Offer
from education.models import Season
from matching import states
from matching.models import Proposal
from matching.reasons import COMPANY_DECLINES, STUDENT_DECLINES
from topcentrum.demo.region.calendar import moment
from topcentrum.demo.region.crowd import Staff
from topcentrum.demo.region.draws import apportion, dealt
from topcentrum.demo.region.ideas import Idea
from topcentrum.demo.region.learners import Learner
from topcentrum.demo.region.rankings import Ranking
from topcentrum.demo.region.words import distributions

PROPOSALS = 110
CANCELLED = 0.3  # of what was neither agreed nor refused; the rest was withdrawn
FIRST_BATCH = 107  # days before the start
BETWEEN_BATCHES = 17
BATCHES = 6
RESPONSE_DAYS = 15
STUDENT, COMPANY = Proposal.Side.STUDENT, Proposal.Side.COMPANY
DROP_REASON = "De student heeft hier al eerder stage gelopen."
CANCEL_REASON = "De student is gestopt met de opleiding."
SEASON_BEGAN = "Het seizoen is begonnen."
SEASON_OVER = "Het seizoen is voorbij."


@dataclass
class Story:
    """A proposal and how it will end."""

    proposal: Proposal
    learner: Learner
    speaker: User  # answers for the company
    end: str


@dataclass
class Past:
    """Plays a season: batch after batch, whoever has no place yet gets another proposal."""

    rng: random.Random
    season: Season
    ideas: list[Idea]
    learners: list[Learner]
    ranking: Ranking
    staff: Staff
    _used: set[tuple[int, int]] = field(default_factory=set)
    _settled: set[int] = field(default_factory=set)

    def play(self, *, until: date) -> None:
        """Make the proposals and move each to its end; then close what is left of the offers.

        `until` is the last day that has passed: what would come later has not happened.
        """
        ends = dealt(self.rng, ends_of(PROPOSALS))
        for number in range(BATCHES):
            stories = self._propose(ends)
            ends = ends[len(stories) :]
            first = self.season.starts_on - timedelta(days=FIRST_BATCH - BETWEEN_BATCHES * number)
            self._settle(stories, first)
        self._close(until)

    def _propose(self, ends: list[str]) -> list[Story]:
        """The next proposals: for each student without a place the best one with a free seat,
        from the student's list or, when that is used up, another that would do."""
        held = Counter(
            Proposal.objects.filter(offer__season=self.season, holds_seat=True)
            .order_by("pk")
            .values_list("offer_id", flat=True)
        )
        free = {i.offer.pk: i.offer.openings - held[i.offer.pk] for i in self.ideas}
        ideas = {idea.offer.pk: idea for idea in self.ideas}
        found: list[Story] = []
        for learner in self.rng.sample(self.learners, len(self.learners)):
            student = learner.student.pk
            best = next(
                (
                    offer_id
                    for offer_id in self.ranking.taste.get(student, [])
                    if free[offer_id] and (student, offer_id) not in self._used
                ),
                None,
            )
            if best is None or student in self._settled or len(found) == len(ends):
                continue
            free[best] -= 1
            self._used.add((student, best))
            proposal = _proposal(
                learner, ideas[best].offer, self.ranking.tiers.get((student, best))
            )
            story = Story(proposal, learner, ideas[best].firm.speaker, ends[len(found)])
            if story.end == states.AGREED:
                self._settled.add(student)
            found.append(story)
        return found

    def _settle(self, stories: list[Story], first: date) -> None:
        """Propose, approve, release, answer: the moves of one batch in their order."""
        for slug, users in self.staff.coordinators.items():
            own = [one for one in stories if one.learner.school.slug == slug]
            self._begin(own, by=self.rng.choice(users), first=first)
        self._count_seats()
        with moving("fill", by=CLOCK, at=moment(first + timedelta(days=2), 12)):
            self._offers(offer_states.PUBLISHED, held=F("openings")).update(
                state=offer_states.FILLED
            )
        for story in stories:
            self._answer(story, first + timedelta(days=3))
        last = first + timedelta(days=3 + RESPONSE_DAYS)
        self._expire([one for one in stories if one.end == states.EXPIRED], moment(last, 0, 1))
        with moving("free", by=CLOCK, at=moment(last, 0, 2)):
            self._offers(offer_states.FILLED, held__gt=_seats_held()).update(
                state=offer_states.PUBLISHED, held=_seats_held()
            )
        self._count_seats()

    def _begin(self, stories: list[Story], *, by: User, first: date) -> None:
        """What the coordinator of one school does with the batch in its first days."""
        proposed, approved = moment(first, 14), moment(first + timedelta(days=2), 10)
        released = moment(first + timedelta(days=3), 9)
        for story in stories:
            story.proposal.created_at = story.proposal.moved_at = proposed
        with moving("propose", by=by, at=proposed):
            Proposal.objects.bulk_create(story.proposal for story in stories)
        dropped = [one for one in stories if one.end == states.DROPPED]
        self._move(
            dropped, "drop", states.DROPPED, by=by, at=approved, why=DROP_REASON, reason=DROP_REASON
        )
        kept = [one for one in stories if one.end != states.DROPPED]
        self._move(kept, "approve", states.APPROVED, by=by, at=approved, holds_seat=True)
        deadline = released + timedelta(days=RESPONSE_DAYS)
        self._move(
            kept,
            "release",
            states.OFFERED,
            by=by,
            at=released,
            student_respond_by=deadline,
            company_respond_by=deadline,
        )

    def _answer(self, story: Story, released: date) -> None:
        """Both sides answer, one after the other, each on a day of its own."""
        rng = self.rng
        early = moment(released + timedelta(days=rng.randint(1, 6)), rng.randint(9, 20))
        late = moment(released + timedelta(days=rng.randint(7, 13)), rng.randint(9, 20))
        by: dict[str, By] = {STUDENT: story.learner.student.user, COMPANY: story.speaker}
        sides: list[str] = rng.sample([STUDENT, COMPANY], 2)
        if story.end in (states.AGREED, states.CANCELLED):
            self._accept(story, sides[0], by, early, states.OFFERED)
            self._accept(story, sides[1], by, late, states.AGREED)
            if story.end == states.CANCELLED:
                self._give_up(story, late + timedelta(days=1))
        elif story.end in ("declined_student", "declined_company"):
            side = STUDENT if story.end == "declined_student" else COMPANY
            if rng.random() < 0.5:
                self._accept(
                    story, COMPANY if side == STUDENT else STUDENT, by, early, states.OFFERED
                )
            self._decline(story, side, by[side], late)
        elif story.end == states.WITHDRAWN:
            self._withdraw(story, late)

    def _accept(
        self, story: Story, side: str, by: dict[str, By], at: datetime, target: str
    ) -> None:
        change: dict[str, Any] = {f"{side}_accepted_at": at}
        self._move([story], "accept", target, by=by[side], at=at, **change)

    def _decline(self, story: Story, side: str, by: By, at: datetime) -> None:
        codes = sorted(STUDENT_DECLINES if side == STUDENT else COMPANY_DECLINES)
        code = self.rng.choice(codes)
        self._move(
            [story],
            "decline",
            states.DECLINED,
            by=by,
            at=at,
            why=code,
            declined_by=side,
            reason_code=code,
            holds_seat=False,
        )

    def _withdraw(self, story: Story, at: datetime) -> None:
        by = self.staff.coordinators[story.learner.school.slug][0]
        self._move(
            [story],
            "withdraw",
            states.WITHDRAWN,
            by=by,
            at=at,
            why="coordinator",
            reason_code="coordinator",
            holds_seat=False,
        )

    def _give_up(self, story: Story, at: datetime) -> None:
        by = self.staff.coordinators[story.learner.school.slug][0]
        self._move(
            [story],
            "cancel",
            states.CANCELLED,
            by=by,
            at=at,
            why=CANCEL_REASON,
            reason=CANCEL_REASON,
            holds_seat=False,
        )

    def _expire(self, stories: list[Story], at: datetime) -> None:
        """The clock ends what was not answered: mostly the company was silent."""
        for side, share in ((COMPANY, 0.6), (STUDENT, 0.25), (Proposal.Side.BOTH, 1.0)):
            silent = [one for one in stories if self.rng.random() < share]
            stories = [one for one in stories if one not in silent]
            self._move(
                silent,
                "expire",
                states.EXPIRED,
                by=CLOCK,
                at=at,
                silent_side=side,
                holds_seat=False,
            )

    def _close(self, until: date) -> None:
        """As the season starts, empty offers run out and others take nobody more; when it ends,
        all are closed. What lies after `until` is left to happen."""
        start = self.season.starts_on + timedelta(days=1)
        if start <= until:
            with moving("expire", by=CLOCK, at=moment(start, 3)):
                self._offers(offer_states.PUBLISHED, held=0).update(state=offer_states.EXPIRED)
            with moving("close", by=CLOCK, at=moment(start, 3), reason=SEASON_BEGAN):
                self._offers(offer_states.PUBLISHED).update(state=offer_states.CLOSED)
        end = self.season.ends_on
        if end <= until:
            with moving("close", by=CLOCK, at=moment(end, 22), reason=SEASON_OVER):
                Offer.objects.filter(season=self.season, state__in=offer_states.LIVE).update(
                    state=offer_states.CLOSED
                )

    def _offers(self, state: str, **lookups: Any) -> QuerySet[Offer]:
        return Offer.objects.filter(season=self.season, state=state, **lookups)

    def _count_seats(self) -> None:
        """Write down how many seats the proposals hold."""
        Offer.objects.filter(season=self.season).update(held=_seats_held())

    def _move(
        self,
        stories: list[Story],
        name: str,
        target: str,
        *,
        by: By,
        at: datetime,
        why: str = "",
        **also: Any,
    ) -> None:
        """One move of the proposals' lifecycle, for all of these at once."""
        if not stories:
            return
        with moving(name, by=by, at=at, reason=why):
            Proposal.objects.filter(pk__in=[one.proposal.pk for one in stories]).update(
                state=target, moved_at=at, **also
            )


def ends_of(total: int) -> dict[str, int]:
    """How many proposals end in which way. What was still open then was withdrawn since, or
    agreed and cancelled."""
    shares = distributions()["proposal_outcome"]
    return apportion(
        total,
        {
            states.AGREED: shares["approved"],
            "declined_student": shares["declined_student"],
            "declined_company": shares["declined_company"],
            states.DROPPED: shares["rejected_coordinator"],
            states.EXPIRED: shares["expired"],
            states.WITHDRAWN: shares["open"] * (1 - CANCELLED),
            states.CANCELLED: shares["open"] * CANCELLED,
        },
    )


def _proposal(learner: Learner, offer: Offer, tier: int | None) -> Proposal:
    return Proposal(
        student=learner.student,
        offer=offer,
        origin=Proposal.Origin.COORDINATOR,
        starts_on=offer.starts_on,
        ends_on=offer.ends_on,
        is_internship=not offer.is_project,
        choice=tier,
    )


def _seats_held() -> Coalesce:
    """The number of proposals that hold a seat of the offer."""
    held = (
        Proposal.objects.filter(Q(holds_seat=True), offer=OuterRef("pk"))
        .order_by()
        .values("offer")
        .annotate(seats=Count("pk"))
        .values("seats")
    )
    return Coalesce(Subquery(held), 0)
