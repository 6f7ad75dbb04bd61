"""The switch between languages, which stands at the foot of every page, and the page behind the
link of an invitation, whatever it is for."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from accounts.actions import CHOSEN, choose_language
from accounts.models import Invitation, User


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponseBase:
    """Choose a language, and come back to the same page. Whoever is signed in chooses for every
    device, and for letters; whoever signs in next takes the choice along."""
    chosen = request.POST.get("language", "")
    if chosen in dict(settings.LANGUAGES):
        if isinstance(request.user, User):
            choose_language(request.user, chosen)
        else:
            request.session[CHOSEN] = chosen
    # Django keeps the cookie, and goes back to the page of ours that the browser says it shows.
    return set_language(request)


def asked_by(
    request: HttpRequest, kind: type[Invitation], token: str
) -> tuple[Invitation | None, str]:
    """The invitation of a link, and what stands in its way: "" when nothing does, else "tampered",
    "used", "withdrawn", "renewed", "expired", "sign_in" or "foreign"."""
    try:
        key, sending = kind.read(token)
    except signing.BadSignature:
        return None, "tampered"
    found = kind._default_manager.select_related("user", "invited_by").filter(pk=key).first()
    if found is None:
        return None, "withdrawn"
    return found, _in_the_way(request, found, sending)


def _in_the_way(request: HttpRequest, invitation: Invitation, sending: int) -> str:
    ends = {
        "used": invitation.accepted_at is not None,
        "withdrawn": invitation.withdrawn_at is not None,
        "renewed": sending != invitation.sending,
        "expired": invitation.expires_at <= timezone.now(),
        "sign_in": not request.user.is_authenticated,
        "foreign": request.user != invitation.user,
    }
    return next((why for why, is_so in ends.items() if is_so), "")


STATUS = {"": 200, "sign_in": 200, "foreign": 403, "tampered": 404}
GONE = 410


def show_invitation(
    request: HttpRequest, invitation: Invitation | None, trouble: str, *, asks: str
) -> HttpResponse:
    """The page behind the link: what is asked, or why the link does not work, and what to do."""
    context = {"invitation": invitation, "trouble": trouble, "asks": asks}
    status = STATUS.get(trouble, GONE)
    return render(request, "accounts/invitation.html", context, status=status)
