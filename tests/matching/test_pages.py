"""The pages of rankings, proposals and rounds: what they show, what they refuse, what they cost."""

import re
from contextlib import nullcontext
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from companies import actions as offers
from companies.models import Offer
from matching import reasons, states
from matching.actions import answers, approval, ending, rankings, rounds
from matching.models import MOST_WISHES, Proposal, Round, Run, Wish
from students.models import Availability, Student
from tests.conftest import Cast, client_of
from tests.factories.companies import OfferFactory
from tests.factories.education import ProgrammeFactory, SkillFactory
from tests.factories.geo import postcode
from tests.factories.matching import ProposalFactory, RoundFactory, ranked, seeking_student
from tests.matching.conftest import MakeOffer, MakeProposal
from tests.matching.reading import letters, now_of, seats, state_of, steps_of

pytestmark = pytest.mark.django_db

STUDENT, COMPANY = Proposal.Side.STUDENT, Proposal.Side.COMPANY
TOO_BIG = 2**63


@pytest.fixture(autouse=True)
def _runs_inside_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests run inside one transaction, where no other isolation level can be set."""
    monkeypatch.setattr(rounds, "repeatable_read", nullcontext)


@pytest.fixture
def round_(cast: Cast) -> Round:
    return rounds.create_round(cast.season, cast.windesheim, by=cast.frits)


def calculate(round_: Round, today: date) -> Run:
    """A run from click to stored proposals."""
    rounds.start_run(round_, by=round_.created_by)
    run = rounds.claim_run()
    assert run is not None
    rounds.execute(run, today=today)
    run.refresh_from_db()
    assert run.state == states.DONE, run.trouble
    return run


def words_of(answer: Any) -> str:
    """The page as somebody reads it: the part that differs, without tags, on one line."""
    main = answer.content.decode().partition('tabindex="-1">')[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main)).split())


def read(client: Client, name: str, *args: object, status: int = 200, **query: Any) -> str:
    answer = client.get(reverse(f"matching:{name}", args=args), query)
    assert answer.status_code == status, name
    return words_of(answer)


def send(client: Client, name: str, *args: object, **form: object) -> str:
    """POST a form that is accepted, and what the page says to which it leads."""
    answer = client.post(reverse(f"matching:{name}", args=args), form, follow=True)
    assert answer.redirect_chain, f"{name} did not lead on"
    assert answer.status_code == 200
    return words_of(answer)


def refused(client: Client, name: str, *args: object, **form: object) -> str:
    """POST a form that comes back with errors: 422, said in the title and on top."""
    answer = client.post(reverse(f"matching:{name}", args=args), form)
    assert answer.status_code == 422, name
    page = answer.content.decode()
    assert "<title>Fout:" in " ".join(page.split()).replace("> ", ">")
    assert 'class="error-summary' in page
    return words_of(answer)


def links_of(client: Client, name: str, *args: object) -> set[str]:
    """Where the content of a page leads to."""
    page = client.get(reverse(f"matching:{name}", args=args)).content.decode()
    main = page.partition("<main")[2].partition("</main>")[0]
    return {unescape(href) for href in re.findall(r'href="(/[^"#]*)', main)}


# --- what they cost --------------------------------------------------------------------------


class Region:
    """A season in which everybody has something to see, and more of it with `grow`."""

    def __init__(self, cast: Cast, make_offer: MakeOffer, round_: Round, today: date) -> None:
        self.cast, self.make_offer, self.round, self.today = cast, make_offer, round_, today
        self.skills = [SkillFactory() for _ in range(4)]
        self.project = make_offer(project=True, team_min=1, openings=9, skills=self.skills)
        self.places: list[Offer] = []
        self.grow()

    def grow(self) -> None:
        """One more of everything."""
        cast = self.cast
        place = self.make_offer(openings=2, skills=self.skills, programmes=[cast.bram.programme])
        self.places.append(place)
        rankings.add_wish(cast.bram, place)
        self.new_student(programme=cast.bram.programme, wishes=[place])
        self.new_student(wishes=[OfferFactory(levels=[2])])
        calculate(self.round, self.today)
        for state in (states.APPROVED, states.OFFERED, states.AGREED, states.DECLINED):
            self.propose(self.new_student(), state)
        for state in (states.OFFERED, states.DECLINED, states.CANCELLED):
            self.propose(cast.anouk, state)
        ProposalFactory(student=self.new_student(), offer=self.project, state=states.OFFERED)

    def propose(self, student: Student, state: str) -> None:
        offer = self.make_offer(openings=2)
        ProposalFactory(student=student, offer=offer, state=state, round=self.round)

    def new_student(self, wishes: list[Offer] | None = None, **fields: object) -> Student:
        fields.setdefault("programme", ProgrammeFactory(school=self.cast.windesheim))
        student = seeking_student(skills=self.skills, wants=self.skills, **fields)
        ranked(student, *(wishes or []))
        return student

    def pages(self) -> dict[str, tuple[User, str, list[object], dict[str, Any]]]:
        """Every page of this room with somebody who reads it."""
        cast, bram, slug = self.cast, self.cast.bram, self.cast.windesheim.slug
        team = Proposal.objects.filter(offer=self.project).first()
        of_anouk = Proposal.objects.filter(student=cast.anouk, state=states.OFFERED).first()
        assert team is not None
        assert of_anouk is not None
        pair = {"student": bram.pk, "offer": self.places[0].pk}
        company = cast.klikwerf.pk
        return {
            "student, start": (cast.anouk.user, "student", [], {}),
            "student, list of offers": (bram.user, "browse", [], {"fitting": "all"}),
            "student, offer": (bram.user, "offer", [self.places[0].pk], {}),
            "student, ranking": (bram.user, "ranking", [], {}),
            "student, proposal": (cast.anouk.user, "student_proposal", [of_anouk.pk], {}),
            "company, start": (cast.carla, "company", [company], {}),
            "company, proposal": (cast.carla, "company_proposal", [company, of_anouk.pk], {}),
            "company, team": (cast.carla, "company_proposal", [company, team.pk], {}),
            "school, start": (cast.frits, "school", [slug], {}),
            "school, proposal": (cast.frits, "school_proposal", [slug, team.pk], {}),
            "rounds": (cast.frits, "rounds", [slug], {}),
            "round": (cast.frits, "round", [slug, self.round.pk], {}),
            "round, why": (cast.frits, "why", [slug, self.round.pk], pair),
            "round, by hand": (cast.frits, "by_hand", [slug, self.round.pk], {"student": bram.pk}),
        }

    def queries(self) -> dict[str, int]:
        """Queries per page, with session and menu."""
        found = {}
        for page, (who, name, args, query) in self.pages().items():
            client = client_of(who)
            with CaptureQueriesContext(connection) as asked:
                answer = client.get(reverse(f"matching:{name}", args=args), query)
            assert answer.status_code == 200, page
            found[page] = len(asked)
        return found


# Of these, five are for session, user and menu on every page.
MOST_QUERIES = {
    "student, start": 10,
    "student, list of offers": 16,
    "student, offer": 20,
    "student, ranking": 16,
    "student, proposal": 7,
    "company, start": 8,
    "company, proposal": 11,
    "company, team": 12,
    "school, start": 13,
    "school, proposal": 10,
    "rounds": 10,
    "round": 21,
    "round, why": 14,
    "round, by hand": 17,
}


def test_pages_ask_the_same_number_of_queries_for_one_row_and_for_three(
    cast: Cast, at_klikwerf: MakeOffer, round_: Round, today: date
) -> None:
    region = Region(cast, at_klikwerf, round_, today)
    one = region.queries()
    region.grow()
    region.grow()
    three = region.queries()
    assert three == one
    assert {page: n for page, n in three.items() if n > MOST_QUERIES[page]} == {}


# --- a student -------------------------------------------------------------------------------


@pytest.fixture
def bram(cast: Cast) -> Client:
    """Bram's browser."""
    return client_of(cast.bram.user)


