"""Offers become rows, and move: registered, submitted, published, returned or paused."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from accounts.actions import moving
from accounts.models import By, User
from companies import states
from companies.models import Offer
from education.models import Skill
from topcentrum.demo.region.calendar import moment
from topcentrum.demo.region.crowd import Staff
from topcentrum.demo.region.ideas import Idea
from topcentrum.demo.region.words import words

CONFIRMED = 0.6  # share of offers for which a coordinator vouched where a code is not known
WAITING = (states.SUBMITTED, states.DRAFT)  # registered in the last days


@dataclass(frozen=True)
class Window:
    """From when to when companies register their offers of a season."""

    first: date
    last: date


def post(rng: random.Random, ideas: list[Idea], staff: Staff, window: Window) -> None:
    """Store the offers and bring each to its state, in the order in which it would go."""
    registered = _register(rng, ideas, window)
    _link(ideas)
    published = [idea for idea in ideas if idea.state in (states.PUBLISHED, states.PAUSED)]
    days: dict[tuple[int, date, bool], list[Idea]] = {}
    coordinators = {user.pk: user for user in staff.everybody()}
    for idea in published:
        by = rng.choice(_who_may_publish(idea, staff))
        day = registered[id(idea)] + timedelta(days=rng.randint(1, 4))
        confirmed = _needs_a_word(idea) and rng.random() < CONFIRMED
        days.setdefault((by.pk, day, confirmed), []).append(idea)
    for (pk, day, confirmed), group in sorted(days.items(), key=lambda pair: pair[0]):
        at = moment(day, 15)
        change: dict[str, Any] = {"published_at": at}
        if confirmed:
            change["accreditation_confirmed_at"] = at
        move(group, "publish", states.PUBLISHED, by=coordinators[pk], at=at, **change)
    for idea in ideas:
        if idea.state == states.PAUSED:
            day = registered[id(idea)] + timedelta(days=5)
            move([idea], "pause", states.PAUSED, by=idea.firm.speaker, at=moment(day, 9))
    returned = [idea for idea in ideas if idea.state == states.RETURNED]
    for idea, reason in zip(returned, words("offers")["return_reasons"], strict=False):
        by = staff.everybody()[0]
        at = moment(registered[id(idea)] + timedelta(days=1), 11)
        move([idea], "return", states.RETURNED, by=by, at=at, reason=reason, return_reason=reason)


def move(
    ideas: Iterable[Idea],
    name: str,
    target: str,
    *,
    by: By,
    at: datetime,
    reason: str = "",
    **also: Any,
) -> None:
    """One move of the offers' lifecycle, for all of these at once."""
    with moving(name, by=by, at=at, reason=reason):
        Offer.objects.filter(pk__in=[idea.offer.pk for idea in ideas]).update(state=target, **also)


def _register(rng: random.Random, ideas: list[Idea], window: Window) -> dict[int, date]:
    """Store the offers company by company, and submit all but drafts; the day of each."""
    days: dict[int, date] = {}
    groups: dict[tuple[str, date], list[Idea]] = {}
    settled: dict[str, date] = {}
    span = (window.last - window.first).days
    for idea in ideas:
        name = idea.firm.name
        if idea.state in WAITING:
            day = window.last + timedelta(days=rng.randint(1, 4))
        else:
            drawn = window.first + timedelta(days=rng.randint(0, span))
            day = settled.setdefault(name, drawn)
        days[id(idea)] = day
        groups.setdefault((name, day), []).append(idea)
    for (_, day), group in groups.items():
        by, at = group[0].firm.speaker, moment(day, rng.randint(8, 16), rng.randint(0, 59))
        for idea in group:
            idea.offer.created_at = at
        with moving("create", by=by, at=at):
            Offer.objects.bulk_create(idea.offer for idea in group)
        done = at + timedelta(minutes=rng.randint(4, 40))
        ready = [idea for idea in group if idea.state != states.DRAFT]
        move(ready, "submit", states.SUBMITTED, by=by, at=done, submitted_at=done)
    return days


def _link(ideas: list[Idea]) -> None:
    """Programmes and skills of the offers."""
    skills = dict(Skill.objects.values_list("slug", "pk"))
    asks, welcomes = Offer.skills.through, Offer.programmes.through
    asks.objects.bulk_create(
        asks(offer_id=idea.offer.pk, skill_id=skills[slug])
        for idea in ideas
        for slug in idea.skills
    )
    welcomes.objects.bulk_create(
        welcomes(offer_id=idea.offer.pk, programme_id=programme.pk)
        for idea in ideas
        for programme in idea.programmes
    )


def _who_may_publish(idea: Idea, staff: Staff) -> list[User]:
    """Any coordinator; for an offer that is kept for a school, one of that school."""
    school = idea.offer.earmarked_for
    return staff.coordinators[school.slug] if school else staff.everybody()


def _needs_a_word(idea: Idea) -> bool:
    """Whether mbo students may come whose programme has no known code."""
    named = idea.programmes
    unknown = any(p.code_type == "crebo" and not p.code for p in named)
    return unknown or (not named and any(level <= 4 for level in idea.offer.levels))
