"""The same form ten times at the same moment: one effect, and no error for anybody."""

from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from companies.models import Offer
from matching import states
from matching.actions import approval, rounds
from matching.models import Proposal, Round, Run, Wish
from tests.conftest import Cast, client_of
from tests.factories.companies import OfferFactory
from tests.factories.education import StaffFactory
from tests.factories.matching import ProposalFactory, RoundFactory, ranked, seeking_student
from tests.matching.at_once import at_once
from tests.matching.conftest import MakeOffer, MakeProposal
from tests.matching.pages import send
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


# --- the same form, ten times ---------------------------------------------------------------------


def ten_posts(user: User, url: str, form: dict[str, str]) -> list[tuple[int, str]]:
    """Status and target of ten parallel POSTs of one form by one person."""
    clients = [client_of(user) for _ in range(10)]

    def post(client: Client) -> Callable[[], tuple[int, str]]:
        def act() -> tuple[int, str]:
            answer = client.post(url, form)
            return answer.status_code, answer.headers.get("Location", "")

        return act

    found = at_once(*map(post, clients))
    return [one for one in found if not isinstance(one, str)]


def test_ten_times_the_same_answer_of_a_student(cast: Cast, proposal: MakeProposal) -> None:
    made = proposal(state=states.OFFERED)
    page = reverse("matching:student_proposal", args=[made.pk])
    url = reverse("matching:student_accept", args=[made.pk])
    assert ten_posts(cast.bram.user, url, {}) == [(302, page)] * 10
    assert [s[0] for s in steps_of(made)].count("accept") == 1


def test_ten_times_the_same_no_of_a_company(cast: Cast, proposal: MakeProposal) -> None:
    made = proposal(state=states.OFFERED)
    page = reverse("matching:company_proposal", args=[cast.klikwerf.pk, made.pk])
    url = reverse("matching:company_decline", args=[cast.klikwerf.pk, made.pk])
    assert ten_posts(cast.carla, url, {"code": "place_gone"}) == [(302, page)] * 10
    assert [s[0] for s in steps_of(made)].count("decline") == 1
    assert len(letters()) == 2


def test_ten_times_the_same_round(cast: Cast, at_klikwerf: MakeOffer) -> None:
    """Make, run, approve and send: each form ten times at once, each with one effect."""
    ranked(cast.bram, at_klikwerf())
    slug = cast.windesheim.slug
    url = reverse("matching:rounds", args=[slug])
    found = ten_posts(cast.frits, url, {"season": str(cast.season.pk)})
    round_ = Round.objects.get()
    page = reverse("matching:round", args=[slug, round_.pk])
    assert found == [(302, page)] * 10

    def post(name: str, **form: str) -> None:
        url = reverse(f"matching:{name}", args=[slug, round_.pk])
        assert ten_posts(cast.frits, url, form) == [(302, page)] * 10

    post("run")
    run = rounds.claim_run()
    assert run is not None
    assert Run.objects.count() == 1
    rounds.execute(run, today=cast.season.starts_on)
    made = Proposal.objects.get()
    post("approve", proposal=str(made.pk))
    assert seats(made.offer) == (Offer.State.FILLED, 1)
    post("release")
    assert state_of(round_) == Round.State.RELEASED
    assert [s[0] for s in steps_of(made)] == ["propose", "approve", "release"]
    assert len(letters()) == 2


