"""Bad input to the forms of companies: a clear message at the right field, never an exception."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from companies.forms import CloseForm, CompanySignupForm, OfferForm, ReturnForm, SearchForm
from companies.models import Offer
from education.models import Season
from tests.factories.companies import SiteFactory
from tests.factories.education import ProgrammeFactory, SeasonFactory, SkillFactory
from tests.factories.geo import postcode

pytestmark = pytest.mark.django_db

ODD = {
    "mutation xss": '<svg></p><style><g title="</style><img src onerror=alert(1)>">',
    "template": "{{ settings.SECRET_KEY }}",
    "dutch": "O'Brien-van 't Hóóft",
    "right to left": "abc\u202edef",
    "zero width": "\u200ba\u200b",
    "emoji": "🛒" * 20,
}


# --- Sign-up ---------------------------------------------------------------------------------


def signup(**changes: str) -> CompanySignupForm:
    postcode()
    known = {
        "email": "nieuw@winkel.example",
        "kvk": "12345678",
        "name": "Nieuwe Winkel",
        "postcode": "8011 AB",
    }
    return CompanySignupForm({**known, **changes})


def test_a_complete_signup_is_well_formed() -> None:
    form = signup()
    assert form.is_valid(), form.errors
    assert form.cleaned_data["kvk"] == "12345678"
    assert form.cleaned_data["postcode"].pk == "8011"


@pytest.mark.parametrize("typed", ["1234 5678", "12.34.56.78", " 12345678 ", "12345678"])
def test_a_kvk_number_may_be_spaced(typed: str) -> None:
    form = signup(kvk=typed)
    assert form.is_valid()
    assert form.cleaned_data["kvk"] == "12345678"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("1234567", "heeft 8 cijfers; dit zijn er 7"),
        ("123456789", "heeft 8 cijfers; dit zijn er 9"),
        ("abcdefgh", "alleen cijfers"),
        ("1234567a", "alleen cijfers"),
        ("-1234567", "alleen cijfers"),
        ("١٢٣٤٥٦٧٨", "alleen cijfers"),
        ("...", "alleen cijfers"),
        ("123456789012", "vestigingsnummer"),
        ("", "Vul het KvK-nummer"),
        ("12345678\x00", "Typ het opnieuw"),
        ("1" * 1_000_000, "korter"),
    ],
)
def test_a_wrong_kvk_number_is_told(typed: str, told: str) -> None:
    form = signup(kvk=typed)
    assert told in str(form.errors["kvk"])
    assert list(form.errors) == ["kvk"]


@pytest.mark.parametrize("typed", ["8011 AB", "8011AB", "8011", " 8011 ab "])
def test_a_postcode_may_be_whole_or_four_digits(typed: str) -> None:
    assert signup(postcode=typed).is_valid()


@pytest.mark.parametrize(
    "typed", ["1234", "0000", "8011 A", "801", "80111", "abcd", "٨٠١١", "8011\nAB\n8", "-8011"]
)
def test_a_postcode_must_exist(typed: str) -> None:
    form = signup(postcode=typed)
    assert form.errors == {"postcode": ["Deze postcode bestaat niet. Controleer de vier cijfers."]}


@pytest.mark.parametrize("typed", ["", "   ", "\u200b", "---", "\x00"])
def test_a_company_has_a_name(typed: str) -> None:
    assert list(signup(name=typed).errors) == ["name"]


@pytest.mark.parametrize("typed", ODD.values(), ids=ODD)
def test_odd_names_are_kept_on_one_line(typed: str) -> None:
    form = signup(name=f"a{typed}\r\nBcc: x@y.example"[:120])
    assert form.is_valid(), form.errors
    assert not {"\r", "\n", "\u202e", "\u200b"} & set(form.cleaned_data["name"])


@pytest.mark.parametrize("typed", ["geen-adres", "a@b", "", "a@b.example\x00", "a" * 300 + "@b.nl"])
def test_an_address_is_an_address(typed: str) -> None:
    assert list(signup(email=typed).errors) == ["email"]


# --- An offer --------------------------------------------------------------------------------


@pytest.fixture
def season() -> Season:
    return SeasonFactory()


def filled_in(season: Season, kind: str = Offer.Kind.INTERNSHIP, /, **changes: Any) -> OfferForm:
    """The form as the page shows it, with a title and a text."""
    empty = offer_form(season, kind)
    posted: dict[str, Any] = {
        name: empty.get_initial_for_field(field, name) for name, field in empty.fields.items()
    }
    posted |= {"title": "Stagiair webshop", "text": "Je werkt mee.", **changes}
    return offer_form(season, kind, {k: v for k, v in posted.items() if v is not None})


def offer_form(season: Season, kind: str, posted: dict[str, Any] | None = None) -> OfferForm:
    site = SiteFactory()
    return OfferForm(posted, kind=kind, season=season, today=timezone.localdate(), site=site)


@pytest.mark.parametrize("kind", [Offer.Kind.INTERNSHIP, Offer.Kind.PROJECT])
def test_a_title_and_a_text_are_enough(season: Season, kind: str) -> None:
    form = filled_in(season, kind)
    assert form.is_valid(), form.errors
    assert form.columns() == {
        "title": "Stagiair webshop",
        "text": "Je werkt mee.",
        "starts_on": season.starts_on,
        "ends_on": season.ends_on,
        "days_min": 1 if form.is_project else 4,
        "days_max": 3 if form.is_project else 5,
        "levels": [2, 3, 4, 6],
        "season": season,
        "openings": 4 if form.is_project else 1,
        "team_min": 2 if form.is_project else None,
        "allowance": None,
    }


@pytest.mark.parametrize("kind", [Offer.Kind.INTERNSHIP, Offer.Kind.PROJECT])
def test_there_are_at_most_twelve_fields(season: Season, kind: str) -> None:
    assert len(list(offer_form(season, kind).visible_fields())) <= 12


HUGE = str(2**63)


@pytest.mark.parametrize("typed", ["0", "-1", "51", "abc", HUGE, "1.5", "", "9" * 5000, "NaN"])
def test_openings_are_1_to_50(season: Season, typed: str) -> None:
    form = filled_in(season, openings=typed)
    assert form.errors == {"openings": ["Vul een heel getal in van 1 tot en met 50."]}


@pytest.mark.parametrize("typed", ["0", "-1", "11", "abc", HUGE, ""])
@pytest.mark.parametrize("name", ["team_min", "team_max"])
def test_teams_are_1_to_10(season: Season, name: str, typed: str) -> None:
    form = filled_in(season, Offer.Kind.PROJECT, **{name: typed})
    assert form.errors == {name: ["Vul een heel getal in van 1 tot en met 10."]}


def test_the_smallest_team_is_not_above_the_largest(season: Season) -> None:
    form = filled_in(season, Offer.Kind.PROJECT, team_min=5, team_max=4)
    assert list(form.errors) == ["team_max"]
    assert filled_in(season, Offer.Kind.PROJECT, team_min=4, team_max=4).is_valid()


@pytest.mark.parametrize("typed", ["-1", "5001", "abc", HUGE, "12,50"])
def test_an_allowance_is_in_whole_euros(season: Season, typed: str) -> None:
    assert list(filled_in(season, allowance=typed).errors) == ["allowance"]


@pytest.mark.parametrize("typed", ["0000-01-01", "2026-02-30", "2027-02-29", "ooit", "\x00", ""])
@pytest.mark.parametrize("name", ["starts_on", "ends_on"])
def test_days_exist(season: Season, name: str, typed: str) -> None:
    assert list(filled_in(season, **{name: typed}).errors) == [name]


@pytest.mark.parametrize("days", [0, -1, -400])
def test_a_period_ends_after_it_starts(season: Season, days: int) -> None:
    form = filled_in(season, ends_on=season.starts_on + timedelta(days=days))
    assert form.errors == {"ends_on": ["De laatste dag moet na de eerste dag komen."]}
    assert filled_in(season, ends_on=season.starts_on + timedelta(days=1)).is_valid()


def test_a_period_touches_the_season(season: Season) -> None:
    day = timedelta(days=1)
    before = filled_in(season, starts_on=season.starts_on - 9 * day, ends_on=season.starts_on - day)
    after = filled_in(season, starts_on=season.ends_on + day, ends_on=season.ends_on + 9 * day)
    far = filled_in(season, starts_on=date(9999, 1, 1), ends_on=date(9999, 12, 31))
    for form in (before, after, far):
        assert list(form.errors) == ["starts_on"]
        assert "Volgend seizoen" in str(form.errors)
    edge = filled_in(season, starts_on=season.starts_on - day, ends_on=season.starts_on)
    assert edge.is_valid(), edge.errors


def test_a_period_lasts_a_year_at_most(season: Season) -> None:
    assert list(filled_in(season, ends_on="9999-12-31").errors) == ["ends_on"]


def test_a_period_is_not_over_yet() -> None:
    today = timezone.localdate()
    running = SeasonFactory(
        name="Nu", starts_on=today - timedelta(days=30), ends_on=today + timedelta(days=60)
    )
    over = filled_in(running, starts_on=today - timedelta(days=9), ends_on=today)
    assert list(over.errors) == ["ends_on"]
    assert filled_in(running).is_valid()


def test_days_per_week_go_up(season: Season) -> None:
    assert list(filled_in(season, days_min=5, days_max=4).errors) == ["days_max"]
    assert filled_in(season, days_min=4, days_max=4).is_valid()


@pytest.mark.parametrize("typed", ["0", "6", "x", HUGE, "-1", "\x00"])
@pytest.mark.parametrize("name", ["days_min", "days_max"])
def test_a_week_has_five_days(season: Season, name: str, typed: str) -> None:
    form = filled_in(season, **{name: typed})
    assert form.errors == {name: ["Kies een aantal dagen, van 1 tot en met 5."]}


def test_there_is_a_level(season: Season) -> None:
    assert filled_in(season, levels=[]).errors == {"levels": ["Kies minstens één niveau."]}
    for wrong in (["5"], ["x"], [HUGE], ["4", "\x00"]):
        assert list(filled_in(season, levels=wrong).errors) == ["levels"]


def test_levels_stand_once_and_in_order(season: Season) -> None:
    form = filled_in(season, levels=["6", "4", "4"])
    assert form.is_valid()
    assert form.cleaned_data["levels"] == [4, 6]


@pytest.mark.parametrize("typed", ["", "   ", "…", "\u200b", "\x00", "x" * 101, "x" * 1_000_000])
def test_a_title_says_something_and_is_short(season: Season, typed: str) -> None:
    assert list(filled_in(season, title=typed).errors) == ["title"]


@pytest.mark.parametrize("typed", ["", " \n ", "a\x00b", "x" * 4001, "x" * 1_000_000])
def test_a_text_is_there_and_not_endless(season: Season, typed: str) -> None:
    assert list(filled_in(season, text=typed).errors) == ["text"]


def test_a_text_is_kept_as_it_reads(season: Season) -> None:
    form = filled_in(season, text="Je werkt\u200b mee.\r\n\r\nEn\u202e meer.\r\n")
    assert form.is_valid(), form.errors
    assert form.cleaned_data["text"] == "Je werkt mee.\n\nEn meer."


def test_eight_skills_at_most(season: Season) -> None:
    skills = [SkillFactory().pk for _ in range(9)]
    assert filled_in(season, skills=skills[:8]).is_valid()
    assert filled_in(season, skills=skills).errors == {
        "skills": ["Kies er hooguit 8, de belangrijkste."]
    }


@pytest.mark.parametrize("typed", ["0", "-1", HUGE, "x", "\x00", "999999"])
@pytest.mark.parametrize("name", ["skills", "programmes"])
def test_only_what_is_on_the_list(season: Season, name: str, typed: str) -> None:
    SkillFactory()
    assert filled_in(season, **{name: [typed]}).errors == {name: ["Kies alleen uit de lijst."]}


def test_programmes_have_a_level_that_was_chosen(season: Season) -> None:
    hbo = ProgrammeFactory(name_nl="HBO-ICT")
    assert filled_in(season, levels=[6], programmes=[hbo.pk]).is_valid()
    form = filled_in(season, levels=[4], programmes=[hbo.pk])
    assert "HBO-ICT is hbo" in str(form.errors["programmes"])


@pytest.mark.parametrize("token", ["", "x", "\x00", "1" * 1_000_000])
def test_a_broken_token_is_nobodys_business(season: Season, token: str) -> None:
    form = filled_in(season, form_token=token)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["form_token"] is None


def test_each_form_has_a_token_of_its_own(season: Season) -> None:
    tokens = {offer_form(season, Offer.Kind.INTERNSHIP)["form_token"].value() for _ in range(3)}
    assert len(tokens) == 3


# --- The rest --------------------------------------------------------------------------------


def test_closing_needs_a_reason_from_the_list() -> None:
    assert list(CloseForm({}).errors) == ["reason"]
    assert list(CloseForm({"reason": "zomaar"}).errors) == ["reason"]
    assert list(CloseForm({"reason": "found", "words": "\x00"}).errors) == ["words"]
    form = CloseForm({"reason": "found", "words": "Fijne\nstudent"})
    assert form.is_valid()
    assert form.told() == "We hebben al een student gevonden. Fijne student"


def test_returning_needs_words() -> None:
    for typed in ("", "  ", "a\x00", "x" * 1001):
        assert list(ReturnForm({"reason": typed}).errors) == ["reason"]


def test_a_search_that_is_not_understood_is_no_search() -> None:
    assert SearchForm({"q": "klik"}).words() == "klik"
    for typed in ("\x00", "x" * 101):
        assert SearchForm({"q": typed}).words() == ""
    assert SearchForm({}).words() == ""
