"""The door of the demo, where a visitor becomes anybody of the cast, and the demo's post."""

from collections.abc import Callable
from functools import wraps

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_safe

from accounts.adapters import DEMO_DOOR
from accounts.models import User
from notifications.views import formatted_letter, may_frame_itself, only_letter
from topcentrum.demo import postbox
from topcentrum.demo.cast import cast, groups

LETTERS_PER_PAGE = 25

View = Callable[..., HttpResponse]


def demo_only(view: View) -> View:
    """Open to everybody in the demo; outside it there is no such page, whatever urls say."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return login_not_required(never_cache(guarded))


@demo_only
@require_http_methods(["GET", "HEAD", "POST"])
def door(request: HttpRequest) -> HttpResponse:
    """Choose who you are; choosing signs you in as that person, without a password."""
    players = cast()
    if request.method == "POST":
        chosen = request.POST.get("person", "")
        player = next((one for one in players if str(one.user.pk) == chosen), None)
        if player is None:
            raise Http404
        _become(request, player.user)
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "demo/door.html", {"groups": groups(players)})


@demo_only
@require_safe
def post(request: HttpRequest) -> HttpResponse:
    """All letters that the portal sent, newest first; `aan` keeps those to one receiver."""
    to = request.GET.get("aan", "").strip()[:254]
    found = postbox.envelopes(settings.DEMO_POST_FOLDER, to=to)
    page = Paginator(found, LETTERS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "demo/post.html", {"page": page, "to": to})


@demo_only
@require_http_methods(["GET", "HEAD", "POST"])
@may_frame_itself
def letter(request: HttpRequest, key: str) -> HttpResponse:
    """One letter: as its receiver sees it, and as plain text. Whoever holds a letter can answer
    it, so posting here goes on as its receiver."""
    found = _letter(key)
    addresses = [one.lower() for one in postbox.addresses(found.envelope.to)]
    receiver = User.objects.filter(email__in=addresses, is_active=True).order_by("pk").first()
    if request.method == "POST":
        if receiver is None:
            raise Http404
        _become(request, receiver)
        return redirect("demo:letter", key)
    crumbs = [
        {"label": _("De post van de demo"), "url": reverse("demo:post")},
        {"label": _("Brief")},
    ]
    context = {"letter": found, "receiver": receiver, "crumbs": crumbs}
    return render(request, "demo/letter.html", context)


@demo_only
@require_safe
@xframe_options_sameorigin
@only_letter
def formatted(request: HttpRequest, key: str) -> HttpResponse:
    """The HTML part by itself, for the frame in the page of the letter."""
    found = _letter(key)
    if not found.html:
        raise Http404
    return formatted_letter(found.html)


def _become(request: HttpRequest, user: User) -> None:
    """Sign somebody in without a mailbox or a key; outside the demo such a session is worth
    nothing to whoever needs a second factor."""
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    record_authentication(request, user, DEMO_DOOR)


def _letter(key: str) -> postbox.Letter:
    found = postbox.letter(settings.DEMO_POST_FOLDER, key)
    if found is None:
        raise Http404
    return found
