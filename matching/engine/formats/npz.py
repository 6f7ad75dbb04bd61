"""Named arrays in a file: NumPy's NPZ, which is a ZIP file with one NPY file per array.

Source: NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays". Pickled objects are
never read. What is written holds no clock and is not compressed, so that equal arrays make equal
bytes on every machine.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt

from matching.engine.arrays import ProblemError
from matching.engine.formats import tree

Array: TypeAlias = npt.NDArray[Any]

_SUFFIX = ".npy"
# The record that ends a ZIP file, and the longest that it can be, with a comment.
_END_RECORD = b"PK\x05\x06"
_LONGEST_END = 22 + 65_535
# The earliest time that a ZIP file can tell.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def read_arrays(path: Path, needed: Sequence[str], optional: Sequence[str]) -> dict[str, Array]:
    """The arrays of a file, which has all that are needed and none that is unknown.

    Raises ProblemError, naming the array, for what cannot be read, and OSError where there is no
    file. Dtypes and shapes are as they stand in the file.
    """
    with path.open("rb") as file:
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise ProblemError(f"not NPZ: {error}") from None
        if len(archive.namelist()) != _members_promised(file):
            raise ProblemError("not NPZ: the list of what it holds is damaged")
        members = [name.removesuffix(_SUFFIX) for name in archive.namelist()]
        _check_names(members, needed, optional)
        return {
            name: _array(archive, member)
            for name, member in zip(members, archive.namelist(), strict=True)
        }


def _members_promised(file: BinaryIO) -> int:
    """How many members a ZIP file says it has: bytes 10 and 11 of the record that ends it.

    `zipfile` does not ask. With one damaged byte it takes some members for a comment on another,
    and the arrays in them for left out.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(-min(size, _LONGEST_END), io.SEEK_END)
    end = file.read()
    record = end.rfind(_END_RECORD)
    return int.from_bytes(end[record + 10 : record + 12], "little")


def _check_names(names: Sequence[str], needed: Sequence[str], optional: Sequence[str]) -> None:
    for row, name in enumerate(names):
        if name not in needed and name not in optional:
            close = tree.suggestion(name, (*needed, *optional))
            raise ProblemError(f"unknown array {tree.quoted(name)}{close}")
        if name in names[:row]:
            raise ProblemError(f"array {tree.quoted(name)} stands twice")
    for name in needed:
        if name not in names:
            raise ProblemError(f"array {tree.quoted(name)} is missing")


def _array(archive: zipfile.ZipFile, member: str) -> Array:
    try:
        with archive.open(member) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found: Array = np.lib.format.read_array(file, allow_pickle=False)
            return found
    except Exception as error:
        # Whatever NumPy, ZIP or memory stumbles over in a damaged file, it is the file's fault.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ProblemError(f"{member.removesuffix(_SUFFIX)}: cannot be read: {reason}") from None


def as_bytes(arrays: Mapping[str, Array]) -> bytes:
    """An NPZ file with these arrays, in this order, little-endian."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}{_SUFFIX}", _NO_TIME)
            # Zipfile writes the name of the operating system, unless it is told another.
            entry.create_system = 0
            with archive.open(entry, "w", force_zip64=True) as file:
                portable = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
                np.lib.format.write_array(file, portable, version=(1, 0), allow_pickle=False)
    return content.getvalue()
