"""One whole placement round in a real browser, with a real worker: every page that it passes is
looked at. The student has a telephone, the others a desk."""

import re
import signal

from playwright.sync_api import expect

from companies.models import Offer
from matching import states
from matching.models import Proposal, Wish
from tests.factories.matching import ranked
from tests.faults.processes import Broker, Worker
from tests.journeys.conftest import OpenWindow
from tests.journeys.mail import arrived, code_in, link_in, text_of
from tests.journeys.region import Region
from tests.journeys.window import Window
from tests.notifications.post_office import PostOffice

BAKFIETSEN = "Bakfietsen & Co"
JORIS = "joris@bakfietsen.example"
INTERNSHIP = "Stagiair webshop fietsen"
PROJECT = "Fietsen over de grens"
DATA = "Stagiair vindbaarheid"
PHOTOS = "Stagiair productfoto's"
TELEPHONE = 360
LETTER_SECONDS = 20


# --- 1. A company ----------------------------------------------------------------------------


def a_company_signs_up(company: Window, post_office: PostOffice) -> None:
    company.open("/").look().follow("Meld je bedrijf aan").look()
    company.fill("Je e-mailadres", JORIS).fill("KvK-nummer", "1234567")
    company.fill("Naam van je bedrijf", BAKFIETSEN).fill("Postcode van je bedrijf", "8011 AB")
    company.press("Ga verder", status=422).sees("dit zijn er 7").look()
    company.fill("KvK-nummer", "12345678").press("Ga verder").look()
    letter = arrived(post_office, JORIS, "Bevestig je e-mailadres", within=LETTER_SECONDS)
    company.fill("Code", code_in(text_of(letter))).press("Ga verder")
    company.sees("Nieuwe stage", "Bijna alles is al ingevuld").look()


def it_offers_an_internship_and_a_project(company: Window) -> None:
    company.follow(BAKFIETSEN).sees("Jullie hebben nog geen aanbod").look()
    company.follow("Nieuwe stage")
    company.fill("Titel", INTERNSHIP).fill("Wat gaat de student doen?", "Je helpt in de webshop.")
    company.fill("Aantal plekken", "2")
    company.search("Welke vaardigheden komen van pas?", "bouwen", "Webshops bouwen")
    company.sees("1 gekozen").press("Verstuur naar de coördinator")
    company.sees("Ingediend", "Stage, 2 plekken", "Webshops bouwen").look()

    company.follow(BAKFIETSEN).follow("Nieuwe opdracht voor een team")
    company.fill("Titel", PROJECT).fill("Wat gaan de studenten doen?", "Verkopen in Duitsland.")
    company.fill("Kleinste team", "3").fill("Grootste team", "2")
    company.press("Verstuur naar de coördinator", status=422)
    company.sees("Het grootste team kan niet kleiner zijn").look()
    company.fill("Grootste team", "4").press("Verstuur naar de coördinator")
    company.sees("een team van 3 tot 4 studenten").look()
    company.follow(BAKFIETSEN).look()
    expect(company.page.get_by_role("article").filter(has_text="Ingediend")).to_have_count(2)


# --- 2. The coordinator reads what came in ---------------------------------------------------


def the_coordinator_publishes_one_and_returns_the_other(fatima: Window) -> None:
    fatima.open("/vandaag/").look().follow("Aanbod beoordelen").look()
    fatima.follow(INTERNSHIP).look().press("Publiceer").sees("is gepubliceerd.").look()
    fatima.follow(PROJECT).unfold("Stuur terug naar het bedrijf")
    fatima.press("Stuur terug", status=422).sees("Schrijf op wat er anders moet.").look()
    fatima.fill("Wat moet het bedrijf aanpassen?", "Wie begeleidt het team?").press("Stuur terug")
    fatima.sees("is teruggestuurd.", "Je bent bij").look()


def the_company_revises_and_submits_again(company: Window, post_office: PostOffice) -> None:
    arrived(post_office, JORIS, "staat online", within=LETTER_SECONDS)
    letter = arrived(post_office, JORIS, "Pas je aanbod nog even aan", within=LETTER_SECONDS)
    company.open(link_in(letter)).sees("Wie begeleidt het team?").look()
    company.follow("Pas aan").look()
    company.fill("Wat gaan de studenten doen?", "Verkopen in Duitsland. Joris begeleidt.")
    company.press("Verstuur naar de coördinator").sees("Ingediend", "Joris begeleidt.")


def the_coordinator_publishes_it_after_all(fatima: Window) -> None:
    fatima.open("/vandaag/").follow("Aanbod beoordelen").follow(PROJECT).look()
    fatima.press("Publiceer").sees("Je bent bij")
    assert not Offer.objects.exclude(state="published").exists()


# --- 3. A student ----------------------------------------------------------------------------


