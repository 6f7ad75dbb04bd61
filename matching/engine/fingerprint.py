"""Fingerprints: equal input, equal bytes, equal hash, on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Part: TypeAlias = npt.NDArray[np.generic] | Sequence[str] | str | int | None


def fingerprint(parts: Mapping[str, Part]) -> str:
    """SHA-256, in hexadecimal, over named parts in the given order.

    Each part goes in with its name, kind, size and bytes, so that no two different sets of parts
    can spell the same row of bytes. Arrays go in little-endian, whatever the machine.
    """
    digest = hashlib.sha256()
    for name, part in parts.items():
        if isinstance(part, np.ndarray):
            kind = f"{part.dtype.kind}{part.dtype.itemsize}{list(part.shape)}"
            content = part.astype(part.dtype.newbyteorder("<"), copy=False).tobytes()
        elif isinstance(part, (str, int)) or part is None:
            kind, content = type(part).__name__, str(part).encode()
        else:
            kind = f"texts{len(part)}"
            content = b"".join(b"%d:%s" % (len(raw), raw) for raw in (t.encode() for t in part))
        digest.update(f"{name}|{kind}|{len(content)}|".encode())
        digest.update(content)
    return digest.hexdigest()
