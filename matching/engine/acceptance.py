"""Deferred acceptance: students ask, places hold the best claims, nobody is final until the end.

Source: Gale and Shapley (1962), "College admissions and the stability of marriage", American
Mathematical Monthly 69(1). Ties broken beforehand: Irving, Manlove and Scott (2000), "The
hospitals/residents problem with ties", SWAT 2000. That no student gains by ranking untruthfully:
Roth (1982), "The economics of matching", Mathematics of Operations Research 7(4).
"""

from __future__ import annotations

from heapq import heappush, heapreplace

import numpy as np

from matching.engine.arrays import Int32, Int64
from matching.engine.lottery import pair_draws
from matching.engine.outcome import UNPLACED
from matching.engine.problem import Problem


def deferred_acceptance(problem: Problem) -> Int32:
    """The student-optimal stable assignment once ties are broken: int32 (n), −1 is unplaced.

    1. Break the ties on both sides (`asking_order`, `claim_strength`). All students are free, all
       seats are empty.
    2. As long as a free student has a choice left that was not asked yet, the student asks the
       best of these.
    3. The place has an empty seat: it holds the student, for the time being.
    4. The place is full: it compares the student with the weakest claim that it holds. The weaker
       of the two is free again, and goes on with step 2.
    5. When no free student has a choice left, what is held becomes final.

    The order in which free students take their turn does not change the result (Gale and Shapley
    1962; McVitie and Wilson 1971, "The stable marriage problem", Communications of the ACM 14).
    Each choice is asked at most once: O(E log of the largest capacity), after sorting.
    """
    asking = asking_order(problem).tolist()
    strength = claim_strength(problem).tolist()
    place_of = problem.choice_place.tolist()
    capacity = problem.capacity.tolist()
    next_choice = problem.choice_start[:-1].tolist()
    last_choice = problem.choice_start[1:].tolist()
    # Per place what it holds, as (strength, student); the weakest claim lies on top of the heap.
    held: list[list[tuple[int, int]]] = [[] for _ in range(problem.places)]

    for newcomer in range(problem.students):
        free = newcomer
        while next_choice[free] < last_choice[free]:
            choice = asking[next_choice[free]]
            next_choice[free] += 1
            place = place_of[choice]
            seats = held[place]
            if len(seats) < capacity[place]:
                heappush(seats, (strength[choice], free))
                break
            if seats and seats[0][0] < strength[choice]:
                free = heapreplace(seats, (strength[choice], free))[1]

    assignment = np.full(problem.students, UNPLACED, dtype=np.int32)
    for place, seats in enumerate(held):
        for _, student in seats:
            assignment[student] = place
    return assignment


def asking_order(problem: Problem) -> Int64:
    """The choices of each student in the order in which they are asked: int64 (E).

    By rank. Within a tie group, first where the student's claim is better (there a refusal is
    less likely), then by a draw for the pair. None of these looks at the order of the input.
    Students keep their rows: ``[choice_start[i] : choice_start[i + 1]]`` are those of student i.
    """
    draw = pair_draws(
        problem.lottery[problem.choice_student], problem.place_number[problem.choice_place]
    )
    keys = (draw, problem.choice_priority, problem.choice_rank, problem.choice_student)
    return np.lexsort(keys)


def claim_strength(problem: Problem) -> Int64:
    """How strong the claim behind each choice is: int64 (E), higher is stronger, all different.

    By the place's priority; equal priorities by the student's lottery number.
    """
    strongest_first = np.lexsort((problem.lottery[problem.choice_student], problem.choice_priority))
    strength = np.empty(len(strongest_first), dtype=np.int64)
    strength[strongest_first] = np.arange(len(strongest_first), 0, -1)
    return strength
