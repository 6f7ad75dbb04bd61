"""Between rows and arrays: what the engine sees, and what people may ask about it.

`market` reads rows into arrays, `posing` makes a problem of them, `taking` freezes what goes into
a round, `frozen` keeps it with its outcome and answers questions, `fit` does the same for one
student who browses.
"""

from matching.snapshot.fit import Fit, fits_for, fits_of_offer
from matching.snapshot.frozen import ClosedProject, Frozen, Snapshot
from matching.snapshot.taking import Entrants, entrants, repeatable_read, take

__all__ = [
    "ClosedProject",
    "Entrants",
    "Fit",
    "Frozen",
    "Snapshot",
    "entrants",
    "fits_for",
    "fits_of_offer",
    "repeatable_read",
    "take",
]
