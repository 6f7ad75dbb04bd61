"""A student's pages: start, offers, ranking, proposals."""

from datetime import date
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from companies import actions as offers
from companies.models import Offer
from matching import states
from matching.actions import answers, approval, ending, rankings
from matching.models import MOST_WISHES, Proposal, Wish
from students.models import Availability, Student
from tests.conftest import Cast, client_of
from tests.factories.companies import OfferFactory
from tests.factories.education import SkillFactory
from tests.factories.geo import postcode
from tests.factories.matching import ProposalFactory, ranked
from tests.matching.conftest import MakeOffer, MakeProposal
from tests.matching.pages import TOO_BIG, links_of, read, refused, send, words_of
from tests.matching.reading import letters, now_of, state_of, steps_of

pytestmark = pytest.mark.django_db

STUDENT, COMPANY = Proposal.Side.STUDENT, Proposal.Side.COMPANY


# --- a student ------------------------------------------------------------------------------------


def test_the_start_of_a_student_says_what_is_to_be_done_next(
    cast: Cast, bram: Client, at_klikwerf: MakeOffer, today: date
) -> None:
    Student.objects.filter(pk=cast.bram.pk).update(postcode=None)
    assert "Maak eerst je profiel af Vul nog in of kijk na: je postcode." in read(bram, "student")
    Student.objects.filter(pk=cast.bram.pk).update(postcode=postcode())
    assert "Zet de plekken die je wilt op je lijst" in read(bram, "student")
    offer = at_klikwerf(title="Webshop verbouwen")
    ranked(cast.bram, offer)
    page = read(bram, "student")
    assert "Je lijst staat klaar" in page
    assert "Keus 1 Webshop verbouwen" in page
    made = ProposalFactory(student=cast.bram, offer=offer, state=states.APPROVED)
    assert "voorstel voor je" not in read(bram, "student"), "nobody is told yet"
    approval.release([made.pk], by=cast.frits)
    assert "Er is een voorstel voor je: Klikwerf" in read(bram, "student")
    answers.accept(made.pk, side=STUDENT, by=cast.bram.user)
    assert "Hier wacht je op antwoord" in read(bram, "student")
    answers.accept(made.pk, side=COMPANY, by=cast.carla)
    assert "Je hebt een plek bij Klikwerf" in read(bram, "student")
    ending.cancel(made.pk, reason="Gestopt", today=today, by=cast.frits)
    page = read(bram, "student")
    assert "Je hebt een plek" not in page
    assert "Eerder Webshop verbouwen" in page


@pytest.mark.parametrize("state", [states.PROPOSED, states.APPROVED])
def test_what_a_student_asked_for_waits_and_is_not_over(
    cast: Cast, bram: Client, proposal: MakeProposal, state: str
) -> None:
    made = proposal(origin="application", student_accepted_at=Now())
    if state == states.APPROVED:
        approval.approve([made.pk], by=cast.frits)
    page = read(bram, "student")
    assert "Hier wacht je op antwoord" in page
    assert "Eerder" not in page


def test_offers_that_fit_stand_on_top_and_the_others_only_on_demand(
    cast: Cast, bram: Client, at_klikwerf: MakeOffer
) -> None:
    at_klikwerf(title="Verder weg", site=OfferFactory(site__postcode=postcode("8261")).site)
    at_klikwerf(title="Om de hoek")
    at_klikwerf(title="Alleen mbo", levels=[2, 3, 4])
    at_klikwerf(title="Nog niet open", state=Offer.State.SUBMITTED)
    at_klikwerf(title="Even dicht", state=Offer.State.PAUSED)
    page = read(bram, "browse")
    assert "3 plekken passen bij jouw profiel" in page  # with the one that came with the site
    assert page.index("Om de hoek") < page.index("Verder weg")
    for absent in ("Alleen mbo", "Nog niet open", "Even dicht"):
        assert absent not in page
    everything = read(bram, "browse", fitting="all")
    assert "Alleen mbo" in everything
    assert "Het niveau past niet" in everything
    assert "Nog niet open" not in everything


