"""The command line: what it prints, what it returns, and how it tells errors."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from matching.engine import Code, Outcome, Problem, benching
from matching.engine.commands import explaining, line, solving
from matching.engine.commands.line import main
from matching.engine.explanation import Change
from matching.engine.formats.outcomes import outcome_as_json, outcome_as_npz
from matching.engine.formats.writing import write_problem
from matching.engine.generating import generate
from matching.engine.outcome import UNPLACED
from tests.engine.documents import EXAMPLE

ROOT = Path(__file__).parents[2]

# Three students, and place p with one seat; q belongs to c, which is full.
PROBLEM: dict[str, Any] = {
    "format": "topcentrum-problem/1",
    "students": [
        {"id": "Ada", "choices": [["p"], ["q"]]},
        {"id": "Bo", "choices": [["p"], ["q"]], "tail": ["r"]},
        {"id": "Cy", "choices": [["q"]]},
        {"id": "Di"},
    ],
    "places": [
        {"id": "p", "capacity": 1, "ranking": [["Ada"], ["Bo"]]},
        {"id": "q", "capacity": 2, "owner": "c"},
        {"id": "r", "capacity": 2, "minimum": 2},
    ],
    "owners": [{"id": "c", "capacity": 1, "ranking": [["Bo"], ["Cy"]]}],
}


@pytest.fixture
def files(tmp_path: Path) -> SimpleNamespace:
    """The problem, and its outcome: Ada at p, Bo at q, Cy and Di unplaced."""
    problem_path, outcome_path = tmp_path / "problem.json", tmp_path / "outcome.json"
    problem_path.write_text(json.dumps(PROBLEM))
    problem = Problem.read(problem_path)
    outcome = Outcome.of(problem, np.array([0, 1, -1, -1], np.int32), effort="quick", seed=1)
    outcome_path.write_bytes(outcome_as_json(problem, outcome, 0))
    return SimpleNamespace(
        problem=str(problem_path), outcome=str(outcome_path), folder=tmp_path, read=problem
    )


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsysbinary: pytest.CaptureFixture[bytes]) -> Run:
    def run(*argv: object) -> tuple[int, str, str]:
        status = main([str(one) for one in argv])
        out, err = capsysbinary.readouterr()
        return status, out.decode(), err.decode()

    return run


def by_hand(problem: Problem, *, effort: str, seed: int | None) -> Outcome:
    """Instead of a solver, whose compiler would take longer than all these tests."""
    place = np.full(problem.students, UNPLACED, np.int32)
    place[:2] = [0, 1]
    return Outcome.of(problem, place, effort=effort, seed=seed)


# --- solve -----------------------------------------------------------------------------------


@pytest.fixture
def solved_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solving, "solve", by_hand)


@pytest.mark.usefixtures("solved_by_hand")
def test_solve_writes_the_outcome_and_tells_times_elsewhere(
    files: SimpleNamespace, run: Run
) -> None:
    status, out, err = run("solve", files.problem, "--effort", "standard", "--seed", 5)
    assert status == 0
    found = json.loads(out)
    assert found["assignment"] == {"Ada": "p", "Bo": "q", "Cy": None, "Di": None}
    assert (found["effort"], found["seed"], found["blocking_pairs"]) == ("standard", 5, 0)
    assert [one.partition(":")[0] for one in err.splitlines()] == [
        "read",
        "solved",
        "verified",
        "written",
    ]
    assert run("solve", files.problem, "--seed", 5)[1] == out, "standard is the usual effort"
    target = files.folder / "out.json"
    assert run("solve", files.problem, "--out", target, "--seed", 5)[:2] == (0, "")
    assert target.read_text() == out


@pytest.mark.usefixtures("solved_by_hand")
@pytest.mark.parametrize(
    ("problem", "out", "npz"),
    [
        ("a.json", "b.json", False),
        ("a.json", "b.npz", True),
        ("a.json", "b", False),
        ("a.npz", "b.npz", True),
        ("a.npz", "b.json", False),
        ("a.npz", "b.txt", True),
        ("a.npz", None, True),
        ("a.json", None, False),
    ],
)
def test_the_name_decides_the_format_and_else_the_problem(
    files: SimpleNamespace,
    capsysbinary: pytest.CaptureFixture[bytes],
    problem: str,
    out: str | None,
    npz: bool,
) -> None:
    write_problem(files.read, files.folder / problem)
    target = [] if out is None else ["--out", str(files.folder / out)]
    assert main(["solve", str(files.folder / problem), *target]) == 0
    content = capsysbinary.readouterr().out if out is None else (files.folder / out).read_bytes()
    assert content.startswith(b"PK" if npz else b"{")


def test_what_the_checker_refuses_is_not_written(
    files: SimpleNamespace, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(problem: Problem, *, effort: str, seed: int | None) -> Outcome:
        return Outcome.of(problem, np.full(problem.students, UNPLACED, np.int32), effort=effort)

    monkeypatch.setattr(solving, "solve", nobody)
    target = files.folder / "out.json"
    status, out, err = run("solve", files.problem, "--out", target)
    assert (status, out) == (2, "")
    assert "error: the outcome does not stand up to the checker: student Ada and" in err
    assert not target.exists()


# --- verify ----------------------------------------------------------------------------------


def test_verify_says_in_one_line_that_all_is_well(files: SimpleNamespace, run: Run) -> None:
    assert run("verify", files.problem, files.outcome) == (
        0,
        "ok: 2 of 4 students placed (at most 3), rank sum 3, 1 closed, no blocking pair "
        "(open places only)\n",
        "",
    )


@pytest.mark.parametrize(
    ("lie", "complaints"),
    [
        ({"placed": 3}, ["placed: 3, 2 counted"]),
        ({"bound": 1}, ["bound: 1, but 2 are placed"]),
        ({"rank_sum": 2}, ["rank_sum: 2, 3 counted"]),
        ({"profile": [2]}, ["profile: (2,), (1, 1) counted"]),
        ({"blocking_pairs": 1}, ["blocking_pairs: 1, 0 counted"]),
        ({"closed": []}, ["place r: open with 0 students, minimum 2"]),
    ],
)
def test_verify_finds_each_lie(
    files: SimpleNamespace, run: Run, lie: dict[str, Any], complaints: list[str]
) -> None:
    path = Path(files.outcome)
    path.write_text(json.dumps(json.loads(path.read_text()) | lie))
    status, out, err = run("verify", files.problem, path)
    assert (status, err) == (1, "")
    assert out.splitlines() == [
        *complaints,
        f"problems: {len(complaints)} (blocking pairs count open places only)",
    ]


def test_verify_names_the_pairs_that_block(files: SimpleNamespace, run: Run) -> None:
    outcome = Outcome.of(files.read, np.array([-1, 0, 1, -1], np.int32), effort="standard", bound=3)
    Path(files.outcome).write_bytes(outcome_as_json(files.read, outcome, 1))
    status, out, _ = run("verify", files.problem, files.outcome)
    assert status == 1
    assert out.splitlines() == [
        "student Ada and place p block: they would rather have each other",
        "problems: 1 (blocking pairs count open places only)",
    ]


# --- explain ---------------------------------------------------------------------------------


def test_explain_goes_through_all_that_a_student_asks_for(files: SimpleNamespace, run: Run) -> None:
    status, out, err = run("explain", files.problem, files.outcome, "Bo")
    assert (status, err) == (0, "")
    first, *others = out.splitlines()
    assert first == "student Bo has place q"
    assert [one.partition(";")[0] for one in others] == [
        "student Bo is not at place p: it is full, with students whose claim is better",
        "student Bo is at place q",
        "student Bo is not at place r: they have place q, which they like at least as well",
    ]
    assert "rank 1; priority 1, the last who got in has 0; 1 of 1 seats taken" in others[0]
    assert (
        "what would help: a claim stronger than the weakest there: a priority below 0 or more"
        in others[0]
    )
    assert "rank 3, in the tail" in others[2]


@pytest.mark.parametrize(
    ("student", "place", "said"),
    [
        ("Ada", "p", "student Ada is at place p; rank 1"),
        ("Ada", "q", "the ranking of owner c leaves them out"),
        ("Cy", "q", "it has a seat left, but owner c takes nobody more"),
        ("Cy", "p", "they did not ask for it; 1 of 1 seats taken"),
    ],
)
def test_explain_answers_for_one_pair(
    files: SimpleNamespace, run: Run, student: str, place: str, said: str
) -> None:
    status, out, err = run("explain", files.problem, files.outcome, student, place)
    assert (status, err) == (0, "")
    assert len(out.splitlines()) == 1
    assert said in out


def test_explain_has_words_for_whoever_asks_for_nothing(files: SimpleNamespace, run: Run) -> None:
    said = "student Di has no place, and asked for none\n"
    assert run("explain", files.problem, files.outcome, "Di") == (0, said, "")


def test_explain_begins_with_a_pin_that_lies_off_the_list(files: SimpleNamespace, run: Run) -> None:
    Path(files.problem).write_text(json.dumps({**PROBLEM, "pins": [["Cy", "p"]]}))
    problem = Problem.read(files.problem)
    outcome = Outcome.of(problem, np.array([-1, 1, 0, -1], np.int32), effort="quick")
    Path(files.outcome).write_bytes(outcome_as_json(problem, outcome, 0))
    lines = run("explain", files.problem, files.outcome, "Cy")[1].splitlines()
    assert lines[0] == "student Cy has place p"
    assert lines[1].startswith("student Cy is at place p: a pin has fixed it beforehand; 1 of 1")
    assert lines[2].startswith("student Cy is not at place q: a pin has fixed another place")
    assert len(lines) == 3


def test_explain_takes_numbers_where_there_are_no_ids(files: SimpleNamespace, run: Run) -> None:
    problem, outcome = files.folder / "problem.npz", files.folder / "outcome.npz"
    write_problem(files.read, problem)
    bare = Problem.read(problem)
    place = np.array([0, 1, -1, -1], np.int32)
    content = outcome_as_npz(bare, Outcome.of(bare, place, effort="quick"), 0)
    outcome.write_bytes(content)
    assert "student 2 is not at place 1: " in run("explain", problem, outcome, 2, 1)[1]
    assert run("explain", problem, outcome, "Cy")[2] == 'error: student "Cy" does not exist\n'
    lost = replace(Outcome.of(bare, place, effort="quick"), place=np.full(4, 7, np.int32))
    outcome.write_bytes(outcome_as_npz(bare, lost, 0))
    assert run("explain", problem, outcome, 0)[2].endswith("place 7 does not exist\n")


def test_there_are_words_for_every_code() -> None:
    assert set(explaining.SENTENCES) == set(Code)
    assert set(explaining.CHANGES) == set(Change)


# --- generate --------------------------------------------------------------------------------


def test_generate_writes_the_same_bytes_on_every_run(
    run: Run, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    asked = ["generate", "--students", "50", "--choices", "4", "--places", "20", "--seed", "9"]
    asked += ["--popularity", "0.8", "--regions", "3", "--ties", "0.2", "--place-ties", "0.3"]
    asked += ["--owners", "6", "--minimums", "0.4", "--seats-per-student", "1.2", "--tail", "2"]
    status, out, err = run(*asked)
    assert status == 0
    assert [one.partition(":")[0] for one in err.splitlines()] == ["generated", "written"]
    assert run(*asked)[1] == out
    for name in ("a.json", "b.json", "a.npz", "b.npz"):
        assert run(*asked, "--out", tmp_path / name)[:2] == (0, "")
    assert (tmp_path / "a.json").read_text() == out == (tmp_path / "b.json").read_text()
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    named, bare = Problem.read(tmp_path / "a.json"), Problem.read(tmp_path / "a.npz")
    assert named.student_ids is not None
    assert bare.student_ids is None
    direct = generate(
        50,
        4,
        20,
        popularity=0.8,
        regions=3,
        ties=0.2,
        place_ties=0.3,
        owners=6,
        minimums=0.4,
        seats_per_student=1.2,
        tail=2,
        seed=9,
    )
    assert bare.fingerprint == direct.fingerprint
    for name in ("choice_place", "choice_rank", "tail_place", "capacity", "minimum", "owner"):
        assert np.array_equal(getattr(named, name), getattr(bare, name)), name


# --- bottlenecks -----------------------------------------------------------------------------


def test_bottlenecks_in_tables_and_for_programs(files: SimpleNamespace, run: Run) -> None:
    scarce = {
        "format": "topcentrum-problem/1",
        "students": [{"id": name, "choices": [["p"], ["q", "r"]]} for name in "abcd"]
        + [{"id": "e", "choices": [["s"]]}],
        "places": [
            {"id": "p", "capacity": 1},
            {"id": "q", "capacity": 1, "owner": "k"},
            {"id": "r", "capacity": 1, "owner": "k"},
            {"id": "s", "capacity": 3},
        ],
        "owners": [{"id": "k", "capacity": 1}],
    }
    Path(files.problem).write_text(json.dumps(scarce))
    status, out, err = run("bottlenecks", files.problem)
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "at most 3 of 5 students can be placed; 2 ask for a place in vain, whatever the assignment",
        "",
        "crowd  students  openings  shortage  places",
        "1      4         2         2         p, q, r",
        "",
        "more openings  +1  +2  +3",
        "p              1   2   2",
        "q              1   2   2",
        "r              1   2   2",
    ]
    status, out, _ = run("bottlenecks", files.problem, "--json", "--openings", 2)
    assert json.loads(out) == {
        "format": "topcentrum-bottlenecks/1",
        "bound": 3,
        "shortage": 2,
        "crowds": [
            {
                "students": ["a", "b", "c", "d"],
                "places": ["p", "q", "r"],
                "owners": ["k"],
                "openings": 2,
                "shortage": 2,
            }
        ],
        "gain": {"p": [1, 2], "q": [1, 2], "r": [1, 2]},
        "slack": ["s"],
        "surplus": {"s": 2},
    }


def test_bottlenecks_say_why_who_is_unplaced(files: SimpleNamespace, run: Run) -> None:
    _, out, _ = run("bottlenecks", files.problem, files.outcome)
    assert out.splitlines()[1:] == [
        "unplaced because there are too few openings: 0",
        "unplaced because a project does not start: 1",
        "unplaced because preferences and priorities stand in the way: 0",
    ]
    _, out, _ = run("bottlenecks", files.problem, files.outcome, "--json")
    assert json.loads(out)["unplaced"] == {"openings": [], "closed": ["Cy"], "stability": []}


def test_long_tables_are_cut_and_say_so(files: SimpleNamespace, run: Run) -> None:
    names = [f"p{one}" for one in range(30)]
    many = {
        "format": "topcentrum-problem/1",
        "students": [{"id": f"s{one}{of}", "choices": [[one]]} for one in names for of in "ab"],
        "places": [{"id": one, "capacity": 1} for one in names],
    }
    Path(files.problem).write_text(json.dumps(many))
    _, out, _ = run("bottlenecks", files.problem)
    assert out.splitlines().count("and 10 more; --json has all") == 2
    assert len(out.splitlines()) == 1 + 2 * (1 + 1 + 20 + 1)
    assert len(json.loads(run("bottlenecks", files.problem, "--json")[1])["crowds"]) == 30


# --- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "the following arguments are required: command"),
        (["resolve"], "argument command: invalid choice: 'resolve'"),
        (["solve"], "the following arguments are required: problem"),
        (["solve", "none.json"], "none.json: No such file or directory"),
        (["solve", "."], ".: a file expected, a directory given"),
        (["solve", "x", "--effort", "best"], "argument --effort: invalid choice: 'best'"),
        (["solve", "x", "--seed", "-1"], "argument --seed: '-1': a whole number from 0 to"),
        (["solve", "x", "--seed", "1.5"], "argument --seed: '1.5': a whole number"),
        (["solve", "x", "--seed", "9" * 19], "argument --seed: '9999999999999999999': a whole"),
        (["solve", "x", "--eff", "quick"], "unknown arguments: --eff quick"),
        (["verify", "x", "y", "z"], "unknown arguments: z"),
        (["generate", "--students", "5", "--ties", "x"], "argument --ties: invalid float value"),
        (["generate", "--students", "5", "--ties", "2"], "ties: 2, 0 to 1 expected"),
        (["generate", "--students", "5", "--out", "none/a.json"], "none/a.json: No such file"),
        (["bottlenecks", "x", "--openings", "x"], "argument --openings: 'x'"),
    ],
)
def test_errors_are_told_in_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, argv: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = run(*argv)
    assert (status, out) == (2, "")
    *before, last = err.splitlines()
    assert last.startswith(f"error: {message}")
    assert all(one.startswith("generated: ") for one in before)


@pytest.mark.parametrize("command", ["solve", "verify", "explain", "bottlenecks"])
def test_complaints_name_the_file_and_the_place_in_it(
    files: SimpleNamespace, run: Run, command: str
) -> None:
    Path(files.problem).write_text(json.dumps({**EXAMPLE, "bans": [["s1", "p\u202e\n9"]]}))
    rest = {"verify": ["x"], "explain": ["x", "s1"]}.get(command, [])
    status, out, err = run(command, files.problem, *rest)
    assert (status, out) == (2, "")
    assert err == f'error: {files.problem}: bans[0]: place "p\\u202e\\n9" does not exist\n'


def test_ids_that_move_the_cursor_stay_in_their_line(files: SimpleNamespace, run: Run) -> None:
    text = json.dumps(PROBLEM).replace('"Di"', '"D\\u001b[2J\\ni"')
    Path(files.problem).write_text(text)
    problem = Problem.read(files.problem)
    outcome = Outcome.of(problem, np.array([0, 1, -1, 2], np.int32), effort="standard")
    Path(files.outcome).write_bytes(outcome_as_json(problem, outcome, 0))
    status, out, _ = run("verify", files.problem, files.outcome)
    assert status == 1
    assert out.splitlines()[0] == "student D\\x1b[2J\\ni: place r is not on the list"


def test_bench_passes_on_what_it_is_asked(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "timing.py").write_text("def main(argv):\n    return len(argv)\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(line, "_BENCH", "timing")
    assert run("bench", "--students", "5", "--help") == (3, "", "")
    monkeypatch.setattr(line, "_BENCH", "nothing_of_the_kind")
    status, _, err = run("bench")
    assert (status, err) == (2, "error: the benchmark is not part of this installation\n")


@pytest.mark.parametrize(
    ("target", "figure", "said"),
    [
        (benching.Target(10), 10.0, "10 (to reach: ≤ 10; reached)"),
        (benching.Target(10), 10.4, "10 (to reach: ≤ 10; not reached)"),
        (
            benching.Target(99.5, at_least=True, unit=" %"),
            99.5,
            "100 % (to reach: ≥ 99.5 %; reached)",
        ),
        (
            benching.Target(99.5, at_least=True, unit=" %"),
            99.4,
            "99 % (to reach: ≥ 99.5 %; not reached)",
        ),
    ],
)
def test_bench_names_the_target_beside_the_figure(
    target: benching.Target, figure: float, said: str
) -> None:
    assert target.beside(figure) == said


def test_bench_measures_how_near_the_optimum_the_standard_effort_comes(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benching, "STUDENTS", 30)
    monkeypatch.setattr(benching, "PUBLISHED", 2)
    monkeypatch.setattr(benching, "KINDS", (("few", 0.5, {"places": 15, "owners": 5}),))
    status, out, _ = run("bench", "quality")
    assert status == 0
    assert "in all 100.00 % (to reach: ≥ 99.95 %; reached)" in out
    assert "proven: 2 of 2" in out


def test_bench_gives_no_figures_of_a_wrong_outcome(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benching, "STUDENTS", 30)
    monkeypatch.setattr(benching, "solve", lambda problem, **how: wrong(problem))
    with pytest.raises(SystemExit, match="the outcome is wrong"):
        benching.main(["quality"])


def wrong(problem: Problem) -> Outcome:
    """Nobody is placed, though there are seats."""
    nobody = np.full(problem.students, -1, np.int32)
    return Outcome.of(problem, nobody, effort="standard")


def test_an_interruption_is_quiet(
    files: SimpleNamespace, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(arguments: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(line, "run_verify", interrupted)
    assert run("verify", files.problem, files.outcome) == (128 + signal.SIGINT, "", "")


# --- as a program ----------------------------------------------------------------------------


def program(*argv: str, code: str = "-m matching.engine") -> subprocess.Popen[bytes]:
    """The engine in a process that knows no settings of Django."""
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.Popen(
        [sys.executable, *code.split(maxsplit=1), *argv],
        cwd=ROOT,
        env={**bare, "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_it_runs_without_settings_and_under_any_encoding(files: SimpleNamespace) -> None:
    text = json.dumps(PROBLEM).replace('"Di"', '"Dí"')
    Path(files.problem).write_text(text)
    problem = Problem.read(files.problem)
    outcome = Outcome.of(problem, np.array([0, 1, -1, -1], np.int32), effort="standard")
    Path(files.outcome).write_bytes(outcome_as_json(problem, outcome, 0))
    process = program("explain", files.problem, files.outcome, "Dí")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
    assert out.decode() == "student Dí has no place, and asked for none\n"


def test_nobody_who_checks_waits_for_a_compiler(files: SimpleNamespace) -> None:
    code = (
        "import sys; from matching.engine.commands.line import main; "
        "status = main(sys.argv[1:]); "
        "print(*{'numba', 'scipy', 'highspy', 'django'} & sys.modules.keys()); sys.exit(status)"
    )
    process = program("verify", files.problem, files.outcome, code=f"-c {code}")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
    assert out.splitlines()[1:] == [b""]


def test_a_reader_who_has_seen_enough_is_no_error() -> None:
    process = program("generate", "--students", "20000", "--places", "100")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(1)
    process.stdout.close()
    assert process.wait(timeout=60) == 128 + signal.SIGPIPE
    assert [one.partition(b":")[0] for one in process.stderr.read().splitlines()] == [b"generated"]
