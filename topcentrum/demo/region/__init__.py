"""The invented region: 420 students, 64 companies, three or four seasons, from one seed and date.

    calendar    the seasons around a day
    crowd       people with names and addresses; schools' staff
    firms       companies with sites, members and accreditation
    learners    students with their profiles, and who seeks a place
    ideas       what there is to do: offers before they are stored
    postings    offers stored, submitted, published
    rankings    what students would like best, among what they are eligible for
    outcomes    what became of past seasons: matches, refusals, silence
    region      all of it in order, in one transaction

Everything that moves goes through the tables of moves, so the history tells it as it would have
happened. No letter is written: what lies in the post is what the visitor caused.
"""

from topcentrum.demo.region.region import (
    Standing,
    is_empty,
    make,
    remove,
    standing,
    take_turn,
)

__all__ = ["Standing", "is_empty", "make", "remove", "standing", "take_turn"]
