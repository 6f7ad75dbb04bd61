"""Who may, by each rule of an `access.py` alone: the pages ask more than one, so that a rule which
says yes to everybody would not be missed behind a query that finds nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from cockpit.access import can_see_region, can_see_style
from companies.access import can_change, can_remove, can_review, is_admin, is_member
from companies.models import Offer
from companies.queries import companies_of, offers_overseen_by, offers_visible_to
from education.access import can_appoint, is_coordinator, needs_second_factor
from education.queries import coordinated_schools, staffed_schools
from matching.access import can_answer_as_company, can_answer_as_student, can_decide, can_run
from matching.queries import rounds_visible_to
from students.queries import visible_to
from tests.house.scene import Scene

TODAY = timezone.localdate()
LATER = TODAY + timedelta(days=60)  # what was kept for a school has fallen to all


@dataclass(frozen=True)
class Rule:
    """A rule, what it is asked about, and everybody to whom it says yes."""

    ask: Callable[..., bool]
    who: frozenset[str]
    about: Callable[[Scene], object] | None = None
    wakes: bool = True  # it says no to an account that was switched off

    @property
    def name(self) -> str:
        """The function without what is always the same."""
        return getattr(self.ask, "func", self.ask).__name__

    def says(self, user: User, scene: Scene) -> bool:
        """What it answers to this person."""
        return self.ask(user, self.about(scene)) if self.about else self.ask(user)


def rule(
    ask: Callable[..., bool],
    who: str,
    about: Callable[[Scene], object] | None = None,
    *,
    wakes: bool = True,
) -> Rule:
    """One row; the people stand in one text."""
    return Rule(ask, frozenset(who.split()), about, wakes)


review, review_later = partial(can_review, today=TODAY), partial(can_review, today=LATER)

RULES = (
    rule(can_see_region, "gerda"),
    rule(can_see_style, "els frits isa gerda ada"),
    rule(needs_second_factor, "els frits isa gerda ada", wakes=False),
    rule(can_appoint, "gerda"),
    rule(is_coordinator, "els frits isa"),
    rule(is_coordinator, "els", lambda scene: scene.cast.deltion),
    rule(is_coordinator, "frits isa", lambda scene: scene.cast.windesheim),
    rule(is_member, "carla isa", lambda scene: scene.cast.klikwerf),
    rule(is_member, "dirk", lambda scene: scene.cast.rival),
    rule(is_admin, "carla isa", lambda scene: scene.cast.klikwerf),
    rule(is_admin, "dirk", lambda scene: scene.cast.rival),
    rule(can_remove, "dirk", lambda scene: scene.cast.rival.members.get(), wakes=False),
    rule(can_change, "carla isa", lambda scene: scene.offers["draft"]),
    rule(can_change, "carla isa", lambda scene: scene.offers["returned"]),
    rule(can_change, "", lambda scene: scene.offers["published"]),
    rule(can_change, "dirk", lambda scene: scene.offers["rival_draft"]),
    rule(review, "els frits isa", lambda scene: scene.offers["submitted"]),
    rule(review, "els", lambda scene: scene.offers["kept"]),
    rule(review_later, "els frits isa", lambda scene: scene.offers["kept"]),
    rule(can_answer_as_student, "anouk", lambda scene: scene.proposals["offered"]),
    rule(can_answer_as_student, "bram", lambda scene: scene.proposals["rival"]),
    rule(can_answer_as_company, "carla isa", lambda scene: scene.proposals["offered"]),
    rule(can_answer_as_company, "dirk", lambda scene: scene.proposals["rival"]),
    rule(can_decide, "els", lambda scene: scene.proposals["offered"]),
    rule(can_decide, "frits isa", lambda scene: scene.proposals["rival"]),
    rule(can_run, "els", lambda scene: scene.rounds["deltion"]),
    rule(can_run, "frits isa", lambda scene: scene.rounds["windesheim"]),
)


# --- Which rows somebody sees, by each query alone --------------------------------------------

Sight = tuple[Callable[[User], QuerySet[Any]], dict[str, set[int]]]


def sights(scene: Scene) -> list[Sight]:
    """Each query that is a door to rows of other people, and the keys of what everybody sees by
    it; who is not named sees nothing."""
    cast, offers = scene.cast, scene.offers.values()
    deltion, windesheim = {cast.deltion.pk}, {cast.windesheim.pk}
    klikwerf, rival = {cast.klikwerf.pk}, {cast.rival.pk}
    handed_in = {offer.pk for offer in offers if offer.state != Offer.State.DRAFT}
    of_klikwerf = {offer.pk for offer in offers if offer.site.company_id in klikwerf}
    of_rival = {offer.pk for offer in offers if offer.site.company_id in rival}
    rounds = {code: {round_.pk} for code, round_ in scene.rounds.items()}
    learners = [cast.anouk, cast.bram, *scene.students.values()]
    at_deltion = {one.pk for one in learners if one.programme.school_id in deltion}
    at_windesheim = {one.pk for one in learners if one.programme.school_id in windesheim}
    coordinates = {"els": deltion, "frits": windesheim, "isa": windesheim}
    oversees = dict.fromkeys(("els", "frits", "isa", "gerda"), handed_in)
    own = {"carla": of_klikwerf, "dirk": of_rival, "isa": of_klikwerf | handed_in}
    students = {"els": at_deltion, "frits": at_windesheim, "isa": at_windesheim}
    return [
        (companies_of, {"carla": klikwerf, "isa": klikwerf, "dirk": rival}),
        (coordinated_schools, coordinates),
        (staffed_schools, coordinates | {"tom": deltion}),
        (offers_overseen_by, oversees),
        (offers_visible_to, oversees | own),
        (
            rounds_visible_to,
            {who: rounds["deltion" if who == "els" else "windesheim"] for who in coordinates},
        ),
        (visible_to, students | {"anouk": {cast.anouk.pk}, "bram": {cast.bram.pk}}),
    ]
