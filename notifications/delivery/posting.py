"""Hand one letter over to the mail server, and say what came of it."""

import hashlib
import re
import smtplib
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend

from notifications.models import Letter

SMTP = f"{EmailBackend.__module__}.{EmailBackend.__qualname__}"
END_OF_LETTER = b"\r\n.\r\n"
CLOSING = 421  # the server ends the conversation: says nothing about the letter
NO_SUCH_ADDRESS = (550, 551, 553)


class _KnowsWhatWasSaid:
    """Notes whether a whole letter was handed over and not answered yet. If the connection breaks
    just then, nobody can know whether it was taken."""

    unanswered = False

    def send(self, s: Any) -> None:
        super().send(s)  # type: ignore[misc]
        self.unanswered = isinstance(s, bytes) and s.endswith(END_OF_LETTER)

    def getreply(self) -> tuple[int, bytes]:
        answer: tuple[int, bytes] = super().getreply()  # type: ignore[misc]
        self.unanswered = False
        return answer


class _Plain(_KnowsWhatWasSaid, smtplib.SMTP):
    pass


class _Encrypted(_KnowsWhatWasSaid, smtplib.SMTP_SSL):
    pass


class CarefulBackend(EmailBackend):
    """Django's mail over SMTP that can tell a letter that was refused from one in doubt."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _Encrypted if self.use_ssl else _Plain

    @property
    def unanswered(self) -> bool:
        return bool(getattr(self.connection, "unanswered", False))


@dataclass(frozen=True)
class Outcome:
    """What came of one letter. `away`: there was no server to hand it to; `doubt`: nobody knows."""

    error: Exception | None = None
    away: bool = False
    doubt: bool = False

    @property
    def words(self) -> str:
        return f"{type(self.error).__name__}: {self.error}"[:300] if self.error else ""

    @property
    def is_of_connection(self) -> bool:
        """Whether the connection broke or timed out; smtplib's other errors are answers."""
        if isinstance(self.error, smtplib.SMTPException):
            return isinstance(self.error, smtplib.SMTPServerDisconnected) or CLOSING in self.codes
        return isinstance(self.error, OSError)

    @property
    def is_final(self) -> bool:
        """Whether the receiving side will say the same tomorrow: a 5xx answer, or a letter that
        cannot be written down as mail."""
        if self.codes:
            return min(self.codes) >= 500
        return isinstance(self.error, ValueError)

    @property
    def says_no_such_address(self) -> bool:
        """Whether it is the address, and not what we wrote or where we come from."""
        if not isinstance(self.error, smtplib.SMTPRecipientsRefused):
            return False
        return all(map(_is_of_address, self.error.recipients.values()))

    @property
    def codes(self) -> list[int]:
        """The server's answers."""
        if isinstance(self.error, smtplib.SMTPRecipientsRefused):
            return [code for code, _said in self.error.recipients.values()]
        if isinstance(self.error, smtplib.SMTPResponseException):
            return [self.error.smtp_code]
        return []


def _is_of_address(answer: tuple[int, bytes]) -> bool:
    """An enhanced code (RFC 3463) tells a bad address (5.1.x, 5.2.1) from a policy or a full
    mailbox; without one, "relay" says that the server does not take our mail at all."""
    code, said = answer
    words = said.decode(errors="replace").lower()
    enhanced = re.match(r"5\.\d+\.\d+", words)
    if enhanced:
        return enhanced[0].startswith("5.1.") or enhanced[0] == "5.2.1"
    return code in NO_SUCH_ADDRESS and "relay" not in words


class Post:
    """One conversation with the mail server; it is opened when it is needed."""

    def __init__(self) -> None:
        name = f"{__name__}.{CarefulBackend.__name__}" if settings.EMAIL_BACKEND == SMTP else None
        self._backend: Any = get_connection(name)

    def hand_over(self, letter: Letter) -> Outcome:
        """Whatever goes wrong with one letter, the others must not wait for it; after an error
        the next one opens a new conversation."""
        try:
            self._backend.open()
        except Exception as error:
            return Outcome(error, away=True)
        try:
            if not self._backend.send_messages([_message(letter)]):
                raise ValueError("the letter has no address")
        except Exception as error:
            outcome = Outcome(error, doubt=self._is_in_doubt(error))
            self.close()
            return outcome
        return Outcome()

    def _is_in_doubt(self, error: Exception) -> bool:
        broke = Outcome(error).is_of_connection
        # What does not speak SMTP cannot say how far it came.
        return broke and bool(getattr(self._backend, "unanswered", True))

    def close(self) -> None:
        try:
            self._backend.close()
        except (smtplib.SMTPException, OSError):
            return  # it was closed already


def message_id(letter: Letter) -> str:
    """The same for every attempt at the same letter, so that receivers can drop a repeat."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{hashlib.sha256(letter.key.encode()).hexdigest()[:32]}@{domain}>"


def _message(letter: Letter) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        to=[letter.to],
        reply_to=[letter.reply_to] if letter.reply_to else None,
        headers={
            "Message-ID": message_id(letter),
            "Auto-Submitted": "auto-generated",
            "Content-Language": letter.language,
        },
    )
    if letter.html:
        message.attach_alternative(letter.html, "text/html")
    return message