ALL = ["Sokken verkopen", "Foto's maken", "Teksten schrijven"]
SEARCHES: list[tuple[dict[str, str], list[str]]] = [
    ({"q": "Sokken"}, ["Sokken verkopen"]),
    ({"q": "sokk"}, ["Sokken verkopen"]),
    ({"q": "kampen"}, ["Foto's maken"]),
    ({"q": "rivaal"}, ["Teksten schrijven"]),
    ({"q": "bijzonder"}, ["Teksten schrijven"]),
    ({"kind": "project"}, ["Foto's maken"]),
    ({"kind": "internship", "q": "sokken"}, ["Sokken verkopen"]),
    ({"kind": "project", "q": "sokken"}, []),
    ({"q": "%"}, []),
    ({"q": "nergens"}, []),
    ({"kind": "nonsense"}, ALL),
    ({"q": "x" * 101}, ALL),
    ({"q": "a\x00b"}, ALL),
    ({"page": "abc"}, ALL),
    ({"page": str(TOO_BIG)}, ALL),
    ({"page": "-1"}, ALL),
]


def test_offers_are_found_by_word_company_place_and_kind(
    cast: Cast, bram: Client, at_klikwerf: MakeOffer
) -> None:
    at_klikwerf(title="Sokken verkopen")
    OfferFactory(title="Foto's maken", project=True, team_min=1, site__postcode=postcode("8261"))
    OfferFactory(title="Teksten schrijven", text="Iets bijzonders", site=cast.rival.sites.get())
    for query, found in SEARCHES:
        page = words_of(bram.get(reverse("matching:browse"), query))
        assert [title for title in ALL if title in page] == found, query
        assert ("Geen plekken gevonden" in page) == (not found), query


def test_how_many_fit_does_not_depend_on_what_is_searched_for(
    cast: Cast, bram: Client, at_klikwerf: MakeOffer
) -> None:
    at_klikwerf(title="Sokken verkopen")
    at_klikwerf(title="Teksten schrijven")
    at_klikwerf(title="Alleen mbo", levels=[2])
    fits = "2 plekken passen bij jouw profiel"
    assert "gevonden" not in read(bram, "browse")
    queries: tuple[tuple[Any, str], ...] = (
        ({"q": "nergens"}, "0 plekken gevonden"),
        ({"q": "sokken"}, "1 plek gevonden"),
        ({"kind": "project"}, "0 plekken gevonden"),
        ({"fitting": "all"}, "Tel je mee wat niet past, dan zijn het 3 plekken."),
        ({"fitting": "all", "q": "alleen"}, "1 plek gevonden"),
    )
    for query, found in queries:
        page = read(bram, "browse", **query)
        assert fits in page, query
        assert found in page, query


def test_offers_come_in_pages(cast: Cast, bram: Client, at_klikwerf: MakeOffer) -> None:
    for _ in range(26):
        at_klikwerf()
    assert read(bram, "browse").count("Zet op mijn lijst") == 24
    assert read(bram, "browse", page="2").count("Zet op mijn lijst") == 2


def test_without_a_profile_there_is_nothing_to_compare(cast: Cast, bram: Client) -> None:
    OfferFactory(title="Sokken verkopen")
    Availability.objects.all().delete()
    page = read(bram, "browse")
    assert "Vul nog in of kijk na: wanneer je een plek zoekt." in page
    assert "Sokken verkopen" not in page


def test_the_page_of_an_offer_says_how_it_fits_and_what_is_in_the_way(
    cast: Cast, bram: Client, at_klikwerf: MakeOffer
) -> None:
    skill = SkillFactory(label_nl="Fotobewerking")
    cast.bram.skills.add(skill)
    fits = at_klikwerf(skills=[skill], programmes=[cast.bram.programme], allowance=350)
    page = read(bram, "offer", fits.pk)
    for words in ("Fotobewerking (kun je al)", "€ 350 per maand", cast.bram.programme.name_nl):
        assert words in page
    assert "Zet op mijn lijst" in page
    for words in ("Vaardigheden telt 3 keer", "Reisafstand telt 2 keer", "stappen van 5 punten"):
        assert words in page, "how the number adds up"
    wrong = at_klikwerf(levels=[2], days_min=5)
    Availability.objects.filter(student=cast.bram).update(days=3)
    page = read(bram, "offer", wrong.pk)
    assert "Het niveau past niet" in page
    assert "Er zijn meer dagen per week nodig" in page
    assert "Zet op mijn lijst" not in page


