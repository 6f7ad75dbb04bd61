"""The slow truth about largest assignments: another method, another program, solved anew each time.

scipy's maximum flow over the network as the definition has it, with owners; and instances in which
seats, owners' room, pins, bans and refusals all get in the way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from matching.engine import Problem
from matching.engine.arrays import Int32
from matching.engine.contest import Contest
from tests.engine.instances import tie_groups


def most_placed(
    contest: Contest,
    *,
    without: Collection[int] = (),
    closed: Collection[int] = (),
    seats: dict[int, int] | None = None,
    kind: Collection[int] = (),
    kind_seats: int = 0,
) -> int:
    """How many students can have a place, by maximum flow from scratch.

    without            students who stay away
    closed             places that have no seats
    seats              seats more (or fewer) at these places, and as much room at their owners
    kind, kind_seats   the students who would accept a new place, and its seats
    """
    capacity, room = contest.capacity.copy(), contest.owner_capacity.copy()
    for place, more in (seats or {}).items():
        capacity[place] += more
        room[contest.owner[place]] += more
    capacity[list(closed)] = 0
    n, m, owners = contest.students, contest.places, len(room)
    source, sink, new = n + m + owners, n + m + owners + 1, n + m + owners + 2
    arcs = [(source, student, int(student not in without)) for student in range(n)]
    arcs += [(student, n + place, 1) for student, place in rows_of(contest)]
    arcs += [(n + p, n + m + contest.owner[p], capacity[p]) for p in range(m)]
    arcs += [(n + m + owner, sink, room[owner]) for owner in range(owners)]
    arcs += [(student, new, 1) for student in kind] + [(new, sink, kind_seats)]
    tail, head, size = np.array(arcs, dtype=np.int32).T
    graph = csr_array((size, (tail, head)), shape=(new + 1, new + 1))
    return int(maximum_flow(graph, source, sink).flow_value)


def rows_of(contest: Contest) -> list[tuple[int, int]]:
    """The pairs that may be granted."""
    return list(zip(contest.student.tolist(), contest.place.tolist(), strict=True))


def is_assignment(contest: Contest, place: Int32) -> bool:
    """Within lists, seats, and owners' room."""
    rows = set(rows_of(contest))
    placed = [(student, at) for student, at in enumerate(place.tolist()) if at != -1]
    load = np.bincount(place[place >= 0], minlength=contest.places)
    room = np.bincount(contest.owner, load, len(contest.owner_capacity))
    return (
        all(pair in rows for pair in placed)
        and bool(np.all(load <= contest.capacity))
        and bool(np.all(room <= contest.owner_capacity))
    )


@st.composite
def scarce(draw: Callable[..., Any], students: int = 7, places: int = 5) -> Problem:
    """Few seats, owners with room for some of them, pins, bans, refusals, tails, minimums."""
    who = [f"s{i}" for i in range(draw(st.integers(0, students)))]
    where = [f"p{j}" for j in range(draw(st.integers(1, places)))]
    companies = [f"c{k}" for k in range(draw(st.integers(0, 2)))]
    capacity = {name: draw(st.integers(0, 3)) for name in where}
    owners = {name: draw(st.sampled_from(companies)) for name in where if companies}
    owners = {name: owners[name] for name in owners if draw(st.integers(0, 3))}
    picky = [name for name in (*where, *companies) if name not in owners]
    picky = [name for name in picky if not draw(st.integers(0, 3))]
    pairs = [(a, b) for a in who for b in where]
    one = st.lists(st.sampled_from(pairs), max_size=1) if pairs else st.just([])
    pins = [(a, b) for a, b in draw(one) if capacity[b] > 0]
    bans = [pair for pair in draw(one) if pair not in pins]
    choices = {name: draw(tie_groups(where, 3)) for name in who}
    room = {name: draw(st.integers(0, 4)) for name in companies}
    for _, place in pins:
        if place in owners:
            room[owners[place]] += 1
    ranked = {name: {place for group in choices[name] for place in group} for name in who}
    return Problem.of(
        choices,
        capacity,
        rankings={name: draw(tie_groups(who, students)) for name in picky},
        tails={
            name: [p for p in where if p not in ranked[name] and not draw(st.integers(0, 3))]
            for name in who
        },
        minimum={name: draw(st.integers(0, capacity[name])) for name in where},
        owners=owners,
        owner_capacity=room,
        pins=pins,
        bans=bans,
    )


def crowded(seed: int, students: int, seats_per_student: float = 1.0) -> Contest:
    """Short lists, popular and unpopular places, owners who can take four fifths of their seats."""
    rng = np.random.default_rng(seed)
    m = max(4, students // 3)
    owners = m // 4
    weight = (1 / (1 + rng.permutation(m))) ** 0.5
    choices = rng.integers(1, 4, students)
    drawn = [rng.choice(m, length, False, weight / weight.sum()) for length in choices]
    seats = rng.multinomial(int(seats_per_student * students), np.full(m, 1 / m))
    owner = rng.integers(-1, owners, m)
    room = np.ceil(0.8 * np.bincount(owner[owner >= 0], seats[owner >= 0], owners))
    problem = Problem(
        choice_start=np.append(0, np.cumsum(choices)),
        choice_place=np.concatenate(drawn).astype(np.int32),
        choice_rank=np.ones(choices.sum(), dtype=np.int32),
        choice_priority=np.zeros(choices.sum(), dtype=np.int32),
        capacity=seats.astype(np.int32),
        owner=owner.astype(np.int32),
        owner_capacity=room.astype(np.int32),
    )
    return Contest.of(problem, None)
