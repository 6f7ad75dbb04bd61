"""The switch between languages, which stands at the foot of every page."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from accounts.actions import CHOSEN, choose_language
from accounts.models import User


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
