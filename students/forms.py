"""Is a profile well formed, and what a coordinator says of a roster?"""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from education.forms import LinesField
from education.models import Programme, Season
from education.queries import skills_by_category
from geo.models import Postcode
from students.models import MOST_KM, Availability, Student
from students.reasons import ROSTER_FIELDS

MOST_SKILLS = 40
A_YEAR = timedelta(days=366)
DAY = "j F Y"

DAYS = [(str(n), str(n)) for n in range(1, 6)]

# Ways to reach somebody, as people write them. Shops that one may want to learn about are none.
_SHOP = r"(?:bol|amazon|marktplaats|zalando|etsy|vinted|coolblue|ebay|shopify|asp)"
_DOMAIN = r"\.(?:nl|com|be|eu|net|org|shop|io|dev)\b"
_CONTACTS = re.compile(
    "|".join(
        [
            r"[^\s@]+@[^\s@]+",  # name@example.nl
            r"https?:|\bwww\.",
            rf"\b(?!{_SHOP}{_DOMAIN})[\w-]+{_DOMAIN}",  # example.nl
            rf"{_DOMAIN}/\S",  # bol.com/me
            r"(?<!\d)0[1-9](?:[ .()-]{0,2}\d){8}(?!\d)",  # 06-12345678
            r"(?:\+|\b00)[1-9](?:[ .()-]{0,2}\d){7,13}(?!\d)",  # +31 6 1234 5678
        ]
    ),
    re.IGNORECASE,
)


def names_a_contact(text: str) -> bool:
    """Whether a phone number, an e-mail address or a link stands in it. Companies know nobody by
    name before both agreed, so nothing that they read may lead to somebody."""
    return _CONTACTS.search(text) is not None


