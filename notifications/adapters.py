"""Where django-allauth meets the house: its letters go through the outbox too."""

import uuid
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter

# In this order: a process that asks for `stages` first, as a worker would, gets half of it.
from allauth.account.internal.constants import LoginStageKey
from allauth.account.stages import EmailVerificationStage
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext_lazy

from accounts.actions import CHOSEN, choose_language
from accounts.models import User
from notifications import outbox
from notifications.models import Letter, Suppression

LONGEST_ADDRESS = 254  # RFC 5321
# Whether anybody has an account there is not said: letters to strangers bounce too.
ADDRESS_BOUNCED = gettext_lazy(
    "Mail naar dit adres kwam eerder terug. Controleer het adres, of vraag je stagecoördinator om "
    "hulp."
)


class CodeFromTheMail(EmailVerificationStage):
    """Waiting for the code from the mail. Whoever goes to the door meanwhile, to sign in or to sign
    up with what is right, finds it open."""

    key = LoginStageKey.VERIFY_EMAIL.value

    def is_resumable(self, request: HttpRequest) -> bool:
        """Never: allauth would lead back to the code."""
        return False


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up is for companies; sign-in letters are rows in the outbox."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": gettext_lazy(
            "Deze code klopt niet. Typ hem over uit de nieuwste mail, of vraag een nieuwe code."
        ),
    }

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write the letter that allauth asks for; a worker sends it after the commit.

        To an address that is longer than addresses are, nobody can have an account: no letter.
        """
        if len(email) > LONGEST_ADDRESS:
            return
        if Suppression.holds(email):
            messages.warning(self.request, ADDRESS_BOUNCED)
        known = {"request": self.request, "base_url": settings.BASE_URL, "email": email, **context}
        user = User.objects.filter(email=email.lower()).first()
        language = self._language_for(user)
        with translation.override(language):
            message = self.render_mail(template_prefix, email, known)
        html = ""
        if isinstance(message, EmailMultiAlternatives):
            html = next((str(content) for content, _mimetype in message.alternatives), "")
        outbox.put(
            Letter(
                # Every request for a code is an event of its own.
                key=f"{template_prefix}:{uuid.uuid4()}",
                kind=template_prefix.rpartition("/")[2],
                user=user,
                to=email,
                language=language,
                subject=message.subject,
                text=str(message.body),
                html=html,
                sealed=True,
            )
        )

    def _language_for(self, user: User | None) -> str:
        """What was chosen at the door counts most; then what somebody always reads; then what the
        page is in that asked for this letter."""
        chosen: str = self.request.session.get(CHOSEN, "")
        known = user.language if user else ""
        return chosen or known or translation.get_language() or settings.LANGUAGE_CODE

    def login(self, request: HttpRequest, user: User) -> None:
        """Whoever comes in takes along the language that was chosen at the door, or else, the
        first time, the one that the door was read in: letters are in what somebody reads."""
        super().login(request, user)
        chosen = request.session.pop(CHOSEN, "")
        if chosen or not user.language:
            choose_language(user, chosen or translation.get_language() or settings.LANGUAGE_CODE)

    def get_login_stages(self) -> list[str]:
        """Those of allauth, with ours for the code from the mail."""
        ours = {_path(EmailVerificationStage): _path(CodeFromTheMail)}
        return [ours.get(stage, stage) for stage in super().get_login_stages()]

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Companies may always register themselves."""
        return True


def _path(stage: type) -> str:
    return f"{stage.__module__}.{stage.__qualname__}"
