"""Problems as JSON: what is right is read as it is meant, what is wrong is refused with its place.

Reading is checked against `Problem.of`, which turns words into arrays in another way.
"""

from __future__ import annotations

import copy
import gc
import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.engine import Outcome, Problem, ProblemError
from matching.engine.formats import groups
from matching.engine.formats.outcomes import outcome_as_json, read_outcome
from matching.engine.formats.writing import problem_as_json, write_problem
from matching.engine.generating import generate
from matching.engine.problem import ARRAYS, REFUSED
from tests.engine.documents import EXAMPLE, arrays, documents, in_words, written
from tests.engine.instances import few, many

# --- reading JSON ----------------------------------------------------------------------------


def test_the_example_is_read_as_it_is_meant(tmp_path: Path) -> None:
    problem = Problem.read(written(tmp_path, EXAMPLE))
    expected = {
        "choice_start": [0, 3, 5, 5],
        "choice_place": [0, 1, 2, 2, 0],
        "choice_rank": [1, 2, 2, 1, 2],
        "choice_priority": [1, REFUSED, 0, 0, 1],
        "capacity": [2, 1, 1, 3],
        "minimum": [1, 0, 0, 0],
        "owner": [0, -1, 1, -1],
        "owner_capacity": [2, 1],
        "tail_start": [0, 1, 1, 1],
        "tail_place": [3],
        "tail_priority": [0],
        "pin_student": [2],
        "pin_place": [3],
        "ban_student": [0, 1],
        "ban_place": [3, 0],
    }
    assert {name: getattr(problem, name).tolist() for name in ARRAYS} == expected
    assert problem.student_ids == ("s1", "s2", "s3")
    assert problem.place_ids == ("p1", "p2", "p3", "p4")
    assert problem.owner_ids == ("c1", "c2")
    assert problem.lottery is None


def test_what_may_be_left_out_may_be_left_out(tmp_path: Path) -> None:
    least = {
        "format": "topcentrum-problem/1",
        "students": [{"id": "s"}],
        "places": [{"id": "p", "capacity": 0}],
    }
    problem = Problem.read(written(tmp_path, least))
    assert (problem.students, problem.places, problem.owners) == (1, 1, 0)
    nothing = {"format": "topcentrum-problem/1", "students": [], "places": []}
    assert Problem.read(written(tmp_path, nothing)).students == 0


@few
@given(documents())
def test_files_and_words_say_the_same(
    tmp_path_factory: pytest.TempPathFactory, document: dict[str, Any]
) -> None:
    path = written(tmp_path_factory.getbasetemp(), document, "words.json")
    assert Problem.read(path).fingerprint == in_words(document).fingerprint


def changed(*path: Any, to: Any) -> dict[str, Any]:
    """The example, with another value at the path; ``...`` as the value takes the key away."""
    document = copy.deepcopy(EXAMPLE)
    at: Any = document
    for step in path[:-1]:
        at = at[step]
    if to is ...:
        del at[path[-1]]
    elif isinstance(at, list) and path[-1] == len(at):
        at.append(to)
    else:
        at[path[-1]] = to
    return document


