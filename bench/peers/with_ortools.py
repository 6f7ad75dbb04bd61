"""Runs in the environment that has OR-tools (pip install ortools); see `compare`.

Places the given number of students with the smallest sum of ranks, and writes seconds and places.
Priorities play no part: a flow knows nothing of claims.
"""

import importlib
import sys
import time

import numpy as np

min_cost_flow = importlib.import_module("ortools.graph.python.min_cost_flow")

RUNS = 3


def main(question: str, answer: str) -> None:
    """Measure from arrays to flow, the network included."""
    with np.load(question) as given:
        instance = dict(given)
    times = []
    for _ in range(RUNS):
        begin = time.process_time()
        flow, rows = solved(instance)
        times.append(time.process_time() - begin)
    n = len(instance["start"]) - 1
    student = np.repeat(np.arange(n), np.diff(instance["start"]))
    place = np.full(n, -1)
    taken = flow.flows(rows) > 0
    place[student[taken]] = instance["place"][taken]
    np.savez(answer, seconds=min(times), place=place)


def solved(instance: dict) -> tuple:
    """The flow, and the arcs that are the rows: source → student → place → sink."""
    n, m = len(instance["start"]) - 1, len(instance["capacity"])
    source, sink = n + m, n + m + 1
    students, places = np.arange(n), n + np.arange(m)
    student = np.repeat(students, np.diff(instance["start"]))
    rows = len(student)
    network = min_cost_flow.SimpleMinCostFlow()
    arcs = network.add_arcs_with_capacity_and_unit_cost(
        np.concatenate([np.full(n, source), student, places]).astype(np.int32),
        np.concatenate([students, n + instance["place"], np.full(m, sink)]).astype(np.int32),
        np.concatenate([np.ones(n + rows), instance["capacity"]]).astype(np.int64),
        np.concatenate([np.zeros(n), instance["rank"], np.zeros(m)]).astype(np.int64),
    )
    supply = np.zeros(n + m + 2, dtype=np.int64)
    supply[source], supply[sink] = instance["placed"], -instance["placed"]
    network.set_nodes_supplies(np.arange(n + m + 2, dtype=np.int32), supply)
    if network.solve() != network.OPTIMAL:
        sys.exit("no flow of this size")
    return network, arcs[n : n + rows]


if __name__ == "__main__":
    main(*sys.argv[1:3])
