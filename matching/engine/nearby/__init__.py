"""Candidates without the product: the best offers per student, found on the map.

The dense way (`pairs.candidates`) puts every student beside every offer. Here a student sees the
offers of the own programme that lie within reach, and nothing else is ever looked at:

    shortlist   what comes out: the best offers of each student
    catalogue   the offers in the order of the map, and each rule reduced to a few whole numbers
    walk        the walk over the map, and the choice of the best; compiled
    fit         kilometres and scores of pairs, bit by bit those of the dense way
    search      all of it: `best_candidates`

Whoever wants to know why an offer is not on the list asks `pairs.beside_all_offers`, for one
student at a time. This package brings numba with it as soon as `search` is imported.
"""
