"""The door: arrays are checked here once, so that no algorithm has to doubt them.

A *layout* says for each field of a dataclass which dtype and which shape it must have. Sizes are
given by letters; a letter stands for the same number wherever it occurs, so that ``("n", "S")``
beside ``("n",)`` demands as many rows of skills as there are students.

Nothing is repaired silently: a wrong dtype is an error, not a conversion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Bool: TypeAlias = npt.NDArray[np.bool_]
Int8: TypeAlias = npt.NDArray[np.int8]
Int16: TypeAlias = npt.NDArray[np.int16]
Int32: TypeAlias = npt.NDArray[np.int32]
Int64: TypeAlias = npt.NDArray[np.int64]
UInt16: TypeAlias = npt.NDArray[np.uint16]
UInt64: TypeAlias = npt.NDArray[np.uint64]
Float32: TypeAlias = npt.NDArray[np.float32]
Float64: TypeAlias = npt.NDArray[np.float64]

Item = TypeVar("Item", bound=np.generic)

Layout: TypeAlias = Mapping[str, tuple[type[np.generic], tuple[str | int, ...]]]


class ProblemError(ValueError):
    """Input that cannot be meant; the message names the field and the row, or the student."""


def admit(record: object, title: str, layout: Layout) -> dict[str, int]:
    """Check dtype and shape of every array in ``layout`` and make it read-only.

    The record keeps a read-only *view*; an array of the caller stays writeable for the caller.

    Returns the size that each letter of the layout turned out to have.
    Raises ProblemError, naming ``title.field``, at the first array that does not fit.
    """
    sizes: dict[str, int] = {}
    first_seen: dict[str, str] = {}
    for name, (dtype, shape) in layout.items():
        array: object = getattr(record, name)
        field = f"{title}.{name}"
        if not isinstance(array, np.ndarray):
            raise ProblemError(f"{field}: an array expected, {type(array).__name__} given")
        if array.dtype != np.dtype(dtype):
            raise ProblemError(f"{field}: {np.dtype(dtype)} expected, {array.dtype} given")
        if array.ndim != len(shape):
            raise ProblemError(f"{field}: {len(shape)} dimension(s) expected, {array.ndim} given")
        for axis, size in enumerate(shape):
            if isinstance(size, str):
                source = first_seen.setdefault(size, field)
                wanted = sizes.setdefault(size, array.shape[axis])
            else:
                source, wanted = "the format", size
            if array.shape[axis] != wanted:
                raise ProblemError(
                    f"{field}: length {array.shape[axis]} along axis {axis}, "
                    f"{wanted} expected (from {source})"
                )
        object.__setattr__(record, name, read_only(array))
    return sizes


def read_only(array: npt.NDArray[Item]) -> npt.NDArray[Item]:
    """A view of the same numbers that refuses to be written to."""
    view = array.view()
    view.flags.writeable = False
    return view


def uniform(array: npt.NDArray[Item]) -> npt.NDArray[Item]:
    """The same numbers as an array of one kind: kernels are compiled for each kind anew."""
    return read_only(np.ascontiguousarray(array))


def require_between(
    title: str, name: str, array: npt.NDArray[np.generic], low: float, high: float
) -> None:
    """Every number lies from ``low`` to ``high``, both included; NaN never does."""
    values = np.asarray(array, dtype=np.float64)
    # Asked this way round, because each comparison with NaN is false.
    wrong = np.flatnonzero(~((values >= low) & (values <= high)))
    if wrong.size:
        row = int(wrong[0])
        raise ProblemError(
            f"{title}.{name}: row {row} holds {array[row]}, {low:g} to {high:g} expected"
        )


def require_in_order(
    title: str,
    low: tuple[str, npt.NDArray[np.integer]],
    high: tuple[str, npt.NDArray[np.integer]],
) -> None:
    """In each row the first named number is at most the second."""
    wrong = np.flatnonzero(low[1] > high[1])
    if wrong.size:
        row = int(wrong[0])
        raise ProblemError(
            f"{title}: row {row} has {low[0]} {low[1][row]} above {high[0]} {high[1][row]}"
        )


def require_distinct(title: str, name: str, values: npt.NDArray[np.generic]) -> None:
    """No value stands twice."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    again = np.flatnonzero(ordered[1:] == ordered[:-1])
    if again.size:
        first, second = sorted((int(order[again[0]]), int(order[again[0] + 1])))
        raise ProblemError(
            f"{title}.{name}: rows {first} and {second} both hold {values[first]}, "
            "all different expected"
        )


def require_ids(title: str, name: str, ids: Sequence[str] | None, size: int) -> None:
    """Where ids are given: one non-empty string for each row, none twice."""
    if ids is None:
        return
    if len(ids) != size:
        raise ProblemError(f"{title}.{name}: {len(ids)} ids, {size} expected")
    seen: dict[str, int] = {}
    for row, one in enumerate(ids):
        # Half a surrogate pair is a str in Python, but no text: it has no bytes to hash.
        if not isinstance(one, str) or not one or any("\ud800" <= c <= "\udfff" for c in one):
            raise ProblemError(
                f"{title}.{name}: row {row} holds {one!r}, a non-empty text expected"
            )
        if one in seen:
            raise ProblemError(f"{title}.{name}: rows {seen[one]} and {row} both hold {one!r}")
        seen[one] = row