def a_student_completes_his_profile(youssef: Window) -> None:
    youssef.open("/vandaag/").sees("Maak eerst je profiel af").look()
    youssef.follow("Naar mijn profiel").look().fill("Je postcode", "9999")
    youssef.press("Bewaar en bekijk plekken", status=422).sees("Deze postcode bestaat niet.").look()
    youssef.fill("Je postcode", "8031").fill("Hoeveel kilometer", "25")
    youssef.page.get_by_role("group", name="Hoeveel dagen").get_by_label("4").check()
    youssef.search("Dit kan ik al", "bouwen", "Webshops bouwen")
    youssef.press("Bewaar en bekijk plekken").sees("4 plekken passen bij jouw profiel").look()


def he_sees_how_it_fits_and_ranks_three_with_a_tie(youssef: Window, region: Region) -> None:
    first = youssef.page.get_by_role("article").first
    expect(first).to_contain_text(re.compile(rf"{INTERNSHIP}.*Match\s+\d\d.*3 km", re.DOTALL))
    youssef.follow(INTERNSHIP).sees("Opleiding, periode en dagen kloppen", "Reisafstand").look()
    youssef.follow("Plekken")
    for choice, title in enumerate((INTERNSHIP, DATA, PHOTOS), start=1):
        card = youssef.page.get_by_role("article").filter(has_text=title)
        card.get_by_role("button", name="Zet op mijn lijst").click()
        expect(card.get_by_role("status")).to_have_text(f"Keus {choice}")
    youssef.look().follow("Mijn lijst").look()
    youssef.page.get_by_label(f"Plaats op je lijst van {PHOTOS}").select_option("Keus 2")
    youssef.press("Bewaar mijn lijst").sees("Je lijst is bewaard.").look()
    wishes = Wish.objects.filter(student=region.youssef).values_list("offer__title", "tier")
    assert dict(wishes) == {INTERNSHIP: 1, DATA: 2, PHOTOS: 2}


# --- 4. A round ------------------------------------------------------------------------------


def the_coordinator_runs_a_round(fatima: Window, worker: Worker) -> None:
    """The worker is stopped for a moment, so that there is time to see that the page waits; then
    it finds the result by itself."""
    fatima.open("/vandaag/").follow("Naar de rondes").look().press("Begin een ronde")
    fatima.sees("Dit gaat erin", "profielen zijn niet af").unfold("profiel niet af").look()
    worker.tell(signal.SIGSTOP)
    fatima.press("Bereken het voorstel").sees("De ronde staat in de wachtrij").look()
    worker.tell(signal.SIGCONT)
    expect(fatima.page.get_by_role("heading", name="De uitkomst")).to_be_visible()
    fatima.look()


def she_reads_what_came_out_and_why(fatima: Window) -> None:
    row = fatima.page.get_by_role("row").filter(has_text="Youssef")
    expect(row).to_contain_text(re.compile(rf"{INTERNSHIP}.*\b1\b.*Voorgesteld", re.DOTALL))
    fatima.unfold("Noor Bakker").sees("ging naar een student die er beter bij past.").look()
    fatima.follow("Waarom wel of niet?").look()
    fatima.page.get_by_label("Student").select_option("Noor Bakker")
    fatima.page.get_by_label("Plek", exact=True).select_option(label=f"{DATA} – Klikwerf")
    fatima.press("Leg uit").sees("De plek ging naar een student die er beter bij past.").look()


# --- 5. People decide ------------------------------------------------------------------------


def she_changes_what_she_knows_better(fatima: Window) -> None:
    fatima.follow("Voorjaar").follow("Tim Jansen").look().unfold("Schrap dit voorstel")
    fatima.fill("Waarom?", "Tim gaat eerst bijspijkeren.").press("Schrap")
    fatima.sees("Tim gaat eerst bijspijkeren.").look()

    fatima.follow("Ronde").follow("Maak een voorstel met de hand").look()
    fatima.page.get_by_label("Student").select_option("Youssef El Amrani")
    fatima.page.get_by_label("Plek", exact=True).select_option(label=f"{PHOTOS} – Kaasland")
    fatima.press("Maak het voorstel", status=422).sees("in deze periode al een voorstel").look()
    fatima.fill("Waarom past dit?", "Youssef mag kiezen.").press("Maak het voorstel")
    fatima.sees("Voorstel gemaakt: Youssef El Amrani bij Kaasland.")
    fatima.unfold("Kees Mulder")
    fatima.page.get_by_role("group").filter(has_text="Kees").get_by_role("link").click()
    fatima.sees("Dit past het best bij Kees Mulder").look()
    fatima.page.get_by_label("Plek", exact=True).select_option(
        label="Stagiair aan de gracht – Grachtenshop"
    )
    fatima.press("Maak het voorstel", status=422).sees("Volgens de regels kan dit niet").look()
    fatima.fill("Waarom past dit?", "Kees kan bij zijn tante wonen.").press("Maak het voorstel")
    fatima.sees("Met de hand: lees de reden").look()