def test_only_offers_that_are_to_be_had_have_a_page(
    cast: Cast, bram: Client, at_klikwerf: MakeOffer
) -> None:
    for state in Offer.State.values:
        live = state in (Offer.State.PUBLISHED, Offer.State.PAUSED, Offer.State.FILLED)
        read(bram, "offer", at_klikwerf(state=state).pk, status=200 if live else 404)


def test_what_does_not_exist_is_not_found(bram: Client) -> None:
    for key in (0, 10**9, TOO_BIG, 10**30):
        read(bram, "offer", key, status=404)
        read(bram, "student_proposal", key, status=404)


# --- the ranking ----------------------------------------------------------------------------------


def tiers_of(student: Student) -> dict[int, int]:
    return dict(Wish.objects.filter(student=student).values_list("offer_id", "tier"))


def test_a_wish_goes_to_the_end_of_the_list_and_off_again(
    cast: Cast, bram: Client, at_klikwerf: MakeOffer
) -> None:
    one, two = at_klikwerf(), at_klikwerf()
    assert "Op je lijst gezet." in send(bram, "wish", one.pk)
    send(bram, "wish", two.pk)
    send(bram, "wish", one.pk)
    assert tiers_of(cast.bram) == {one.pk: 1, two.pk: 2}
    assert "Van je lijst gehaald." in send(bram, "wish", one.pk, off="1")
    assert tiers_of(cast.bram) == {two.pk: 1}


def test_htmx_gets_the_button_and_not_the_page(
    cast: Cast, bram: Client, at_klikwerf: MakeOffer
) -> None:
    offer = at_klikwerf()
    url = reverse("matching:wish", args=[offer.pk])
    on = bram.post(url, headers={"HX-Request": "true"})
    assert on.status_code == 200
    assert "<html" not in on.content.decode()
    assert on.content.decode().count("<form") == 1
    assert "Keus 1" in on.content.decode()
    off = bram.post(url, {"off": "1"}, headers={"HX-Request": "true"})
    assert "Zet op mijn lijst" in off.content.decode()
    for other in [at_klikwerf() for _ in range(MOST_WISHES)]:
        rankings.add_wish(cast.bram, other)
    full = bram.post(url, headers={"HX-Request": "true"})
    assert full.status_code == 200
    assert 'role="alert">Je lijst kan niet langer zijn' in full.content.decode()


def test_the_eleventh_wish_does_not_fit_on_the_list(
    cast: Cast, bram: Client, at_klikwerf: MakeOffer
) -> None:
    for _ in range(MOST_WISHES):
        send(bram, "wish", at_klikwerf().pk)
    assert "Je lijst kan niet langer zijn" in send(bram, "wish", at_klikwerf().pk)
    assert sorted(tiers_of(cast.bram).values()) == list(range(1, MOST_WISHES + 1))


@pytest.mark.parametrize("state", [Offer.State.PAUSED, Offer.State.FILLED])
def test_what_is_not_published_any_more_cannot_be_wished_for(
    cast: Cast, bram: Client, at_klikwerf: MakeOffer, state: str
) -> None:
    offer = at_klikwerf(state=state)
    assert "Deze plek is niet meer beschikbaar." in send(bram, "wish", offer.pk)
    assert tiers_of(cast.bram) == {}


