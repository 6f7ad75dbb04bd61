"""What one may ask of the list of letters."""

from datetime import datetime, time, timedelta

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from notifications.models import Letter
from notifications.reasons import KINDS, OTHER

ACCOUNT = "account"


class LettersFilter(forms.Form):
    """Which letters to show. Nothing filled in: all."""

    stand = forms.ChoiceField(
        required=False, choices=[("", ""), *Letter.State.choices], widget=forms.HiddenInput
    )
    soort = forms.ChoiceField(
        label=_("Soort brief"),
        required=False,
        choices=[("", _("Alle")), *KINDS.items(), (ACCOUNT, OTHER)],
    )
    aan = forms.CharField(
        label=_("Aan"), required=False, max_length=254, help_text=_("Naam of e-mailadres")
    )
    van = forms.DateField(
        label=_("Vanaf"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    tot = forms.DateField(
        label=_("Tot en met"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def matching(self, letters: QuerySet[Letter]) -> QuerySet[Letter]:
        """Those that were asked for, in whatever state; what was typed wrong asks nothing."""
        asked = self.cleaned_data if self.is_bound and self.is_valid() else {}
        if kind := asked.get("soort"):
            letters = letters.filter(~Q(kind__in=KINDS) if kind == ACCOUNT else Q(kind=kind))
        if word := asked.get("aan"):
            letters = letters.filter(Q(to__icontains=word) | Q(user__name__icontains=word))
        if first := asked.get("van"):
            letters = letters.filter(created_at__gte=_midnight(first))
        if last := asked.get("tot"):
            letters = letters.filter(created_at__lt=_midnight(last + timedelta(days=1)))
        return letters

    @property
    def state(self) -> str:
        """The state that was asked for; empty for all."""
        return str(self.cleaned_data.get("stand", "")) if self.is_bound and self.is_valid() else ""


def _midnight(day: object) -> datetime:
    """When this day begins, here."""
    return timezone.make_aware(datetime.combine(day, time.min))  # type: ignore[arg-type]
