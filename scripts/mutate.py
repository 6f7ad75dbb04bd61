"""Takes every lock of the portal out in turn, and looks whether the tests of the doors miss it.

    .venv/bin/python scripts/mutate.py [--only TEXT] [--jobs N]

The scene of the doors is built once, and what its tests try is watched, to know which functions run
in what. Then a fork of this process opens each lock, with its own copy of the database, and tries
whatever its function runs in, until something is wrong. A lock that nothing misses is printed.
"""

# Django has to be set up before the tests can be imported.
# ruff: noqa: E402

import argparse
import builtins
import inspect
import logging
import os
import pickle
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import Any
from unittest.mock import patch

from locks import PROJECT, Lock, locks, open_lock, watch

sys.path.insert(0, str(PROJECT))

import django

import tests.services_plugin  # noqa: F401  starts the servers, and says which settings

django.setup()

from django.db import connection, transaction
from django.test.runner import DiscoverRunner
from django.test.utils import setup_test_environment

from tests import conftest
from tests.house import doors, test_doors
from tests.house.scene import PEOPLE, build_scene
from tests.house.visitor import Visitor, differences, patterns

WANTED = 95  # per cent
METHODS = "methods"
NOTE = "__lock_ran__"
SLOWEST = 600  # seconds; a lock without which the tests hang is missed too

Touched = frozenset[tuple[str, str]]  # (file, function) of ours that ran


@dataclass
class Trial:
    """One thing that a test of the doors tries, and what of ours runs in it."""

    name: str
    run: Callable[[], object]  # raises when something is wrong
    view: tuple[str, str] = ("", "")  # of which the methods are tried
    touched: Touched = frozenset()


def trials(visitor: Visitor) -> list[Trial]:
    """What the tests of the doors try, in pieces, the quick ones first."""

    def table(door: doors.Door) -> None:
        found = differences(visitor, [door])
        assert not found, found[0]

    def told_apart(door: doors.Door) -> None:
        found = test_doors.told_apart(visitor, (door,))
        assert not found, found[0]

    alone: list[Any] = [
        test_doors.test_every_rule_says_yes_to_those_of_its_row_only,
        test_doors.test_no_rule_says_yes_to_an_account_that_was_switched_off,
        test_doors.test_every_query_shows_everybody_their_rows_only,
        test_doors.test_who_works_for_two_schools_finds_things_under_their_own,
        test_doors.test_whoever_lost_a_role_or_the_account_is_out_at_once,
        test_doors.test_no_form_of_another_site_is_taken,
    ]
    made = [Trial(test.__name__, partial(test, visitor)) for test in alone]
    made += [Trial(f"table, {door}", partial(table, door)) for door in doors.TABLE]
    first = {door.name: door for door in doors.TABLE}.values()
    made += [Trial(f"{METHODS}, {d}", partial(_methods, visitor, d), _view(d)) for d in first]
    named: Any = test_doors.test_what_is_foreign_cannot_be_named_in_an_own_form
    marks = next(mark for mark in named.pytestmark if mark.name == "parametrize")
    made += [Trial(f"named, {one[0]}", partial(named, visitor, *one)) for one in marks.args[1]]
    made += [Trial(f"apart, {door}", partial(told_apart, door)) for door in doors.TABLE]
    made += [Trial(f"walk, {who}", partial(_walk, visitor, who)) for who in PEOPLE]
    return made


def _view(door: doors.Door) -> tuple[str, str]:
    """The view behind a door: its module and its name."""
    views = {name: entry.callback for name, _route, entry in patterns()}
    found = inspect.unwrap(views[door.name])
    return found.__module__, found.__qualname__


def _methods(visitor: Visitor, door: doors.Door) -> None:
    with patch.object(test_doors, "TABLE", (door,)):
        test_doors.test_no_door_opens_by_a_method_that_it_does_not_have(visitor)


def _walk(visitor: Visitor, person: str) -> None:
    """This person reads every word that they may, and no other."""
    with patch.object(test_doors, "PEOPLE", (person,)):
        (seen,) = inspect.unwrap(test_doors.walks)(visitor).values()
    read = {word: bool(seen.reads(word)) for word in test_doors.READERS}
    wrong = [w for w, readers in test_doors.READERS.items() if read[w] != (person in readers)]
    assert not wrong, f"{person} and {wrong[0]}"
    assert not seen.broken, seen.broken[0]