def test_a_wish_that_is_gone_can_be_looked_at_and_taken_off(
    cast: Cast, bram: Client, at_klikwerf: MakeOffer
) -> None:
    """Every link on the list and on the start page leads somewhere, also when the offer closed."""
    gone, other = at_klikwerf(), at_klikwerf()
    for offer in (gone, other):
        rankings.add_wish(cast.bram, offer)
    offers.close_offer(gone, reason="Dicht", by=cast.carla)
    for page in ("student", "ranking"):
        dead = [url for url in links_of(bram, page) if bram.get(url).status_code != 200]
        assert dead == [], page
    assert "Gesloten" in read(bram, "ranking")
    send(bram, "wish", gone.pk, off="1")
    assert tiers_of(cast.bram) == {other.pk: 1}
    read(bram, "offer", gone.pk, status=404)


def test_a_student_says_whether_another_place_will_do(
    cast: Cast, bram: Client, at_klikwerf: MakeOffer
) -> None:
    """On by default; nothing changes where nothing was answered, or something else."""
    mine = Availability.objects.filter(student=cast.bram)
    question = "Is mijn lijst op? Dan wil ik ook een andere plek die bij mij past."
    assert question not in read(bram, "ranking"), "an empty list has nothing after it"
    offer = at_klikwerf()
    rankings.add_wish(cast.bram, offer)
    assert question in read(bram, "ranking")
    for answer, kept in ((None, True), ("no", False), (None, False), ("yes", True)):
        form = {f"tier_{offer.pk}": "1"} | ({"beyond_list": answer} if answer else {})
        send(bram, "ranking", **form)
        assert mine.get().beyond_list == kept, answer
    refused(bram, "ranking", **{f"tier_{offer.pk}": "1", "beyond_list": "maybe"})
    assert mine.get().beyond_list
    others = Availability.objects.filter(student=cast.anouk)
    assert all(others.values_list("beyond_list", flat=True)), "of nobody else"
    mine.delete()
    assert question not in read(bram, "ranking"), "who seeks nothing this season has no such choice"


def test_a_ranking_may_hold_ties_and_gaps_are_closed(
    cast: Cast, bram: Client, at_klikwerf: MakeOffer
) -> None:
    four = [at_klikwerf() for _ in range(4)]
    for offer in four:
        rankings.add_wish(cast.bram, offer)
    form = {f"tier_{o.pk}": tier for o, tier in zip(four, ["4", "2", "2", ""], strict=True)}
    assert "Je lijst is bewaard." in send(bram, "ranking", **form)
    assert tiers_of(cast.bram) == {four[1].pk: 1, four[2].pk: 1, four[0].pk: 2}


def test_a_choice_that_is_none_is_refused_and_the_list_stands(
    cast: Cast, bram: Client, at_klikwerf: MakeOffer
) -> None:
    one, two = at_klikwerf(), at_klikwerf()
    ranked(cast.bram, one, two)
    for tier in ("0", "-1", "abc", str(TOO_BIG), str(MOST_WISHES + 1), "1.5", "\x00", "1\x00"):
        refused(bram, "ranking", **{f"tier_{one.pk}": tier, f"tier_{two.pk}": "1"})
        assert tiers_of(cast.bram) == {one.pk: 1, two.pk: 2}, tier


def test_offers_that_are_not_on_the_list_are_not_put_there_by_the_form(
    cast: Cast, bram: Client, at_klikwerf: MakeOffer
) -> None:
    listed, draft, strange = at_klikwerf(), at_klikwerf(state=Offer.State.DRAFT), at_klikwerf()
    ranked(cast.bram, listed)
    form = {f"tier_{key}": "1" for key in (listed.pk, draft.pk, strange.pk, TOO_BIG, "x")}
    send(bram, "ranking", **form)
    assert tiers_of(cast.bram) == {listed.pk: 1}


def test_an_old_page_takes_nothing_off_that_it_did_not_show(
    cast: Cast, bram: Client, at_klikwerf: MakeOffer
) -> None:
    """Two windows: in the one a place goes on the list, in the other the old list is saved."""
    shown, off, later = at_klikwerf(), at_klikwerf(), at_klikwerf()
    ranked(cast.bram, shown, off)
    old_page = {f"tier_{shown.pk}": "2", f"tier_{off.pk}": ""}
    send(bram, "wish", later.pk)
    send(bram, "ranking", **old_page)
    assert tiers_of(cast.bram) == {shown.pk: 1, later.pk: 2}


