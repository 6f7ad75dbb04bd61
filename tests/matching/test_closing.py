"""A coordinator ends a round: what was sent goes on, the rest is dropped, a next one can begin."""

import pytest
from django.test import Client

from companies.actions import Refused
from matching import states
from matching.actions import approval, ending, rounds
from matching.models import Proposal, Round
from tests.conftest import Cast
from tests.factories.matching import ProposalFactory
from tests.matching.conftest import MakeOffer
from tests.matching.pages import read, send
from tests.matching.reading import last_step, letters, seats, state_of
from tests.matching.running import classmate

pytestmark = pytest.mark.django_db

WHY = "De ronde is gesloten."


@pytest.fixture
def two(cast: Cast, round_: Round, at_klikwerf: MakeOffer) -> list[Proposal]:
    """Two proposals of the round on which nobody decided."""
    return [
        ProposalFactory(student=classmate(cast), offer=at_klikwerf(), round=round_)
        for _ in range(2)
    ]


def test_a_round_of_which_nothing_was_sent_is_closed(
    cast: Cast, round_: Round, two: list[Proposal]
) -> None:
    closed = approval.close_round(round_, reason=WHY, by=cast.frits)
    assert closed.state == state_of(round_) == Round.State.CLOSED
    for proposal in two:
        assert last_step(proposal) == ("drop", "proposed", "dropped", cast.frits, WHY)
    assert letters() == [], "nobody knew of them"
    approval.close_round(round_, reason=WHY, by=cast.frits)
    assert rounds.create_round(cast.season, cast.windesheim, by=cast.frits).pk != round_.pk


def test_a_round_of_which_a_part_was_sent_counts_as_sent(
    cast: Cast, round_: Round, two: list[Proposal]
) -> None:
    approval.approve([two[0].pk], by=cast.frits)
    approval.release([two[0].pk], by=cast.frits)
    assert approval.close_round(round_, reason=WHY, by=cast.frits).state == Round.State.RELEASED
    assert [state_of(p) for p in two] == [states.OFFERED, states.DROPPED]
    round_.refresh_from_db()
    assert round_.released_at is not None


def test_a_round_whose_last_proposal_was_taken_back_can_be_ended(
    cast: Cast, round_: Round, two: list[Proposal]
) -> None:
    """Nothing is left to send, so nothing else would ever end it."""
    approval.approve([p.pk for p in two], by=cast.frits)
    approval.release([two[0].pk], by=cast.frits)
    ending.withdraw([p.pk for p in two], code="coordinator", by=cast.frits)
    assert approval.close_round(round_, reason=WHY, by=cast.frits).state == Round.State.RELEASED


def test_a_round_is_not_closed_over_what_waits_to_be_sent(
    cast: Cast, round_: Round, two: list[Proposal]
) -> None:
    approval.approve([two[0].pk], by=cast.frits)
    with pytest.raises(Refused, match="round_has_approved"):
        approval.close_round(round_, reason=WHY, by=cast.frits)
    assert state_of(round_) == Round.State.OPEN
    assert [state_of(p) for p in two] == [states.APPROVED, states.PROPOSED], "nothing half done"
    assert seats(two[0].offer)[1] == 1


def test_a_round_is_not_closed_while_it_is_calculated(cast: Cast, round_: Round) -> None:
    rounds.start_run(round_, by=cast.frits)
    with pytest.raises(Refused, match="run_under_way"):
        approval.close_round(round_, reason=WHY, by=cast.frits)
    assert state_of(round_) == Round.State.OPEN


def test_a_closed_round_takes_nothing_more(
    cast: Cast, round_: Round, at_klikwerf: MakeOffer
) -> None:
    approval.close_round(round_, reason=WHY, by=cast.frits)
    with pytest.raises(Refused, match="round_closed"):
        rounds.start_run(round_, by=cast.frits)
    with pytest.raises(Refused, match="round_closed"):
        approval.propose_by_hand(cast.bram, at_klikwerf(), by=cast.frits, round_=round_)


# --- the page -------------------------------------------------------------------------------------


def test_the_page_says_what_closing_does_and_does_it(
    cast: Cast, frits: Client, round_: Round, two: list[Proposal]
) -> None:
    args = (cast.windesheim.slug, round_.pk)
    page = read(frits, "round", *args)
    assert "2 voorstellen zijn nog niet beoordeeld. Die worden geschrapt" in page
    page = send(frits, "close_round", *args)
    assert "Je kunt een nieuwe ronde beginnen." in page
    assert "Deze ronde is gesloten. Er is niets verstuurd." in page
    assert "Klaar met deze ronde?" not in page
    assert "Gesloten" in read(frits, "rounds", cast.windesheim.slug).title()


def test_the_page_of_a_round_with_nothing_in_it_offers_to_close_it(
    cast: Cast, frits: Client, round_: Round
) -> None:
    args = (cast.windesheim.slug, round_.pk)
    page = read(frits, "round", *args)
    assert "Sluit deze ronde" in page
    assert "beoordeeld" not in page
    assert "Deze ronde is gesloten." in send(frits, "close_round", *args)


def test_the_page_says_what_to_do_before_closing(
    cast: Cast, frits: Client, round_: Round, two: list[Proposal]
) -> None:
    approval.approve([two[0].pk], by=cast.frits)
    args = (cast.windesheim.slug, round_.pk)
    page = read(frits, "round", *args)
    assert "Daarna kun je de ronde sluiten." in page
    assert "Ja, sluit deze ronde" not in page
    page = send(frits, "close_round", *args)
    assert "Er staan nog goedgekeurde voorstellen klaar. Verstuur ze eerst" in page
    assert state_of(round_) == Round.State.OPEN