def attempt(trial: Trial) -> str:
    """Why the trial failed; nothing when it did not."""
    try:
        with transaction.atomic():
            trial.run()
            transaction.set_rollback(True)
    except Exception as error:  # any trouble is noticed
        return f"{trial.name}: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
    return ""


def watched(made: list[Trial], chosen: list[Lock]) -> list[tuple[str, Touched]]:
    """Try everything with all locks in place: what is wrong already, and which functions that hold
    a lock run in what."""
    ran: set[tuple[str, str]] = set()
    vars(builtins)[NOTE] = ran.add
    watch(chosen, NOTE)
    found = []
    for trial in made:
        ran.clear()
        said = "" if trial.name.startswith(METHODS) else attempt(trial)
        found.append((said, frozenset(ran)))
    return found


def relevant(lock: Lock, made: list[Trial]) -> list[Trial]:
    """The trials in which the function runs that holds the lock: in others it opens nothing."""
    if lock.path == "topcentrum/settings.py":
        return [trial for trial in made if not trial.name.startswith(METHODS)]
    if lock.number >= 0:
        return [trial for trial in made if (lock.path, lock.function) in trial.touched]
    view = (lock.module, lock.function)
    return [trial for trial in made if trial.view == view]


def in_a_fork(database: str, work: Callable[[], Any]) -> Any:
    """What `work` returns in a process of its own, with its own copy of the database."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            connection.settings_dict["NAME"] = database
            signal.alarm(SLOWEST)
            answer = pickle.dumps(work())
        except BaseException:
            answer = pickle.dumps(traceback.format_exc())
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(answer)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(said) if said else "it never came to an end"


def without(lock: Lock, made: list[Trial]) -> str:
    """Open the lock, and try until something is wrong: what that is; nothing when all is well."""
    open_lock(lock)
    return next(filter(None, map(attempt, relevant(lock, made))), "")


def main() -> int:
    """Open the locks one by one; 1 when too few of them are missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="only locks with this in their description")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    wanted = parser.parse_args()
    chosen = [lock for lock in locks() if wanted.only in str(lock)]
    return _try_all(chosen, wanted.jobs)


def _try_all(chosen: list[Lock], jobs: int) -> int:
    started = time.monotonic()
    visitor, databases = _scene(jobs)
    made = trials(visitor)
    seen = in_a_fork(databases[0], lambda: watched(made, chosen))
    if isinstance(seen, str):
        print(seen)
        return 2
    for trial, (said, touched) in zip(made, seen, strict=True):
        trial.touched = touched
        if said:
            print(f"With every lock in place, this is wrong already: {said}")
    made = [trial for trial, (said, _touched) in zip(made, seen, strict=True) if not said]
    print(f"{len(made)} trials, {time.monotonic() - started:.0f} s", flush=True)
    free: SimpleQueue[str] = SimpleQueue()
    for name in databases:
        free.put(name)

    def one(lock: Lock) -> str:
        database = free.get()
        try:
            return str(in_a_fork(database, lambda: without(lock, made)))
        finally:
            free.put(database)

    survived = []
    with ThreadPoolExecutor(jobs) as pool:
        under_way = {pool.submit(one, lock): lock for lock in chosen}
        for done in as_completed(under_way):
            lock, said = under_way[done], done.result()
            print(f"{'missed     ' if said else 'NOT MISSED '} {lock}  {said[:90]}", flush=True)
            survived += [] if said else [lock]
    missed = len(chosen) - len(survived)
    share = 100 * missed / max(1, len(chosen))
    print(*(f"NOT MISSED  {lock}" for lock in survived), sep="\n")
    print(f"{missed} of {len(chosen)}: {share:.1f} %, {time.monotonic() - started:.0f} s")
    return 0 if share >= WANTED else 1


def _scene(jobs: int) -> tuple[Visitor, list[str]]:
    """A visitor in the scene of the doors, and as many copies of its database as there are jobs."""
    setup_test_environment()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)  # thousands of closed doors are not worth a line each
    DiscoverRunner(verbosity=0, interactive=False).setup_databases()
    with transaction.atomic():
        visitor = Visitor(build_scene(inspect.unwrap(conftest.cast)(None)))
    source = connection.settings_dict["NAME"]
    connection.close()
    names = [f"{source}_{n}" for n in range(jobs)]
    with connection._nodb_cursor() as cursor:
        for name in names:
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
    connection.close()
    return visitor, names


if __name__ == "__main__":
    sys.exit(main())
