"""All pages of rankings, proposals and rounds: what they cost, and who is kept out."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from companies.models import Offer
from matching import states
from matching.actions import rankings
from matching.models import Proposal, Round, Run
from students.models import Student
from tests.conftest import Cast, client_of
from tests.factories.companies import OfferFactory
from tests.factories.education import ProgrammeFactory, SkillFactory
from tests.factories.matching import ProposalFactory, ranked, seeking_student
from tests.matching.conftest import Calculate, MakeOffer, MakeProposal
from tests.matching.pages import TOO_BIG, read
from tests.matching.reading import seats, state_of

pytestmark = pytest.mark.django_db

STUDENT, COMPANY = Proposal.Side.STUDENT, Proposal.Side.COMPANY


# --- what they cost -------------------------------------------------------------------------------


class Region:
    """A season in which everybody has something to see, and more of it with `grow`."""

    def __init__(
        self, cast: Cast, make_offer: MakeOffer, round_: Round, calculate: Calculate
    ) -> None:
        self.cast, self.make_offer, self.round, self.calculate = cast, make_offer, round_, calculate
        self.skills = [SkillFactory() for _ in range(4)]
        self.project = make_offer(project=True, team_min=1, openings=9, skills=self.skills)
        self.places: list[Offer] = []
        self.grow()

    def grow(self) -> None:
        """One more of everything."""
        cast = self.cast
        place = self.make_offer(openings=2, skills=self.skills, programmes=[cast.bram.programme])
        self.places.append(place)
        rankings.add_wish(cast.bram, place)
        self.new_student(programme=cast.bram.programme, wishes=[place])
        self.new_student(wishes=[OfferFactory(levels=[2])])
        self.calculate()
        for state in (states.APPROVED, states.OFFERED, states.AGREED, states.DECLINED):
            self.propose(self.new_student(), state)
        for state in (states.OFFERED, states.DECLINED, states.CANCELLED):
            self.propose(cast.anouk, state)
        ProposalFactory(student=self.new_student(), offer=self.project, state=states.OFFERED)

    def propose(self, student: Student, state: str) -> None:
        offer = self.make_offer(openings=2)
        ProposalFactory(student=student, offer=offer, state=state, round=self.round)

    def new_student(self, wishes: list[Offer] | None = None, **fields: object) -> Student:
        fields.setdefault("programme", ProgrammeFactory(school=self.cast.windesheim))
        student = seeking_student(skills=self.skills, wants=self.skills, **fields)
        ranked(student, *(wishes or []))
        return student

    def pages(self) -> dict[str, tuple[User, str, list[object], dict[str, Any]]]:
        """Every page of this room with somebody who reads it."""
        cast, bram, slug = self.cast, self.cast.bram, self.cast.windesheim.slug
        team = Proposal.objects.filter(offer=self.project, state=states.OFFERED).first()
        of_anouk = Proposal.objects.filter(student=cast.anouk, state=states.OFFERED).first()
        assert team is not None
        assert of_anouk is not None
        pair = {"student": bram.pk, "offer": self.places[0].pk}
        company = cast.klikwerf.pk
        return {
            "student, start": (cast.anouk.user, "student", [], {}),
            "student, list of offers": (bram.user, "browse", [], {"fitting": "all"}),
            "student, offer": (bram.user, "offer", [self.places[0].pk], {}),
            "student, ranking": (bram.user, "ranking", [], {}),
            "student, proposal": (cast.anouk.user, "student_proposal", [of_anouk.pk], {}),
            "company, start": (cast.carla, "company", [company], {}),
            "company, proposal": (cast.carla, "company_proposal", [company, of_anouk.pk], {}),
            "company, team": (cast.carla, "company_proposal", [company, team.pk], {}),
            "school, start": (cast.frits, "school", [slug], {}),
            "school, proposal": (cast.frits, "school_proposal", [slug, team.pk], {}),
            "rounds": (cast.frits, "rounds", [slug], {}),
            "round": (cast.frits, "round", [slug, self.round.pk], {}),
            "round, why": (cast.frits, "why", [slug, self.round.pk], pair),
            "round, by hand": (cast.frits, "by_hand", [slug, self.round.pk], {"student": bram.pk}),
        }

    def queries(self) -> dict[str, int]:
        """Queries per page, with session and menu."""
        found = {}
        for page, (who, name, args, query) in self.pages().items():
            client = client_of(who)
            with CaptureQueriesContext(connection) as asked:
                answer = client.get(reverse(f"matching:{name}", args=args), query)
            assert answer.status_code == 200, page
            found[page] = len(asked)
        return found


# Of these, five are for session, user and menu on every page.
MOST_QUERIES = {
    "student, start": 10,
    "student, list of offers": 18,
    "student, offer": 20,
    "student, ranking": 16,
    "student, proposal": 9,
    "company, start": 9,
    "company, proposal": 11,
    "company, team": 12,
    "school, start": 15,
    "school, proposal": 11,
    "rounds": 10,
    "round": 22,
    "round, why": 14,
    "round, by hand": 19,
}


def test_pages_ask_the_same_number_of_queries_for_one_row_and_for_three(
    cast: Cast, at_klikwerf: MakeOffer, round_: Round, calculate: Calculate
) -> None:
    region = Region(cast, at_klikwerf, round_, calculate)
    one = region.queries()
    region.grow()
    region.grow()
    three = region.queries()
    assert three == one
    assert {page: n for page, n in three.items() if n > MOST_QUERIES[page]} == {}


# --- what is not theirs ---------------------------------------------------------------------------


@pytest.mark.parametrize("person", ["els", "gerda", "carla", "henk"])
def test_another_school_does_not_exist(
    cast: Cast, round_: Round, proposal: MakeProposal, person: str
) -> None:
    made = proposal(round=round_)
    client = client_of(getattr(cast, person))
    slug = cast.windesheim.slug
    pages: list[tuple[str, list[Any]]] = [
        ("school", [slug]),
        ("rounds", [slug]),
        ("round", [slug, round_.pk]),
        ("round_status", [slug, round_.pk]),
        ("why", [slug, round_.pk]),
        ("by_hand", [slug, round_.pk]),
        ("school_proposal", [slug, made.pk]),
    ]
    for name, args in pages:
        read(client, name, *args, status=404)
    for name in ("run", "approve", "undo", "release", "by_hand"):
        url = reverse(f"matching:{name}", args=[slug, round_.pk])
        assert client.post(url, {"scope": "plain"}).status_code == 404
    url = reverse("matching:move", args=[slug, made.pk, "approve"])
    assert client.post(url).status_code == 404
    assert state_of(made) == states.PROPOSED
    assert not Run.objects.exists()


def test_a_round_or_proposal_under_the_name_of_another_school_does_not_exist(
    cast: Cast, round_: Round, proposal: MakeProposal
) -> None:
    made = proposal(round=round_)
    els = client_of(cast.els)
    read(els, "round", cast.deltion.slug, round_.pk, status=404)
    read(els, "school_proposal", cast.deltion.slug, made.pk, status=404)
    for key in (0, 10**9, TOO_BIG):
        read(els, "round", cast.deltion.slug, key, status=404)
        read(els, "school_proposal", cast.deltion.slug, key, status=404)


def test_looking_at_an_address_that_changes_something_changes_nothing(
    cast: Cast, round_: Round, proposal: MakeProposal
) -> None:
    made = proposal(state=states.OFFERED)
    company, slug = cast.klikwerf.pk, cast.windesheim.slug
    addresses: dict[User, list[tuple[str, list[object]]]] = {
        cast.bram.user: [
            ("wish", [made.offer_id]),
            ("student_accept", [made.pk]),
            ("student_decline", [made.pk]),
        ],
        cast.carla: [
            ("company_accept", [company, made.pk]),
            ("company_decline", [company, made.pk]),
        ],
        cast.frits: [
            ("run", [slug, round_.pk]),
            ("approve", [slug, round_.pk]),
            ("undo", [slug, round_.pk]),
            ("release", [slug, round_.pk]),
            ("move", [slug, made.pk, "withdraw"]),
        ],
    }
    for who, pages in addresses.items():
        client = client_of(who)
        for name, args in pages:
            answer = client.get(reverse(f"matching:{name}", args=args), follow=True)
            assert answer.redirect_chain, f"{name} shows something of its own"
            assert answer.status_code == 200, name
    assert state_of(made) == states.OFFERED
    assert seats(made.offer) == (Offer.State.FILLED, 1)
