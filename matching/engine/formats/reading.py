"""Problems from files.

JSON, where everything has a name:

    {"format": "topcentrum-problem/1",
     "students": [{"id": "s1", "choices": [["p1"], ["p2", "p3"]], "tail": ["p4"]}],
     "places": [{"id": "p1", "capacity": 2, "minimum": 0, "owner": "c1"},
                {"id": "p2", "capacity": 1, "ranking": [["s1"]]}],
     "owners": [{"id": "c1", "capacity": 3, "ranking": [["s1"], ["s2", "s3"]]}],
     "pins": [["s1", "p1"]],
     "bans": []}

Lists of lists are tie groups, best first. Who has no ranking ties all students; a student who is
missing from a ranking is not accepted. ``choices``, ``tail``, ``minimum``, ``owner``, ``ranking``,
``owners``, ``pins`` and ``bans`` may be left out.

NPZ, where everything has a number: the arrays of `Problem` under their own names, of which those
that `Problem` can do without may be left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from matching.engine.arrays import Int32, Int64, ProblemError
from matching.engine.formats import npz, tree
from matching.engine.formats.groups import GroupedLists, names_to_rows, priorities, row_named

PROBLEM_FORMAT = "topcentrum-problem/1"

# What an NPZ file must hold, and what it may hold.
_NEEDED = ("choice_start", "choice_place", "choice_rank", "choice_priority", "capacity")
_OPTIONAL = (
    "minimum",
    "owner",
    "owner_capacity",
    "tail_start",
    "tail_place",
    "tail_priority",
    "pin_student",
    "pin_place",
    "ban_student",
    "ban_place",
    "lottery",
)


def read_problem(path: Path) -> dict[str, Any]:
    """The fields of a `Problem`: from NPZ by its name, from JSON otherwise.

    Raises ProblemError, naming the place in the file, for what cannot be read, and OSError where
    there is no file. What the numbers mean together is checked by `Problem` itself.
    """
    if is_npz(path):
        return dict(npz.read_arrays(path, _NEEDED, _OPTIONAL))
    with tree.collector_at_rest():
        top = read_tree(path, PROBLEM_FORMAT, ("students", "places"), ("owners", "pins", "bans"))
        return _fields_from(top)


def is_npz(path: Path) -> bool:
    """Whether a file is NPZ, by its name.

    Raises ProblemError for a directory, which is neither.
    """
    if path.is_dir():
        raise ProblemError("a file expected, a directory given")
    return path.suffix.lower() == ".npz"


def read_tree(
    path: Path, expected: str, required: Sequence[str], optional: Sequence[str] = ()
) -> dict[str, Any]:
    """The object that a JSON file holds: of the expected format, with these keys and no others.

    Raises ProblemError for anything else, and OSError where there is no file.
    """
    top = tree.parsed(path.read_bytes())
    # Before the keys are looked at: a file of another format has other keys.
    if isinstance(top, dict) and top.get("format") != expected:
        given = tree.quoted(top["format"]) if "format" in top else "none"
        raise ProblemError(f"format: {tree.quoted(expected)} expected, {given} given")
    return tree.record(top, ("format", *required), optional)


def _fields_from(top: dict[str, Any]) -> dict[str, Any]:
    students = tree.field(top, "students", tree.listed)
    places = tree.field(top, "places", tree.listed)
    owners = tree.field(top, "owners", tree.listed, [])
    reader = _Reader(
        student=_rows_by_id("students", students, ("id",), ("choices", "tail")),
        place=_rows_by_id("places", places, ("id", "capacity"), ("minimum", "owner", "ranking")),
        owner=_rows_by_id("owners", owners, ("id", "capacity"), ("ranking",)),
    )
    tree.each("students", students, reader.read_student)
    tree.each("places", places, reader.read_place)
    tree.each("owners", owners, reader.read_owner)
    reader.read_pairs("pins", tree.field(top, "pins", tree.listed, []))
    reader.read_pairs("bans", tree.field(top, "bans", tree.listed, []))
    return reader.fields()


def _rows_by_id(
    title: str, entries: list[Any], required: Sequence[str], optional: Sequence[str]
) -> dict[str, int]:
    """The row of each id, once every entry is known to have the keys that it may have."""
    row_of: dict[str, int] = {}

    def read(entry: Any) -> None:
        name = tree.field(tree.record(entry, required, optional), "id", tree.text)
        if name in row_of:
            raise ProblemError(f"id {tree.quoted(name)} is also that of {title}[{row_of[name]}]")
        row_of[name] = len(row_of)

    tree.each(title, entries, read)
    return row_of


class _Reader:
    """Takes the entries one after the other, and has the fields of the problem in the end."""

    def __init__(
        self, student: dict[str, int], place: dict[str, int], owner: dict[str, int]
    ) -> None:
        self._student, self._place, self._owner = student, place, owner
        self._choices, self._tails, self._rankings = GroupedLists(), GroupedLists(), GroupedLists()
        self._capacity: list[int] = []
        self._minimum: list[int] = []
        self._owner_of: list[int] = []
        self._owner_capacity: list[int] = []
        # Owners come first, then places that own themselves: whose rankings these are.
        self._ranker: list[int] = []
        self._pairs: dict[str, list[tuple[int, int]]] = {}

    def read_student(self, entry: dict[str, Any]) -> None:
        own = self._choices.add(entry.get("choices", []), self._place, "place", "choices")
        tail = tree.field(
            entry, "tail", lambda names: names_to_rows(names, self._place, "place", set(own)), []
        )
        self._tails.add_group(tail)

    def read_place(self, entry: dict[str, Any]) -> None:
        if "owner" in entry and "ranking" in entry:
            raise ProblemError("has both an owner and a ranking of its own")
        self._capacity.append(tree.field(entry, "capacity", tree.int32))
        self._minimum.append(tree.field(entry, "minimum", tree.int32, 0))
        self._owner_of.append(
            tree.field(entry, "owner", lambda name: row_named(name, self._owner, "owner"), -1)
        )
        self._read_ranking(entry, len(self._owner) + len(self._capacity) - 1)

    def read_owner(self, entry: dict[str, Any]) -> None:
        self._owner_capacity.append(tree.field(entry, "capacity", tree.int32))
        self._read_ranking(entry, len(self._owner_capacity) - 1)

    def _read_ranking(self, entry: dict[str, Any], ranker: int) -> None:
        if "ranking" in entry:
            self._rankings.add(entry["ranking"], self._student, "student", "ranking")
            self._ranker.append(ranker)

    def read_pairs(self, title: str, entries: list[Any]) -> None:
        """Pairs of a student and a place; none stands twice."""
        seen: dict[tuple[int, int], int] = {}

        def read(entry: Any) -> None:
            if len(tree.listed(entry)) != 2:
                raise ProblemError(f"a student and a place expected, {len(entry)} names given")
            student = row_named(entry[0], self._student, "student")
            pair = student, row_named(entry[1], self._place, "place")
            if pair in seen:
                raise ProblemError(f"is the same pair as {title}[{seen[pair]}]")
            seen[pair] = len(seen)

        tree.each(title, entries, read)
        self._pairs[title] = list(seen)

    def fields(self) -> dict[str, Any]:
        """The fields of the problem."""
        pins, bans = (
            np.array(self._pairs[title], dtype=np.int32).reshape(-1, 2)
            for title in ("pins", "bans")
        )
        return {
            "choice_start": self._choices.starts,
            "choice_place": self._choices.rows,
            "choice_rank": self._choices.position + 1,
            "choice_priority": self._priority(self._choices),
            "capacity": np.array(self._capacity, dtype=np.int32),
            "minimum": np.array(self._minimum, dtype=np.int32),
            "owner": np.array(self._owner_of, dtype=np.int32),
            "owner_capacity": np.array(self._owner_capacity, dtype=np.int32),
            "tail_start": self._tails.starts,
            "tail_place": self._tails.rows,
            "tail_priority": self._priority(self._tails),
            "pin_student": pins[:, 0],
            "pin_place": pins[:, 1],
            "ban_student": bans[:, 0],
            "ban_place": bans[:, 1],
            "student_ids": tuple(self._student),
            "place_ids": tuple(self._place),
            "owner_ids": tuple(self._owner),
        }

    def _priority(self, wishes: GroupedLists) -> Int32:
        """How high the owner of each place that students ask for puts them: int32 (E)."""
        owner = np.array(self._owner_of, dtype=np.int64)
        alone = len(self._owner) + np.arange(len(owner))
        ranker_of_place: Int64 = np.where(owner >= 0, owner, alone)
        students = len(self._student)
        student = np.repeat(np.arange(students), np.diff(wishes.starts))
        asked = ranker_of_place[wishes.rows], student
        return priorities(self._rankings, np.array(self._ranker, dtype=np.int64), asked, students)
