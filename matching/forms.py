"""Is the input well formed? Rankings, rounds, reasons and answers."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from companies.models import Offer
from education.forms import LinesField
from education.models import Season
from matching.models import MOST_WISHES, Run, Wish
from matching.queries.students import Progress
from matching.reasons import COMPANY_DECLINES, EFFORTS, STUDENT_DECLINES
from students.models import Student

LONGEST_REASON = 1000


class BrowseForm(forms.Form):
    """Filters of the list of offers; every field may be empty."""

    q = forms.CharField(
        label=gettext_lazy("Zoek op woord of bedrijf"), max_length=100, required=False
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Soort"),
        choices=[
            ("", gettext_lazy("Alles")),
            (Offer.Kind.INTERNSHIP, gettext_lazy("Stages")),
            (Offer.Kind.PROJECT, gettext_lazy("Opdrachten in een team")),
        ],
        required=False,
    )
    fitting = forms.ChoiceField(
        label=gettext_lazy("Toon"),
        choices=[
            ("", gettext_lazy("Wat bij mij past")),
            ("all", gettext_lazy("Ook wat niet past")),
        ],
        required=False,
    )

    def narrows(self) -> bool:
        """Whether a word or a kind was asked for; call it after `is_valid`."""
        return bool(self.cleaned_data.get("q") or self.cleaned_data.get("kind"))


class _TierField(forms.ChoiceField):
    """Shows as many choices as the list is long, and takes those of a list that was longer."""

    def valid_value(self, value: Any) -> bool:
        return value in map(str, range(1, MOST_WISHES + 1))


class RankingForm(forms.Form):
    """One choice number per offer on the list; equal numbers are a tie, empty takes it off. What
    the page did not ask about, because it came on the list later, is left alone. And
    whether another place will do when the list is used up, for who seeks a place this season."""

    def __init__(
        self, *args: Any, wishes: list[Wish], beyond_list: bool | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.wishes = wishes
        most = min(MOST_WISHES, max(len(wishes), 1))
        choices = [(str(n), _("Keus %(n)s") % {"n": n}) for n in range(1, most + 1)]
        for wish in wishes:
            self.fields[f"tier_{wish.offer_id}"] = _TierField(
                label=wish.offer.title,
                choices=[*choices, ("", _("Van de lijst af"))],
                initial=str(wish.tier),
                required=False,
                widget=forms.Select(attrs={"class": "input--short"}),
            )

        if beyond_list is not None:
            self.fields["beyond_list"] = forms.ChoiceField(
                label=_("Is mijn lijst op? Dan wil ik ook een andere plek die bij mij past."),
                help_text=_(
                    "Zijn alle plekken op je lijst vol, dan krijg je zo misschien nog een plek die "
                    "past bij je profiel; anders krijg je er in deze ronde geen."
                ),
                choices=[("yes", _("Ja")), ("no", _("Nee, alleen plekken van mijn lijst"))],
                initial="yes" if beyond_list else "no",
                required=False,
                widget=forms.RadioSelect,
            )

    def goes_beyond_list(self) -> bool | None:
        """The answer, of a valid form; None where none was given."""
        answer: str = self.cleaned_data.get("beyond_list", "")
        return answer == "yes" if answer else None

    def seen(self) -> set[int]:
        """The offers that the page asked about, as far as they stand on the list."""
        return {w.offer_id for w in self.wishes if f"tier_{w.offer_id}" in self.data}

    def tiers(self) -> dict[int, int]:
        """Offer → choice, of a valid form, for those that stay."""
        return {
            offer_id: int(value)
            for offer_id in self.seen()
            if (value := self.cleaned_data[f"tier_{offer_id}"])
        }


class RoundForm(forms.Form):
    """For which season."""

    season = forms.ModelChoiceField(
        label=gettext_lazy("Seizoen"), queryset=Season.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, seasons: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["season"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = seasons


class EffortForm(forms.Form):
    """How much work a calculation is worth; nothing chosen is the usual."""

    effort = forms.ChoiceField(
        choices=[(code, name) for code, (name, _meaning) in EFFORTS.items()], required=False
    )

    # The newest run that the page knew: whoever asks twice at once means one.
    seen = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)

    def chosen(self) -> str:
        """The effort, of a valid form."""
        return str(self.cleaned_data["effort"] or Run.Effort.STANDARD)


class ReasonForm(forms.Form):
    """Why: a sentence that is kept in the history. `readers` says who else gets to read it."""

    reason = LinesField(
        label=gettext_lazy("Waarom?"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Schrijf in een zin waarom.")},
    )

    def __init__(self, *args: Any, readers: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = readers


class _DeclineForm(forms.Form):
    code = forms.ChoiceField(
        label=gettext_lazy("Waarom niet?"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Kies een reden.")},
    )
    note = LinesField(
        label=gettext_lazy("Wil je er iets bij zeggen?"),
        max_length=LONGEST_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    reasons: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(self.reasons.items())


class StudentDeclineForm(_DeclineForm):
    """A student says no, with a reason from the list. Only that reaches the company: words of
    one's own may say who one is."""

    reasons = STUDENT_DECLINES

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].help_text = _(
            "Dit leest alleen je school. Het bedrijf ziet wel de reden die je hierboven kiest."
        )


