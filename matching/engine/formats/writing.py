"""Problems to files; `reading` says what these hold.

Both formats hold the same problem, each in its own way. JSON has tie groups: in it the ranks of a
student have no gaps, and it says of two students which is liked better, not by how much. NPZ has
no names: there a row is known by its number. So a lottery that is drawn by id (`Problem.drawn`)
draws anew where ids come or go.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from matching.engine.arrays import Int32, Int64, ProblemError
from matching.engine.formats import npz
from matching.engine.formats.reading import PROBLEM_FORMAT, is_npz
from matching.engine.problem import ARRAYS, NO_OWNER, REFUSED, Problem

# What is written only where there is something to write.
_RARE = ("tail", "pin", "ban")


def write_problem(problem: Problem, path: Path) -> None:
    """Write a problem: as NPZ by the file's name, as JSON otherwise.

    Raises ProblemError for what JSON cannot say, and OSError for a file that cannot be written.
    """
    path.write_bytes(problem_as_npz(problem) if is_npz(path) else problem_as_json(problem))


def problem_as_npz(problem: Problem) -> bytes:
    """The arrays of a problem as the bytes of an NPZ file; the ids are left out."""
    arrays = {
        name: getattr(problem, name)
        for name in ARRAYS
        if not name.startswith(_RARE) or len(getattr(problem, f"{name.split('_')[0]}_place"))
    }
    if problem.lottery is not None:
        arrays["lottery"] = problem.lottery
    return npz.as_bytes(arrays)


def problem_as_json(problem: Problem) -> bytes:
    """A problem as the bytes of a JSON file: a line for each student, place and owner.

    Where there are no ids, the index is the id.
    Raises ProblemError for a lottery of the problem's own, and for a gap in a student's ranks.
    """
    if problem.lottery is not None:
        raise ProblemError("problem.lottery: JSON has no room for a lottery of the problem's own")
    names = {
        kind: ids or indices(count)
        for kind, ids, count in (
            ("student", problem.student_ids, problem.students),
            ("place", problem.place_ids, problem.places),
            ("owner", problem.owner_ids, problem.owners),
        )
    }
    rankings = _Rankings(problem, names["student"])
    encode = json.JSONEncoder(ensure_ascii=False).encode
    parts = [f'{{\n  "format": "{PROBLEM_FORMAT}"']
    for title, entries in (
        ("students", _students(problem, names["student"], names["place"])),
        ("places", _places(problem, names["place"], names["owner"], rankings)),
        ("owners", _owners(problem, names["owner"], rankings)),
        ("pins", _pairs(problem, "pin", names)),
        ("bans", _pairs(problem, "ban", names)),
    ):
        lines = ",\n    ".join(map(encode, entries))
        parts.append(f'"{title}": [\n    {lines}\n  ]' if lines else f'"{title}": []')
    return (",\n  ".join(parts) + "\n}\n").encode()


def indices(count: int) -> tuple[str, ...]:
    """The ids of rows that have none: their numbers."""
    return tuple(map(str, range(count)))


def _students(
    problem: Problem, names: tuple[str, ...], places: tuple[str, ...]
) -> Iterator[dict[str, Any]]:
    order = np.lexsort((problem.choice_rank, problem.choice_student))
    place, rank = problem.choice_place[order].tolist(), problem.choice_rank[order].tolist()
    start = problem.choice_start.tolist()
    after, tail_start = problem.tail_place.tolist(), problem.tail_start.tolist()
    for row, name in enumerate(names):
        mine = slice(start[row], start[row + 1])
        groups = _tie_groups(places, place[mine], rank[mine])
        if mine.start < mine.stop and rank[mine.stop - 1] != len(groups):
            raise ProblemError(
                f"{problem.student_name(row)}: {len(groups)} different ranks up to rank "
                f"{rank[mine.stop - 1]}; JSON has no gaps between ranks"
            )
        entry: dict[str, Any] = {"id": name, "choices": groups}
        tail = after[tail_start[row] : tail_start[row + 1]]
        yield {**entry, "tail": [places[one] for one in tail]} if tail else entry


def _tie_groups(names: tuple[str, ...], rows: list[int], position: list[int]) -> list[list[str]]:
    """Names in groups of equal position, which never falls."""
    groups: list[list[str]] = []
    last = None
    for row, at in zip(rows, position, strict=True):
        if at == last:
            groups[-1].append(names[row])
        else:
            groups.append([names[row]])
        last = at
    return groups


def _places(
    problem: Problem,
    names: tuple[str, ...],
    owners: tuple[str, ...],
    rankings: _Rankings,
) -> Iterator[dict[str, Any]]:
    rows = zip(
        problem.capacity.tolist(), problem.minimum.tolist(), problem.owner.tolist(), strict=True
    )
    for row, (capacity, minimum, owner) in enumerate(rows):
        entry: dict[str, Any] = {"id": names[row], "capacity": capacity}
        if minimum:
            entry["minimum"] = minimum
        if owner != NO_OWNER:
            entry["owner"] = owners[owner]
        else:
            entry |= rankings.of(problem.owners + row)
        yield entry


def _owners(
    problem: Problem, names: tuple[str, ...], rankings: _Rankings
) -> Iterator[dict[str, Any]]:
    for row, capacity in enumerate(problem.owner_capacity.tolist()):
        yield {"id": names[row], "capacity": capacity, **rankings.of(row)}


def _pairs(problem: Problem, kind: str, names: dict[str, tuple[str, ...]]) -> Iterable[list[str]]:
    student: Int32 = getattr(problem, f"{kind}_student")
    place: Int32 = getattr(problem, f"{kind}_place")
    for who, where in zip(student.tolist(), place.tolist(), strict=True):
        yield [names["student"][who], names["place"][where]]


class _Rankings:
    """The ranking of each owner, and of each place without one, its number counted after these.

    Only students who name such a place are in it; where all these tie, no ranking is needed.
    """

    def __init__(self, problem: Problem, names: tuple[str, ...]) -> None:
        self._names = names
        ranker, self._student, self._priority = _standings(problem)
        starts = np.flatnonzero(np.diff(ranker, prepend=-1))
        ends = np.append(starts[1:], len(ranker))
        least = np.minimum.reduceat(self._priority, starts) if len(starts) else starts
        most = np.maximum.reduceat(self._priority, starts) if len(starts) else starts
        # All refused is no tie: theirs is a ranking of nobody.
        needed = (least < most) | (most == REFUSED)
        self._rows = {
            number: slice(start, end)
            for number, start, end in zip(
                ranker[starts[needed]].tolist(),
                starts[needed].tolist(),
                ends[needed].tolist(),
                strict=True,
            )
        }

    def of(self, ranker: int) -> dict[str, list[list[str]]]:
        """The entry ``ranking`` where one is needed, and else none."""
        if ranker not in self._rows:
            return {}
        rows = self._rows[ranker]
        priority = self._priority[rows].tolist()
        accepted = bisect_left(priority, REFUSED)
        student = self._student[rows].tolist()
        return {"ranking": _tie_groups(self._names, student[:accepted], priority[:accepted])}


def _standings(problem: Problem) -> tuple[Int64, Int64, Int32]:
    """Ranker, student and priority, once for each pair, by ranker and then by priority."""
    owner = problem.owner.astype(np.int64)
    alone = problem.owners + np.arange(problem.places)
    place = np.concatenate([problem.choice_place, problem.tail_place])
    student = np.concatenate([problem.choice_student, problem.tail_student]).astype(np.int64)
    priority = np.concatenate([problem.choice_priority, problem.tail_priority])
    pair = np.where(owner != NO_OWNER, owner, alone)[place] * max(1, problem.students) + student
    pair, row = np.unique(pair, return_index=True)
    ranker, student = np.divmod(pair, max(1, problem.students))
    order = np.lexsort((student, priority[row], ranker))
    return ranker[order], student[order], priority[row][order]
