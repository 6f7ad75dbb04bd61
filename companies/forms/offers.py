"""An offer, filled in by a company."""

import uuid
from datetime import date, timedelta
from itertools import groupby
from typing import Any, cast

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from companies.forms.fields import one_line, postcode_area, text_field
from companies.models import MOST_IN_A_TEAM, MOST_OPENINGS, Offer, Site
from education.models import LEVELS, Programme, Season
from education.queries import skills_by_category
from geo.models import Postcode

MOST_SKILLS = 8
MOST_EUROS = 5000
LONGEST = timedelta(days=366)
DAY = "j F Y"


def _number(label: Any, *, least: int, most: int, message: Any, required: bool = True) -> Any:
    """A field for a whole number; whatever is wrong with it, one message says what to type."""
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        required=required,
        # No number input: that one forgets what somebody typed when it is not a number.
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), message),
    )


def _day(label: Any, message: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": message, "invalid": message},
    )


def _days(label: Any) -> forms.TypedChoiceField:
    message = gettext_lazy("Kies een aantal dagen, van 1 tot en met 5.")
    return forms.TypedChoiceField(
        label=label,
        choices=[(n, str(n)) for n in range(1, 6)],
        coerce=int,
        widget=forms.RadioSelect(attrs={"class": "choices--inline"}),
        error_messages={"required": message, "invalid_choice": message},
    )


def _many(label: Any, message: Any = "", **more: Any) -> forms.TypedMultipleChoiceField:
    return forms.TypedMultipleChoiceField(
        label=label,
        coerce=int,
        required=bool(message),
        error_messages={
            "required": message,
            "invalid_choice": gettext_lazy("Kies alleen uit de lijst."),
        },
        **more,
    )


