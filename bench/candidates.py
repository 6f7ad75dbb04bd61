"""How fast the best candidates are found: ``python -m bench.candidates``.

The instance is a country: towns and villages over 240 by 210 km, programmes with a level and a
crebo code each, companies that welcome a few of them. Of its 2.5 billion pairs some 23 million lie
within the student's reach, and some 1.3 million are eligible.

Machines differ and are shared, so the time is given as a ratio too, to the dense way of numpy in
the same run. That way is timed on blocks of the same country, of which each pair costs as much as
any other, and its time per pair is then multiplied

* by all pairs of students and offers: what numpy would take for the same answer;
* by the pairs within reach: as if a map had told numpy which ones these are;
* by the pairs that the walk looked at: as if numpy had the lists of programmes as well.

Times are the processor's, because other programs run beside this one; the clock's is named as well.
Both ways take turns, and the best of several runs counts.
"""

from __future__ import annotations

import platform
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import fields, replace

import numba
import numpy as np
import numpy.typing as npt

from matching.engine.market import NO_EARMARK, Offers, Students
from matching.engine.nearby.search import best_candidates
from matching.engine.nearby.shortlist import Shortlist
from matching.engine.pairs import candidates
from matching.engine.scores import Criterion

SIZE = 50_000
BEST = 50
PROGRAMMES = 40
SKILLS = 60
TOWNS = 300
BLOCK = 2_000
COMPARED = 200
RUNS = 10
WEIGHTS = {
    Criterion.SKILLS: 3.0,
    Criterion.DISTANCE: 2.0,
    Criterion.LEARNING: 2.0,
    Criterion.DAYS: 1.0,
}

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


def country(n: int, m: int, seed: int = 1) -> tuple[Students, Offers]:
    """n students and m offers, most of them in towns of unequal size; the same for each seed."""
    rng = np.random.default_rng(seed)
    towns = np.stack([rng.uniform(51.3, 53.5, TOWNS), rng.uniform(3.9, 7.0, TOWNS)], axis=1)
    size = rng.pareto(1.5, TOWNS) + 0.5
    level = rng.choice([2, 3, 4, 4, 5, 6], PROGRAMMES).astype(np.int8)
    crebo = np.where(level <= 4, 25_000 + np.arange(PROGRAMMES), 0).astype(np.int32)
    programme = rng.integers(0, PROGRAMMES, n)
    students = Students(
        level=level[programme],
        programme=programme.astype(np.int32),
        crebo=crebo[programme],
        school=rng.integers(0, 60, n).astype(np.int32),
        **_homes(rng, n, towns, size),
        start=rng.integers(0, 21, n).astype(np.int32),
        end=rng.integers(140, 180, n).astype(np.int32),
        min_weeks=rng.choice([10, 16, 20], n).astype(np.int16),
        days=rng.integers(3, 6, n).astype(np.int8),
        max_km=rng.uniform(5, 16, n),
        skills=rng.random((n, SKILLS)) < 0.15,
        wants=rng.random((n, SKILLS)) < 0.1,
    )
    return students, _companies(rng, m, towns, size, level, crebo)


def _homes(rng: np.random.Generator, rows: int, towns: Floats, size: Floats) -> dict[str, Floats]:
    """Most live in a town, the others anywhere."""
    town = rng.choice(len(towns), rows, p=size / size.sum())
    spot = towns[town] + rng.normal(0, 0.05, (rows, 2))
    anywhere = rng.random(rows) < 0.3
    spot[anywhere, 0] = rng.uniform(51.3, 53.5, int(anywhere.sum()))
    spot[anywhere, 1] = rng.uniform(3.9, 7.0, int(anywhere.sum()))
    return {"lat": spot[:, 0].copy(), "lon": spot[:, 1].copy()}


def _companies(
    rng: np.random.Generator,
    m: int,
    towns: Floats,
    size: Floats,
    level: npt.NDArray[np.int8],
    crebo: Ints,
) -> Offers:
    """Each welcomes one to six programmes of its own trade, and is accredited for most."""
    trade = rng.integers(0, PROGRAMMES, m)
    distance = (np.arange(PROGRAMMES) - trade[:, None]) % PROGRAMMES
    programmes = distance < rng.integers(1, 7, m)[:, None]
    levels = np.zeros((m, 7), np.bool_)
    rows, columns = np.nonzero(programmes)
    levels[rows, level[columns]] = True
    least = rng.integers(2, 5, m)
    known = crebo > 0
    return Offers(
        levels=levels,
        programmes=programmes,
        programme_ids=np.arange(PROGRAMMES, dtype=np.int32),
        any_programme=rng.random(m) < 0.03,
        accredited=(programmes & (rng.random((m, PROGRAMMES)) < 0.9))[:, known],
        crebo_codes=crebo[known],
        accreditation_confirmed=np.zeros(m, np.bool_),
        **_homes(rng, m, towns, size),
        start=rng.integers(0, 21, m).astype(np.int32),
        end=rng.integers(140, 180, m).astype(np.int32),
        days_min=least.astype(np.int8),
        days_max=(least + rng.integers(0, 3, m)).astype(np.int8),
        capacity=rng.integers(1, 4, m).astype(np.int32),
        minimum=np.zeros(m, np.int32),
        earmark=np.where(rng.random(m) < 0.1, rng.integers(0, 60, m), NO_EARMARK).astype(np.int32),
        whole_period=rng.random(m) < 0.1,
        skills=rng.random((m, SKILLS)) < 0.1,
    )