def test_an_old_page_puts_nothing_back_and_may_know_of_more_choices(
    cast: Cast, bram: Client, at_klikwerf: MakeOffer
) -> None:
    offers = [at_klikwerf() for _ in range(3)]
    ranked(cast.bram, *offers)
    old_page = {f"tier_{o.pk}": str(tier) for o, tier in zip(offers, (3, 2, 1), strict=True)}
    send(bram, "wish", offers[1].pk, off="1")
    send(bram, "ranking", **old_page)
    assert tiers_of(cast.bram) == {offers[2].pk: 1, offers[0].pk: 2}


def test_a_form_that_says_nothing_changes_nothing(
    cast: Cast, bram: Client, at_klikwerf: MakeOffer
) -> None:
    offers = [at_klikwerf() for _ in range(2)]
    ranked(cast.bram, *offers)
    send(bram, "ranking", csrfmiddlewaretoken="abc")
    assert tiers_of(cast.bram) == {offers[0].pk: 1, offers[1].pk: 2}


def test_an_empty_list_invites_and_a_short_one_warns(
    cast: Cast, bram: Client, at_klikwerf: MakeOffer
) -> None:
    assert "Je lijst is nog leeg" in read(bram, "ranking")
    places = [at_klikwerf() for _ in range(3)]
    rankings.add_wish(cast.bram, places[0])
    assert "Zet er minstens 3 op" in read(bram, "ranking")
    for offer in places[1:]:
        rankings.add_wish(cast.bram, offer)
    assert "Zet er minstens 3 op" not in read(bram, "ranking")


def test_who_ranks_all_that_fits_is_not_asked_for_more(
    cast: Cast, bram: Client, at_klikwerf: MakeOffer
) -> None:
    rankings.add_wish(cast.bram, at_klikwerf())
    at_klikwerf(levels=[2])
    assert "Zet er minstens 3 op" not in read(bram, "ranking")


# --- a student answers ----------------------------------------------------------------------------


def test_a_student_says_yes_and_then_it_is_agreed(
    cast: Cast, bram: Client, proposal: MakeProposal
) -> None:
    made = proposal(state=states.OFFERED)
    assert "Ja, ik wil deze plek" in read(bram, "student_proposal", made.pk)
    assert "Nu wachten we op het bedrijf." in send(bram, "student_accept", made.pk)
    assert "Ja, ik wil deze plek" not in read(bram, "student_proposal", made.pk)
    answers.accept(made.pk, side=COMPANY, by=cast.carla)
    assert "Jullie zijn het eens. Je hebt deze plek." in send(bram, "student_accept", made.pk)


def test_a_no_needs_a_reason_from_the_list(
    cast: Cast, bram: Client, proposal: MakeProposal
) -> None:
    made = proposal(state=states.OFFERED)
    before = now_of(made)
    for form in (
        {},
        {"code": ""},
        {"code": "nonsense"},
        {"code": "place_gone"},
        {"code": "too_far", "note": "a\x00b"},
        {"code": "too_far", "note": "x" * 1001},
        {"code": "\x00"},
    ):
        refused(bram, "student_decline", made.pk, **form)
        assert now_of(made) == before, form
    assert letters() == []


def test_a_student_says_no_and_reads_what_happens_next(
    cast: Cast, bram: Client, proposal: MakeProposal
) -> None:
    made = proposal(state=states.OFFERED)
    form = {"code": "too_far", "note": "Geen bus"}
    assert "Dit leest alleen je school." in read(bram, "student_proposal", made.pk)
    assert "Je hebt nee gezegd." in send(bram, "student_decline", made.pk, **form)
    assert "Je hebt nee gezegd." in send(bram, "student_decline", made.pk, **form)
    assert [s[0] for s in steps_of(made)].count("decline") == 1
    assert "Dit voorstel is voorbij." in read(bram, "student_proposal", made.pk)


