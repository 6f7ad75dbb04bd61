"""Which proposals, rounds and offers somebody may see, and what goes into a round."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.models import HistoryEntry, User
from accounts.queries import alphabetical, last_moves
from companies.models import Company, Offer
from companies.states import LIVE, PUBLISHED
from education.models import School, Season
from education.queries import coordinated_schools
from matching import states
from matching.models import Proposal, Round, Run, Wish
from students.models import Student

DEFAULT_WEIGHTS = {"skills": 3.0, "learning": 3.0, "distance": 2.0, "days": 1.0}

# What a company is told of: nothing before the coordinator released it.
TOLD = (
    states.OFFERED,
    states.AGREED,
    states.DECLINED,
    states.EXPIRED,
    states.CANCELLED,
)


def _told() -> Q:
    return Q(state__in=TOLD) | Q(state=states.WITHDRAWN, student_respond_by__isnull=False)


def proposals_visible_to(user: User) -> QuerySet[Proposal]:
    """A student sees own proposals once they are offered (own applications at once), a company
    those on its offers once they are offered, a coordinator all of the own school's students."""
    told = _told()
    own_initiative = Q(origin__in=[Proposal.Origin.APPLICATION, Proposal.Origin.OWN_PLACE])
    return (
        Proposal.objects.filter(
            Q(student__user=user) & (told | own_initiative)
            | Q(offer__site__company__members__user=user) & told
            | Q(student__programme__school__in=coordinated_schools(user))
        )
        .distinct()
        .select_related(
            "student__user",
            "student__programme__school",
            "offer__site__company",
            "offer__site__postcode",
        )
    )


def proposals_told_to(company: Company, user: User) -> QuerySet[Proposal]:
    """What `user` reads in the name of a company: no more than any of its members, also when the
    same person sees more as a coordinator."""
    return proposals_visible_to(user).filter(_told(), offer__site__company=company)


def place_beside(proposal: Proposal) -> Proposal | None:
    """What the student agreed on in the period of this proposal, if it is another one."""
    agreed = _beside(proposal).filter(state=states.AGREED)
    return agreed.select_related("offer__site__company").first()


def offered_beside(proposal: Proposal) -> bool:
    """Whether something else is offered to the student in the period: they choose one of these."""
    return _beside(proposal).filter(state=states.OFFERED).exists()


def _beside(proposal: Proposal) -> QuerySet[Proposal]:
    """What else there is, or was, for the student in the period of a proposal."""
    same_days = overlapping(proposal.starts_on, proposal.ends_on)
    return Proposal.objects.filter(same_days, student=proposal.student_id).exclude(pk=proposal.pk)


def rounds_visible_to(user: User) -> QuerySet[Round]:
    """A coordinator sees the rounds of the own schools."""
    return Round.objects.filter(school__in=coordinated_schools(user)).select_related(
        "season", "school", "created_by"
    )


def offers_for(student: Student) -> QuerySet[Offer]:
    """What a student may read: offers that are, or were moments ago, to be had, and whatever
    stands on the own list, to see what became of it and to take it off."""
    listed = Wish.objects.filter(student=student, offer=OuterRef("pk"))
    return Offer.objects.filter(Q(state__in=LIVE) | Exists(listed)).select_related(
        "site__company", "site__postcode", "season", "earmarked_for"
    )


def published_offers(season: Season) -> QuerySet[Offer]:
    """Offers of a season that a round may give away, in a fixed order."""
    return (
        Offer.objects.filter(season=season, state=PUBLISHED)
        .select_related("site__company", "site__postcode", "earmarked_for")
        .order_by("pk")
    )


def overlapping(starts_on: date, ends_on: date) -> Q:
    """Rows with `starts_on` and `ends_on` that share at least one day with this period."""
    return Q(starts_on__lte=ends_on, ends_on__gte=starts_on)


