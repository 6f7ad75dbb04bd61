"""Reading what arrives by mail."""

import re
from email.message import EmailMessage
from typing import Any

from django.conf import settings

from notifications.models import Letter
from tests.notifications.post_office import PostOffice
from tests.services.waiting import until


def newest_letter(to: str, kind: str) -> Letter:
    """As it stands in the outbox."""
    found = Letter.objects.filter(to=to, kind=kind).first()
    assert found, f"no {kind} for {to} in {list(Letter.objects.values_list('to', 'kind'))}"
    return found


def code_in(text: str) -> str:
    """The code that somebody types over."""
    [code] = re.findall(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", text)
    return str(code)


def text_of(letter: EmailMessage) -> str:
    """What stands in the letter as it arrived."""
    body: Any = letter.get_body(("plain",))
    return " ".join(body.get_content().split())


def link_in(letter: EmailMessage) -> str:
    """Where the one button of a letter leads, as a path."""
    body: Any = letter.get_body(("html",))
    links = set(re.findall(r'href="([^"]+)"', body.get_content()))
    [link] = [one for one in links if one.removeprefix(settings.BASE_URL) != "/"]
    assert link in text_of(letter), "text and HTML lead to different places"
    return link.removeprefix(settings.BASE_URL)


def arrived(post_office: PostOffice, to: str, about: str, *, within: float = 0) -> EmailMessage:
    """The one letter to somebody with these words in its subject; waits for it `within` seconds."""

    def those() -> list[EmailMessage]:
        return [
            letter
            for letter in list(post_office.arrived)
            if letter["To"] == to and about in " ".join(letter["Subject"].split())
        ]

    if within:
        until(those, seconds=within, what=f"a letter “{about}” to {to}")
    found = those()
    everything = [f"{letter['To']}: {letter['Subject']}" for letter in post_office.arrived]
    assert len(found) == 1, f"{len(found)} letters “{about}” to {to} among {everything}"
    return found[0]
