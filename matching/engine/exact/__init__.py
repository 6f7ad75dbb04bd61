"""The exact effort: see `certified`.

Only numpy is needed to import this; the solver is loaded in a process of its own.
"""

from matching.engine.exact.certificate import Certified, certified
from matching.engine.exact.child import SolverError

__all__ = ["Certified", "SolverError", "certified"]
