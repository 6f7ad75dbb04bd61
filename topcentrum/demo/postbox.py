"""Reading the demo's post: what the mail catcher put in its Maildir.

Whatever lies in the folder, reading it never fails: a letter that is broken shows as far as it
can be read, one that is gone is gone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError, MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parseaddr
from functools import lru_cache
from os import DirEntry, scandir
from pathlib import Path

BOXES = ("new", "cur")
LARGEST_HEAD = 32 * 1024
LARGEST_LETTER = 1024 * 1024  # what is beyond is not shown


@dataclass(frozen=True)
class Envelope:
    """What a list of letters shows of one. `key` names it, and is not a path."""

    key: str
    arrived: datetime
    sender: str
    to: str
    subject: str

    @property
    def sender_name(self) -> str:
        """The sender's name, or the address where there is none."""
        name, address = parseaddr(self.sender)
        return name or address or self.sender


@dataclass(frozen=True)
class Letter:
    """A letter with its parts as text; `html` is empty where there is none."""

    envelope: Envelope
    text: str
    html: str


def envelopes(folder: str, *, to: str = "") -> list[Envelope]:
    """The letters in the folder, newest first; with `to` only those whose receiver contains it."""
    files = sorted(_files(folder), key=lambda file: (_arrived(file), file.name), reverse=True)
    found = [_envelope(file.path, file.name, _arrived(file)) for file in files]
    return [one for one in found if to.lower() in one.to.lower()]


def letter(folder: str, key: str) -> Letter | None:
    """The letter with this key, or None when it is not (or no longer) there.

    The key is looked for among the names in the folder and never becomes part of a path.
    """
    for file in _files(folder):
        if file.name == key:
            raw = _read(file.path, LARGEST_LETTER)
            if raw is None:
                return None
            message = message_from_bytes(raw)
            envelope = _envelope(file.path, file.name, _arrived(file))
            return Letter(envelope, _part(message, "text/plain"), _part(message, "text/html"))
    return None


def _files(folder: str) -> Iterator[DirEntry[str]]:
    """Everything that may be a letter. An unset, missing or closed folder holds nothing."""
    if not folder:
        return
    for box in BOXES:
        try:
            with scandir(Path(folder) / box) as entries:
                yield from (entry for entry in entries if entry.is_file(follow_symlinks=False))
        except OSError:
            continue


def _arrived(file: DirEntry[str]) -> int:
    """When the letter came, in nanoseconds; 0 when it went away just now."""
    try:
        return file.stat(follow_symlinks=False).st_mtime_ns
    except OSError:
        return 0


def _read(path: str, most: int) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read(most)
    except OSError:
        return None


@lru_cache(maxsize=4096)
def _envelope(path: str, name: str, arrived: int) -> Envelope:
    """The head of a letter. A letter is written once, so what was read stays true."""
    head = BytesHeaderParser().parsebytes(_read(path, LARGEST_HEAD) or b"")
    return Envelope(
        key=name,
        arrived=datetime.fromtimestamp(arrived / 1e9, UTC),
        sender=_words(head, "From"),
        to=_words(head, "To") or _words(head, "X-RcptTo"),
        subject=_words(head, "Subject"),
    )


def _words(head: Message, name: str) -> str:
    """A header as people read it, in one line; what cannot be decoded stays as it came."""
    raw = head.get(name, "")
    try:
        words = str(make_header(decode_header(raw)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError, TypeError):
        words = str(raw)
    return " ".join(_sendable(words).split())


def _sendable(text: str) -> str:
    """Without what no page can hold: half characters, which some charsets let through, and NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def addresses(line: str) -> list[str]:
    """The bare addresses in a header."""
    return [address for _, address in getaddresses([line]) if address]


def _part(message: Message, kind: str) -> str:
    """The first part of this kind as text, or empty."""
    for part in message.walk():
        if part.get_content_type() == kind:
            return _decoded(part)
    return ""


def _decoded(part: Message) -> str:
    try:
        payload = part.get_payload(decode=True)
    except (MessageError, ValueError, LookupError):
        payload = None
    if not isinstance(payload, bytes):
        return ""
    charset = part.get_content_charset() or "utf-8"
    try:
        text = payload.decode(charset, "replace")
    except (LookupError, ValueError):
        text = payload.decode("utf-8", "replace")
    return re.sub(r"\r\n?", "\n", _sendable(text))
