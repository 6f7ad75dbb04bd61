"""A student who leaves school gives up the open proposals, and everybody who knew hears of it."""

import pytest
from django.utils import timezone

from matching import states
from notifications.models import Letter
from students import actions
from students.models import Student
from tests.conftest import Cast
from tests.factories.companies import OfferFactory
from tests.factories.matching import ProposalFactory
from tests.factories.students import RosterEntryFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def leave(cast: Cast) -> object:
    """Lets a student leave by a roster."""

    def left(student: Student) -> None:
        entry = RosterEntryFactory(
            school=cast.deltion, programme=student.programme, student=student
        )
        actions.keep_roster(cast.deltion, [], [], [entry], by=cast.els, today=timezone.localdate())

    return left


def test_open_proposals_end_and_their_seats_are_free(cast: Cast, leave: object) -> None:
    assert callable(leave)
    offer = OfferFactory(season=cast.season)
    mine = ProposalFactory(student=cast.anouk, offer=offer, state=states.OFFERED)
    other = ProposalFactory(student=cast.bram, offer=OfferFactory(), state=states.OFFERED)
    leave(cast.anouk)
    for row in (mine, other, offer):
        row.refresh_from_db()
    assert (mine.state, mine.reason_code, offer.held) == (states.WITHDRAWN, "student_left", 0)
    assert other.state == states.OFFERED


def test_an_agreed_place_is_for_a_coordinator_to_cancel(cast: Cast, leave: object) -> None:
    assert callable(leave)
    mine = ProposalFactory(student=cast.anouk, offer=OfferFactory(), state=states.AGREED)
    leave(cast.anouk)
    mine.refresh_from_db()
    assert mine.state == states.AGREED


def test_student_and_company_read_why(cast: Cast, leave: object) -> None:
    assert callable(leave)
    offer = OfferFactory(site=cast.klikwerf.sites.get(), season=cast.season)
    ProposalFactory(student=cast.anouk, offer=offer, state=states.OFFERED)
    leave(cast.anouk)
    letters = {letter.kind: letter.text for letter in Letter.objects.all()}
    assert "De student is van school." in letters["proposal_withdrawn_company"]
    assert "niet meer in de lijst van Deltion" in letters["proposal_withdrawn_student"]