def test_the_start_of_a_student_says_what_is_to_be_done_next(
    cast: Cast, bram: Client, at_klikwerf: MakeOffer, today: date
) -> None:
    Student.objects.filter(pk=cast.bram.pk).update(postcode=None)
    assert "Maak eerst je profiel af We weten nog niet: je postcode." in read(bram, "student")
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


def test_offers_come_in_pages(cast: Cast, bram: Client, at_klikwerf: MakeOffer) -> None:
    for _ in range(26):
        at_klikwerf()
    assert read(bram, "browse").count("Zet op mijn lijst") == 24
    assert read(bram, "browse", page="2").count("Zet op mijn lijst") == 2


def test_without_a_profile_there_is_nothing_to_compare(cast: Cast, bram: Client) -> None:
    OfferFactory(title="Sokken verkopen")
    Availability.objects.all().delete()
    page = read(bram, "browse")
    assert "We weten nog niet: wanneer je een plek zoekt." in page
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


# --- the ranking -----------------------------------------------------------------------------


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
    for tier in ("0", "-1", "abc", str(TOO_BIG), "3", "1.5", "\x00", "1\x00"):
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


# --- a student answers -----------------------------------------------------------------------


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


# --- a company -------------------------------------------------------------------------------


@pytest.fixture
def carla(cast: Cast) -> Client:
    """Carla's browser."""
    return client_of(cast.carla)


CANARIES = ("Bram", "Kanarie-Twee", "kanarie-twee", "8011", "8302")


