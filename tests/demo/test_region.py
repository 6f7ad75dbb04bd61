"""The region is as large and as believable as its distributions say."""

from collections import Counter
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db.models import Count, F, Q, Sum

from accounts.models import HistoryEntry, User
from companies.models import Accreditation, Company, Offer
from companies.states import PUBLISHED
from education.models import School, Season, StaffMember
from matching.models import Proposal, Wish
from matching.queries import published_offers
from matching.snapshot.market import read_market
from matching.states import OPEN
from students.models import Availability, Student
from students.queries import complete, incomplete, missing_fields
from tests.demo.conftest import TODAY
from topcentrum.demo.cast import Group, cast
from topcentrum.demo.region.words import distributions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("a_region")]


def target() -> Season:
    """The season that places are sought for."""
    return Season.objects.get(starts_on__gt=TODAY)


def ended() -> list[Season]:
    """The past seasons."""
    return list(Season.objects.filter(ends_on__lt=TODAY).order_by("starts_on"))


def test_the_scale_is_that_of_the_distributions() -> None:
    scale = distributions()["scale"]
    offers = Offer.objects.filter(season=target())
    assert {
        "students": Student.objects.count(),
        "searching_students": Availability.objects.filter(season=target()).count(),
        "companies": Company.objects.count(),
        "offers": offers.count(),
        "openings": offers.aggregate(sum=Sum("openings"))["sum"],
        "coordinators": StaffMember.objects.filter(role="coordinator").count(),
    } == {key: scale[key] for key in scale if key != "src"}
    assert scale["searching_students"] == 170
    assert (scale["offers"], scale["openings"]) == (96, 128)


def test_students_are_spread_over_the_schools_as_given() -> None:
    found = dict(
        School.objects.annotate(number=Count("programmes__students")).values_list("slug", "number")
    )
    assert found == {"deltion": 143, "windesheim": 117, "cibap": 59, "landstede": 67, "firda": 34}


def test_every_school_has_two_coordinators_and_there_are_tutors_and_leads() -> None:
    coordinators = Counter(
        StaffMember.objects.filter(role="coordinator").values_list("school__slug", flat=True)
    )
    assert len(coordinators) == 5
    assert min(coordinators.values()) >= 2
    assert StaffMember.objects.filter(role="tutor").exists()
    assert User.objects.filter(is_project_lead=True).count() in (1, 2)


def test_offers_stand_in_believable_states_and_demand_exceeds_what_is_published() -> None:
    offers = Offer.objects.filter(season=target())
    assert Counter(offers.values_list("state", flat=True)) == {
        "published": 83,
        "submitted": 8,
        "returned": 2,
        "paused": 2,
        "draft": 1,
    }
    published = offers.filter(state="published").aggregate(sum=Sum("openings"))["sum"]
    assert published == 113
    assert published < complete(target()).count()
    assert offers.filter(kind="project").count() == 8
    assert not offers.filter(kind="project").exclude(team_min__in=[2, 3]).exists()
    assert not offers.filter(kind="project").exclude(openings__in=[3, 4]).exists()
    assert offers.filter(earmarked_for__isnull=False, earmarked_until__gt=TODAY).count() == 4
    assert all(offer.return_reason for offer in offers.filter(state="returned"))


def test_pages_do_not_repeat_themselves() -> None:
    offers = list(Offer.objects.filter(season=target()).select_related("site__company"))
    assert len({offer.text for offer in offers}) == len(offers)
    assert len({(offer.site.company_id, offer.title) for offer in offers}) == len(offers)
    assert len({offer.title for offer in offers}) > 40
    assert all(offer.text.count("\n\n") == 2 for offer in offers)


def test_every_offer_asks_for_skills_and_welcomes_somebody() -> None:
    offers = Offer.objects.annotate(asked=Count("skills", distinct=True))
    assert set(offers.values_list("asked", flat=True)) == {3, 4, 5}
    named = Offer.programmes.through.objects.filter(
        ~Q(offer__levels__contains=[F("programme__level")])
    )
    assert not named.exists()


def test_accreditation_follows_its_shares() -> None:
    def companies(status: str) -> int:
        found = Company.objects.filter(sites__accreditations__status=status)
        return found.distinct().count()

    assert companies(Accreditation.Status.ACCREDITED) == round(0.72 * 64)
    assert companies(Accreditation.Status.PENDING) == round(0.1 * 64)


def test_a_handful_of_profiles_is_incomplete_each_in_its_own_way() -> None:
    rows = list(incomplete(target()))
    assert len(rows) == 6
    gaps = {tuple(missing_fields(row.student, row)) for row in rows}
    assert len(gaps) >= 4
    assert not Wish.objects.filter(student__in=[row.student_id for row in rows]).exists()