def test_ten_times_the_same_proposal_by_hand_and_the_same_moves(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    """Each has one effect, and ten times the same answer."""
    round_ = RoundFactory(season=cast.season, school=cast.windesheim)
    slug, offer = cast.windesheim.slug, at_klikwerf()
    url = reverse("matching:by_hand", args=[slug, round_.pk])
    form = {"student": str(cast.bram.pk), "offer": str(offer.pk)}
    to = reverse("matching:round", args=[slug, round_.pk])
    assert ten_posts(cast.frits, url, form) == [(302, to)] * 10
    made = Proposal.objects.get()
    page = reverse("matching:school_proposal", args=[slug, made.pk])
    for move, steps in (("approve", 2), ("undo", 3), ("drop", 4)):
        url = reverse("matching:move", args=[slug, made.pk, move])
        assert ten_posts(cast.frits, url, {"reason": "Zo is het"}) == [(302, page)] * 10
        assert len(steps_of(made)) == steps
    assert seats(offer) == (Offer.State.PUBLISHED, 0)


def test_ten_times_the_same_wish(cast: Cast, at_klikwerf: MakeOffer) -> None:
    offer = at_klikwerf()
    url = reverse("matching:wish", args=[offer.pk])
    page = reverse("matching:ranking")
    assert ten_posts(cast.bram.user, url, {}) == [(302, page)] * 10
    assert Wish.objects.count() == 1
    assert ten_posts(cast.bram.user, url, {"off": "1"}) == [(302, page)] * 10
    assert Wish.objects.count() == 0


def test_whoever_asks_for_a_run_twice_at_once_gets_one(cast: Cast, at_klikwerf: MakeOffer) -> None:
    """Also when a worker is done with it before the second click arrives."""
    ranked(cast.bram, at_klikwerf())
    round_ = RoundFactory(season=cast.season, school=cast.windesheim)
    args = (cast.windesheim.slug, round_.pk)
    frits, clicked = client_of(cast.frits), {"seen": "0"}
    send(frits, "run", *args, **clicked)
    assert "wordt al berekend" not in send(frits, "run", *args, **clicked)
    run = rounds.claim_run()
    assert run is not None
    rounds.execute(run, today=cast.season.starts_on)
    page = send(frits, "run", *args, **clicked)
    assert "De ronde is net berekend." in page
    assert Run.objects.count() == 1
    send(frits, "run", *args, seen=run.pk)
    assert Run.objects.count() == 2


def test_a_colleague_reads_that_it_runs_already(cast: Cast, at_klikwerf: MakeOffer) -> None:
    at_klikwerf()
    round_ = RoundFactory(season=cast.season, school=cast.windesheim)
    rounds.start_run(round_, by=cast.frits)
    colleague = StaffFactory(school=cast.windesheim).user
    page = send(client_of(colleague), "run", cast.windesheim.slug, round_.pk, seen=0)
    assert "Deze ronde wordt al berekend." in page


def test_the_same_approval_and_sending_again_read_the_same(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    round_ = RoundFactory(season=cast.season, school=cast.windesheim)
    made = ProposalFactory(student=cast.bram, offer=at_klikwerf(), round=round_)
    args, frits = (cast.windesheim.slug, round_.pk), client_of(cast.frits)
    for name, form, words in (
        ("approve", {"proposal": made.pk}, "1 voorstel goedgekeurd."),
        ("undo", {"proposal": made.pk}, "1 goedkeuring teruggenomen."),
        ("approve", {"scope": "plain"}, "goedgekeurd. Er is nog niets verstuurd."),
        ("release", {}, "verstuurd"),
    ):
        for time in ("first", "second"):
            page = send(frits, name, *args, **form)
            assert words in page, (name, time)
            for other in ("Dit voorstel is al", "Er was niets", "Kies eerst"):
                assert other not in page, (name, time)
    assert len(letters()) == 2


def test_an_approval_by_a_colleague_is_news(cast: Cast, at_klikwerf: MakeOffer) -> None:
    round_ = RoundFactory(season=cast.season, school=cast.windesheim)
    made = ProposalFactory(student=cast.bram, offer=at_klikwerf(), round=round_)
    approval.approve([made.pk], by=StaffFactory(school=cast.windesheim).user)
    args = (cast.windesheim.slug, round_.pk)
    page = send(client_of(cast.frits), "approve", *args, proposal=made.pk)
    assert "Dit voorstel is al goedgekeurd." in page


def test_the_same_move_again_reads_the_same_and_another_reason_is_another_move(
    cast: Cast, proposal: MakeProposal
) -> None:
    made = proposal(state=states.OFFERED)
    args, frits = (cast.windesheim.slug, made.pk, "withdraw"), client_of(cast.frits)
    for _ in range(2):
        assert "Ingetrokken." in send(frits, "move", *args, reason="Verhuisd")
    page = send(frits, "move", *args, reason="Toch niet verhuisd")
    assert "Dit kan niet meer." in page
    assert "Toch niet verhuisd" not in page