def test_a_company_sees_no_name_and_no_address_until_it_is_agreed(
    cast: Cast, carla: Client, proposal: MakeProposal, today: date
) -> None:
    Student.objects.filter(pk=cast.bram.pk).update(
        postcode=postcode("8302"), learning_goal="Beter leren schrijven"
    )
    cast.bram.skills.add(SkillFactory(label_nl="Fotobewerking"))
    made = proposal(state=states.OFFERED)

    def pages() -> str:
        start = carla.get(reverse("matching:company", args=[cast.klikwerf.pk]))
        one = carla.get(reverse("matching:company_proposal", args=[cast.klikwerf.pk, made.pk]))
        assert (start.status_code, one.status_code) == (200, 200)
        return start.content.decode() + one.content.decode()

    def leaks() -> list[str]:
        return [canary for canary in CANARIES if canary in pages()]

    seen = pages()
    assert leaks() == []
    for words in ("Beter leren schrijven", "Fotobewerking", cast.bram.programme.name_nl):
        assert words in seen, "the profile is there"
    answers.accept(made.pk, side=COMPANY, by=cast.carla)
    assert leaks() == []
    answers.accept(made.pk, side=STUDENT, by=cast.bram.user)
    seen = pages()
    assert "Bram Kanarie-Twee" in seen
    assert "bram@kanarie-twee.example" in seen
    assert "8302" not in seen
    ending.reopen(made.pk, reason="Andere dagen", today=today, by=cast.frits)
    assert leaks() == []


@pytest.mark.parametrize(
    "state", [states.DECLINED, states.EXPIRED, states.CANCELLED, states.WITHDRAWN]
)
def test_a_company_sees_no_name_of_what_is_over(
    cast: Cast, carla: Client, proposal: MakeProposal, state: str
) -> None:
    made = proposal(state=states.APPROVED)
    approval.release([made.pk], by=cast.frits)
    if state == states.WITHDRAWN:
        ending.withdraw([made.pk], code="coordinator", by=cast.frits)
    else:
        made = proposal(state=state)
    page = carla.get(reverse("matching:company_proposal", args=[cast.klikwerf.pk, made.pk]))
    assert [canary for canary in CANARIES if canary in page.content.decode()] == []
    assert "Dit voorstel is voorbij." in words_of(page)


def test_a_company_answers_for_a_team_whose_names_come_one_by_one(
    cast: Cast, carla: Client, at_klikwerf: MakeOffer
) -> None:
    project = at_klikwerf(project=True, openings=3)
    team = [
        ProposalFactory(student=student, offer=project, state=states.OFFERED)
        for student in (cast.anouk, cast.bram, seeking_student(user__name="Chris Kanarie-Zeven"))
    ]
    args = (cast.klikwerf.pk, team[0].pk)
    page = read(carla, "company_proposal", *args)
    assert "Een team van 3 studenten" in page
    assert "Kanarie" not in page.replace("Klikwerf Kanarie-Drie", "")
    assert "Ja, dit team is welkom" in page
    send(carla, "company_accept", *args)
    for member in team[:2]:
        answers.accept(member.pk, side=STUDENT, by=member.student.user)
    page = read(carla, "company_proposal", *args)
    assert "Anouk Kanarie-Een" in page
    assert "Bram Kanarie-Twee" in page
    assert "Kanarie-Zeven" not in page


def test_a_company_says_yes_and_reads_what_comes_next(
    cast: Cast, carla: Client, proposal: MakeProposal
) -> None:
    made = proposal(state=states.OFFERED)
    args = (cast.klikwerf.pk, made.pk)
    assert "Nu wachten we op de student." in send(carla, "company_accept", *args)
    answers.accept(made.pk, side=STUDENT, by=cast.bram.user)
    assert "Je ziet nu de naam. Bram Kanarie-Twee" in re.sub(
        r"(Stagiair webshop \d+ )", "", send(carla, "company_accept", *args)
    )


def test_a_company_needs_a_reason_from_its_own_list(
    cast: Cast, carla: Client, proposal: MakeProposal
) -> None:
    made = proposal(state=states.OFFERED)
    for form in ({}, {"code": "too_far"}, {"code": "place_gone", "note": "\x00"}):
        refused(carla, "company_decline", cast.klikwerf.pk, made.pk, **form)
        assert state_of(made) == states.OFFERED, form


def test_a_company_that_finds_its_last_place_gone_reads_so(
    cast: Cast, carla: Client, proposal: MakeProposal
) -> None:
    made = proposal(origin="application", student_accepted_at=Now())
    approval.approve([made.pk], by=cast.frits)
    approval.release([made.pk], by=cast.frits)
    ProposalFactory(offer=made.offer, state=states.APPROVED)
    page = send(carla, "company_accept", cast.klikwerf.pk, made.pk)
    assert "De laatste plek is net vergeven." in page
    assert state_of(made) == states.OFFERED