def she_approves_undoes_and_releases(fatima: Window) -> None:
    fatima.press("zonder aandachtspunt goed").sees("1 voorstel goedgekeurd.").look()
    fatima.page.get_by_label("Kies Sanne de Vries").check()
    fatima.sees("1 gekozen").press("Neem goedkeuring terug").sees("1 goedkeuring teruggenomen.")
    to_judge = fatima.page.get_by_role("region", name="Te beoordelen")
    for table in to_judge.get_by_label("Kies alles").all():
        table.check()
    fatima.press("Keur gekozen goed").sees("4 voorstellen goedgekeurd.")
    fatima.press("Verstuur 4 voorstellen").sees("4 voorstellen verstuurd.").look()


# --- 6. Answers ------------------------------------------------------------------------------


def both_accept_from_their_letters(
    youssef: Window, company: Window, post_office: PostOffice
) -> None:
    about = f"Voorstel voor jou: stage bij {BAKFIETSEN}"
    letter = arrived(post_office, "youssef@post.example", about, within=LETTER_SECONDS)
    youssef.open(link_in(letter)).sees("weten of je deze plek wilt").look()
    youssef.press("Ja, ik wil deze plek").sees("Nu wachten we op het bedrijf.").look()

    letter = arrived(post_office, JORIS, f"Een student voor “{INTERNSHIP}”", within=LETTER_SECONDS)
    company.open(link_in(letter)).sees("Student Ad E-commerce").look()
    assert "Youssef" not in company.page.content()
    company.press("Ja, deze student is welkom").sees("Jullie zijn het eens", "Youssef El Amrani")
    company.look()


def another_company_declines(marieke: Window, post_office: PostOffice) -> None:
    about = f"Een student voor “{DATA}”"
    letter = arrived(post_office, "marieke@post.example", about, within=LETTER_SECONDS)
    marieke.open(link_in(letter)).unfold("Nee, dit past niet").look()
    marieke.press("Zeg nee", status=422).sees("Kies een reden.").look()
    marieke.page.get_by_label("We zoeken iemand met andere vaardigheden").check()
    marieke.press("Zeg nee").sees("Je hebt nee gezegd.").look().follow("Klikwerf").look()


def all_three_see_the_match(
    youssef: Window, company: Window, fatima: Window, post_office: PostOffice
) -> None:
    youssef.open("/vandaag/").sees(f"Je hebt een plek bij {BAKFIETSEN}", "Ingetrokken").look()
    company.open("/vandaag/").sees("Youssef El Amrani", "Akkoord").look()
    fatima.open("/vandaag/").sees("Laatste antwoorden", "Akkoord", "Afgewezen").look()
    for to, about in (
        ("youssef@post.example", "Het is rond"),
        (JORIS, "Het is rond: Youssef El Amrani komt bij jullie"),
        ("fatima@post.example", "Youssef El Amrani"),
        ("bas@post.example", f"Voorstel voor “{PHOTOS}” ingetrokken"),
    ):
        arrived(post_office, to, about, within=LETTER_SECONDS)


def test_from_sign_up_to_agreement(
    region: Region, window: OpenWindow, broker: Broker, post_office: PostOffice
) -> None:
    with Worker(broker, mail_port=post_office.port) as worker:
        company, fatima = window(), window(region.fatima)
        a_company_signs_up(company, post_office)
        it_offers_an_internship_and_a_project(company)
        the_coordinator_publishes_one_and_returns_the_other(fatima)
        the_company_revises_and_submits_again(company, post_office)
        the_coordinator_publishes_it_after_all(fatima)

        youssef = window(region.youssef.user, width=TELEPHONE)
        a_student_completes_his_profile(youssef)
        he_sees_how_it_fits_and_ranks_three_with_a_tie(youssef, region)
        ranked(region.sanne, region.data)
        the_coordinator_runs_a_round(fatima, worker)
        she_reads_what_came_out_and_why(fatima)
        she_changes_what_she_knows_better(fatima)
        she_approves_undoes_and_releases(fatima)

        both_accept_from_their_letters(youssef, company, post_office)
        another_company_declines(window(region.marieke), post_office)
        all_three_see_the_match(youssef, company, fatima, post_office)

    found = Proposal.objects.values_list("student__user__name", "offer__title", "state")
    assert set(found) == {
        ("Youssef El Amrani", INTERNSHIP, states.AGREED),
        ("Youssef El Amrani", PHOTOS, states.WITHDRAWN),
        ("Sanne de Vries", DATA, states.DECLINED),
        ("Kees Mulder", "Stagiair aan de gracht", states.OFFERED),
        ("Tim Jansen", PHOTOS, states.DROPPED),
    }