def seats_elsewhere(proposals: Iterable[Proposal]) -> dict[int, list[Proposal]]:
    """For each of these proposals, by key: others of the same student, in the same period, that
    hold a seat."""
    rows = list(proposals)
    held = Proposal.objects.filter(student__in={p.student_id for p in rows}, holds_seat=True)
    seated: dict[int, list[Proposal]] = defaultdict(list)
    for found in held:
        seated[found.student_id].append(found)
    return {
        p.pk: [found for found in seated[p.student_id] if found.pk != p.pk and found.overlaps(p)]
        for p in rows
    }


WAITS_FOR_TEAM = Q(
    state=states.OFFERED, student_accepted_at__isnull=False, company_accepted_at__isnull=False
)


def stranded() -> QuerySet[Proposal]:
    """Those to whom both sides said yes, in a team that stays below its minimum: nobody beside
    them has an answer to give any more, so a coordinator has to choose."""
    still_asked = Proposal.objects.filter(offer=OuterRef("offer"), state=states.OFFERED)
    return (
        Proposal.objects.filter(
            WAITS_FOR_TEAM,
            ~Exists(still_asked.exclude(WAITS_FOR_TEAM)),
            offer__kind=Offer.Kind.PROJECT,
        )
        .select_related(
            "student__user",
            "student__programme__school",
            "offer__site__company",
            "offer__site__postcode",
        )
        .order_by("offer", "pk")
    )


@dataclass(frozen=True)
class SmallTeam:
    """A stranded team as the coordinators of one school see it: their students in it, and how many
    of all schools said yes."""

    offer: Offer
    members: list[Proposal]
    size: int


def small_teams(rows: QuerySet[Proposal]) -> list[SmallTeam]:
    """Stranded proposals by team and school, for whoever chooses."""
    teams: dict[tuple[int, int], list[Proposal]] = defaultdict(list)
    for proposal in rows:
        teams[proposal.offer_id, proposal.student.programme.school_id].append(proposal)
    said_yes = Proposal.objects.filter(
        WAITS_FOR_TEAM | Q(state=states.AGREED), offer__in={offer for offer, _school in teams}
    )
    size = Counter(said_yes.values_list("offer_id", flat=True)) if teams else Counter()
    return [SmallTeam(team[0].offer, team, size[team[0].offer_id]) for team in teams.values()]


def with_a_place(season: Season) -> QuerySet[Student]:
    """Students who agreed on a place in the period of a season."""
    agreed = Proposal.objects.filter(
        overlapping(season.starts_on, season.ends_on), state=states.AGREED, student=OuterRef("pk")
    )
    return Student.objects.filter(Exists(agreed))


def team_sizes(offers: Iterable[Offer]) -> Counter[int]:
    """How many students each of these projects has, by key: proposed, or further, of all schools
    together."""
    rows = Proposal.objects.filter(
        offer__in={offer.pk for offer in offers}, state__in=(*states.OPEN, states.AGREED)
    )
    return Counter(rows.values_list("offer_id", flat=True))


def with_waiting(offers: QuerySet[Offer]) -> QuerySet[Offer]:
    """Offers with `waiting`: proposals that will take a seat each when they are approved."""
    takes_a_seat = Q(
        proposals__state=states.PROPOSED,
        proposals__origin__in=[Proposal.Origin.ROUND, Proposal.Origin.COORDINATOR],
    )
    return offers.annotate(waiting=Count("proposals", filter=takes_a_seat))


def standing_for(student: Student, period: Season | Offer) -> QuerySet[Proposal]:
    """What is proposed to the student in a period, whether or not it was approved and sent."""
    return Proposal.objects.filter(
        overlapping(period.starts_on, period.ends_on), student=student, state__in=states.OPEN
    ).select_related("offer__site__company")