def test_the_start_of_a_company_sorts_what_is_to_be_done(
    cast: Cast, carla: Client, at_klikwerf: MakeOffer
) -> None:
    titles = {
        states.OFFERED: "Wacht op jou",
        states.AGREED: "Rond",
        states.APPROVED: "Nog geheim",
    }
    for state, title in titles.items():
        ProposalFactory(student=seeking_student(), offer=at_klikwerf(title=title), state=state)
    at_klikwerf(title="Oud aanbod", state=Offer.State.CLOSED)
    page = read(carla, "company", cast.klikwerf.pk)
    assert "1 voorstel wacht op jouw antwoord." in page
    assert page.index("Graag je antwoord") < page.index("Wacht op jou") < page.index("Rond")
    assert page.count("Nog geheim") == 1, "only as an offer"
    assert page.index("Eerder aanbod ( 1 )".replace("( ", "(").replace(" )", ")")) < page.index(
        "Oud aanbod"
    )


# --- a coordinator ---------------------------------------------------------------------------


@pytest.fixture
def frits(cast: Cast) -> Client:
    """The browser of Frits, who coordinates Windesheim."""
    return client_of(cast.frits)


def test_a_coordinator_begins_a_round_and_only_one(cast: Cast, frits: Client) -> None:
    slug = cast.windesheim.slug
    page = send(frits, "rounds", slug, season=cast.season.pk)
    assert "Dit gaat er straks in" in page
    assert "Er loopt al een ronde" in send(frits, "rounds", slug, season=cast.season.pk)
    assert Round.objects.get().created_by == cast.frits


def test_a_round_needs_a_season_that_exists(cast: Cast, frits: Client) -> None:
    for season in ("", "0", "-1", "abc", str(TOO_BIG), "\x00"):
        refused(frits, "rounds", cast.windesheim.slug, season=season)
        assert not Round.objects.exists(), season


