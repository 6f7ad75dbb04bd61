"""Instances to try: small ones in words, and hypothesis strategies with tastes of their own."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from matching.engine import Offers, Problem, Students

# A day in days since an origin; a Monday, although nothing depends on it.
DAY = 20_000

# No database of examples: what the tests do depends on nothing that an earlier run left behind.
few = settings(max_examples=60, deadline=None, database=None)
many = settings(max_examples=250, deadline=None, database=None)


@dataclass(frozen=True)
class Instance:
    """A problem in words: what `Problem.of` takes, so that it can be shuffled and misreported."""

    choices: dict[str, list[list[str]]]
    capacity: dict[str, int]
    rankings: dict[str, list[list[str]]]
    minimum: dict[str, int]
    lottery: dict[str, int]
    owners: dict[str, str] = field(default_factory=dict)
    owner_capacity: dict[str, int] = field(default_factory=dict)
    tails: dict[str, list[str]] = field(default_factory=dict)
    pins: list[tuple[str, str]] = field(default_factory=list)
    bans: list[tuple[str, str]] = field(default_factory=list)

    def problem(self, **changes: Any) -> Problem:
        return Problem.of(**{**self.__dict__, **changes})

    def but(self, **changes: Any) -> Instance:
        return replace(self, **changes)


@st.composite
def tie_groups(draw: Callable[..., Any], names: Sequence[str], at_most: int) -> list[list[str]]:
    """Some of the names, in an order with ties."""
    some = draw(st.lists(st.sampled_from(names), unique=True, max_size=at_most)) if names else []
    groups: list[list[str]] = []
    for name in some:
        if groups and draw(st.booleans()):
            groups[-1].append(name)
        else:
            groups.append([name])
    return groups


@st.composite
def instances(
    draw: Callable[..., Any], students: int = 5, places: int = 4, choices: int = 4
) -> Instance:
    """Both sides with independent tastes, ties on both, zero seats, empty lists, refusals."""
    who = [f"s{i}" for i in range(draw(st.integers(0, students)))]
    where = [f"p{j}" for j in range(draw(st.integers(0, places)))]
    capacity = {name: draw(st.integers(0, 3)) for name in where}
    ranked = [name for name in where if draw(st.booleans())]
    return Instance(
        choices={name: draw(tie_groups(where, choices)) for name in who},
        capacity=capacity,
        rankings={name: draw(tie_groups(who, students)) for name in ranked},
        minimum={name: draw(st.integers(0, capacity[name])) for name in where},
        lottery=dict(zip(who, draw(st.permutations(range(len(who)))), strict=True)),
    )


def random_groups(rng: random.Random, names: Sequence[str], at_most: int) -> list[list[str]]:
    """Some of the names, in an order with ties."""
    groups: list[list[str]] = []
    for name in rng.sample(list(names), rng.randint(0, min(at_most, len(names)))):
        if groups and rng.random() < 0.45:
            groups[-1].append(name)
        else:
            groups.append([name])
    return groups


def random_market(
    rng: random.Random, students: int = 5, places: int = 4, *, teams: bool = True
) -> Instance:
    """All that a problem may hold: owners, ties on both sides, refusals, zero seats, minimums,
    tails, pins outside list and ranking, bans."""
    who = [f"s{i}" for i in range(students)]
    where = [f"p{j}" for j in range(places)]
    capacity = {place: rng.choice([0, 1, 1, 1, 2, 3]) for place in where}
    owners = {place: owner for place in where if (owner := rng.choice(["c0", "c1", ""]))}
    room = {owner: rng.randint(0, 3) for owner in ("c0", "c1")}
    rankers = [*(place for place in where if place not in owners), *room]
    minimum = {p: rng.randint(1, capacity[p]) for p in where if capacity[p] and rng.random() < 0.4}
    choices = {student: random_groups(rng, where, 4) for student in who}
    tails = {
        student: left
        for student in who
        if rng.random() < 0.4
        and (left := [p for p in where if all(p not in group for group in choices[student])])
    }
    pins: list[tuple[str, str]] = []
    held: dict[str, int] = {}
    for student in who:
        place = rng.choice(where) if where and rng.random() < 0.15 else None
        if place is not None and held.get(place, 0) < capacity[place]:
            owner = owners.get(place, "")
            if not owner or held.get(owner, 0) < room[owner]:
                pins.append((student, place))
                held[place] = held.get(place, 0) + 1
                held[owner] = held.get(owner, 0) + 1
    pairs = [(student, place) for student in who for place in where]
    return Instance(
        choices=choices,
        capacity=capacity,
        rankings={one: random_groups(rng, who, 9) for one in rankers if rng.random() < 0.6},
        minimum=minimum if teams else {},
        lottery=dict(zip(who, rng.sample(range(len(who)), len(who)), strict=True)),
        owners=owners,
        owner_capacity=room,
        tails=tails,
        pins=pins,
        bans=[pair for pair in pairs if pair not in pins and rng.random() < 0.1],
    )


def markets(students: int = 5, places: int = 4, *, teams: bool = True) -> Any:
    """The same as a strategy; a seed, because a draw for each pair would take far longer."""

    def market(seed: int, most: int, where: int) -> Instance:
        return random_market(random.Random(seed), most, where, teams=teams)

    sizes = st.integers(0, students), st.integers(0, places)
    return st.builds(market, st.integers(0, 2**40), *sizes)


def random_problem(
    seed: int, n: int, m: int, choices: int, *, owners: int = 0, teams: bool = True
) -> Problem:
    """A larger instance: popular and unpopular places, ties on both sides, scarce seats; with
    owners, each has a ranking of its own and room for two of three seats."""
    rng = np.random.default_rng(seed)
    popularity = rng.pareto(2.0, m) + 0.2
    popularity /= popularity.sum()
    place = np.stack([rng.choice(m, choices, replace=False, p=popularity) for _ in range(n)])
    rank = np.sort(rng.integers(1, choices + 1, (n, choices)), axis=1)
    capacity = rng.integers(0, max(2, 2 * n // m), m)
    priority = rng.integers(0, 5, (n, choices))
    owner = np.full(m, -1)
    room = np.zeros(owners, np.int32)
    if owners:
        owner = rng.integers(-1, owners, m)
        owned = owner[place] >= 0
        priority = np.where(
            owned,
            rng.integers(0, 5, (n, owners + 1))[np.arange(n)[:, None], owner[place]],
            priority,
        )
        np.add.at(room, owner[owner >= 0], capacity[owner >= 0])
    return Problem(
        choice_start=np.arange(n + 1, dtype=np.int64) * choices,
        choice_place=place.ravel().astype(np.int32),
        choice_rank=rank.ravel().astype(np.int32),
        choice_priority=priority.ravel().astype(np.int32),
        capacity=capacity.astype(np.int32),
        minimum=np.where(teams, rng.integers(0, capacity + 1), 0).astype(np.int32),
        owner=owner.astype(np.int32),
        owner_capacity=(2 * room // 3).astype(np.int32),
        lottery=rng.permutation(n).astype(np.uint64),
    )


def students(rows: int = 1, *, skill_count: int = 3, **changes: Any) -> Students:
    """Students of whom each passes every rule at an offer from `offers`; then the changes."""
    fields: dict[str, Any] = {
        "level": np.full(rows, 4, np.int8),
        "programme": np.full(rows, 70, np.int32),
        "crebo": np.full(rows, 25_000, np.int32),
        "school": np.full(rows, 1, np.int32),
        "start": np.full(rows, DAY, np.int32),
        "end": np.full(rows, DAY + 139, np.int32),
        "min_weeks": np.full(rows, 20, np.int16),
        "days": np.full(rows, 4, np.int8),
        "lat": np.full(rows, 52.5, np.float64),
        "lon": np.full(rows, 6.1, np.float64),
        "max_km": np.full(rows, 25.0, np.float64),
        "skills": np.zeros((rows, skill_count), np.bool_),
        "wants": np.zeros((rows, skill_count), np.bool_),
    }
    return Students(**_changed(fields, changes))


def offers(rows: int = 1, *, skill_count: int = 3, **changes: Any) -> Offers:
    """Offers at the same spot and in the same weeks as `students`; then the changes."""
    fields: dict[str, Any] = {
        "levels": np.tile(np.array([0, 0, 0, 1, 1, 0, 0], np.bool_), (rows, 1)),
        "programmes": np.tile(np.array([1, 0], np.bool_), (rows, 1)),
        "programme_ids": np.array([70, 30], np.int32),
        "any_programme": np.zeros(rows, np.bool_),
        "accredited": np.tile(np.array([0, 1], np.bool_), (rows, 1)),
        "crebo_codes": np.array([26_000, 25_000], np.int32),
        "accreditation_confirmed": np.zeros(rows, np.bool_),
        "start": np.full(rows, DAY, np.int32),
        "end": np.full(rows, DAY + 139, np.int32),
        "days_min": np.full(rows, 3, np.int8),
        "days_max": np.full(rows, 5, np.int8),
        "lat": np.full(rows, 52.5, np.float64),
        "lon": np.full(rows, 6.1, np.float64),
        "capacity": np.full(rows, 2, np.int32),
        "minimum": np.zeros(rows, np.int32),
        "earmark": np.full(rows, -1, np.int32),
        "whole_period": np.zeros(rows, np.bool_),
        "skills": np.zeros((rows, skill_count), np.bool_),
    }
    return Offers(**_changed(fields, changes))


def random_students(rng: np.random.Generator, rows: int) -> Students:
    start = DAY + rng.integers(0, 60, rows)
    return students(
        rows,
        level=rng.choice([2, 3, 4, 6], rows),
        programme=rng.choice([70, 30, 99], rows),
        crebo=rng.choice([-1, 0, 25_000, 26_000, 27_000], rows),
        school=rng.integers(0, 3, rows),
        start=start,
        end=start + rng.integers(0, 200, rows),
        min_weeks=rng.choice([0, 1, 10, 20], rows),
        days=rng.integers(1, 6, rows),
        lat=rng.uniform(52.3, 52.7, rows),
        lon=rng.uniform(5.9, 6.4, rows),
        max_km=rng.choice([0.0, 10.0, 30.0], rows),
        skills=rng.random((rows, 3)) < 0.5,
        wants=rng.random((rows, 3)) < 0.5,
    )


def random_offers(rng: np.random.Generator, rows: int) -> Offers:
    start = DAY + rng.integers(0, 60, rows)
    least = rng.integers(1, 6, rows)
    return offers(
        rows,
        levels=rng.random((rows, 7)) < 0.7,
        programmes=rng.random((rows, 2)) < 0.5,
        any_programme=rng.random(rows) < 0.3,
        accredited=rng.random((rows, 2)) < 0.5,
        accreditation_confirmed=rng.random(rows) < 0.5,
        start=start,
        end=start + rng.integers(0, 200, rows),
        days_min=least,
        days_max=np.minimum(least + rng.integers(0, 3, rows), 7),
        lat=rng.uniform(52.3, 52.7, rows),
        lon=rng.uniform(5.9, 6.4, rows),
        earmark=rng.integers(-1, 3, rows),
        whole_period=rng.random(rows) < 0.3,
        skills=rng.random((rows, 3)) < 0.5,
    )


def _changed(fields: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Numbers and lists take the dtype of the field; what is of another kind is taken as it is
    given, so that a test can also give what is wrong."""
    changed = dict(fields)
    for name, value in changes.items():
        field = fields[name]
        other_kind = isinstance(value, np.ndarray) and value.dtype.kind != field.dtype.kind
        if value is None or other_kind:
            changed[name] = value
        elif np.ndim(value) == 0:
            changed[name] = np.full_like(field, value)
        else:
            changed[name] = np.asarray(value).astype(field.dtype)
    return changed
