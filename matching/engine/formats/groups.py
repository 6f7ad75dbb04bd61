"""Lists of tie groups as flat arrays, and who stands how high on whose list."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from itertools import chain
from typing import Any, NoReturn

import numpy as np

from matching.engine.arrays import Int32, Int64, ProblemError
from matching.engine.formats import tree

REFUSED = 2**31 - 1


class GroupedLists:
    """Many lists of tie groups, one after the other.

    add       takes a list, after those that are there
    starts    int64 (lists + 1)  where the rows of each list begin
    rows      int32 (R)          what stands in the lists, as row numbers
    position  int32 (R)          the tie group of each row within its list, from 0
    """

    def __init__(self) -> None:
        # Numbers without Python objects around them: there may be millions.
        self._groups_per_list = array("q")
        self._sizes = array("q")
        self._rows = array("i")

    def add(self, groups: Any, row_of: Mapping[str, int], kind: str, field: str) -> list[int]:
        """Take a list of tie groups of names, and return the rows of the names.

        Raises ProblemError, with ``field`` and the group in front, for a name that does not exist
        or stands twice, and for an empty group.
        """
        # Everything is asked of whole lists at once: that there is a fault, not yet where.
        try:
            rows = list(map(row_of.__getitem__, chain.from_iterable(groups)))
            sizes = list(map(len, groups))
        except (KeyError, TypeError):
            _refuse(groups, row_of, kind, field)
        sound = isinstance(groups, list) and set(map(type, groups)) <= {list} and 0 not in sizes
        if not sound or len(set(rows)) < len(rows):
            _refuse(groups, row_of, kind, field)
        self._groups_per_list.append(len(sizes))
        self._sizes.extend(sizes)
        self._rows.extend(rows)
        return rows

    def add_group(self, rows: list[int]) -> None:
        """Take a list of one tie group, or of none where there are no rows."""
        self._groups_per_list.append(1 if rows else 0)
        if rows:
            self._sizes.append(len(rows))
            self._rows.extend(rows)

    @property
    def rows(self) -> Int32:
        """What stands in the lists: int32 (R)."""
        return np.array(self._rows, dtype=np.int32)

    @property
    def starts(self) -> Int64:
        """Where the rows of each list begin: int64 (lists + 1)."""
        group_start = _starts(np.array(self._sizes, dtype=np.int64))
        return group_start[_starts(np.array(self._groups_per_list, dtype=np.int64))]

    @property
    def position(self) -> Int32:
        """The tie group of each row within its list, from 0: int32 (R)."""
        per_list = np.array(self._groups_per_list, dtype=np.int64)
        within_list = np.arange(len(self._sizes)) - np.repeat(_starts(per_list)[:-1], per_list)
        return np.repeat(within_list.astype(np.int32), np.array(self._sizes, dtype=np.int64))


def _starts(sizes: Int64) -> Int64:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)])


def names_to_rows(names: Any, row_of: Mapping[str, int], kind: str, seen: set[int]) -> list[int]:
    """The row of each name in a list; they join those that were seen.

    Raises ProblemError for a name that does not exist or was seen before.
    """
    rows: list[int] = []
    for name in tree.listed(names):
        row = row_named(name, row_of, kind)
        if row in seen:
            raise ProblemError(f"{kind} {tree.quoted(name)} stands twice")
        seen.add(row)
        rows.append(row)
    return rows


def row_named(name: Any, row_of: Mapping[str, int], kind: str) -> int:
    """The row of a name. Raises ProblemError for one that does not exist."""
    row = row_of.get(tree.text(name))
    if row is None:
        raise ProblemError(f"{kind} {tree.quoted(name)} does not exist")
    return row


def _refuse(groups: Any, row_of: Mapping[str, int], kind: str, field: str) -> NoReturn:
    """Say what is wrong with tie groups that are not sound, and where: slowly, name by name."""
    seen: set[int] = set()
    tree.field({field: groups}, field, tree.listed)
    for at, group in enumerate(groups):
        try:
            if not names_to_rows(group, row_of, kind, seen):
                raise ProblemError("an empty tie group")
        except ProblemError as error:
            raise tree.within(f"{field}[{at}]", error) from None
    raise AssertionError("tie groups were refused in which every name is right")


def priorities(
    rankings: GroupedLists, ranker: Int64, asked: tuple[Int64, Int64], students: int
) -> Int32:
    """How high each asked ranker puts a student: int32 (E), lower is better.

    rankings  lists of students
    ranker    int64 (lists)  whose list each is, none twice
    asked     ranker and student, int64 (E) each
    students  how many there are

    0 where the ranker has no list, as all tie there; `REFUSED` where the list leaves the student
    out.
    """
    asked_ranker, asked_student = asked
    unlisted = np.where(np.isin(asked_ranker, ranker), REFUSED, 0).astype(np.int32)
    # Each pair of ranker and student as one number, in order, so that pairs can be looked up.
    listed = np.repeat(ranker, np.diff(rankings.starts)) * students + rankings.rows
    if not len(listed):
        return unlisted
    order = np.argsort(listed)
    listed, position = listed[order], rankings.position[order]
    pair = asked_ranker * students + asked_student
    # Looked up in order, neighbours in memory come one after the other: many times as fast.
    asked_order = np.argsort(pair)
    pair = pair[asked_order]
    at = np.minimum(np.searchsorted(listed, pair), len(listed) - 1)
    priority = unlisted.copy()
    priority[asked_order] = np.where(listed[at] == pair, position[at], unlisted[asked_order])
    return priority