def test_some_companies_offer_more_than_they_can_guide() -> None:
    limited = Company.objects.exclude(guides_at_most=None)
    assert 3 <= limited.count() <= 20
    for company in limited:
        seats = sum(
            offer.openings for offer in Offer.objects.filter(site__company=company, state=PUBLISHED)
        )
        assert company.guides_at_most == seats - 1


def test_most_students_also_want_a_place_that_is_not_on_their_list() -> None:
    told = list(Availability.objects.values_list("beyond_list", flat=True))
    assert 0.8 < sum(told) / len(told) < 1


def test_rankings_hold_only_what_the_engine_calls_eligible() -> None:
    season = target()
    availabilities = list(complete(season).select_related("student__postcode"))
    market = read_market(availabilities, list(published_offers(season)), today=TODAY)
    eligible = market.candidates(banned=set()).eligible
    row = {pk: i for i, pk in enumerate(market.student_ids)}
    column = {pk: j for j, pk in enumerate(market.offer_ids)}
    wishes = Wish.objects.filter(offer__season=season).values_list("student_id", "offer_id")
    assert len(wishes) > 400
    assert all(eligible[row[student], column[offer]] for student, offer in wishes)


def test_most_students_rank_three_to_six_some_with_ties_and_a_part_has_not_ranked_yet() -> None:
    wishes = Wish.objects.filter(offer__season=target())
    lengths = Counter(Counter(wishes.values_list("student", flat=True)).values())
    ranked = sum(lengths.values())
    assert ranked == 150  # 12 % of 170 have not
    assert sum(lengths[n] for n in (3, 4, 5, 6)) > 0.6 * ranked
    tiers = Counter(wishes.values_list("student", "tier"))
    assert 20 < sum(number > 1 for number in tiers.values()) < 150
    for student in {student for student, _ in tiers}:
        own = sorted(tier for one, tier in tiers if one == student)
        assert own == list(range(1, len(own) + 1))


