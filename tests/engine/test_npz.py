"""Problems as NPZ: arrays under their own names, as whoever has NumPy would write them."""

from __future__ import annotations

import io
import json
import re
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.engine import Problem, ProblemError
from matching.engine.problem import ARRAYS
from tests.engine.documents import EXAMPLE, arrays, as_npz, npy, written
from tests.engine.instances import many


def test_arrays_that_numpy_wrote_are_read(tmp_path: Path) -> None:
    problem = Problem.read(written(tmp_path, as_npz(arrays()), "problem.npz"))
    assert {name: getattr(problem, name).tolist() for name in ARRAYS} == {
        name: one.tolist() for name, one in arrays().items()
    }
    assert (problem.student_ids, problem.place_ids, problem.owner_ids) == (None, None, None)
    lottery = np.array([2, 1, 2**64 - 1], np.uint64)
    drawn = Problem.read(written(tmp_path, as_npz(arrays(lottery=lottery)), "problem.NPZ"))
    assert np.array_equal(drawn.drawn(5), lottery)


def test_arrays_may_be_compressed_and_some_left_out(tmp_path: Path) -> None:
    left_out = dict.fromkeys(ARRAYS[5:], ...)
    content = io.BytesIO()
    np.savez_compressed(content, **arrays(**left_out))
    problem = Problem.read(written(tmp_path, content.getvalue(), "problem.npz"))
    assert problem.owner.tolist() == [-1] * 4
    assert problem.minimum.tolist() == [0] * 4
    assert problem.tail_start.tolist() == [0] * 4


def member(name: str, content: bytes) -> bytes:
    file = io.BytesIO(as_npz(arrays(capacity=...)))
    with warnings.catch_warnings(), zipfile.ZipFile(file, "a") as archive:
        warnings.simplefilter("ignore")  # that a name stands twice is the point
        archive.writestr(name, content)
    return file.getvalue()


FIELDS = arrays()
WHOLE = as_npz(FIELDS)
HUGE = npy(np.zeros(4, np.int32)).replace(b"(4,), }        ", b"(400000000000,)}")
BAD_NPZ: list[tuple[bytes, str]] = [
    (b"", "not NPZ"),
    (json.dumps(EXAMPLE).encode(), "not NPZ"),
    (npy(np.zeros(3)), "not NPZ"),
    (WHOLE[:100], "not NPZ"),
    (WHOLE[: len(WHOLE) // 2], "not NPZ"),
    (as_npz(arrays(capacity=...)), '^array "capacity" is missing'),
    (
        as_npz(arrays(capacities=np.zeros(4))),
        '^unknown array "capacities"; did you mean "capacity"',
    ),
    (as_npz(arrays(capacity=np.zeros(4))), r"capacity: int32 expected, float64 given"),
    (as_npz(arrays(capacity=np.zeros(4, ">i4"))), r"capacity: int32 expected, >i4 given"),
    (as_npz(arrays(capacity=np.full(4, np.nan))), r"capacity: int32 expected, float64 given"),
    (as_npz(arrays(capacity=np.zeros((4, 1), np.int32))), r"capacity: 1 dimension\(s\) expected"),
    (as_npz(arrays(capacity=np.int32(4))), r"capacity: 1 dimension\(s\) expected, 0 given"),
    (as_npz(arrays(capacity=np.array([None] * 4))), r"^capacity: cannot be read: Object arrays"),
    (as_npz(arrays(capacity=np.array(["2"] * 4))), r"capacity: int32 expected, <U1 given"),
    (as_npz(arrays(choice_start=np.int64(4))), r"choice_start: 1 dimension\(s\) expected, 0 given"),
    (as_npz(arrays(choice_start=np.zeros(0, np.int64), tail_start=...)), r"choice_start: empty"),
    (as_npz(arrays(tail_start=...)), r"tail_start ends at 0, but there are 1 tail rows"),
    (as_npz(arrays(owner_capacity=...)), r"place 0: owner 0 does not exist \(there are 0\)"),
    (as_npz(arrays(ban_place=...)), r"problem\.ban_place: 0 rows, 2 expected|ban_place: length 0"),
    (as_npz(arrays(lottery=np.zeros(3, np.int64))), r"lottery: uint64 expected, int64 given"),
    (as_npz(arrays(lottery=np.zeros(3, np.uint64))), r"lottery: rows 0 and 1 both hold 0"),
    (member("capacity.npy", b""), r"^capacity: cannot be read"),
    (member("capacity.npy", b"\x93NUMPY\x01\x00\x10\x00{'descr': ((((  \n"), r"^capacity: cannot"),
    (member("capacity.npy", npy(np.zeros(4, np.int32))[:-1]), r"^capacity: cannot be read"),
    (member("capacity.npy", HUGE), r"^capacity: cannot be read"),
    (member("capacity.npy", b"not an array"), r"^capacity: cannot be read"),
    (member("minimum.npy", npy(np.zeros(4, np.int32))), '^array "minimum" stands twice'),
    (member("../capacity.npy", b""), r'^unknown array "../capacity"'),
]


@pytest.mark.parametrize(("content", "message"), BAD_NPZ, ids=[message for _, message in BAD_NPZ])
def test_bad_arrays_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        Problem.read(written(tmp_path, content, "problem.npz"))


def harmless_or_refused(folder: Path, at: int, change: int) -> bool:
    """Whether the file with a damaged byte is refused, or read as if it were whole."""
    damaged = bytearray(WHOLE)
    damaged[at] ^= change
    try:
        problem = Problem.read(written(folder, bytes(damaged), "damaged.npz"))
    except ProblemError:
        return True
    return all(np.array_equal(getattr(problem, name), FIELDS[name]) for name in ARRAYS)


@many
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_damaged_byte_is_harmless_or_refused(
    tmp_path_factory: pytest.TempPathFactory, at: int, change: int
) -> None:
    assert harmless_or_refused(tmp_path_factory.getbasetemp(), at, change)


def test_no_array_is_lost_in_the_comment_on_another(tmp_path: Path) -> None:
    """A longer comment swallows the entries behind it, and the arrays look as if left out."""
    lengths = [entry.start() + 32 for entry in re.finditer(b"PK\x01\x02", WHOLE)]
    assert len(lengths) == len(ARRAYS)
    for at in lengths:
        for bit in range(8):
            assert harmless_or_refused(tmp_path, at, 1 << bit)
