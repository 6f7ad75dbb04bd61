"""``generate``: an instance that follows from its parameters, into a file."""

from __future__ import annotations

import argparse

from matching.engine.commands.streams import Stopwatch, write_bytes
from matching.engine.formats.reading import is_npz
from matching.engine.formats.writing import problem_as_json, problem_as_npz
from matching.engine.generating import generate


def run_generate(arguments: argparse.Namespace) -> int:
    """Generate an instance: as NPZ by the file's name, as JSON with ids otherwise.

    Raises ProblemError for a parameter that is out of range, and OSError.
    """
    watch = Stopwatch()
    to_npz = arguments.out is not None and is_npz(arguments.out)
    problem = generate(
        arguments.students,
        arguments.choices,
        arguments.places,
        popularity=arguments.popularity,
        regions=arguments.regions,
        ties=arguments.ties,
        place_ties=arguments.place_ties,
        owners=arguments.owners,
        minimums=arguments.minimums,
        seats_per_student=arguments.seats_per_student,
        tail=arguments.tail,
        seed=arguments.seed,
        ids=not to_npz,
    )
    watch.lap("generated")
    content = problem_as_npz(problem) if to_npz else problem_as_json(problem)
    write_bytes(content, arguments.out)
    watch.lap("written")
    return 0