def test_who_comes_too_late_reads_why(cast: Cast, bram: Client, proposal: MakeProposal) -> None:
    made = proposal(state=states.EXPIRED)
    assert "De tijd om te antwoorden is voorbij." in send(bram, "student_accept", made.pk)
    assert "De tijd om te antwoorden is voorbij." in send(
        bram, "student_decline", made.pk, code="too_far"
    )
    assert state_of(made) == states.EXPIRED


@pytest.mark.parametrize("state", [states.PROPOSED, states.APPROVED, states.DROPPED])
def test_what_is_not_sent_yet_does_not_exist_for_student_and_company(
    cast: Cast, bram: Client, proposal: MakeProposal, state: str
) -> None:
    made = proposal(state=state)
    carla = client_of(cast.carla)
    read(bram, "student_proposal", made.pk, status=404)
    read(carla, "company_proposal", cast.klikwerf.pk, made.pk, status=404)
    assert made.offer.title not in read(bram, "student")
    assert bram.post(reverse("matching:student_accept", args=[made.pk])).status_code == 404
    url = reverse("matching:company_accept", args=[cast.klikwerf.pk, made.pk])
    assert carla.post(url).status_code == 404


def test_the_proposal_of_another_does_not_exist(cast: Cast, proposal: MakeProposal) -> None:
    made = proposal(state=states.OFFERED)
    for who in (cast.anouk.user, cast.carla, cast.frits, cast.gerda, cast.henk):
        client = client_of(who)
        for name in ("student_accept", "student_decline"):
            url = reverse(f"matching:{name}", args=[made.pk])
            assert client.post(url, {"code": "other"}).status_code == 404
        read(client, "student_proposal", made.pk, status=404)
    for who in (cast.dirk, cast.bram.user, cast.frits, cast.gerda, cast.henk):
        client = client_of(who)
        for company in (cast.klikwerf, cast.rival):
            for name in ("company_accept", "company_decline"):
                url = reverse(f"matching:{name}", args=[company.pk, made.pk])
                assert client.post(url, {"code": "other"}).status_code == 404
            read(client, "company_proposal", company.pk, made.pk, status=404)
    assert state_of(made) == states.OFFERED


# --- what is over ---------------------------------------------------------------------------------


def test_a_student_reads_why_the_company_said_no(
    cast: Cast, bram: Client, proposal: MakeProposal
) -> None:
    made = proposal(state=states.OFFERED)
    answers.decline(made.pk, side=COMPANY, code="conditions", note="Vrijdag vrij", by=cast.carla)
    page = read(bram, "student_proposal", made.pk)
    assert "Het bedrijf zei nee. Dat is jammer." in page
    assert "De reden: de dagen of de periode komen niet uit. “Vrijdag vrij”" in page
    assert "Je stagecoördinator zoekt met je verder." in page


def test_who_has_a_place_is_not_told_that_the_school_seeks_on(
    cast: Cast, bram: Client, proposal: MakeProposal
) -> None:
    other, made = proposal(state=states.OFFERED), proposal(state=states.OFFERED)
    for side, by in ((STUDENT, cast.bram.user), (COMPANY, cast.carla)):
        answers.accept(made.pk, side=side, by=by)
    page = read(bram, "student_proposal", other.pk)
    assert "want je koos een andere plek" in page
    assert "Je hebt in deze periode een plek bij Klikwerf" in page
    assert "zoekt met je verder" not in page


def test_why_a_rule_was_set_aside_is_not_told_when_the_time_is_over(
    cast: Cast, bram: Client, proposal: MakeProposal
) -> None:
    """A proposal by hand keeps its reason for the school."""
    made = proposal(state=states.EXPIRED, reason="Mag van de inspectie")
    page = read(bram, "student_proposal", made.pk)
    assert "Je antwoordde niet op tijd." in page
    assert "inspectie" not in page