def test_a_round_is_not_run_while_there_is_nothing_to_divide(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    args = (cast.windesheim.slug, round_.pk)
    assert "Er zijn geen vrije plekken." in read(frits, "round", *args)
    assert "Er valt nog niets te verdelen" in send(frits, "run", *args)
    at_klikwerf()
    Availability.objects.all().delete()
    assert "Er zijn geen studenten die meedoen." in read(frits, "round", *args)
    assert "Er valt nog niets te verdelen" in send(frits, "run", *args)
    assert not Run.objects.exists()


def test_the_page_shows_that_it_runs_and_then_what_came_out(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer, today: date
) -> None:
    offer = at_klikwerf(title="Webshop verbouwen")
    rankings.add_wish(cast.bram, offer)
    args = (cast.windesheim.slug, round_.pk)
    status = reverse("matching:round_status", args=args)
    read(frits, "round_status", *args, status=404)
    assert "De ronde staat in de wachtrij" in send(frits, "run", *args)
    assert "Deze ronde wordt al berekend." in send(frits, "run", *args)
    waiting = frits.get(status, headers={"HX-Request": "true"})
    assert "hx-get" in waiting.content.decode()
    assert "<html" not in waiting.content.decode()
    run = rounds.claim_run()
    assert run is not None
    assert "De ronde wordt berekend" in read(frits, "round", *args)
    rounds.execute(run, today=today)
    assert frits.get(status, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    assert frits.get(status).status_code == 302
    page = read(frits, "round", *args)
    assert "1 kregen een voorstel" in page
    assert "Bram Kanarie-Twee" in page
    assert "Webshop verbouwen" in page
    assert "Keur alle 1" not in page


def test_a_run_that_failed_says_so_and_offers_to_try_again(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    at_klikwerf()
    args = (cast.windesheim.slug, round_.pk)
    send(frits, "run", *args)
    run = rounds.claim_run()
    assert run is not None
    rounds.fail_run(run, "error")
    page = read(frits, "round", *args)
    assert "Het berekenen is niet gelukt. Er is niets veranderd." in page
    assert "Bereken het voorstel" in page
    assert "De ronde staat in de wachtrij" in send(frits, "run", *args)


def test_who_has_no_place_is_named_with_the_reason(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer, today: date
) -> None:
    far = OfferFactory(title="Ver weg", site__postcode=postcode("1011"))
    ranked(cast.bram, far)
    idle = seeking_student(programme=cast.bram.programme, user__name="Iris Zonder-Lijst")
    calculate(round_, today)
    page = read(frits, "round", cast.windesheim.slug, round_.pk)
    section = page[page.index("Nog zonder plek") :]
    assert "Geen enkele plek op de lijst kan voor deze student." in section
    assert "Ver weg" in section
    assert "Verder weg dan de student wil reizen" in section
    assert f"{idle} {idle.programme}. Heeft nog geen plekken op de lijst gezet." in section
    approval.propose_by_hand(idle, at_klikwerf(), by=cast.frits, round_=round_)
    page = read(frits, "round", cast.windesheim.slug, round_.pk)
    assert "Iris Zonder-Lijst" not in page[page.index("Nog zonder plek") :]


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        ("dropped", "Dit voorstel is geschrapt."),
        ("declined", "Iemand heeft dit voorstel al afgewezen."),
    ],
)
def test_who_lost_a_proposal_is_without_a_place_again(
    cast: Cast,
    frits: Client,
    round_: Round,
    at_klikwerf: MakeOffer,
    today: date,
    ended: str,
    words: str,
) -> None:
    args = (cast.windesheim.slug, round_.pk)
    ranked(cast.bram, at_klikwerf())
    calculate(round_, today)
    made = Proposal.objects.get()
    assert "Nog zonder plek" not in read(frits, "round", *args)
    if ended == "dropped":
        approval.drop([made.pk], reason="Liever niet", by=cast.frits)
    else:
        approval.approve([made.pk], by=cast.frits)
        approval.release([made.pk], by=cast.frits)
        answers.decline(made.pk, side=STUDENT, code="other", by=cast.bram.user)
        Round.objects.update(state=Round.State.OPEN)
    page = read(frits, "round", *args)
    assert words in page[page.index("Nog zonder plek") :]
    Availability.objects.filter(student=cast.bram).update(days=None)
    calculate(round_, today)
    assert words in read(frits, "round", *args), "also when a later run left the student out"
    ProposalFactory(student=cast.bram, offer=at_klikwerf(), state=states.AGREED)
    assert "Nog zonder plek" not in read(frits, "round", *args), "found elsewhere"


@pytest.fixture
def outcome(cast: Cast, round_: Round, at_klikwerf: MakeOffer, today: date) -> dict[str, Proposal]:
    """A round with one plain proposal and one of each kind that deserves a second look."""
    unknown = ProgrammeFactory(school=cast.windesheim, mbo_unknown=True)
    wishes = {
        "plain": (cast.bram, at_klikwerf()),
        "unchecked": (seeking_student(programme=unknown), at_klikwerf()),
        "small team": (seeking_student(programme=cast.bram.programme), at_klikwerf(project=True)),
        "full": (seeking_student(programme=cast.bram.programme), at_klikwerf()),
        "closed": (seeking_student(programme=cast.bram.programme), at_klikwerf()),
    }
    for student, offer in wishes.values():
        ranked(student, offer)
    calculate(round_, today)
    found = {name: Proposal.objects.get(student=student) for name, (student, _o) in wishes.items()}
    ProposalFactory(student=cast.anouk, offer=found["full"].offer, state=states.APPROVED)
    offers.pause_offer(found["closed"].offer, by=cast.carla)
    found["by hand"] = approval.propose_by_hand(
        seeking_student(programme=cast.bram.programme),
        at_klikwerf(),
        by=cast.frits,
        round_=round_,
        reason="Afgesproken",
    )
    return found


FLAGS = {
    "unchecked": "Erkenning niet te controleren",
    "small team": "Team is nog te klein",
    "full": "Plek is inmiddels vol",
    "closed": "Aanbod staat niet meer open",
    "by hand": "Met de hand, met een reden",
}


def test_what_deserves_a_second_look_stands_first_and_is_not_approved_in_one_sweep(
    cast: Cast, frits: Client, round_: Round, outcome: dict[str, Proposal]
) -> None:
    args = (cast.windesheim.slug, round_.pk)
    page = read(frits, "round", *args)
    assert "Kijk hier even extra naar (5)" in page
    for name, flag in FLAGS.items():
        assert flag in page, name
    assert page.index(FLAGS["by hand"]) < page.index("Zonder aandachtspunt (1)")
    assert "1 voorstel goedgekeurd. Er is nog niets verstuurd." in send(
        frits, "approve", *args, scope="plain"
    )
    assert {name: state_of(p) for name, p in outcome.items()} == {
        **dict.fromkeys(FLAGS, states.PROPOSED),
        "plain": states.APPROVED,
    }


def test_a_weak_fit_deserves_a_second_look(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    ProposalFactory(student=cast.bram, offer=at_klikwerf(), round=round_, score=0.05)
    page = read(frits, "round", cast.windesheim.slug, round_.pk)
    assert "Past maar matig" in page


def test_ticked_proposals_are_approved_and_the_others_are_explained(
    cast: Cast, frits: Client, round_: Round, outcome: dict[str, Proposal]
) -> None:
    args = (cast.windesheim.slug, round_.pk)
    page = send(frits, "approve", *args, proposal=[p.pk for p in outcome.values()])
    assert "4 voorstellen goedgekeurd." in page
    for name, code in (("full", "offer_full"), ("closed", "offer_not_published")):
        made = outcome[name]
        assert f"{made.student} – {made.offer}: {reasons.refusal(code)}" in page
    assert "1 goedkeuring teruggenomen." in send(frits, "undo", *args, proposal=outcome["plain"].pk)
    assert "3 voorstellen verstuurd." in send(frits, "release", *args)
    assert "Er was niets om te versturen." in send(frits, "release", *args)
    assert "Er was niets om terug te nemen." in send(
        frits, "undo", *args, proposal=outcome["unchecked"].pk
    )
    assert state_of(outcome["plain"]) == states.PROPOSED


def test_ids_that_are_none_or_of_another_round_are_not_approved(
    cast: Cast, frits: Client, round_: Round, outcome: dict[str, Proposal]
) -> None:
    others = ProposalFactory(
        student=cast.anouk,
        offer=OfferFactory(),
        round=RoundFactory(season=cast.season, school=cast.deltion),
    )
    args = (cast.windesheim.slug, round_.pk)
    junk = ["abc", str(TOO_BIG), "-1", "", "1.5", "\x00", "9" * 400, str(others.pk), "٣"]
    assert "Kies eerst een of meer voorstellen." in send(frits, "approve", *args, proposal=junk)
    assert "Kies eerst" in send(frits, "approve", *args)
    send(frits, "undo", *args, proposal=junk)
    assert not Proposal.objects.filter(round=round_, state=states.APPROVED).exists()
    assert state_of(others) == states.PROPOSED


# --- why, and by hand ------------------------------------------------------------------------


def test_why_and_why_not_are_answered_for_any_pair_of_the_round(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer, today: date
) -> None:
    one, two = at_klikwerf(title="Eerste"), at_klikwerf(title="Tweede")
    args = (cast.windesheim.slug, round_.pk)
    assert "Reken de ronde eerst door." in words_of(
        frits.get(reverse("matching:why", args=args), follow=True)
    )
    ranked(cast.bram, one)
    calculate(round_, today)
    page = read(frits, "why", *args, student=cast.bram.pk, offer=one.pk)
    assert "De student krijgt deze plek: keus 1. Niemand anders vroeg erom." in page
    page = read(frits, "why", *args, student=cast.bram.pk, offer=two.pk)
    assert "De student heeft deze plek niet op de lijst gezet." in page
    assert "De ronde stelde voor: Eerste bij Klikwerf" in page
    late = at_klikwerf()
    for student, offer in [
        (cast.anouk.pk, one.pk),
        (cast.bram.pk, late.pk),
        (cast.bram.pk, TOO_BIG),
        ("abc", one.pk),
        ("\x00", one.pk),
        (cast.bram.pk, ""),
    ]:
        page = read(frits, "why", *args, status=422, student=student, offer=offer)
        assert "krijgt deze plek" not in page


def test_a_proposal_by_hand_needs_a_reason_where_a_rule_is_set_aside(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    offer = at_klikwerf(levels=[2, 3, 4])
    args = (cast.windesheim.slug, round_.pk)
    form: dict[str, object] = {"student": cast.bram.pk, "offer": offer.pk}
    page = refused(frits, "by_hand", *args, **form)
    assert "Volgens de regels kan dit niet (het niveau past niet)." in page
    assert not Proposal.objects.exists()
    page = send(frits, "by_hand", *args, **form, reason="Doet al een vak van hbo")
    assert "Voorstel gemaakt: Bram Kanarie-Twee bij Klikwerf" in page
    assert "Met de hand, met een reden" in page
    made = Proposal.objects.get()
    assert (made.round, made.origin) == (round_, Proposal.Origin.COORDINATOR)
    assert made.score is not None
    assert "Er is al een voorstel voor deze student en deze plek." in refused(
        frits, "by_hand", *args, **form, reason="Nog eens"
    )


def test_a_proposal_by_hand_knows_the_choice_of_the_student(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    first, second, unasked = at_klikwerf(), at_klikwerf(), at_klikwerf()
    ranked(cast.bram, first, second)
    for offer in (second, unasked):
        form = {"student": cast.bram.pk, "offer": offer.pk}
        send(frits, "by_hand", cast.windesheim.slug, round_.pk, **form)
    asked, other = Proposal.objects.order_by("pk")
    assert (asked.choice, other.choice) == (2, None)
    slug = cast.windesheim.slug
    assert "Keus van de student 2" in read(frits, "school_proposal", slug, asked.pk)
    assert "stond niet op de lijst" in read(frits, "school_proposal", slug, other.pk)


def test_the_best_offers_are_suggested_for_a_student(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    at_klikwerf(title="Past goed")
    at_klikwerf(title="Past niet", levels=[2])
    page = read(frits, "by_hand", cast.windesheim.slug, round_.pk, student=cast.bram.pk)
    suggested = page[page.index("Past goed –") :]
    assert "Past goed" in suggested[20:]
    for junk in ("abc", TOO_BIG, "\x00", "9" * 400, "²"):
        read(frits, "by_hand", cast.windesheim.slug, round_.pk, student=junk)


def test_a_proposal_by_hand_of_nobody_or_nothing_is_refused(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    good = {"student": str(cast.bram.pk), "offer": str(at_klikwerf().pk)}
    for wrong in (
        *({"student": key} for key in ("", "abc", str(TOO_BIG), "\x00", "²")),
        *({"offer": key} for key in ("", "-1", str(TOO_BIG), "1\x00")),
        {"reason": "a\x00b"},
        {"reason": "x" * 1001},
    ):
        refused(frits, "by_hand", cast.windesheim.slug, round_.pk, **{**good, **wrong})
        assert not Proposal.objects.exists(), wrong


def test_a_proposal_by_hand_is_for_own_students_and_open_rounds(
    cast: Cast, frits: Client, round_: Round, at_klikwerf: MakeOffer
) -> None:
    offer, args = at_klikwerf(), (cast.windesheim.slug, round_.pk)
    refused(frits, "by_hand", *args, student=cast.anouk.pk, offer=offer.pk, reason="Graag")
    Round.objects.filter(pk=round_.pk).update(state=Round.State.RELEASED)
    page = refused(frits, "by_hand", *args, student=cast.bram.pk, offer=offer.pk)
    assert "Deze ronde is al verstuurd." in page
    assert not Proposal.objects.exists()


# --- one proposal ----------------------------------------------------------------------------


def test_a_coordinator_moves_one_proposal_through_its_life(
    cast: Cast, frits: Client, proposal: MakeProposal
) -> None:
    made = proposal(round=RoundFactory(season=cast.season, school=cast.windesheim))
    args = (cast.windesheim.slug, made.pk)
    assert "Goedgekeurd." in send(frits, "move", *args, "approve")
    assert "Dit voorstel is al goedgekeurd." in send(frits, "move", *args, "approve")
    assert "Goedkeuring teruggenomen." in send(frits, "move", *args, "undo")
    assert "Dit kan niet meer." in send(frits, "move", *args, "undo")
    send(frits, "move", *args, "approve")
    approval.release([made.pk], by=cast.frits)
    for side, by in ((STUDENT, cast.bram.user), (COMPANY, cast.carla)):
        answers.accept(made.pk, side=side, by=by)
    page = send(frits, "move", *args, "reopen", reason="Andere dagen")
    assert "Opnieuw voorgelegd." in page
    for words in ("Voorgesteld", "Verstuurd", "Ja gezegd", "Carla Kanarie-Drie", "Andere dagen"):
        assert words in page, words
    page = send(frits, "move", *args, "withdraw", reason="Verhuisd")
    assert "Ingetrokken." in page
    assert "De stagecoördinator heeft het voorstel ingetrokken. Verhuisd" in page
    assert state_of(made) == states.WITHDRAWN


@pytest.mark.parametrize(
    ("move", "state"),
    [
        ("drop", states.PROPOSED),
        ("withdraw", states.OFFERED),
        ("reopen", states.AGREED),
        ("cancel", states.AGREED),
    ],
)
def test_a_move_that_needs_a_reason_is_not_made_without_a_good_one(
    cast: Cast, frits: Client, proposal: MakeProposal, move: str, state: str
) -> None:
    made = proposal(state=state)
    before = now_of(made)
    url = reverse("matching:move", args=[cast.windesheim.slug, made.pk, move])
    for reason in ("", "   ", "a\x00b", "x" * 1001):
        answer = frits.post(url, {"reason": reason})
        assert answer.status_code == 422
        assert re.search(r"<details[^>]*open", answer.content.decode()), "the form stays open"
        assert now_of(made) == before


def test_only_moves_that_are_possible_are_offered(
    cast: Cast, frits: Client, at_klikwerf: MakeOffer, today: date
) -> None:
    begun = at_klikwerf(starts_on=today)
    expected = {
        states.PROPOSED: {"approve", "drop"},
        states.APPROVED: {"undo", "withdraw"},
        states.OFFERED: {"withdraw"},
        states.AGREED: {"reopen", "cancel"},
        states.DECLINED: set(),
    }
    for state, moves in expected.items():
        made = ProposalFactory(
            student=seeking_student(programme=cast.bram.programme),
            offer=at_klikwerf(),
            state=state,
        )
        url = reverse("matching:school_proposal", args=[cast.windesheim.slug, made.pk])
        page = frits.get(url).content.decode()
        assert set(re.findall(rf'action="{url}(\w+)/"', page)) == moves, state
    made = ProposalFactory(student=cast.bram, offer=begun, state=states.AGREED)
    url = reverse("matching:school_proposal", args=[cast.windesheim.slug, made.pk])
    assert f'action="{url}' not in frits.get(url).content.decode()
    page = send(frits, "move", cast.windesheim.slug, made.pk, "cancel", reason="Te laat")
    assert "De periode is al begonnen" in page


def test_a_move_that_does_not_exist_is_not_found(
    cast: Cast, frits: Client, proposal: MakeProposal
) -> None:
    made = proposal()
    for move in ("release", "accept", "supersede", "propose", "nonsense"):
        url = reverse("matching:move", args=[cast.windesheim.slug, made.pk, move])
        assert frits.post(url, {"reason": "Graag"}).status_code == 404
    assert steps_of(made) == [("propose", "", states.PROPOSED)]


def test_why_it_ended_is_said_in_words(
    cast: Cast, frits: Client, proposal: MakeProposal, settings: Settings
) -> None:
    declined, expired = proposal(state=states.OFFERED), proposal(state=states.OFFERED)
    answers.decline(declined.pk, side=COMPANY, code="no_supervision", note="Druk", by=cast.carla)
    Proposal.objects.filter(pk=expired.pk).update(student_respond_by=expired.created_at)
    ending.expire_due()
    page = read(frits, "school_proposal", cast.windesheim.slug, declined.pk)
    assert page.count("We hebben nu geen tijd voor goede begeleiding") == 2
    assert "Druk" in page
    page = read(frits, "school_proposal", cast.windesheim.slug, expired.pk)
    assert "Geen antwoord van: student." in page


def test_rivals_are_named_when_a_match_was_reopened(
    cast: Cast, frits: Client, at_klikwerf: MakeOffer, proposal: MakeProposal, today: date
) -> None:
    rival = at_klikwerf(title="De andere plek")
    proposal(offer=rival, state=states.OFFERED)
    made = proposal(state=states.OFFERED)
    for side, by in ((STUDENT, cast.bram.user), (COMPANY, cast.carla)):
        answers.accept(made.pk, side=side, by=by)
    assert "De andere plek" not in read(frits, "school_proposal", cast.windesheim.slug, made.pk)
    ending.reopen(made.pk, reason="Andere dagen", today=today, by=cast.frits)
    page = read(frits, "school_proposal", cast.windesheim.slug, made.pk)
    assert "Eerder ingetrokken omdat dit doorging De andere plek" in page


def test_the_start_of_a_school_counts_its_own(
    cast: Cast, frits: Client, at_klikwerf: MakeOffer, proposal: MakeProposal
) -> None:
    at_klikwerf(state=Offer.State.SUBMITTED)
    proposal(state=states.AGREED)
    ProposalFactory(student=cast.anouk, offer=at_klikwerf(), state=states.AGREED)
    page = read(frits, "school", cast.windesheim.slug)
    assert "studenten zoeken een plek 1" in page
    assert "zijn het eens: plek gevonden 1" in page
    assert "Aanbod beoordelen" in page
    assert "Bram Kanarie-Twee" in page
    assert "Anouk" not in page


@pytest.mark.parametrize("person", ["els", "gerda", "carla", "henk"])
def test_another_school_does_not_exist(
    cast: Cast, round_: Round, proposal: MakeProposal, person: str
) -> None:
    made = proposal(round=round_)
    client = client_of(getattr(cast, person))
    slug = cast.windesheim.slug
    pages: list[tuple[str, list[Any]]] = [
        ("school", [slug]),
        ("rounds", [slug]),
        ("round", [slug, round_.pk]),
        ("round_status", [slug, round_.pk]),
        ("why", [slug, round_.pk]),
        ("by_hand", [slug, round_.pk]),
        ("school_proposal", [slug, made.pk]),
    ]
    for name, args in pages:
        read(client, name, *args, status=404)
    for name in ("run", "approve", "undo", "release", "by_hand"):
        url = reverse(f"matching:{name}", args=[slug, round_.pk])
        assert client.post(url, {"scope": "plain"}).status_code == 404
    url = reverse("matching:move", args=[slug, made.pk, "approve"])
    assert client.post(url).status_code == 404
    assert state_of(made) == states.PROPOSED
    assert not Run.objects.exists()


def test_a_round_or_proposal_under_the_name_of_another_school_does_not_exist(
    cast: Cast, round_: Round, proposal: MakeProposal
) -> None:
    made = proposal(round=round_)
    els = client_of(cast.els)
    read(els, "round", cast.deltion.slug, round_.pk, status=404)
    read(els, "school_proposal", cast.deltion.slug, made.pk, status=404)
    for key in (0, 10**9, TOO_BIG):
        read(els, "round", cast.deltion.slug, key, status=404)
        read(els, "school_proposal", cast.deltion.slug, key, status=404)


def test_looking_at_an_address_that_changes_something_changes_nothing(
    cast: Cast, round_: Round, proposal: MakeProposal
) -> None:
    made = proposal(state=states.OFFERED)
    company, slug = cast.klikwerf.pk, cast.windesheim.slug
    addresses: dict[User, list[tuple[str, list[object]]]] = {
        cast.bram.user: [
            ("wish", [made.offer_id]),
            ("student_accept", [made.pk]),
            ("student_decline", [made.pk]),
        ],
        cast.carla: [
            ("company_accept", [company, made.pk]),
            ("company_decline", [company, made.pk]),
        ],
        cast.frits: [
            ("run", [slug, round_.pk]),
            ("approve", [slug, round_.pk]),
            ("undo", [slug, round_.pk]),
            ("release", [slug, round_.pk]),
            ("move", [slug, made.pk, "withdraw"]),
        ],
    }
    for who, pages in addresses.items():
        client = client_of(who)
        for name, args in pages:
            assert client.get(reverse(f"matching:{name}", args=args)).status_code == 405, name
    assert state_of(made) == states.OFFERED
    assert seats(made.offer) == (Offer.State.FILLED, 1)
