"""Problems and outcomes as files, and as words.

`words` turns names and tie groups into arrays, `reading` reads problems. What knows problems is
not imported here, because problems know this: `writing` writes them, `outcomes` reads and writes
outcomes. Below these: `tree` for JSON, `npz` for arrays, `groups` for lists of tie groups.
"""

from matching.engine.formats.reading import read_problem
from matching.engine.formats.words import fields_of

__all__ = ["fields_of", "read_problem"]
