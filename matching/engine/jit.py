"""Compiled where numba is there, plain Python where it is not: the same code, the same results.

The compiled code is kept beside the modules, or where `NUMBA_CACHE_DIR` says, so that only the
first call after an installation waits; see `warm`. Kernels take whole numbers only: nothing that
could come out differently on another processor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np

# What kernels take and give: numbers and truths of Python, or of numpy out of its arrays.
Number: TypeAlias = int | np.integer[Any]
Truth: TypeAlias = bool | np.bool_

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

try:
    from numba import njit as _njit
except ImportError:
    COMPILED = False

    def kernel(function: Kernel) -> Kernel:
        """Leave the function as it is."""
        return function
else:
    COMPILED = True

    def kernel(function: Kernel) -> Kernel:
        """Compile the function at its first call, and keep what was compiled."""
        return cast(Kernel, _njit(cache=True)(function))
