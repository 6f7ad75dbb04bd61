"""A real SMTP server that a test can close, open again, and tell to give trouble."""

import asyncio
import threading
from concurrent.futures import Future
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

ANSWER_SECONDS = 10


class PostOffice:
    """Takes letters on a port of its own, which stays the same when it opens again.

    `arrived` holds what was taken. `refusals` are answers to addresses, `answer` is what is said
    after each letter. After `stop_after` letters the next one has to wait until
    `go_on`, and then `waiting` is set. At the command that `breaks_at` names it hangs up without a
    word, at the one that `closes_at` names it says 421 first. Addresses of a domain in `slow` wait
    so many seconds.
    """

    def __init__(self) -> None:
        self.port = 0
        self.arrived: list[EmailMessage] = []
        self.refusals: dict[str, str] = {}
        self.answer = "250 OK"
        self.hangs_up = False
        self.breaks_at = ""
        self.closes_at = ""
        self.slow: dict[str, float] = {}
        self.demands_password = False
        self.connections = 0
        self.stop_after: int | None = None
        self.waiting = threading.Event()
        self._thread: threading.Thread | None = None
        self._sessions: list[SMTP] = []

    def __enter__(self) -> "PostOffice":
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def open(self) -> None:
        """Take letters from now on."""
        ready: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, args=[ready], daemon=True)
        self._thread.start()
        self.port = ready.result(timeout=ANSWER_SECONDS)

    def close(self) -> None:
        """Break off every conversation and refuse new ones."""
        if self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(timeout=ANSWER_SECONDS)
        assert not self._thread.is_alive(), "the post office does not close"
        self._thread = None

    def go_on(self) -> None:
        """Let the letter that waits pass, and all after it."""
        self.stop_after = None

    def message_ids(self) -> list[str]:
        """Of all letters that were taken, in order, repeats too."""
        return [str(letter["Message-ID"]) for letter in self.arrived]

    def _run(self, ready: "Future[int]") -> None:
        try:
            asyncio.run(self._serve(ready))
        except OSError as error:
            ready.set_exception(error)

    async def _serve(self, ready: "Future[int]") -> None:
        self._loop = asyncio.get_running_loop()
        self._closing = asyncio.Event()
        server = await self._loop.create_server(self._converse, "127.0.0.1", self.port)
        ready.set_result(server.sockets[0].getsockname()[1])
        await self._closing.wait()
        server.close()
        for session in self._sessions:
            if session.transport is not None:
                session.transport.close()
        self._sessions.clear()

    def _converse(self) -> SMTP:
        self.connections += 1
        session = SMTP(
            self,
            auth_required=self.demands_password,
            auth_require_tls=False,
            authenticator=lambda *_: AuthResult(success=False, handled=False),
        )
        self._sessions.append(session)
        return session

    def _trouble_at(self, command: str, server: SMTP) -> str:
        """What is said at this command instead of going on; nothing when all is well."""
        if command == self.breaks_at and server.transport is not None:
            server.transport.close()
            return "451 never heard"
        return "421 Closing" if command == self.closes_at else ""

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if trouble := self._trouble_at("MAIL", server):
            return trouble
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if trouble := self._trouble_at("RCPT", server):
            return trouble
        if seconds := self.slow.get(address.rpartition("@")[2]):
            await asyncio.sleep(seconds)
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        while self.stop_after is not None and len(self.arrived) >= self.stop_after:
            self.waiting.set()
            await asyncio.sleep(0.005)
        if trouble := self._trouble_at("DATA", server):
            return trouble
        if self.answer.startswith("250"):
            source = envelope.original_content or b""
            letter: Any = message_from_bytes(source, policy=policy.default)
            self.arrived.append(letter)
        if self.hangs_up and server.transport is not None:
            server.transport.close()
        return self.answer
