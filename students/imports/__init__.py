"""The roster of a school comes in: a file becomes a sheet of text, its columns are found, its lines
are judged and compared with what is known, and a plan is made that is carried out whole or not at
all."""

from students.imports.columns import guess
from students.imports.plans import Change, Plan, StalePlan, carry_out, plan_of
from students.imports.sheets import MOST_BYTES, Sheet, Unreadable, read

__all__ = [
    "MOST_BYTES",
    "Change",
    "Plan",
    "Sheet",
    "StalePlan",
    "Unreadable",
    "carry_out",
    "guess",
    "plan_of",
    "read",
]
