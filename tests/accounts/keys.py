"""An app with codes, as somebody has it on a phone."""

import base64
import hashlib
import hmac
import re
import struct
import time

from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import User
from notifications.models import Letter

PERIOD = 30


def code_now(secret: str, *, steps: int = 0) -> str:
    """What the app shows now, or some steps from now: RFC 6238."""
    counter = struct.pack(">Q", int(time.time()) // PERIOD + steps)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    at = digest[-1] & 15
    number: int = struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def knows_address(user: User) -> User:
    """The user, as after signing up: with an address that was confirmed, and without a password."""
    user.set_unusable_password()
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


class Browser(Client):
    """A browser that knows where it was led after signing in."""

    landed = ""


def sign_in_by_mail(user: User, *, then: str = "") -> Browser:
    """A browser after the code from the mail; a second factor, if there is one, is still asked.
    `then` is where the link to the door asked to be led."""
    cache.clear()  # the limits on asking for codes are kept in a table that no test empties
    browser = Browser()
    browser.post(reverse("account_login"), {"login": user.email, "next": then})
    code = Letter.objects.filter(to=user.email, kind="login_code").latest("pk")
    [word] = re.findall(r"^([A-Z0-9]+(?:-[A-Z0-9]+)*)$", code.text, flags=re.MULTILINE)
    done = browser.post(reverse("account_confirm_login_code"), {"code": word, "next": then})
    browser.landed = str(done.get("Location", ""))
    return browser


def set_up_app(browser: Client) -> str:
    """Sets up an app with codes; its secret."""
    page = browser.get(reverse("mfa_activate_totp"))
    secret: str = page.context["form"].secret
    done = browser.post(reverse("mfa_activate_totp"), {"code": code_now(secret)})
    assert done.status_code == 302, done.content.decode()
    return secret