class ProfileForm(forms.Form):
    """What a round needs to know of a student: programme, place, period, days, skills."""

    programme = forms.ModelChoiceField(
        label=gettext_lazy("Opleiding"), queryset=Programme.objects.none(), empty_label=None
    )
    postcode = forms.CharField(
        label=gettext_lazy("Je postcode"),
        help_text=gettext_lazy("Alleen de vier cijfers, bijvoorbeeld 8011."),
        max_length=7,
        widget=forms.TextInput(attrs={"class": "input--short", "autocomplete": "postal-code"}),
        error_messages={"required": gettext_lazy("Vul de vier cijfers van je postcode in.")},
    )
    max_km = forms.IntegerField(
        label=gettext_lazy("Hoeveel kilometer wil je hooguit reizen?"),
        min_value=1,
        max_value=MOST_KM,
        widget=forms.NumberInput(attrs={"class": "input--short"}),
        error_messages={
            "required": gettext_lazy("Vul in hoe ver je wilt reizen, bijvoorbeeld 15."),
            "min_value": gettext_lazy("Vul minstens 1 kilometer in."),
            "max_value": gettext_lazy("Vul hooguit %(limit_value)s kilometer in."),
        },
    )
    starts_on = forms.DateField(
        label=gettext_lazy("Vanaf"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": gettext_lazy("Vul in vanaf welke dag je kunt.")},
    )
    ends_on = forms.DateField(
        label=gettext_lazy("Tot en met"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": gettext_lazy("Vul in tot en met welke dag je kunt.")},
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("Hoeveel dagen per week kun je?"),
        choices=DAYS,
        coerce=int,
        widget=forms.RadioSelect(attrs={"class": "choices--inline"}),
        error_messages={"required": gettext_lazy("Kies hoeveel dagen per week je kunt.")},
    )
    skills = forms.MultipleChoiceField(
        label=gettext_lazy("Dit kan ik al"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    wants = forms.MultipleChoiceField(
        label=gettext_lazy("Dit wil ik leren"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    learning_goal = LinesField(
        label=gettext_lazy("Wat wil je leren? Vertel het in een paar zinnen"),
        help_text=gettext_lazy(
            "Bedrijven lezen dit zonder je naam. Zet er dus geen naam, telefoonnummer, e-mailadres "
            "of link in."
        ),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, student: Student, season: Season, **kwargs: Any) -> None:
        kwargs.setdefault("initial", _initial(student, season))
        super().__init__(*args, **kwargs)
        self.season = season
        programme = self.fields["programme"]
        assert isinstance(programme, forms.ModelChoiceField)
        programme.queryset = Programme.objects.filter(school=student.programme.school_id)
        groups = skills_by_category()
        for name in ("skills", "wants"):
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = groups

    def clean_postcode(self) -> Postcode:
        """The area of the first four digits; letters behind them are dropped, not kept."""
        found = re.fullmatch(r"\s*([1-9]\d{3})\s*([A-Za-z]{2})?\s*", self.cleaned_data["postcode"])
        postcode = Postcode.objects.filter(pk=found.group(1)).first() if found else None
        if postcode is None:
            raise forms.ValidationError(
                _("Deze postcode bestaat niet. Controleer de vier cijfers.")
            )
        return postcode

    def _few(self, name: str) -> list[str]:
        chosen: list[str] = self.cleaned_data[name]
        if len(chosen) > MOST_SKILLS:
            raise forms.ValidationError(
                _("Kies er hooguit %(most)s, de belangrijkste.") % {"most": MOST_SKILLS}
            )
        return chosen

    def clean_learning_goal(self) -> str:
        """Nothing by which a company could reach the student."""
        goal: str = self.cleaned_data["learning_goal"]
        if names_a_contact(goal):
            raise forms.ValidationError(
                _(
                    "Haal je telefoonnummer, e-mailadres of link weg. Bedrijven zien pas hoe ze je "
                    "bereiken als jullie allebei ja hebben gezegd."
                )
            )
        return goal

    def clean_skills(self) -> list[str]:
        """At most MOST_SKILLS."""
        return self._few("skills")

    def clean_wants(self) -> list[str]:
        """At most MOST_SKILLS."""
        return self._few("wants")

    def clean(self) -> dict[str, Any]:
        """A period that ends after it starts, touches the season, and is not endless."""
        known = super().clean() or {}
        start: date | None = known.get("starts_on")
        end: date | None = known.get("ends_on")
        if start and end and end <= start:
            self.add_error("ends_on", _("De laatste dag moet na de eerste dag komen."))
        elif start and end and not (start < self.season.ends_on and end > self.season.starts_on):
            self.add_error(
                "starts_on",
                _("Kies dagen in %(season)s: van %(start)s tot en met %(end)s.")
                % {
                    "season": self.season,
                    "start": date_format(self.season.starts_on, DAY),
                    "end": date_format(self.season.ends_on, DAY),
                },
            )
        else:
            self._bound_to_a_year(start, end)
        return known

    def _bound_to_a_year(self, start: date | None, end: date | None) -> None:
        """No more than a year around the season: what lies further away is a typing error."""
        first, last = self.season.starts_on - A_YEAR, self.season.ends_on + A_YEAR
        if start and start < first:
            words = _("Kies een dag vanaf %(first)s.") % {"first": date_format(first, DAY)}
            self.add_error("starts_on", words)
        if end and end > last:
            words = _("Kies een dag tot en met %(last)s.") % {"last": date_format(last, DAY)}
            self.add_error("ends_on", words)

    def profile(self) -> dict[str, Any]:
        """The fields of the student, of a valid form."""
        names = ("programme", "postcode", "max_km", "learning_goal", "skills", "wants")
        return {name: self.cleaned_data[name] for name in names}

    def availability(self) -> dict[str, Any]:
        """The fields of the availability, of a valid form."""
        return {name: self.cleaned_data[name] for name in ("starts_on", "ends_on", "days")}


def _initial(student: Student, season: Season) -> dict[str, Any]:
    """What is known; a new student starts with the whole season and the programme's days."""
    found = Availability.objects.filter(student=student, season=season).first()
    return {
        "programme": student.programme_id,
        "postcode": student.postcode_id or "",
        "max_km": student.max_km,
        "learning_goal": student.learning_goal,
        "skills": [str(pk) for pk in student.skills.values_list("pk", flat=True)],
        "wants": [str(pk) for pk in student.wants.values_list("pk", flat=True)],
        "starts_on": (found and found.starts_on) or season.starts_on,
        "ends_on": (found and found.ends_on) or season.ends_on,
        "days": str((found and found.days) or student.programme.days_per_week),
    }


# --- The roster of a school ------------------------------------------------------------------

NEEDED = ("number", "email", "programme")


class RosterFileForm(forms.Form):
    """The file with the students of a school."""

    file = forms.FileField(
        label=gettext_lazy("Bestand met studenten"),
        help_text=gettext_lazy("Excel (.xlsx) of CSV, hooguit 5 MB en 20.000 regels."),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt"}),
        error_messages={
            "required": gettext_lazy("Kies een bestand."),
            "invalid": gettext_lazy("Kies een bestand."),
        },
    )


class RosterColumnsForm(forms.Form):
    """Which column of the file holds what, and whether it is the whole list."""

    is_whole = forms.TypedChoiceField(
        label=gettext_lazy("Staan alle studenten in dit bestand?"),
        choices=[
            ("yes", gettext_lazy("Ja. Wie er niet meer in staat, is van school")),
            ("no", gettext_lazy("Nee, een deel. De anderen blijven zoals ze zijn")),
        ],
        coerce=lambda chosen: chosen == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Kies of dit alle studenten zijn.")},
    )

    def __init__(self, *args: Any, headings: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(str(i), words or _("(zonder kop)")) for i, words in enumerate(headings)]
        for field, label in ROSTER_FIELDS.items():
            self.fields[field] = forms.TypedChoiceField(
                label=label,
                choices=[("", _("Staat er niet in")), *named],
                coerce=int,
                empty_value=None,
                required=field in NEEDED,
                error_messages={
                    "required": _("Kies in welke kolom dit staat. Zonder dit kan het niet."),
                    "invalid_choice": _("Deze kolom staat niet in het bestand."),
                },
            )
        self.order_fields([*ROSTER_FIELDS, "is_whole"])

    def columns(self) -> dict[str, int]:
        """Field → number of its column, of a valid form."""
        chosen = {field: self.cleaned_data.get(field) for field in ROSTER_FIELDS}
        return {field: column for field, column in chosen.items() if column is not None}

    def clean(self) -> dict[str, Any]:
        """A name in one column or in two, and no column for two things."""
        known = super().clean() or {}
        columns = self.columns()
        if "name" not in columns and not {"first_name", "last_name"} <= set(columns):
            words = _("Kies een kolom met de hele naam, of roepnaam en achternaam.")
            self.add_error("name", words)
        first: dict[int, str] = {}
        for field, column in columns.items():
            before = first.setdefault(column, field)
            if before != field:
                words = _("Deze kolom koos je ook al voor: %(label)s.")
                self.add_error(field, words % {"label": ROSTER_FIELDS[before]})
        return known


class RosterConsentForm(forms.Form):
    """The plan that was looked at; and that those who are not in the file have really left."""

    fingerprint = forms.CharField(max_length=64, widget=forms.HiddenInput)
    leaving = forms.BooleanField(
        error_messages={
            "required": gettext_lazy("Vink aan dat zij van school zijn, of kies een ander bestand.")
        },
    )

    def __init__(self, *args: Any, leaving: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not leaving:
            del self.fields["leaving"]
            return
        words = ngettext(
            "Ja, %(count)s student is van school",
            "Ja, %(count)s studenten zijn van school",
            leaving,
        )
        self.fields["leaving"].label = words % {"count": leaving}
