"""JSON as a tree in which nothing is taken for granted: complaints name what was found.

JSON is RFC 8259, in UTF-8. That standard leaves open what an object means in which a key stands
twice; here it is an error. NaN and Infinity are no JSON, and no whole number either.

Where in the tree a complaint arose is added on its way up, see `within`: so the place is spelled
out only when there is something to complain about.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

from matching.engine.arrays import ProblemError

_LONGEST_QUOTE = 60
_LARGEST_INT32 = 2**31 - 1


class Doubled(dict[str, Any]):
    """An object in which a key stands twice; whoever reads it refuses it, and knows where it is."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        keys = [key for key, _ in pairs]
        self.key = next(key for row, key in enumerate(keys) if key in keys[:row])


def parsed(raw: bytes) -> object:
    """The tree that a JSON text holds: dict, list, str, int, float, bool and None.

    Raises ProblemError, naming line and column, for what is no JSON in UTF-8.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise ProblemError(f"not UTF-8: byte {error.start} is {raw[error.start]:#04x}") from None
    try:
        return json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise ProblemError(
            f"not JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        ) from None
    except RecursionError:
        raise ProblemError("not JSON that can be meant: nested too deeply") from None
    except ValueError:
        # Python refuses to read whole numbers of thousands of digits. Read as infinite they come
        # to whoever complains of them, and knows where in the tree they stand.
        return json.loads(text, object_pairs_hook=_object, parse_int=float)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Doubled(pairs)


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Have no rubbish sought meanwhile: among millions of new lists, of which all are wanted."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def within(place: str, error: ProblemError) -> ProblemError:
    """The same complaint, with the place in the tree where it arose in front."""
    return ProblemError(f"{place}: {error}")


def each(title: str, entries: list[Any], read: Callable[[Any], None]) -> None:
    """Call ``read`` with every entry; complaints get ``title[row]`` and the id in front."""
    for row, entry in enumerate(entries):
        try:
            read(entry)
        except ProblemError as error:
            known = entry.get("id") if isinstance(entry, dict) else None
            name = f" {quoted(known)}" if isinstance(known, str) and known else ""
            raise within(f"{title}[{row}]{name}", error) from None


def quoted(value: object) -> str:
    """A value as it stands in the text, in one line, shortened; of a list only the kind."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False)[: _LONGEST_QUOTE + 1]
    text = "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 1]}…"


def record(
    value: object, required: Collection[str], optional: Collection[str] = ()
) -> dict[str, Any]:
    """An object with these keys and no others.

    Raises ProblemError for another kind of value, a key that is missing, unknown or there twice.
    """
    if isinstance(value, Doubled):
        raise ProblemError(f"key {quoted(value.key)} stands twice")
    if not isinstance(value, dict):
        raise ProblemError(f"an object expected, {quoted(value)} given")
    for key in value:
        if key not in required and key not in optional:
            close = suggestion(key, (*required, *optional))
            raise ProblemError(f"unknown key {quoted(key)}{close}")
    for key in required:
        if key not in value:
            raise ProblemError(f"key {quoted(key)} is missing")
    return value


def suggestion(name: str, known: Collection[str]) -> str:
    """The known name that an unknown one may have been meant to be, as the end of a complaint."""
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {quoted(close[0])}?" if close else ""


def listed(value: object) -> list[Any]:
    """A list. Raises ProblemError for another kind of value."""
    if not isinstance(value, list):
        raise ProblemError(f"a list expected, {quoted(value)} given")
    return value


def text(value: object) -> str:
    """A text that says something. Raises ProblemError for another kind of value."""
    if not isinstance(value, str) or not value or not (value.isascii() or _has_bytes(value)):
        raise ProblemError(f"a non-empty text expected, {quoted(value)} given")
    return value


def _has_bytes(value: str) -> bool:
    """Half a surrogate pair is a str in Python, but no text: it has no bytes in UTF-8."""
    return not any("\ud800" <= c <= "\udfff" for c in value)


def whole(value: object) -> int:
    """A whole number. Raises ProblemError for another kind of value."""
    # For Python a bool is an int; whoever writes true does not mean 1.
    if not isinstance(value, int) or isinstance(value, bool):
        raise ProblemError(f"a whole number expected, {quoted(value)} given")
    return value


def int32(value: object) -> int:
    """A whole number that fits into 32 bits. Raises ProblemError for another kind of value."""
    if abs(whole(value)) > _LARGEST_INT32:
        raise ProblemError(f"{quoted(value)} given, {_LARGEST_INT32} is the largest number")
    return whole(value)


def field(entry: dict[str, Any], key: str, read: Callable[[Any], Any], missing: Any = None) -> Any:
    """What ``read`` makes of the value at a key; ``missing`` where the key is not there."""
    if key not in entry:
        return missing
    try:
        return read(entry[key])
    except ProblemError as error:
        raise within(key, error) from None
