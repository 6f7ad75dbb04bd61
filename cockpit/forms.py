"""What somebody asks of the lists of the region, and a form that only shows its fields."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Any, TypeVar

from django import forms
from django.utils.translation import gettext_lazy as _

from companies.models import Offer
from matching.models import Run

Row = TypeVar("Row")


@dataclass(frozen=True)
class Sorting:
    """A column, and whether its largest comes first; written as `-column` in the address."""

    column: str
    descending: bool

    @property
    def code(self) -> str:
        """As it stands in the address."""
        return f"-{self.column}" if self.descending else self.column

    def of(self, rows: Iterable[Row]) -> list[Row]:
        """The rows in this order; those that are equal stay as they came."""
        return sorted(rows, key=attrgetter(self.column), reverse=self.descending)


class PlacesForm(forms.Form):
    """Which offers are counted per municipality, and in which order."""

    COLUMNS = ("name", "openings", "free", "seeking", "short")

    kind = forms.ChoiceField(
        label=_("Wat tellen we mee?"),
        required=False,
        choices=[("", _("Al het aanbod")), *Offer.Kind.choices],
    )
    sort = forms.CharField(required=False, widget=forms.HiddenInput)

    def sorting(self) -> Sorting:
        """The order that was asked for; by the largest shortage for any other."""
        asked: str = self.cleaned_data.get("sort", "")
        column = asked.removeprefix("-")
        if column not in self.COLUMNS:
            return Sorting("short", descending=True)
        return Sorting(column, descending=asked.startswith("-"))


class SampleForm(forms.Form):
    """One field of every kind, for the page of all components. It is never sent."""

    title = forms.CharField(
        label=_("Titel"), help_text=_("Bijvoorbeeld “Stagiair webshop en content”.")
    )
    text = forms.CharField(
        label=_("Wat gaat de student doen?"),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )
    kind = forms.ChoiceField(label=_("Soort"), choices=Offer.Kind.choices)
    openings = forms.IntegerField(
        label=_("Aantal plekken"),
        min_value=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    submitted = forms.DateField(
        label=_("Datum"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    starts_on = forms.DateField(
        label=_("Vanaf"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    ends_on = forms.DateField(
        label=_("Tot en met"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    days = forms.ChoiceField(
        label=_("Dagen per week"),
        choices=[(n, n) for n in range(1, 6)],
        widget=forms.RadioSelect(attrs={"class": "choices--inline"}),
    )
    effort = forms.ChoiceField(
        label=_("Hoe moet het portaal rekenen?"),
        choices=Run.Effort.choices,
        widget=forms.RadioSelect(attrs={"class": "choices--boxes"}),
    )
    skills = forms.MultipleChoiceField(
        label=_("Welke vaardigheden komen van pas?"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[
            ("Techniek", [("html", "HTML"), ("css", "CSS"), ("analytics", "Google Analytics")]),
            (
                "Marketing",
                [("seo", "Vindbaarheid"), ("mail", "Nieuwsbrieven"), ("ads", "Adverteren")],
            ),
        ],
    )
    agree = forms.BooleanField(label=_("Ik heb dit besproken met het bedrijf"), required=False)

    @staticmethod
    def example() -> dict[str, Any]:
        """What somebody filled in."""
        return {
            "title": "Stagiair webshop en content",
            "kind": Offer.Kind.INTERNSHIP,
            "openings": 2,
            "submitted": date(2026, 11, 23),
            "starts_on": date(2027, 2, 1),
            "ends_on": date(2027, 7, 2),
            "days": 4,
            "effort": Run.Effort.STANDARD,
            "skills": ["html", "seo"],
        }

    @staticmethod
    def mistakes(prefix: str) -> dict[str, Any]:
        """What somebody left out or typed wrong."""
        return {f"{prefix}-openings": "0", f"{prefix}-starts_on": "2027-07-02"}