def test_some_offers_are_very_popular_and_many_are_not() -> None:
    numbers = sorted(
        published_offers(target()).annotate(n=Count("wishes")).values_list("n", flat=True),
        reverse=True,
    )
    assert sum(numbers[:8]) > 0.25 * sum(numbers)  # a tenth of the offers, a quarter of the wishes
    assert numbers[0] >= 5 * max(1, numbers[len(numbers) // 2])
    assert numbers[-1] == 0


def test_past_seasons_ended_in_the_shares_of_the_distributions() -> None:
    shares = distributions()["proposal_outcome"]
    seasons = ended()
    assert len(seasons) == 2
    for season in seasons:
        proposals = Proposal.objects.filter(offer__season=season)
        total = proposals.count()
        assert 105 <= total <= 110
        ends = Counter(proposals.values_list("state", "declined_by"))
        assert not set(OPEN) & {state for state, _ in ends}
        for (state, side), share in {
            ("agreed", ""): shares["approved"],
            ("declined", "student"): shares["declined_student"],
            ("declined", "company"): shares["declined_company"],
            ("dropped", ""): shares["rejected_coordinator"],
            ("expired", ""): shares["expired"],
        }.items():
            assert ends[state, side] / total == pytest.approx(share, abs=0.03), (state, side)
        assert ends["withdrawn", ""] + ends["cancelled", ""] > 0
        states = set(Offer.objects.filter(season=season).values_list("state", flat=True))
        assert states == {"closed", "expired"}


def test_seats_held_are_the_seats_that_proposals_hold() -> None:
    offers = Offer.objects.annotate(seats=Count("proposals", filter=Q(proposals__holds_seat=True)))
    assert not offers.exclude(held=F("seats")).exists()
    assert offers.filter(held__gt=0).count() > 60
    assert not Proposal.objects.filter(state="agreed", holds_seat=False).exists()
    assert not Offer.objects.filter(season=target()).exclude(held=0).exists()


def test_what_was_answered_fits_how_it_ended() -> None:
    agreed = Proposal.objects.filter(state__in=["agreed", "cancelled"])
    assert not agreed.filter(
        Q(student_accepted_at__isnull=True) | Q(company_accepted_at__isnull=True)
    ).exists()
    assert not Proposal.objects.filter(state="expired", silent_side="").exists()
    assert not Proposal.objects.filter(state="declined", reason_code="").exists()
    assert not Proposal.objects.filter(state="dropped", reason="").exists()


def test_the_history_tells_it_all_in_order_and_nothing_of_tomorrow() -> None:
    assert HistoryEntry.objects.filter(at__date__gte=TODAY).count() == 0
    for subject, model in (("companies.offer", Offer), ("matching.proposal", Proposal)):
        last: dict[int, HistoryEntry] = {}
        for entry in HistoryEntry.objects.filter(subject=subject).order_by("pk"):
            before = last.get(entry.subject_id)
            assert entry.from_state == (before.to_state if before else "")
            assert before is None or entry.at >= before.at, (subject, entry.subject_id, entry.move)
            last[entry.subject_id] = entry
        states = dict(model._default_manager.values_list("pk", "state"))
        assert {pk: entry.to_state for pk, entry in last.items()} == states


def test_only_the_companys_own_people_move_its_offers_and_only_coordinators_publish() -> None:
    members: dict[int, set[int]] = {}
    for offer, user in Offer.objects.values_list("pk", "site__company__members__user"):
        members.setdefault(offer, set()).add(user)
    coordinators = set(StaffMember.objects.values_list("user", flat=True))
    entries = HistoryEntry.objects.filter(subject="companies.offer")
    for entry in entries.filter(move__in=["create", "submit", "pause"]):
        assert entry.actor_id in members[entry.subject_id]
    for entry in entries.filter(move__in=["publish", "return"]):
        assert entry.actor_id in coordinators


def test_nobody_can_be_mistaken_for_somebody_real() -> None:
    emails = list(User.objects.values_list("email", flat=True))
    assert all(email.endswith(".example") for email in emails)
    assert all(email.isascii() for email in emails)
    assert all(not user.has_usable_password() for user in User.objects.all())
    assert not Company.objects.exclude(kvk__startswith="9990").exists()
    assert User.objects.values("name").distinct().count() == len(emails)


def test_everybody_can_sign_in_by_code() -> None:
    verified = EmailAddress.objects.filter(verified=True, primary=True)
    assert set(verified.values_list("user_id", "email")) == set(
        User.objects.values_list("pk", "email")
    )


def test_the_cast_is_complete_and_finds_something_to_do() -> None:
    players = {one.role.code: one for one in cast()}
    assert Counter(one.role.group for one in players.values()) == {
        Group.STUDENT: 2,
        Group.COMPANY: 2,
        Group.COORDINATOR: 5,
        Group.LEAD: 1,
    }
    ready = players["student_ready"].user.student
    assert not missing_fields(ready, ready.availabilities.get(season=target()))
    popular = Offer.objects.get(
        season=target(),
        site__company__members__user=players["company_popular"].user,
        title="Stagiair webshop en content",
    )
    assert popular.state == "published"
    assert popular.wishes.filter(tier=1).count() > 10
    assert popular.wishes.get(student=ready).tier == 1
    assert ready.wishes.count() == 4
    empty = players["student_empty"].user.student
    assert not empty.skills.exists()
    assert not empty.wishes.exists()
    assert missing_fields(empty, empty.availabilities.get()) == [
        "postcode",
        "max_km",
        "period",
        "days",
    ]
    waiting = Offer.objects.filter(
        season=target(), site__company__members__user=players["company_waiting"].user
    )
    assert {"returned", "submitted", "published"} <= set(waiting.values_list("state", flat=True))
    for code, player in players.items():
        if player.role.group == Group.COORDINATOR:
            role = StaffMember.objects.get(user=player.user, role="coordinator")
            assert code == f"coordinator_{role.school.slug}"
    assert players["lead"].user.is_project_lead


def test_the_empty_student_finds_places_once_the_profile_is_filled_in() -> None:
    season = target()
    student = next(one for one in cast() if one.role.code == "student_empty").user.student
    Student.objects.filter(pk=student.pk).update(postcode="8011", max_km=25)
    Availability.objects.filter(student=student, season=season).update(
        starts_on=season.starts_on, ends_on=season.ends_on, days=4
    )
    row = complete(season).select_related("student__postcode").get(student=student)
    market = read_market([row], list(published_offers(season)), today=TODAY)
    assert market.candidates(banned=set()).eligible.sum() >= 3


def test_the_season_that_runs_has_its_placements() -> None:
    running = Season.objects.get(starts_on__lte=TODAY, ends_on__gte=TODAY)
    agreed = Proposal.objects.filter(offer__season=running, state="agreed")
    assert agreed.count() > 40
    assert not agreed.filter(moved_at__date__gt=running.starts_on + timedelta(days=1)).exists()
    # Nobody who has a place now seeks one for the same period.
    assert not Availability.objects.filter(
        season=target(), student__in=agreed.values("student"), starts_on__lte=running.ends_on
    ).exists()
