"""Where a round was short of openings, as compact figures to keep with it."""

from typing import Any

import numpy as np

from matching.engine import Outcome
from matching.snapshot import Snapshot

MOST_CROWDS = 20


def shortage_of(snapshot: Snapshot, outcome: Outcome) -> dict[str, Any]:
    """For a worker: the crowds of students who compete for too few openings, and what would help.

    crowds  the largest shortage first: students, openings, shortage, and the primary keys of the
            offers that they compete for
    more    the offers where one opening more would place one student more

    A crowd is named by its offers and never by its students.
    """
    # Here and not above: pages import the actions, and a page never loads a compiler.
    from matching.engine.bottlenecks import bottlenecks

    found = bottlenecks(snapshot.problem, outcome, openings=1)
    return {
        "crowds": [
            {
                "students": len(crowd.students),
                "openings": int(crowd.openings),
                "shortage": int(crowd.shortage),
                "offers": [snapshot.offer_ids[j] for j in crowd.places.tolist()],
            }
            for crowd in found.crowds[:MOST_CROWDS]
        ],
        "more": [snapshot.offer_ids[j] for j in np.flatnonzero(found.gain[:, 0] > 0).tolist()],
    }