class CompanyDeclineForm(_DeclineForm):
    """A company says no, with a reason from the list."""

    reasons = COMPANY_DECLINES

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].help_text = _("De student en de school lezen dit.")
        self.fields["code"].help_text = _(
            "Is de plek er niet meer? Dan gaat die van je aanbod af. Was het de enige, dan komt je "
            "aanbod op pauze."
        )


class _OfferField(forms.ModelChoiceField):
    """Offers by title and company, with a word where others wait for the last free seats."""

    def label_from_instance(self, obj: Any) -> str:
        label = f"{obj.title} – {obj.site.company.name}"
        if getattr(obj, "waiting", 0) and obj.waiting >= obj.free:
            return _("%(offer)s (voorgesteld aan een ander)") % {"offer": label}
        return label


class PairForm(forms.Form):
    """A student and an offer of a run: for "why?" and "why not?"."""

    # What is said of somebody, or of a place, that cannot be chosen any more.
    gone: ClassVar[dict[str, dict[str, Any]]] = {}

    student = forms.ModelChoiceField(
        label=gettext_lazy("Student"),
        queryset=Student.objects.none(),
        error_messages={
            "required": gettext_lazy("Kies een student."),
            "invalid_choice": gettext_lazy("Kies een student uit deze ronde."),
        },
    )
    offer = _OfferField(
        label=gettext_lazy("Plek"),
        queryset=Offer.objects.none(),
        error_messages={
            "required": gettext_lazy("Kies een plek."),
            "invalid_choice": gettext_lazy("Kies een plek uit deze ronde."),
        },
    )

    def __init__(self, *args: Any, students: Any, offers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("student", students), ("offer", offers)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows
            field.error_messages.update(self.gone.get(name, {}))


class ByHandForm(PairForm):
    """A proposal made by hand; a reason is needed where a rule is set aside."""

    gone = {
        "student": {"invalid_choice": gettext_lazy("Deze student zoekt nu geen plek.")},
        "offer": {
            "invalid_choice": gettext_lazy(
                "Deze plek is er niet meer: net vergeven, of gesloten. Kies een andere."
            )
        },
    }

    reason = LinesField(
        label=gettext_lazy("Waarom past dit?"),
        help_text=gettext_lazy(
            "Nodig als een regel zegt dat het niet kan, of als er al een voorstel is."
        ),
        max_length=LONGEST_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class StudentsForm(forms.Form):
    """Filters of a school's list of students; what is not understood narrows nothing."""

    q = forms.CharField(
        label=gettext_lazy("Zoek op naam, nummer of e-mailadres"), max_length=100, required=False
    )
    progress = forms.ChoiceField(
        label=gettext_lazy("Hoe ver"),
        choices=[("", gettext_lazy("Alle studenten op school")), *Progress.choices],
        required=False,
    )

    def words(self) -> str:
        """What to look for."""
        self.is_valid()
        return str(self.cleaned_data.get("q", ""))

    def progress_wanted(self) -> str:
        """Only those who are as far as this."""
        self.is_valid()
        return str(self.cleaned_data.get("progress", ""))
