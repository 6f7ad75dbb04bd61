"""Runs in the environment that has `matching` (pip install matching); see `compare`.

Reads an instance without ties, solves it as `HospitalResident`, and writes seconds and places.
"""

import importlib
import sys
import threading
import time
import warnings

import numpy as np

# Not by an import statement: to whoever reads this project, `matching` is the room of that name.
games = importlib.import_module("matching.games")

RUNS = 2


def main(question: str, answer: str) -> None:
    """Measure the whole of it: the game made of dictionaries, and solved."""
    with np.load(question) as given:
        residents, hospitals, capacities = dictionaries(dict(given))
        students = len(given["start"]) - 1
    times = []
    for _ in range(RUNS):
        begin = time.process_time()
        game = games.HospitalResident.create_from_dictionaries(residents, hospitals, capacities)
        matching = game.solve(optimal="resident")
        times.append(time.process_time() - begin)
    place = np.full(students, -1)
    for hospital, those in matching.items():
        for resident in those:
            place[resident.name] = hospital.name
    np.savez(answer, seconds=min(times), place=place)


def dictionaries(given: dict) -> tuple[dict, dict, dict]:
    """The instance as `matching` wants it: names to ranked names, without places of no seats."""
    start, place, capacity = given["start"], given["place"], given["capacity"]
    residents = {
        student: [int(j) for j in place[start[student] : start[student + 1]] if capacity[j] > 0]
        for student in range(len(start) - 1)
    }
    student = np.repeat(np.arange(len(start) - 1), np.diff(start))
    hospitals: dict = {}
    for row in np.lexsort((given["priority"], place)):
        if capacity[place[row]] > 0:
            hospitals.setdefault(int(place[row]), []).append(int(student[row]))
    return residents, hospitals, {j: int(capacity[j]) for j in hospitals}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    # It copies its game by walking from player to player, thousands of calls deep.
    sys.setrecursionlimit(10**7)
    threading.stack_size(2**30)
    thread = threading.Thread(target=main, args=sys.argv[1:3])
    thread.start()
    thread.join()
