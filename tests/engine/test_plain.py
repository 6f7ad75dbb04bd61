"""Without a compiler the engine gives the same, byte by byte, and has nothing to complain about."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from matching.engine.commands.line import main
from matching.engine.formats.writing import write_problem
from matching.engine.generating import generate
from matching.engine.jit import COMPILED

ROOT = Path(__file__).parents[2]
PROBLEMS = {
    "alone": generate(25, 3, ties=0.3, place_ties=0.5, minimums=0.4, seed=1, ids=True),
    "owned": generate(25, 3, ties=0.3, place_ties=0.5, owners=5, minimums=0.4, seed=2, ids=True),
    "tails": generate(20, 2, place_ties=0.6, owners=4, tail=3, seats_per_student=0.8, seed=3),
}
SOLVE = """
import sys

from matching.engine.commands.line import main
from matching.engine.jit import COMPILED

assert COMPILED == (sys.argv[1] == "numba")
for problem, effort, out in zip(*[iter(sys.argv[2:])] * 3):
    main(["solve", problem, "--effort", effort, "--seed", "1", "--out", out])
"""


def solved_elsewhere(tmp_path: Path, kind: str, asked: list[tuple[Path, str, Path]]) -> str:
    """Solve these in another process, without numba, or with its compiler off; what it said."""
    (tmp_path / "numba.py").write_text("raise ImportError")
    other = {
        "nothing": {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        "numba": {"NUMBA_DISABLE_JIT": "1"},
    }[kind]
    arguments = [str(one) for each in asked for one in each]
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", SOLVE, kind, *arguments],
        cwd=ROOT,
        env=os.environ | other,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.skipif(not COMPILED, reason="without numba there is nothing to compare with")
@pytest.mark.parametrize("kind", ["nothing", "numba"])
def test_plain_python_gives_the_same_bytes_without_a_warning(tmp_path: Path, kind: str) -> None:
    asked = []
    for name, problem in PROBLEMS.items():
        path = tmp_path / f"{name}.json"
        write_problem(problem, path)
        for effort in ("quick", "standard"):
            asked.append((path, effort, tmp_path / f"{name}-{effort}.plain.json"))
            compiled = str(tmp_path / f"{name}-{effort}.json")
            assert (
                main(["solve", str(path), "--effort", effort, "--seed", "1", "--out", compiled])
                == 0
            )
    said = solved_elsewhere(tmp_path, kind, asked)
    assert "Warning" not in said
    for _, _, plain in asked:
        assert plain.read_bytes() == plain.with_name(plain.name.replace(".plain", "")).read_bytes()