class OfferForm(forms.Form):
    """An internship or a project, in at most twelve fields that mostly fill themselves in."""

    title = text_field(
        gettext_lazy("Titel"),
        most=100,
        required=gettext_lazy("Geef je aanbod een titel waaraan studenten zien wat het is."),
        help_text=gettext_lazy("Bijvoorbeeld “Stagiair webshop en content”."),
    )
    text = text_field(
        gettext_lazy("Wat gaat de student doen?"),
        most=4000,
        required=gettext_lazy("Schrijf in een paar zinnen op wat de student gaat doen."),
        help_text=gettext_lazy(
            "Een paar zinnen is genoeg: het werk, wat de student leert en wie begeleidt."
        ),
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    openings = _number(
        gettext_lazy("Aantal plekken"),
        least=1,
        most=MOST_OPENINGS,
        message=gettext_lazy("Vul een heel getal in van 1 tot en met 50."),
    )
    team_min = _number(
        gettext_lazy("Kleinste team, in studenten"),
        least=1,
        most=MOST_IN_A_TEAM,
        message=gettext_lazy("Vul een heel getal in van 1 tot en met 10."),
    )
    team_max = _number(
        gettext_lazy("Grootste team, in studenten"),
        least=1,
        most=MOST_IN_A_TEAM,
        message=gettext_lazy("Vul een heel getal in van 1 tot en met 10."),
    )
    starts_on = _day(gettext_lazy("Vanaf"), gettext_lazy("Kies de dag waarop de student begint."))
    ends_on = _day(gettext_lazy("Tot en met"), gettext_lazy("Kies de laatste dag."))
    days_min = _days(gettext_lazy("Dagen per week: minstens"))
    days_max = _days(gettext_lazy("Dagen per week: hooguit"))
    levels = _many(
        gettext_lazy("Voor welk niveau?"),
        gettext_lazy("Kies minstens één niveau."),
        choices=LEVELS,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices--inline"}),
    )
    postcode = text_field(
        gettext_lazy("Postcode van de werkplek"),
        most=10,
        required=gettext_lazy("Vul de postcode in van de plek waar de student werkt."),
        widget=forms.TextInput(attrs={"autocomplete": "postal-code"}),
    )
    allowance = _number(
        gettext_lazy("Vergoeding per maand (€)"),
        least=0,
        most=MOST_EUROS,
        required=False,
        message=gettext_lazy("Vul hele euro's in, van 0 tot en met 5000, of laat dit leeg."),
    )
    skills = _many(
        gettext_lazy("Welke vaardigheden komen van pas?"),
        help_text=gettext_lazy("Kies er hooguit 8. Studenten die ze hebben, passen dan beter."),
        widget=forms.CheckboxSelectMultiple,
    )
    programmes = _many(
        gettext_lazy("Alleen voor deze opleidingen"),
        help_text=gettext_lazy("Kies je niets, dan mogen alle opleidingen."),
        widget=forms.CheckboxSelectMultiple,
    )
    # Not checked like other fields: whatever comes back, a company never has to know of it.
    form_token = forms.Field(required=False, initial=uuid.uuid4, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, kind: str, season: Season, today: date, site: Site | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.season, self.today = kind, season, today
        self.is_project = kind == Offer.Kind.PROJECT
        for name in ("openings", "allowance") if self.is_project else ("team_min", "team_max"):
            del self.fields[name]
        if self.is_project:
            self.fields["title"].help_text = _("Bijvoorbeeld “Minder retouren in onze webshop”.")
            self.fields["text"].label = _("Wat gaan de studenten doen?")
        self.initial = {**_defaults(kind, season, today, site), **self.initial}
        self._programmes = {p.pk: p for p in Programme.objects.select_related("school")}
        for name, choices in (("skills", skills_by_category()), ("programmes", self._by_school())):
            cast(forms.ChoiceField, self.fields[name]).choices = choices

    def _by_school(self) -> list[tuple[str, list[tuple[int, str]]]]:
        by_school = sorted(self._programmes.values(), key=lambda p: (p.school.short_name, p.name))
        return [
            (school, [(p.pk, f"{p.name} ({p.get_level_display()})") for p in group])
            for school, group in groupby(by_school, key=lambda p: p.school.short_name)
        ]

    def clean_title(self) -> str:
        """A title with at least one letter or digit."""
        title = one_line(self.cleaned_data["title"])
        if not any(c.isalnum() for c in title):
            raise forms.ValidationError(self.fields["title"].error_messages["required"])
        return title

    def clean_postcode(self) -> Postcode:
        """An area that exists."""
        return postcode_area(self.cleaned_data["postcode"])

    def clean_levels(self) -> list[int]:
        """Each level once, the lowest first."""
        return sorted(set(self.cleaned_data["levels"]))

    def clean_skills(self) -> list[int]:
        """At most MOST_SKILLS."""
        if len(set(self.cleaned_data["skills"])) > MOST_SKILLS:
            raise forms.ValidationError(
                _("Kies er hooguit %(most)d, de belangrijkste.") % {"most": MOST_SKILLS}
            )
        return sorted(set(self.cleaned_data["skills"]))

    def clean_form_token(self) -> uuid.UUID | None:
        """None for anything that is no token of ours."""
        try:
            return uuid.UUID(str(self.cleaned_data["form_token"]))
        except ValueError:
            return None

    def clean(self) -> dict[str, Any]:
        """What must fit together: the period, the days, the team, levels and programmes."""
        known: dict[str, Any] = super().clean() or {}
        self._check_period(known.get("starts_on"), known.get("ends_on"))
        least, most = known.get("days_min"), known.get("days_max")
        if least and most and least > most:
            self.add_error("days_max", _("Kies hier evenveel dagen als hiervoor, of meer dagen."))
        least, most = known.get("team_min"), known.get("team_max")
        if least and most and least > most:
            self.add_error(
                "team_max", _("Het grootste team kan niet kleiner zijn dan het kleinste team.")
            )
        levels = known.get("levels")
        for programme in (self._programmes[pk] for pk in known.get("programmes", ())):
            if levels and programme.level not in levels:
                self.add_error(
                    "programmes",
                    _("%(programme)s is %(level)s. Kies dat niveau ook, of haal de opleiding weg.")
                    % {"programme": programme, "level": programme.get_level_display()},
                )
        return known

    def _check_period(self, start: date | None, end: date | None) -> None:
        if start is None or end is None:
            return
        season = self.season
        if end <= start:
            self.add_error("ends_on", _("De laatste dag moet na de eerste dag komen."))
        elif end <= self.today:
            self.add_error("ends_on", _("Deze dag is al geweest. Kies een latere dag."))
        elif start > season.ends_on or end < season.starts_on:
            self.add_error(
                "starts_on",
                _(
                    "We zoeken nu plekken voor %(season)s: van %(start)s tot en met %(end)s. "
                    "Kies dagen in die periode."
                )
                % {
                    "season": season,
                    "start": date_format(season.starts_on, DAY),
                    "end": date_format(season.ends_on, DAY),
                },
            )
        elif end - start > LONGEST:
            self.add_error("ends_on", _("Kies een periode van hooguit een jaar."))

    def columns(self) -> dict[str, Any]:
        """The columns of the offer that follow from a valid form, but for its site."""
        known = self.cleaned_data
        names = ("title", "text", "starts_on", "ends_on", "days_min", "days_max", "levels")
        return {
            **{name: known[name] for name in names},
            "season": self.season,
            "openings": known["team_max" if self.is_project else "openings"],
            "team_min": known.get("team_min"),
            "allowance": known.get("allowance"),
        }

    def says_the_same_as(self, offer: Offer) -> bool:
        """Whether a valid form would change nothing in the offer."""
        return (
            all(getattr(offer, name) == value for name, value in self.columns().items())
            and offer.site.postcode == self.cleaned_data["postcode"]
            and _keys(offer.skills) == set(self.cleaned_data["skills"])
            and _keys(offer.programmes) == set(self.cleaned_data["programmes"])
        )


def _keys(rows: Any) -> set[int]:
    return set(rows.values_list("pk", flat=True))


def _defaults(kind: str, season: Season, today: date, site: Site | None) -> dict[str, Any]:
    """What most companies would fill in. A team works on its project beside lessons."""
    days = (1, 3) if kind == Offer.Kind.PROJECT else (4, 5)
    return {
        "openings": 1,
        "team_min": 2,
        "team_max": 4,
        "starts_on": max(season.starts_on, today + timedelta(days=1)),
        "ends_on": season.ends_on,
        "days_min": days[0],
        "days_max": days[1],
        "levels": [level for level, _name in LEVELS],
        "postcode": site.postcode_id if site else "",
    }


def values_of(offer: Offer) -> dict[str, Any]:
    """An offer as the form shows it."""
    names = ("title", "text", "starts_on", "ends_on", "days_min", "days_max", "levels")
    return {
        **{name: getattr(offer, name) for name in names},
        "openings": offer.openings,
        "team_min": offer.team_min,
        "team_max": offer.openings,
        "allowance": offer.allowance,
        "postcode": offer.site.postcode_id,
        "skills": list(_keys(offer.skills)),
        "programmes": list(_keys(offer.programmes)),
    }
