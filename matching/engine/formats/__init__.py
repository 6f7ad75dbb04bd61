"""Problems and outcomes as files, and as words.

`words` turns names and tie groups into arrays, `reading` reads files.
"""

from matching.engine.formats.reading import read_problem
from matching.engine.formats.words import fields_of

__all__ = ["fields_of", "read_problem"]