def left_out(season: Season, school: School | None = None) -> QuerySet[Student]:
    """Students whom a round of `season` passes by: they have an approved, offered or agreed
    proposal in an overlapping period, or one that a coordinator made by hand."""
    standing = Proposal.objects.filter(
        Q(state__in=states.TAKEN) | Q(state=states.PROPOSED, origin=Proposal.Origin.COORDINATOR),
        overlapping(season.starts_on, season.ends_on),
        student=OuterRef("pk"),
    )
    found = Student.objects.filter(Exists(standing))
    if school is not None:
        found = found.filter(programme__school=school)
    return found


def banned_pairs(round_: Round) -> set[tuple[int, int]]:
    """Pairs (student, offer) that this round must not propose: declined in the season by either
    side, or dropped by a coordinator in this round."""
    return set(
        Proposal.objects.filter(
            Q(state=states.DECLINED, offer__season=round_.season)
            | Q(state=states.DROPPED, round=round_)
        )
        .values_list("student_id", "offer_id")
        .order_by("pk")
    )


def wishes_of(student: Student, season: Season) -> QuerySet[Wish]:
    """The ranking of a student for a season, best first."""
    return (
        Wish.objects.filter(student=student, offer__season=season)
        .select_related("offer__site__company", "offer__site__postcode")
        .order_by("tier", "pk")
    )


def choice_of(student: Student, offer: Offer) -> int | None:
    """Where an offer stands on the ranking of a student, if it does."""
    return Wish.objects.filter(student=student, offer=offer).values_list("tier", flat=True).first()


def proposals_of_round(round_: Round) -> QuerySet[Proposal]:
    """What a coordinator works on: the round's proposals that were not replaced by a later run,
    and those made by hand in it."""
    return (
        Proposal.objects.filter(round=round_)
        .exclude(state=states.SUPERSEDED)
        .select_related(
            "student__user",
            "student__programme",
            "offer__site__company",
            "offer__site__postcode",
        )
        .order_by(alphabetical("student__user__name"), "pk")
    )


def open_round_of(season: Season, school: School, *, by: User) -> Round | None:
    """The open round that this person began."""
    own = Round.objects.filter(season=season, school=school, state=Round.State.OPEN, created_by=by)
    return own.select_related("school").first()


def is_running_for(round_: Round, user: User) -> bool:
    """Whether this person asked for the run that is under way."""
    under_way = round_.runs.filter(state__in=states.UNDER_WAY).values_list("pk", flat=True)
    asked = HistoryEntry.objects.filter(
        subject=states.RUN.subject, subject_id__in=under_way, move="queue", actor=user
    )
    return asked.exists()


def was_sent(round_: Round) -> bool:
    """Whether anything of a round was put before student and company, whatever they answered."""
    return Proposal.objects.filter(round=round_, student_respond_by__isnull=False).exists()


def made_before(round_: Round, student: Student, offer: Offer, *, reason: str, by: User) -> bool:
    """Whether this very proposal was made by hand before, by the same person: a form that is sent
    twice gets the same answer twice."""
    same = Proposal.objects.filter(
        round=round_,
        student=student,
        offer=offer,
        reason=reason,
        origin=Proposal.Origin.COORDINATOR,
        state=states.PROPOSED,
    )
    return bool(moved_last(by, "propose", same.values_list("pk", flat=True), reason=reason))


def moved_last(by: User, move: str, ids: Iterable[int], *, reason: str = "") -> set[int]:
    """Those of these proposals whose latest move is this one, by this person, for this reason."""
    latest = last_moves(states.PROPOSAL.subject, ids)
    wanted = (move, by.pk, reason)
    return {e.subject_id for e in latest if (e.move, e.actor_id, e.reason) == wanted}


def latest_run(round_: Round) -> Run | None:
    """The run whose result a round shows: the newest one."""
    return round_.runs.defer("snapshot").first()


def offers_of_company(company_id: int) -> QuerySet[Offer]:
    """A company's offers, each with `wish_count`: how many students rank it."""
    return (
        Offer.objects.filter(site__company=company_id)
        .select_related("season", "site__postcode")
        .annotate(wish_count=Count("wishes", distinct=True))
    )
