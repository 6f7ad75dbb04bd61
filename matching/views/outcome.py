"""What a round came to, as a coordinator reads it."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from accounts.queries import alphabetical
from companies import states as offer_states
from companies.models import Offer
from matching import queries, states
from matching.models import Proposal, Round, Run
from matching.reasons import explanation_words, gone_words, refusal, rule_words, unplaced_words
from matching.snapshot import ClosedProject, Frozen
from students.models import Student

WEAK_FIT = 0.2
MOST_NAMED = 5


@dataclass
class Row:
    """A proposal on the coordinator's table, with what deserves a second look."""

    proposal: Proposal
    flags: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Crowd:
    """Students who compete for too few openings, by the offers that they compete for: a few are
    named, `others` is how many there are besides."""

    named: list[Offer]
    others: int
    students: int
    openings: int
    shortage: int


@dataclass(frozen=True)
class Outcome:
    """What the latest finished run found, and what became of it; `flagged` rows are proposed and
    deserve a second look, `plain` ones are proposed without; `sent` is how many were put before
    student and company, whatever they answered. Runs from before the engine looked for them have
    no `bound`, and nothing in `closed`, `crowds` and `more`."""

    done: Run | None
    flagged: list[Row]
    plain: list[Row]
    approved: list[Row]
    further: list[Row]
    sent: int
    profile: list[tuple[str, int]]
    profile_heads: tuple[str, str]
    off_list: int
    bound: int | None
    proven: bool
    teams: list[tuple[Offer, int]]
    closed: list[tuple[Offer, ClosedProject]]
    crowds: list[Crowd]
    more: list[Offer]
    unplaced: list[dict[str, object]]

    @property
    def without(self) -> int:
        """How many students the run found nothing for."""
        figures = self.done.figures if self.done else {}
        return int(figures.get("students", 0)) - int(figures.get("placed", 0))

    @property
    def undecided(self) -> int:
        """How many proposals a coordinator has not decided on."""
        return len(self.flagged) + len(self.plain)


def outcome_of(round_: Round) -> Outcome:
    done = round_.runs.filter(state=states.DONE).first()
    proposals = list(queries.proposals_of_round(round_))
    frozen = Frozen.read(bytes(done.snapshot)) if done and done.snapshot else None
    teams = _teams_below(proposals)
    rows = _rows(proposals, frozen, teams)
    proposed = [r for r in rows if r.proposal.state == states.PROPOSED]
    settled = (states.PROPOSED, states.APPROVED)
    figures = done.figures if done else {}
    shortage = figures.get("shortage", {})
    closed = frozen.closed_projects() if frozen else []
    offers = _offers(shortage, closed)
    return Outcome(
        done=done,
        flagged=[r for r in proposed if r.flags],
        plain=[r for r in proposed if not r.flags],
        approved=[r for r in rows if r.proposal.state == states.APPROVED],
        further=[r for r in rows if r.proposal.state not in settled],
        # The clock of the student starts when it is sent, and never goes away again.
        sent=sum(p.student_respond_by is not None for p in proposals),
        profile=_profile(done),
        profile_heads=(_("Keus"), _("Studenten")),
        off_list=figures.get("off_list", 0),
        bound=figures.get("bound"),
        proven="bound" in figures and figures["bound"] == figures["found"],
        teams=teams,
        closed=[(offers[one.offer_id], one) for one in closed if one.offer_id in offers],
        crowds=[_crowd(found, offers) for found in shortage.get("crowds", [])],
        more=[offers[pk] for pk in shortage.get("more", []) if pk in offers],
        unplaced=_unplaced(round_, proposals, frozen),
    )


def _offers(shortage: dict[str, Any], closed: list[ClosedProject]) -> dict[int, Offer]:
    """The offers that are named where a round fell short."""
    wanted = {one.offer_id for one in closed} | set(shortage.get("more", []))
    for found in shortage.get("crowds", []):
        wanted |= set(found["offers"][:MOST_NAMED])
    return Offer.objects.select_related("site__company").in_bulk(wanted)


def _crowd(found: dict[str, Any], offers: dict[int, Offer]) -> Crowd:
    named = [offers[pk] for pk in found["offers"][:MOST_NAMED] if pk in offers]
    return Crowd(
        named=named,
        others=len(found["offers"]) - len(named),
        students=found["students"],
        openings=found["openings"],
        shortage=found["shortage"],
    )


def _profile(done: Run | None) -> list[tuple[str, int]]:
    """(choice in words, students) pairs of a finished run, as a chart shows them."""
    numbers = enumerate(done.figures["profile"], start=1) if done else ()
    return [(_("Keus %(n)s") % {"n": choice}, students) for choice, students in numbers]