def rows_of(
    students: Students, offers: Offers, rows: npt.NDArray[np.int64]
) -> tuple[Students, Offers]:
    """The students and the offers of these rows."""
    columns = {"programme_ids", "crebo_codes"}
    return (
        Students(**{f.name: getattr(students, f.name)[rows] for f in fields(Students)}),
        Offers(
            **{
                f.name: getattr(offers, f.name)[slice(None) if f.name in columns else rows]
                for f in fields(Offers)
            }
        ),
    )


def within_reach(students: Students, offers: Offers) -> int:
    """How many pairs the rule of distance alone lets pass."""
    m = len(offers)
    everything = replace(
        offers,
        levels=np.ones_like(offers.levels),
        any_programme=np.ones(m, np.bool_),
        accredited=np.ones_like(offers.accredited),
        start=np.full(m, 0, np.int32),
        end=np.full(m, 10_000, np.int32),
        days_min=np.ones(m, np.int8),
        earmark=np.full(m, NO_EARMARK, np.int32),
        whole_period=np.zeros(m, np.bool_),
    )
    anything = replace(students, min_weeks=np.ones(len(students), np.int16))
    return int(best_candidates(anything, everything, k=1, weights=WEIGHTS).eligible.sum())


def require_the_same(students: Students, offers: Offers, found: Shortlist) -> None:
    """The dense way has the same list for the first students, to the last bit."""
    rows = np.arange(COMPARED)
    some = Students(**{f.name: getattr(students, f.name)[rows] for f in fields(Students)})
    dense = candidates(some, offers, weights=WEIGHTS)
    for student in range(COMPARED):
        eligible = np.flatnonzero(dense.eligible[student])
        best = eligible[np.lexsort((eligible, -dense.score[student, eligible]))][:BEST]
        rows_found = found.rows(student)
        same = (
            np.array_equal(found.offer[rows_found], best)
            and np.array_equal(found.score[rows_found], dense.score[student, best])
            and np.array_equal(found.parts[rows_found], dense.parts[student, best])
            and np.array_equal(found.km[rows_found], dense.km[student, best])
        )
        if not same:
            raise SystemExit(f"student {student} has another list, so the time means nothing")


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the processor and of the clock."""
    processor, clock = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - processor, time.perf_counter() - clock


def race(students: Students, offers: Offers) -> tuple[tuple[float, float], float]:
    """The best times of the search, and of the dense way on a block, both in seconds."""
    rng = np.random.default_rng(0)
    search, dense = [], []
    for _ in range(RUNS):
        search.append(timed(lambda: best_candidates(students, offers, k=BEST, weights=WEIGHTS)))
        block = rows_of(students, offers, rng.choice(SIZE, BLOCK, replace=False))
        dense.append(timed(lambda: candidates(*block, weights=WEIGHTS))[0])  # noqa: B023
    return min(search), min(dense)


def main() -> None:
    """Print the machine, the sizes, the times, and the ratios."""
    students, offers = country(SIZE, SIZE)
    _, first = timed(lambda: best_candidates(students, offers, k=BEST, weights=WEIGHTS))
    (seconds, clock), block = race(students, offers)
    per_pair = block / BLOCK**2
    tracemalloc.start()
    found = best_candidates(students, offers, k=BEST, weights=WEIGHTS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    require_the_same(students, offers, found)
    near = within_reach(students, offers)
    kept = sum(getattr(found, f.name).nbytes for f in fields(found) if f.name != "examined")

    machine = platform.processor() or platform.machine()
    print(
        f"{machine}, Python {platform.python_version()}, numpy {np.__version__}, "
        f"numba {numba.__version__}\n"
    )
    print(f"{SIZE:,} students × {SIZE:,} offers, the best {BEST}; of {COMPARED} compared: the same")
    print(f"eligible pairs            {int(found.eligible.sum()):>15,}")
    print(f"kept                      {len(found.offer):>15,}")
    print(
        f"seconds                   {seconds:>15.3f}   (clock {clock:.3f}, first call {first:.3f})"
    )
    print(f"memory at most, MB        {peak / 1e6:>15.0f}   (returned: {kept / 1e6:.0f})")
    print(f"dense, ns per pair        {per_pair * 1e9:>15.0f}\n")
    print(f"{'':<25} {'pairs':>15} {'dense, s':>10} {'÷ this':>8}")
    for what, pairs in (
        ("all pairs", SIZE**2),
        ("pairs within reach", near),
        ("pairs looked at", found.examined),
    ):
        print(
            f"{what:<25} {pairs:>15,} {pairs * per_pair:>10.2f} {pairs * per_pair / seconds:>8.1f}"
        )


if __name__ == "__main__":
    main()
