"""The outbox, for whoever has to know that a letter arrived: coordinators and the project lead."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_safe

from accounts.queries import history_of
from matching.queries.letters import can_see_letters, letters_visible_to
from matching.views.asking import user_of
from notifications import actions, states
from notifications.forms import LettersFilter
from notifications.models import Letter, Suppression
from notifications.queries import count_states, letters_page
from notifications.reasons import kind_words
from notifications.views import formatted_letter, may_frame_itself, only_letter

takes_form = require_http_methods(["GET", "HEAD", "POST"])
# What asks for somebody's attention stands first, what is well last.
IN_ORDER = (
    *(states.FAILED, states.SUPPRESSED, states.UNSURE, states.RETRY),
    *(states.QUEUED, states.LEASED, states.WITHDRAWN, states.SENT),
)
TONES = {
    states.FAILED: ("danger", "cross"),
    states.SUPPRESSED: ("danger", "warning"),
    states.UNSURE: ("warning", "info"),
    states.RETRY: ("warning", "clock"),
    states.QUEUED: ("info", "clock"),
    states.LEASED: ("info", "send"),
    states.SENT: ("success", "check"),
    states.WITHDRAWN: ("", "undo"),
}


def letter_of(request: HttpRequest, letter_id: int) -> Letter:
    """A letter that the person who is signed in may know of; 404 for all others."""
    letter: Letter = get_object_or_404(letters_visible_to(user_of(request)), pk=letter_id)
    return letter


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All letters that somebody answers for, newest first, with how many are in which state."""
    user = user_of(request)
    if not can_see_letters(user):
        raise Http404
    form = LettersFilter(request.GET or None)
    asked = form.matching(letters_visible_to(user))
    counts = count_states(asked)
    shown = asked.filter(state=form.state) if form.state else asked
    page = letters_page(shown, before=request.GET.get("voor", ""))
    return render(
        request,
        "notifications/letters.html",
        {
            "form": form,
            "rows": [_row(letter) for letter in page.letters],
            "older": page.older,
            "is_first": not request.GET.get("voor"),
            "tabs": _tabs(request, counts, form.state),
            "is_filtered": any(request.GET.get(name) for name in form.fields),
        },
    )


def _row(letter: Letter) -> dict[str, object]:
    """What a list shows of one letter; nothing of a student to whoever is not of the school."""
    tone, icon = TONES[letter.state]
    readable = getattr(letter, "readable", False)
    receiver_is_shown = getattr(letter, "receiver_is_shown", False)
    return {
        "letter": letter,
        "readable": readable,
        "title": letter.subject if readable else kind_words(letter.kind),
        "kind": kind_words(letter.kind),
        "to": letter.to if receiver_is_shown else _("een student"),
        "trouble": letter.trouble if receiver_is_shown else "",  # it may name the address
        "tone": tone,
        "icon": icon,
    }


def _tabs(request: HttpRequest, counts: dict[str, int], current: str) -> list[dict[str, object]]:
    """One per state that occurs, with its number; the other filters stay as they are."""
    names = dict(Letter.State.choices)
    wanted = [("", _("Alle"), sum(counts.values()))]
    wanted += [
        (state, str(names[state]).capitalize(), counts.get(state, 0))
        for state in IN_ORDER
        if counts.get(state) or state == current
    ]
    found: list[dict[str, object]] = []
    for state, label, number in wanted:
        asked = request.GET.copy()
        asked.pop("voor", None)
        asked["stand"] = state
        url = f"{reverse('matching:letters')}?{asked.urlencode()}"
        found.append({"url": url, "label": label, "count": number, "current": state == current})
    return found


@require_safe
@may_frame_itself
def detail(request: HttpRequest, letter_id: int) -> HttpResponse:
    """One letter: how it went, the letter as it was sent, and what can be done."""
    letter = letter_of(request, letter_id)
    is_held = Suppression.holds(letter.to) and letter.state != states.SENT
    return render(
        request,
        "notifications/letter.html",
        {
            "row": _row(letter),
            "is_held": is_held,
            "moves": _timeline(letter),
            "may_be_withdrawn": states.LETTER.allows("withdraw", letter.state),
            "may_be_sent_again": states.LETTER.allows("again", letter.state),
            "crumbs": [
                {"label": _("Brieven"), "url": reverse("matching:letters")},
                {"label": _("Brief")},
            ],
        },
    )


def _timeline(letter: Letter) -> list[dict[str, object]]:
    """Written, what people did with it, sent."""
    words = {"again": _("Opnieuw klaargezet"), "withdraw": _("Teruggehaald")}
    moves: list[dict[str, object]] = [{"label": _("Geschreven"), "at": letter.created_at}]
    moves += [
        {"label": words[move.move], "at": move.at, "who": move.actor}
        for move in history_of(states.LETTER.subject, letter.pk)
    ]
    if letter.sent_at:
        moves.append({"label": _("Verstuurd"), "at": letter.sent_at})
    return [{"who": "", "reason": "", **move} for move in moves]


@require_safe
@xframe_options_sameorigin
@only_letter
def formatted(request: HttpRequest, letter_id: int) -> HttpResponse:
    """The HTML part, for the frame."""
    letter = letter_of(request, letter_id)
    if not letter.readable or not letter.html:  # type: ignore[attr-defined]
        raise Http404
    return formatted_letter(letter.html)


@takes_form
def again(request: HttpRequest, letter_id: int) -> HttpResponse:
    """Send a letter again that did not arrive."""
    letter = letter_of(request, letter_id)
    if request.method == "POST":
        if actions.send_again(letter, by=user_of(request)):
            messages.success(request, _("De brief staat weer klaar en vertrekt zo."))
        else:
            messages.warning(request, _("Deze brief is net al verstuurd of teruggehaald."))
    return redirect("matching:letter", letter.pk)


@takes_form
def withdraw(request: HttpRequest, letter_id: int) -> HttpResponse:
    """Keep a letter from leaving."""
    letter = letter_of(request, letter_id)
    if request.method == "POST":
        if actions.withdraw(letter, by=user_of(request)):
            messages.success(request, _("De brief is teruggehaald. De ontvanger krijgt niets."))
        else:
            messages.warning(request, _("Te laat: deze brief is al onderweg of verstuurd."))
    return redirect("matching:letter", letter.pk)