def _teams_below(proposals: list[Proposal]) -> list[tuple[Offer, int]]:
    """Projects whose team has students, but fewer than it needs, with how many it has, also of
    other schools; not those of which everybody answered, for which a coordinator chooses."""
    undecided = {
        p.offer_id: p.offer
        for p in proposals
        if p.offer.is_project and p.state in states.OPEN and not p.waits_for_team
    }
    size = queries.team_sizes(undecided.values()) if undecided else Counter()
    return [
        (offer, size[pk])
        for pk, offer in sorted(undecided.items())
        if size[pk] < (offer.team_min or 0)
    ]


def _rows(
    proposals: list[Proposal], frozen: Frozen | None, teams: list[tuple[Offer, int]]
) -> list[Row]:
    """Proposals with their flags: whatever a coordinator should look at before approving."""
    twice = _twice(proposals)
    small = {offer.pk for offer, _size in teams}
    rows = []
    for proposal in proposals:
        row = Row(proposal)
        rows.append(row)
        if proposal.state != states.PROPOSED:
            continue
        pair = proposal.student_id, proposal.offer_id
        if frozen and frozen.knows(*pair) and frozen.fit(*pair).uncheckable:
            row.flags.append(_("Erkenning niet te controleren"))
        if proposal.score is not None and proposal.score < WEAK_FIT:
            row.flags.append(_("Past maar matig"))
        if proposal.pk in twice:
            row.flags.append(_("Student heeft nog een voorstel in deze periode"))
        if proposal.offer_id in small:
            row.flags.append(_("Team is nog te klein"))
        if proposal.offer.state == offer_states.FILLED:
            row.flags.append(_("Plek is inmiddels vol"))
        elif proposal.offer.state != offer_states.PUBLISHED:
            row.flags.append(_("Aanbod staat niet meer open"))
        if proposal.reason and proposal.origin == Proposal.Origin.COORDINATOR:
            row.flags.append(_("Met de hand: lees de reden"))
    return rows


def flags_of(proposal: Proposal, frozen: Frozen | None) -> list[str]:
    """What deserves a second look in one proposal, as on the page of its round."""
    beside = [proposal]
    if proposal.round is not None and proposal.state == states.PROPOSED:
        beside = list(queries.proposals_of_round(proposal.round))
    rows = _rows(beside, frozen, _teams_below(beside))
    return next((row.flags for row in rows if row.proposal == proposal), [])


def _twice(proposals: list[Proposal]) -> set[int]:
    """Those whose student has another one in the same period: proposed beside it in this round,
    or with a seat anywhere."""
    proposed = [p for p in proposals if p.state == states.PROPOSED and p.takes_a_seat]
    per_student: dict[int, list[Proposal]] = defaultdict(list)
    for one in proposed:
        per_student[one.student_id].append(one)
    seated = {pk for pk, held in queries.seats_elsewhere(proposed).items() if held}
    return seated | {
        p.pk
        for p in proposed
        if any(other.pk != p.pk and other.overlaps(p) for other in per_student[p.student_id])
    }


def _unplaced(
    round_: Round, proposals: list[Proposal], frozen: Frozen | None
) -> list[dict[str, object]]:
    """Students of the run who have neither place nor proposal now, with the reason: the run found
    none, or what it found came to nothing."""
    if frozen is None:
        return []
    with_one = {p.student_id for p in proposals if p.state in (*states.OPEN, states.AGREED)}
    with_one |= set(queries.left_out(round_.season, round_.school).values_list("pk", flat=True))
    ended = {p.student_id: refusal(f"proposal_{p.state}") for p in proposals}
    without = {*frozen.snapshot.student_ids, *ended} - with_one
    found_none = {pk: found for pk, found in frozen.unplaced().items() if pk in without}
    words = {pk: refusal("offer_not_published") for pk in without}  # closed while it was calculated
    words |= ended | {pk: unplaced_words(found) for pk, found in found_none.items()}
    gone = frozen.gone()
    choices = {
        pk: [
            *(
                (
                    frozen.snapshot.offer_ids[one.place],
                    explanation_words(one),
                    rule_words(one.rules),
                )
                for one in found.choices
            ),
            *((offer_id, gone_words(), []) for offer_id in gone.get(pk, [])),
        ]
        for pk, found in found_none.items()
    }
    offers = Offer.objects.select_related("site__company").in_bulk(
        {choice[0] for found in choices.values() for choice in found}
    )
    students = Student.objects.filter(pk__in=without).select_related("user", "programme")
    return [
        {
            "student": student,
            "why": words[student.pk],
            "choices": [
                (offers[offer_id], why, rules)
                for offer_id, why, rules in choices.get(student.pk, [])
                if offer_id in offers
            ],
        }
        for student in students.order_by(alphabetical("user__name"), "pk")
    ]
