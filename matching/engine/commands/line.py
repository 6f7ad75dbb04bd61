"""The command line: what may be asked, and how errors are told.

    solve problem [--out outcome] [--effort standard] [--seed 1]
    verify problem outcome
    explain problem outcome student [place]
    bottlenecks problem [outcome] [--json]
    generate --students 1000 [--choices 5] … [--out problem]
    bench

Exit status: 0 is well, 1 is an outcome that is not what it says, 2 an error, with one line on
standard error.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from matching.engine.arrays import ProblemError
from matching.engine.commands.explaining import run_explain
from matching.engine.commands.inventing import run_generate
from matching.engine.commands.shortage import run_bottlenecks
from matching.engine.commands.solving import run_solve, run_verify
from matching.engine.commands.streams import remark
from matching.engine.solver import EFFORTS

_BENCH = "matching.engine.benching"
_WRONG = 2
# A program that a signal ended is said to have ended with this plus the signal's number.
_SIGNALLED = 128
_LARGEST = 2**63 - 1


def main(argv: Sequence[str]) -> int:
    """Do what the command line asks, and return the exit status; never a traceback."""
    try:
        status = _run(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has seen enough. Python would complain of it once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _SIGNALLED + signal.SIGPIPE
    except KeyboardInterrupt:
        return _SIGNALLED + signal.SIGINT
    except ProblemError as error:
        remark(f"error: {error}")
        return _WRONG
    except OSError as error:
        remark(
            f"error: {error.filename}: {error.strerror}" if error.filename else f"error: {error}"
        )
        return _WRONG
    return status


class _Parser(argparse.ArgumentParser):
    """Tells errors as everything else here does: in one line."""

    def error(self, message: str) -> NoReturn:
        raise ProblemError(message)


def _run(argv: Sequence[str]) -> int:
    arguments, rest = _parser().parse_known_args(argv)
    if arguments.command == "bench":
        return _bench(rest)
    if rest:
        raise ProblemError(f"unknown arguments: {' '.join(rest)}")
    status: int = arguments.run(arguments)
    return status


def _bench(argv: Sequence[str]) -> int:
    if importlib.util.find_spec(_BENCH) is None:
        raise ProblemError("the benchmark is not part of this installation")
    status: int = importlib.import_module(_BENCH).main(argv)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m matching.engine",
        description="Divide places among students: stable, and as many students as can be.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, allow_abbrev=False)

    _add_solve(command("solve", "Divide the places, and write the outcome."))
    _add_verify(command("verify", "Check an outcome against its problem."))
    _add_explain(command("explain", "Say why a student is, or is not, at a place."))
    _add_bottlenecks(command("bottlenecks", "Show who competes for too few openings."))
    _add_generate(command("generate", "Invent a problem that follows from its parameters."))
    commands.add_parser("bench", help="Measure, and print the figures.", add_help=False)
    return parser


def _add_solve(parser: argparse.ArgumentParser) -> None:
    _add_files(parser, "problem")
    parser.add_argument(
        "--out", type=Path, help="file of the outcome, .json or .npz; else standard output"
    )
    parser.add_argument("--effort", choices=EFFORTS, default="standard")
    parser.add_argument("--seed", type=_count, help="draws the lottery; without it as with 0")
    parser.set_defaults(run=run_solve)


def _add_verify(parser: argparse.ArgumentParser) -> None:
    _add_files(parser, "problem", "outcome")
    parser.set_defaults(run=run_verify)


def _add_explain(parser: argparse.ArgumentParser) -> None:
    _add_files(parser, "problem", "outcome")
    parser.add_argument("student", help="id, or number where there are no ids")
    parser.add_argument("place", nargs="?", help="the same; without it all that the student ranks")
    parser.set_defaults(run=run_explain)


def _add_bottlenecks(parser: argparse.ArgumentParser) -> None:
    _add_files(parser, "problem")
    parser.add_argument("outcome", type=Path, nargs="?", help="tells also why who is unplaced")
    parser.add_argument(
        "--openings", type=_count, default=3, help="how many more at each place to look at"
    )
    parser.add_argument("--json", action="store_true", help="everything, for programs")
    parser.set_defaults(run=run_bottlenecks)


def _add_generate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--students", type=_count, required=True, help="how many")
    parser.add_argument("--choices", type=_count, default=5, help="places on each list")
    parser.add_argument("--places", type=_count, help="how many; one for two students")
    parser.add_argument(
        "--popularity",
        type=float,
        default=1.0,
        help="exponent of a power law; 0: all places are equally popular",
    )
    parser.add_argument(
        "--regions", type=_count, default=1, help="how many; most choices lie in the student's own"
    )
    parser.add_argument(
        "--ties", type=float, default=0.0, help="probability that a choice ties with the one before"
    )
    parser.add_argument(
        "--place-ties",
        type=float,
        default=0.0,
        help="the same for students, in the order of a place",
    )
    parser.add_argument("--owners", type=_count, default=0, help="how many; 0: no place has one")
    parser.add_argument(
        "--minimums", type=float, default=0.0, help="share of the places with a minimum"
    )
    parser.add_argument(
        "--seats-per-student", type=float, default=1.0, help="seats of all places together"
    )
    parser.add_argument("--tail", type=_count, default=0, help="places in each student's tail")
    parser.add_argument("--seed", type=_count, default=0, help="another one, another problem")
    parser.add_argument(
        "--out", type=Path, help="file of the problem, .json or .npz; else standard output"
    )
    parser.set_defaults(run=run_generate)


def _add_files(parser: argparse.ArgumentParser, *names: str) -> None:
    for name in names:
        parser.add_argument(name, type=Path, help=f"file of the {name}, .json or .npz")


def _count(text: str) -> int:
    if not re.fullmatch("[0-9]{1,19}", text) or int(text) > _LARGEST:
        raise argparse.ArgumentTypeError(f"{text!r}: a whole number from 0 to {_LARGEST} expected")
    return int(text)