S, P, C = "students", "places", "owners"
BAD: list[tuple[dict[str, Any], str]] = [
    (changed("format", to=...), r'^format: "topcentrum-problem/1" expected, none given'),
    (changed("format", to="topcentrum-outcome/1"), r'^format: .* "topcentrum-outcome/1" given'),
    (changed("format", to=1), r"^format: .* expected, 1 given"),
    (changed("students", to=...), r'^key "students" is missing'),
    (changed("places", to=...), r'^key "places" is missing'),
    (changed("student", to=[]), r'^unknown key "student"; did you mean "students"\?'),
    (changed("xyz", to=[]), r'^unknown key "xyz"$'),
    (changed("students", to={}), r"^students: a list expected, an object given"),
    (changed("owners", to=None), r"^owners: a list expected, null given"),
    (changed(S, 1, to="s2"), r'^students\[1\]: an object expected, "s2" given'),
    (changed(S, 1, "id", to=...), r'^students\[1\]: key "id" is missing'),
    (changed(S, 1, "id", to=""), r'^students\[1\]: id: a non-empty text expected, "" given'),
    (changed(S, 1, "id", to=2), r"^students\[1\]: id: a non-empty text expected, 2 given"),
    (changed(S, 1, "id", to="\ud800"), r"^students\[1\].*: id: a non-empty text expected"),
    (changed(S, 1, "id", to="s1"), r'^students\[1\] "s1": id "s1" is also that of students\[0\]'),
    (changed(P, 3, "id", to="p1"), r'^places\[3\] "p1": id "p1" is also that of places\[0\]'),
    (changed(C, 1, "id", to="c1"), r'^owners\[1\] "c1": id "c1" is also that of owners\[0\]'),
    (changed(S, 1, "choice", to=[]), r'^students\[1\] "s2": unknown key "choice"; did .*"choices"'),
    (changed(S, 1, "choices", to="p1"), r'"s2": choices: a list expected, "p1" given'),
    (changed(S, 1, "choices", to=None), r'"s2": choices: a list expected, null given'),
    (changed(S, 1, "choices", to={"p1": 1}), r'"s2": choices: a list expected, an object given'),
    (changed(S, 1, "choices", 1, to="p1"), r'"s2": choices\[1\]: a list expected, "p1" given'),
    (changed(S, 1, "choices", 1, to={"p1": 1}), r"choices\[1\]: a list expected, an object given"),
    (changed(S, 1, "choices", 1, to=["p9"]), r'^students\[1\] "s2": choices\[1\]: place "p9" does'),
    (changed(S, 1, "choices", 1, to=[["p1"]]), r"choices\[1\]: a non-empty text .* a list given"),
    (changed(S, 1, "choices", 1, to=[1]), r"choices\[1\]: a non-empty text expected, 1 given"),
    (changed(S, 1, "choices", 1, to=[]), r'"s2": choices\[1\]: an empty tie group'),
    (changed(S, 1, "choices", 1, to=["p3"]), r'"s2": choices\[1\]: place "p3" stands twice'),
    (changed(S, 0, "choices", 1, 1, to="p2"), r'"s1": choices\[1\]: place "p2" stands twice'),
    (changed(S, 0, "tail", to=["p1"]), r'"s1": tail: place "p1" stands twice'),
    (changed(S, 0, "tail", to=["p4", "p4"]), r'"s1": tail: place "p4" stands twice'),
    (changed(S, 0, "tail", to=["p9"]), r'"s1": tail: place "p9" does not exist'),
    (changed(S, 0, "tail", to=[["p4"]]), r'"s1": tail: a non-empty text expected, a list given'),
    (changed(S, 0, "tail", to="p4"), r'"s1": tail: a list expected, "p4" given'),
    (changed(P, 1, "capacity", to=...), r'^places\[1\] "p2": key "capacity" is missing'),
    (changed(P, 1, "capacity", to="2"), r'"p2": capacity: a whole number expected, "2" given'),
    (changed(P, 1, "capacity", to=2.0), r'"p2": capacity: a whole number expected, 2.0 given'),
    (changed(P, 1, "capacity", to=True), r'"p2": capacity: a whole number expected, true given'),
    (changed(P, 1, "capacity", to=float("nan")), r'"p2": capacity: a whole .*, NaN given'),
    (changed(P, 1, "capacity", to=float("inf")), r'"p2": capacity: a whole .*, Infinity given'),
    (changed(P, 1, "capacity", to=None), r'"p2": capacity: a whole number expected, null given'),
    (changed(P, 1, "capacity", to=-1), r"place p2: capacity -1, 0 to 1000000 expected"),
    (changed(P, 1, "capacity", to=10**9), r"place p2: capacity 1000000000, 0 to 1000000 expected"),
    (changed(P, 1, "capacity", to=10**99), r'^places\[1\] "p2": capacity: 10+…? given, 2147483647'),
    (changed(P, 0, "minimum", to=3), r"place p1: minimum 3 above capacity 2"),
    (changed(P, 0, "minimum", to=-1), r"place p1: minimum -1, 0 to 1000000 expected"),
    (changed(P, 0, "owner", to="c9"), r'^places\[0\] "p1": owner: owner "c9" does not exist'),
    (changed(P, 0, "owner", to=None), r'^places\[0\] "p1": owner: a non-empty text .* null given'),
    (changed(P, 1, "owner", to="c1"), r'"p2": has both an owner and a ranking of its own'),
    (changed(P, 1, "ranking", 0, to=["s9"]), r'"p2": ranking\[0\]: student "s9" does not exist'),
    (changed(P, 1, "ranking", 1, to=["s2"]), r'"p2": ranking\[1\]: student "s2" stands twice'),
    (changed(P, 1, "ranking", to=None), r'"p2": ranking: a list expected, null given'),
    (changed(C, 0, "ranking", 0, to=[]), r'^owners\[0\] "c1": ranking\[0\]: an empty tie group'),
    (changed(C, 0, "capacity", to=-1), r"owner c1: capacity -1, 0 to 1000000 expected"),
    (changed(C, 0, "minimum", to=1), r'^owners\[0\] "c1": unknown key "minimum"'),
    (changed("pins", 0, to=["s9", "p4"]), r'^pins\[0\]: student "s9" does not exist'),
    (changed("pins", 0, to=["s3", "p9"]), r'^pins\[0\]: place "p9" does not exist'),
    (changed("pins", 0, to=["s3"]), r"^pins\[0\]: a student and a place expected, 1 names given"),
    (changed("pins", 0, to="s3"), r'^pins\[0\]: a list expected, "s3" given'),
    (changed("pins", 1, to=["s3", "p1"]), r"student s3: pinned twice"),
    (changed("pins", 1, to=["s1", "p4"]), r"student s1: pinned to and banned from place p4"),
    (changed("pins", to=[["s1", "p3"], ["s2", "p3"]]), r"place p3: 2 pins, capacity 1"),
    (changed("bans", 2, to=["s1", "p4"]), r"^bans\[2\]: is the same pair as bans\[0\]"),
]


