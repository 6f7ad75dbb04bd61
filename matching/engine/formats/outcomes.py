"""Outcomes to files and back.

JSON, with the ids of the problem, or indices where it has none:

    {"format": "topcentrum-outcome/1", "assignment": {"s1": "p1", "s2": null}, "placed": 1,
     "bound": 1, "rank_sum": 1, "profile": [1], "blocking_pairs": 0, "closed": [],
     "below_minimum": [], "effort": "standard", "seed": 1, "fingerprint": "…"}

NPZ: ``place`` int32 (n), −1 unplaced, and an array for each of the figures: ``placed``, ``bound``,
``rank_sum``, ``blocking_pairs`` int64 (), ``profile`` int64, ``closed``, ``below_minimum`` int32,
``seed`` int64, empty for none, ``effort`` and ``fingerprint`` a text each.

Equal outcomes make equal bytes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from matching.engine.arrays import Int32, ProblemError, read_only
from matching.engine.checker import verify
from matching.engine.formats import npz, tree
from matching.engine.formats.groups import names_to_rows, row_named
from matching.engine.formats.reading import is_npz, read_tree
from matching.engine.formats.writing import indices
from matching.engine.outcome import UNPLACED, Outcome, ranks
from matching.engine.problem import Problem

OUTCOME_FORMAT = "topcentrum-outcome/1"

# The figures in the order of a JSON file, with the dtype and the dimensions that they have in NPZ.
_FIGURES: dict[str, tuple[type[np.generic], int]] = {
    "placed": (np.int64, 0),
    "bound": (np.int64, 0),
    "rank_sum": (np.int64, 0),
    "profile": (np.int64, 1),
    "blocking_pairs": (np.int64, 0),
    "closed": (np.int32, 1),
    "below_minimum": (np.int32, 1),
    "effort": (np.str_, 0),
    "seed": (np.int64, 1),
    "fingerprint": (np.str_, 0),
}
_LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True, eq=False)
class Claims:
    """What a file says an outcome is; whether it is true, `verify` finds out.

    outcome         with the figures of the file, but for ``rank``, which files do not hold
    blocking_pairs  how many there are said to be
    """

    outcome: Outcome
    blocking_pairs: int


def write_outcome(problem: Problem, outcome: Outcome, path: Path) -> None:
    """Write an outcome, with its blocking pairs counted: as NPZ by the file's name, else as JSON.

    Raises OSError for a file that cannot be written.
    """
    as_bytes = outcome_as_npz if is_npz(path) else outcome_as_json
    path.write_bytes(as_bytes(problem, outcome, len(verify(problem, outcome).blocking_pairs)))


def outcome_as_json(problem: Problem, outcome: Outcome, blocking_pairs: int) -> bytes:
    """An outcome as the bytes of a JSON file: a line for each student, and one for each figure."""
    students, places = _student_ids(problem), _place_ids(problem)
    where = (None if one == UNPLACED else places[one] for one in outcome.place.tolist())
    figures = {
        **_figures(outcome, blocking_pairs),
        "closed": [places[one] for one in outcome.closed],
        "below_minimum": [places[one] for one in outcome.below_minimum],
    }
    assignment = json.dumps(
        dict(zip(students, where, strict=True)),
        ensure_ascii=False,
        # An indent would have Python write each line itself, which takes ten times as long.
        separators=(",\n    ", ": "),
    )
    if students:
        assignment = f"{{\n    {assignment[1:-1]}\n  }}"
    lines = [
        f'"format": "{OUTCOME_FORMAT}"',
        f'"assignment": {assignment}',
        *(f'"{key}": {json.dumps(figures[key], ensure_ascii=False)}' for key in _FIGURES),
    ]
    return ("{\n  " + ",\n  ".join(lines) + "\n}\n").encode()


def outcome_as_npz(problem: Problem, outcome: Outcome, blocking_pairs: int) -> bytes:
    """An outcome as the bytes of an NPZ file.

    Raises ProblemError for a seed that does not fit into 64 bits.
    """
    if outcome.seed is not None and outcome.seed > _LARGEST_SEED:
        raise ProblemError(f"seed {outcome.seed}: NPZ has room up to {_LARGEST_SEED}")
    figures = _figures(outcome, blocking_pairs)
    figures["seed"] = [] if outcome.seed is None else [outcome.seed]
    arrays = {"place": outcome.place}
    return npz.as_bytes(
        arrays | {name: np.array(figures[name], dtype) for name, (dtype, _) in _FIGURES.items()}
    )


def _figures(outcome: Outcome, blocking_pairs: int) -> dict[str, Any]:
    figures = {name: getattr(outcome, name) for name in _FIGURES if name != "blocking_pairs"}
    return {**figures, "blocking_pairs": blocking_pairs}


def _student_ids(problem: Problem) -> tuple[str, ...]:
    return indices(problem.students) if problem.student_ids is None else problem.student_ids


def _place_ids(problem: Problem) -> tuple[str, ...]:
    return indices(problem.places) if problem.place_ids is None else problem.place_ids


def read_outcome(problem: Problem, path: Path) -> Claims:
    """What a file says of an outcome to this problem, true or not.

    Raises ProblemError, naming the place in the file, for what cannot be read or is missing, and
    for students and places that the problem does not have; OSError where there is no file.
    """
    if is_npz(path):
        said = _said_in_arrays(problem, npz.read_arrays(path, ("place", *_FIGURES), ()))
    else:
        said = _said_in_tree(problem, read_tree(path, OUTCOME_FORMAT, ("assignment", *_FIGURES)))
    blocking_pairs = said.pop("blocking_pairs")
    rank = read_only(ranks(problem, said["place"]))
    return Claims(Outcome(rank=rank, **said), blocking_pairs)


def _said_in_arrays(problem: Problem, arrays: dict[str, npz.Array]) -> dict[str, Any]:
    _require(arrays, "place", np.int32, 1, problem.students)
    for name, (dtype, dimensions) in _FIGURES.items():
        _require(arrays, name, dtype, dimensions)
    if len(arrays["seed"]) > 1:
        raise ProblemError(f"seed: {len(arrays['seed'])} numbers given, one or none expected")
    said = {name: arrays[name].tolist() for name in _FIGURES}
    return {
        **{
            name: tuple(value) if isinstance(value, list) else value for name, value in said.items()
        },
        "place": read_only(arrays["place"]),
        "seed": said["seed"][0] if said["seed"] else None,
    }


def _require(
    arrays: dict[str, npz.Array],
    name: str,
    dtype: type[np.generic],
    dimensions: int,
    length: int | None = None,
) -> None:
    array = arrays[name]
    # Of texts each length is a dtype of its own.
    given = np.dtype(np.str_) if array.dtype.kind == "U" else array.dtype
    if given != np.dtype(dtype):
        raise ProblemError(f"{name}: {np.dtype(dtype).name} expected, {given.name} given")
    if array.ndim != dimensions:
        raise ProblemError(f"{name}: {dimensions} dimension(s) expected, {array.ndim} given")
    if length is not None and len(array) != length:
        raise ProblemError(f"{name}: {len(array)} numbers given, {length} expected")


def _said_in_tree(problem: Problem, top: dict[str, Any]) -> dict[str, Any]:
    student = {name: row for row, name in enumerate(_student_ids(problem))}
    place = {name: row for row, name in enumerate(_place_ids(problem))}

    def assignment(value: Any) -> Int32:
        return _seats(value, student, place)

    def places(value: Any) -> tuple[int, ...]:
        return tuple(names_to_rows(value, place, "place", set()))

    def counts(value: Any) -> tuple[int, ...]:
        return tuple(map(tree.whole, tree.listed(value)))

    def seed(value: Any) -> int | None:
        return None if value is None else tree.whole(value)

    read = {
        **dict.fromkeys(("placed", "bound", "rank_sum", "blocking_pairs"), tree.whole),
        **dict.fromkeys(("closed", "below_minimum"), places),
        **dict.fromkeys(("effort", "fingerprint"), tree.text),
        "profile": counts,
        "seed": seed,
    }
    said = {name: tree.field(top, name, read[name]) for name in _FIGURES}
    return {**said, "place": tree.field(top, "assignment", assignment)}


def _seats(value: Any, student: dict[str, int], place: dict[str, int]) -> Int32:
    """Where each student sits, if the object names every student of the problem and nobody else."""
    seats = np.full(len(student), UNPLACED, dtype=np.int32)
    named = tree.record(value, (), value if isinstance(value, dict) else ())
    for who, where in named.items():
        row = row_named(who, student, "student")
        if where is not None:
            try:
                seats[row] = row_named(where, place, "place")
            except ProblemError as error:
                raise tree.within(tree.quoted(who), error) from None
    for who in student:
        if who not in named:
            raise ProblemError(f"student {tree.quoted(who)} is missing")
    return read_only(seats)
