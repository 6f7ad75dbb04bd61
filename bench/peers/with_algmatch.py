"""Runs in the environment that has `algmatch` (pip install algmatch); see `compare`.

Reads an instance without ties, solves it from the students' side as hospitals and residents, or
with owners as student-project allocation, and writes seconds and places.
"""

import importlib
import sys
import time

import numpy as np

algmatch = importlib.import_module("algmatch")


def main(question: str, answer: str) -> None:
    """Measure from dictionaries to a matching."""
    with np.load(question) as given:
        instance = dict(given)
    n = len(instance["start"]) - 1
    lists = {
        i + 1: [int(j) + 1 for j in row]
        for i, row in enumerate(np.split(instance["place"], instance["start"][1:-1]))
    }
    asked = spas if len(instance["owner_capacity"]) else hospitals
    begin = time.process_time()
    found = asked(lists, instance)
    seconds = time.process_time() - begin
    # Names come back with a letter in front: s12 is at p3, or at nothing.
    place = [int(found.get(i + 1) or 0) - 1 for i in range(n)]
    np.savez(answer, seconds=seconds, place=place)


def ranking(instance: dict, group: np.ndarray, size: int) -> dict:
    """Who asks each group, the strongest first, none twice."""
    student = np.repeat(np.arange(len(instance["start"]) - 1), np.diff(instance["start"]))
    order = np.lexsort((instance["priority"], group))
    return {
        g + 1: list(dict.fromkeys(int(student[row]) + 1 for row in order if group[row] == g))
        for g in range(size)
    }


def by_number(matching: dict) -> dict:
    """Student to place, as numbers, of whoever has one."""
    return {int(who[1:]): int(where[1:]) for who, where in matching.items() if where}


def hospitals(lists: dict, instance: dict) -> dict:
    """Places that own themselves."""
    capacity = instance["capacity"]
    ranked = ranking(instance, instance["place"], len(capacity))
    game = algmatch.HR(
        dictionary={
            "residents": lists,
            "hospitals": {
                j: {"capacity": int(capacity[j - 1]), "preferences": ranked[j]} for j in ranked
            },
        },
        optimised_side="residents",
    )
    return by_number(game.get_stable_matching()["resident_sided"])


def spas(lists: dict, instance: dict) -> dict:
    """Projects of lecturers."""
    capacity, owner, room = instance["capacity"], instance["owner"], instance["owner_capacity"]
    ranked = ranking(instance, owner[instance["place"]], len(room))
    game = algmatch.SPAS(
        dictionary={
            "students": lists,
            "projects": {
                j + 1: {"capacity": int(seats), "lecturer": int(owner[j]) + 1}
                for j, seats in enumerate(capacity)
            },
            "lecturers": {
                k: {"capacity": int(room[k - 1]), "preferences": ranked[k]} for k in ranked
            },
        },
        optimised_side="students",
    )
    return by_number(game.get_stable_matching()["student_sided"])


if __name__ == "__main__":
    main(*sys.argv[1:3])