@pytest.mark.parametrize(("document", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_documents_are_refused(tmp_path: Path, document: dict[str, Any], message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        Problem.read(written(tmp_path, document))


FINE = json.dumps(EXAMPLE).encode()
BAD_BYTES: list[tuple[bytes, str]] = [
    (b"", "not JSON: line 1, column 1"),
    (FINE[:-5], r"not JSON: line 1, column \d+"),
    (FINE[:-1] + b",\n x}", r"not JSON: line 2, column 2"),
    (FINE.replace(b'"s1"', b'"s\xff"', 1), r"not UTF-8: byte \d+ is 0xff"),
    (b"\xef\xbb\xbf" + FINE, "not JSON: .*BOM"),
    (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
    (b'{"format": ' * 100_000, "nested too deeply"),
    (b"9" * 5000, "an object expected, Infinity given"),
    (
        FINE.replace(b'"capacity": 2,', b'"capacity": ' + b"9" * 5000 + b",", 1),
        r'places\[\d\] "p\d": capacity: a whole number expected, Infinity given',
    ),
    (b"[]", "an object expected, a list given"),
    (b"null", "an object expected, null given"),
    (FINE[:-1] + b', "students": []}', '^key "students" stands twice'),
    (FINE.replace(b'{"id": "s2"', b'{"id": "s2", "id": "s2"'), r'students\[1\] "s2": key "id" st'),
    (FINE.replace(b'"capacity": 2,', b'"capacity": NaN,', 1), r"whole number expected, NaN given"),
    (FINE.replace(b'"capacity": 2,', b'"capacity": 1e400,', 1), r"expected, Infinity given"),
]


@pytest.mark.parametrize(("content", "message"), BAD_BYTES, ids=[one for _, one in BAD_BYTES])
def test_bad_bytes_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        Problem.read(written(tmp_path, content))


@pytest.mark.parametrize("name", ["a", "a.json", "a.npz"])
def test_a_directory_is_no_file_and_no_file_is_none(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(ProblemError, match="a file expected, a directory given"):
        Problem.read(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        Problem.read(tmp_path / "none" / name)


@pytest.mark.parametrize("was_on", [True, False])
def test_the_collector_is_left_as_it_was(tmp_path: Path, was_on: bool) -> None:
    (gc.enable if was_on else gc.disable)()
    try:
        Problem.read(written(tmp_path, EXAMPLE))
        with pytest.raises(ProblemError):
            Problem.read(written(tmp_path, b"{"))
        assert gc.isenabled() == was_on
    finally:
        gc.enable()


def test_complaints_are_short_and_in_one_line(tmp_path: Path) -> None:
    name = "long\nand winding " * 100_000
    with pytest.raises(ProblemError) as refusal:
        Problem.read(written(tmp_path, changed(S, 1, "choices", 1, to=[name])))
    assert len(str(refusal.value)) < 150
    assert "\n" not in str(refusal.value)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
trees = st.recursive(
    scalars | st.sampled_from(["s1", "p1", "c1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


def spots(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to everything in a tree."""
    found = [path] if path else []
    if isinstance(tree, dict | list):
        for step in tree if isinstance(tree, dict) else range(len(tree)):
            found += spots(tree[step], (*path, step))
    return found


@many
@given(st.sampled_from(spots(EXAMPLE)), trees)
def test_whatever_stands_anywhere_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, spot: tuple[Any, ...], value: Any
) -> None:
    path = written(tmp_path_factory.getbasetemp(), changed(*spot, to=value), "any.json")
    with suppress(ProblemError):
        Problem.read(path)


# --- writing problems ------------------------------------------------------------------------


def meaning(problem: Problem) -> dict[str, Any]:
    """What a problem says, whatever the order of rows and whatever numbers priorities have."""
    decides = [k if k >= 0 else problem.owners + j for j, k in enumerate(problem.owner.tolist())]
    rows = [
        (student, rank, place, decides[place], priority)
        for kind, ranks in (("choice", problem.choice_rank), ("tail", problem.tail_place * 0))
        for student, rank, place, priority in zip(
            getattr(problem, f"{kind}_student").tolist(),
            ranks.tolist(),
            getattr(problem, f"{kind}_place").tolist(),
            getattr(problem, f"{kind}_priority").tolist(),
            strict=True,
        )
    ]
    levels: dict[int, set[int]] = {}
    for *_, decider, priority in rows:
        levels.setdefault(decider, set()).add(priority)
    order = {decider: sorted(found - {REFUSED}) for decider, found in levels.items()}
    names = ("capacity", "minimum", "owner", "owner_capacity", "pin_student", "pin_place")
    return {
        "rows": sorted(
            (student, rank, place, -1 if one == REFUSED else order[decider].index(one))
            for student, rank, place, decider, one in rows
        ),
        "bans": sorted(zip(problem.ban_student.tolist(), problem.ban_place.tolist(), strict=True)),
        **{name: getattr(problem, name).tolist() for name in names},
    }


@few
@given(documents())
def test_what_is_written_means_what_was_read(
    tmp_path_factory: pytest.TempPathFactory, document: dict[str, Any]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    first = Problem.read(written(folder, document, "first.json"))
    write_problem(first, folder / "second.npz")
    second = Problem.read(folder / "second.npz")
    write_problem(second, folder / "third.json")
    third = Problem.read(folder / "third.json")
    write_problem(first, folder / "direct.json")
    direct = Problem.read(folder / "direct.json")
    assert meaning(first) == meaning(second) == meaning(third) == meaning(direct)
    assert direct.student_ids == first.student_ids
    assert third.student_ids == tuple(str(row) for row in range(first.students))
    nameless = replace(first, student_ids=None, place_ids=None, owner_ids=None)
    assert second.fingerprint == nameless.fingerprint


def test_a_large_problem_survives_both_formats(tmp_path: Path) -> None:
    problem = generate(
        300, 6, 80, owners=12, ties=0.3, place_ties=0.4, minimums=0.3, tail=3, ids=True, seed=5
    )
    write_problem(problem, tmp_path / "a.json")
    again = Problem.read(tmp_path / "a.json")
    assert meaning(again) == meaning(problem)
    assert problem_as_json(again) == problem_as_json(problem)


def test_json_says_what_it_cannot_say(tmp_path: Path) -> None:
    gap = Problem(**arrays(choice_rank=np.array([1, 3, 3, 1, 2], np.int32)))
    with pytest.raises(
        ProblemError, match=r"student 0: 2 different ranks up to rank 3; .* no gaps"
    ):
        write_problem(gap, tmp_path / "gap.json")
    drawn = replace(gap, lottery=np.arange(3, dtype=np.uint64))
    with pytest.raises(ProblemError, match="lottery"):
        write_problem(drawn, tmp_path / "drawn.json")
    assert list(tmp_path.iterdir()) == []
    write_problem(drawn, tmp_path / "drawn.npz")
    assert Problem.read(tmp_path / "drawn.npz").fingerprint == drawn.fingerprint


def test_ids_of_all_kinds_are_written_as_they_are(tmp_path: Path) -> None:
    names = ("O'Brien-van 't Hóóft", 'a"b\\', "\n\t\0", "🦊\u202e", "null")
    problem = replace(generate(5, 2, 5), student_ids=names, place_ids=names[::-1], owner_ids=())
    write_problem(problem, tmp_path / "ids.json")
    assert "Hóóft" in (tmp_path / "ids.json").read_text()
    assert Problem.read(tmp_path / "ids.json").student_ids == names
    outcome = Outcome.of(problem, np.array([0, 1, -1, 3, 4], np.int32), effort="quick")
    (tmp_path / "outcome.json").write_bytes(outcome_as_json(problem, outcome, 0))
    assert read_outcome(problem, tmp_path / "outcome.json").outcome.place.tolist() == [
        *outcome.place
    ]


def test_refused_is_one_number_everywhere() -> None:
    assert groups.REFUSED == REFUSED
