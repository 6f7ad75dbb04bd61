"""Reads pages and posts forms as a person would: by what is on them."""

import re
from html import unescape
from typing import Any

from django.test import Client
from django.urls import reverse

TOO_BIG = 2**63


def words_of(answer: Any) -> str:
    """The page as somebody reads it: the part that differs, without tags, on one line."""
    main = answer.content.decode().partition('tabindex="-1">')[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main)).split())


def read(client: Client, name: str, *args: object, status: int = 200, **query: Any) -> str:
    """What a page says that answers with this status."""
    answer = client.get(reverse(f"matching:{name}", args=args), query)
    assert answer.status_code == status, name
    return words_of(answer)


def send(client: Client, name: str, *args: object, **form: object) -> str:
    """POST a form that is accepted, and what the page says to which it leads."""
    answer = client.post(reverse(f"matching:{name}", args=args), form, follow=True)
    assert answer.redirect_chain, f"{name} did not lead on"
    assert answer.status_code == 200
    return words_of(answer)


def refused(client: Client, name: str, *args: object, **form: object) -> str:
    """POST a form that comes back with errors: 422, said in the title and on top."""
    answer = client.post(reverse(f"matching:{name}", args=args), form)
    assert answer.status_code == 422, name
    page = answer.content.decode()
    assert "<title>Fout:" in " ".join(page.split()).replace("> ", ">")
    assert 'class="error-summary' in page
    return words_of(answer)


def links_of(client: Client, name: str, *args: object) -> set[str]:
    """Where the content of a page leads to."""
    page = client.get(reverse(f"matching:{name}", args=args)).content.decode()
    main = page.partition("<main")[2].partition("</main>")[0]
    return {unescape(href) for href in re.findall(r'href="(/[^"#]*)', main)}
