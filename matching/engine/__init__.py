"""The algorithmic core: arrays in, arrays out, nothing of the portal inside.

    candidates(students, offers, weights=…)   who could go where, and how well it would fit
    solve(problem)                            divide the places
    verify(problem, outcome)                  check it, independently
    explain(problem, outcome, student, place) say why

What is imported here needs numpy and nothing else; `solve` loads a compiler and solvers when it is
called. The package could be lifted out of the project as it stands. On the command line it is
``python -m matching.engine``.
"""

from matching.engine.arrays import ProblemError
from matching.engine.checker import Verdict, verify
from matching.engine.eligibility import RULES, Rule
from matching.engine.explanation import (
    Change,
    Code,
    Explanation,
    Standings,
    Unplaced,
    UnplacedCode,
    explain,
    standings,
    unplaced_reason,
)
from matching.engine.lottery import commitment, lottery_numbers
from matching.engine.market import (
    CREBO_NOT_NEEDED,
    CREBO_UNKNOWN,
    LEVELS,
    NO_EARMARK,
    Offers,
    Students,
)
from matching.engine.nearby.shortlist import Shortlist
from matching.engine.outcome import UNPLACED, Outcome
from matching.engine.pairs import Candidates, beside_all_offers, candidates
from matching.engine.problem import Problem
from matching.engine.scores import CRITERIA, Criterion, priorities_from_scores
from matching.engine.solver import EFFORTS, solve

__all__ = [
    "CREBO_NOT_NEEDED",
    "CREBO_UNKNOWN",
    "CRITERIA",
    "EFFORTS",
    "LEVELS",
    "NO_EARMARK",
    "RULES",
    "UNPLACED",
    "Candidates",
    "Change",
    "Code",
    "Criterion",
    "Explanation",
    "Offers",
    "Outcome",
    "Problem",
    "ProblemError",
    "Rule",
    "Shortlist",
    "Standings",
    "Students",
    "Unplaced",
    "UnplacedCode",
    "Verdict",
    "beside_all_offers",
    "candidates",
    "commitment",
    "explain",
    "lottery_numbers",
    "priorities_from_scores",
    "solve",
    "standings",
    "unplaced_reason",
    "verify",
]
