"""Every task of the portal may run twice, or eight times at once: the effect is that of one.

A new task needs a row in `SCENES`: what there is to do, and how one sees what was done.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F, Value
from django.utils import timezone

from accounts.models import HistoryEntry
from companies.models import Offer
from matching.actions import rounds
from matching.models import Proposal, Run
from notifications.delivery.posting import Post
from notifications.models import Letter
from students.actions import keep_upload
from students.models import RosterUpload
from tests.conftest import Cast
from tests.factories.companies import OfferFactory
from tests.factories.matching import ProposalFactory, RoundFactory, ranked
from tests.factories.notifications import LetterFactory
from tests.notifications.conftest import post_office
from tests.notifications.post_office import PostOffice
from tests.notifications.threads import at_once
from topcentrum.celery import app

__all__ = ["post_office"]

pytestmark = pytest.mark.django_db(transaction=True)

Scene = Callable[[Cast], None]


def letters_that_wait(_cast: Cast) -> None:
    LetterFactory.create_batch(10)


def a_round_in_the_queue(cast: Cast) -> None:
    offer = OfferFactory(site=cast.klikwerf.sites.get(), season=cast.season)
    ranked(cast.bram, offer)
    round_ = RoundFactory(season=cast.season, school=cast.windesheim, created_by=cast.frits)
    rounds.start_run(round_, by=cast.frits)


def proposals_without_an_answer(cast: Cast) -> None:
    site = cast.klikwerf.sites.get()
    for student in (cast.anouk, cast.bram):
        offer = OfferFactory(site=site, season=cast.season)
        ProposalFactory(student=student, offer=offer, state="offered")
    ago = Value(timedelta(days=16))
    Proposal.objects.update(
        student_respond_by=F("student_respond_by") - ago,
        company_respond_by=F("company_respond_by") - ago,
    )


def offers_of_the_past(cast: Cast) -> None:
    today = timezone.localdate()
    offer = OfferFactory(site=cast.klikwerf.sites.get(), season=cast.season)
    ProposalFactory(student=cast.bram, offer=offer, state="offered")
    Offer.objects.update(starts_on=today - timedelta(days=99), ends_on=today - timedelta(days=1))


def a_roster_of_yesterday(cast: Cast) -> None:
    keep_upload(cast.deltion, file_name="lijst.csv", sheet=b"", by=cast.els)
    RosterUpload.objects.update(uploaded_at=timezone.now() - timedelta(hours=25))


SCENES: dict[str, Scene] = {
    "notifications.tasks.deliver": letters_that_wait,
    "matching.tasks.take_up_runs": a_round_in_the_queue,
    "matching.tasks.expire_proposals": proposals_without_an_answer,
    "companies.tasks.expire_offers": offers_of_the_past,
    "students.tasks.forget_uploads": a_roster_of_yesterday,
}


def our_tasks() -> set[str]:
    """All that a worker would take up, but for Celery's own."""
    app.loader.import_default_modules()
    return {name for name in app.tasks if not name.startswith("celery.")}


def effects(office: PostOffice) -> dict[str, list[tuple[object, ...]]]:
    """All that tasks leave behind: moves, letters with their state, runs, mail."""
    return {
        "moves": sorted(HistoryEntry.objects.values_list("subject", "subject_id", "move")),
        "letters": sorted(Letter.objects.values_list("key", "state", "attempts")),
        "runs": sorted(Run.objects.values_list("pk", "state", "attempts")),
        "proposals": sorted(Proposal.objects.values_list("pk", "state", "holds_seat")),
        "rosters": sorted(RosterUpload.objects.values_list("pk", "file_name")),
        "seats": sorted(Offer.objects.values_list("pk", "state", "held")),
        "mail": sorted((message,) for message in office.message_ids()),
    }


def once_each(found: dict[str, list[tuple[object, ...]]]) -> None:
    """Nothing stands there twice."""
    for what in ("moves", "mail"):
        assert len(found[what]) == len(set(found[what])), f"{what} happened twice"


def test_every_task_has_a_scene_and_every_scene_a_task() -> None:
    assert set(SCENES) == our_tasks()


def test_a_task_without_a_scene_is_found() -> None:
    @app.task(name="tests.tasks.forgotten")
    def forgotten() -> None:
        """Nobody wrote what it does."""

    try:
        assert "tests.tasks.forgotten" in our_tasks() - set(SCENES)
    finally:
        app.tasks.unregister("tests.tasks.forgotten")
        del forgotten


@pytest.mark.parametrize("task", sorted(SCENES))
def test_a_second_run_does_nothing(task: str, cast: Cast, post_office: PostOffice) -> None:
    SCENES[task](cast)
    before = effects(post_office)
    app.tasks[task]()
    done = effects(post_office)
    assert done != before, "there was nothing to do"
    app.tasks[task]()
    assert effects(post_office) == done


@pytest.mark.parametrize("task", sorted(SCENES))
def test_eight_runs_at_once_do_what_one_does(
    task: str, cast: Cast, post_office: PostOffice
) -> None:
    SCENES[task](cast)
    before = effects(post_office)
    at_once(*[app.tasks[task]] * 8)
    done = effects(post_office)
    assert done != before, "there was nothing to do"
    once_each(done)
    app.tasks[task]()
    assert effects(post_office) == done, "the eight left something undone"


def test_a_task_that_looks_before_it_does_is_caught(cast: Cast, post_office: PostOffice) -> None:
    """The control: a naive delivery, eight at once."""
    letters_that_wait(cast)

    def naive() -> None:
        for letter in Letter.objects.filter(state="queued"):
            post = Post()
            post.hand_over(letter)
            post.close()

    at_once(*[naive] * 8)
    with pytest.raises(AssertionError, match="mail happened twice"):
        once_each(effects(post_office))
