"""``bottlenecks``: who competes for too few openings, and where one more would help."""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from matching.engine.arrays import Int32, Int64
from matching.engine.commands.explaining import read_sound_outcome
from matching.engine.commands.streams import answer, answer_line, printable, read_problem
from matching.engine.formats.writing import indices
from matching.engine.problem import Problem

BOTTLENECKS_FORMAT = "topcentrum-bottlenecks/1"

CAUSES = {
    "openings": "there are too few openings",
    "closed": "a project does not start",
    "stability": "preferences and priorities stand in the way",
}

# A table is for reading; all there is goes to programs.
_MOST_ROWS = 20
_MOST_NAMES = 5


def run_bottlenecks(arguments: argparse.Namespace) -> int:
    """Show the crowds and the openings that would help, as tables or as JSON.

    Raises ProblemError for files that cannot be meant, and OSError.
    """
    problem = read_problem(arguments.problem)
    outcome = None
    if arguments.outcome is not None:
        outcome = read_sound_outcome(problem, arguments.outcome)
    # By name, because it brings a compiler, which the other commands do without.
    module = importlib.import_module("matching.engine.bottlenecks")
    found = module.bottlenecks(problem, outcome, openings=arguments.openings)
    causes = None if outcome is None else _students_by_cause(module.Cause, found.cause)
    if arguments.json:
        answer(_as_json(problem, found, causes))
    else:
        for line in _tables(problem, found, causes):
            answer_line(line)
    return 0


def _students_by_cause(causes: Iterable[Any], cause: Any) -> dict[str, list[int]]:
    return {
        one.name.lower(): np.flatnonzero(cause == one).tolist()
        for one in causes
        if one.name != "NONE"
    }


class _Names:
    """Ids, or indices where there are none."""

    def __init__(self, problem: Problem) -> None:
        self.students = problem.student_ids or indices(problem.students)
        self.places = problem.place_ids or indices(problem.places)
        self.owners = problem.owner_ids or indices(problem.owners)


def _owners_in(problem: Problem, crowd: Any) -> list[int]:
    # Beyond the owners of the problem stand places that own themselves.
    return [int(one) for one in crowd.owners if one < problem.owners]


def _as_json(problem: Problem, found: Any, causes: dict[str, list[int]] | None) -> bytes:
    names = _Names(problem)
    helpful = np.flatnonzero(found.gain[:, 0] > 0).tolist()
    content: dict[str, Any] = {
        "format": BOTTLENECKS_FORMAT,
        "bound": found.bound,
        "shortage": found.shortage,
        "crowds": [
            {
                "students": [names.students[one] for one in crowd.students],
                "places": [names.places[one] for one in crowd.places],
                "owners": [names.owners[one] for one in _owners_in(problem, crowd)],
                "openings": crowd.openings,
                "shortage": crowd.shortage,
            }
            for crowd in found.crowds
        ],
        "gain": {names.places[one]: found.gain[one].tolist() for one in helpful},
        "slack": [names.places[one] for one in np.flatnonzero(found.slack)],
        "surplus": {
            names.places[one]: int(found.surplus[one]) for one in np.flatnonzero(found.surplus)
        },
    }
    if causes is not None:
        content["unplaced"] = {
            cause: [names.students[one] for one in students] for cause, students in causes.items()
        }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _tables(problem: Problem, found: Any, causes: dict[str, list[int]] | None) -> Iterator[str]:
    yield (
        f"at most {found.bound} of {problem.students} students can be placed; "
        f"{found.shortage} ask for a place in vain, whatever the assignment"
    )
    for cause, students in (causes or {}).items():
        yield f"unplaced because {CAUSES[cause]}: {len(students)}"
    if found.crowds:
        yield from _crowd_table(_Names(problem), found.crowds)
    helpful = np.flatnonzero(found.gain[:, 0] > 0)
    if helpful.size:
        best = helpful[np.argsort(-found.gain[helpful].sum(axis=1), kind="stable")]
        yield from _gain_table(_Names(problem), found.gain, best)


def _crowd_table(names: _Names, crowds: Sequence[Any]) -> Iterator[str]:
    rows = [
        (
            str(number),
            str(len(crowd.students)),
            str(crowd.openings),
            str(crowd.shortage),
            _some([names.places[one] for one in crowd.places]),
        )
        for number, crowd in enumerate(crowds[:_MOST_ROWS], start=1)
    ]
    title = ("crowd", "students", "openings", "shortage", "places")
    yield from _table([title, *rows], len(crowds))


def _gain_table(names: _Names, gain: Int32, best: Int64) -> Iterator[str]:
    rows = [
        (names.places[place], *map(str, gain[place].tolist()))
        for place in best[:_MOST_ROWS].tolist()
    ]
    title = ("more openings", *(f"+{number}" for number in range(1, gain.shape[1] + 1)))
    yield from _table([title, *rows], len(best))


def _table(rows: Sequence[Sequence[str]], total: int) -> Iterator[str]:
    """An empty line, the rows in columns, and how many more there are; the first row is the title.

    total  how many there are without the title, also where not all are given
    """
    shown = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    yield ""
    for row in shown:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
    if total > len(shown) - 1:
        yield f"and {total - len(shown) + 1} more; --json has all"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
