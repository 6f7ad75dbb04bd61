"""The grammar of lifecycles: a table of moves that code and database both read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Move:
    """One named way from a state to another. `sources` is empty for a move that creates the row."""

    name: str
    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True)
class Lifecycle:
    """All moves of one kind of row. `subject` is its name in the history, "room.model"."""

    subject: str
    moves: tuple[Move, ...]

    def sources(self, name: str) -> frozenset[str]:
        """The states from which the move `name` may start.

        Raises KeyError when there is no such move.
        """
        found = frozenset(s for move in self.moves if move.name == name for s in move.sources)
        if not found and name not in {move.name for move in self.moves}:
            raise KeyError(f"{self.subject} has no move {name!r}")
        return found

    def allows(self, name: str, state: str) -> bool:
        """Whether the move `name` may start from `state`."""
        return state in self.sources(name)

    def steps(self) -> str:
        """The table as the database's guard reads it: "move:from>to", separated by spaces.

        Migrations hand it to the trigger `accounts_guard_move`, which refuses every change of
        state outside the table and writes the history row of each move. A house test compares
        the two, so a changed table needs a migration.
        """
        return " ".join(
            f"{move.name}:{source}>{move.target}"
            for move in self.moves
            for source in (move.sources or ("",))
        )
