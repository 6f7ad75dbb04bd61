"""One whole placement round over HTTP, as its people go through it: from a company that signs up
to a match that all three agree on. No step uses anything that the page before did not offer."""

import re
from email.message import EmailMessage

from companies import states as offer_states
from companies.models import Company, Offer
from matching import states
from matching.models import Proposal, Round, Wish
from notifications.models import Letter
from students.models import Student
from tests.journeys.conftest import Worker
from tests.journeys.mail import arrived, code_in, link_in, newest_letter, text_of
from tests.journeys.region import Region
from tests.journeys.visitor import Visitor
from tests.matching.reading import seats
from tests.notifications.post_office import PostOffice

BAKFIETSEN = "Bakfietsen & Co"
INTERNSHIP = "Stagiair webshop fietsen"
PROJECT = "Fietsen over de grens"
DATA = "Stagiair vindbaarheid"
PHOTOS = "Stagiair productfoto's"
FAR = "Stagiair aan de gracht"


def standing(student: Student, offer: Offer) -> str:
    """The state of the newest proposal for the pair."""
    found = Proposal.objects.filter(student=student, offer=offer).order_by("pk").last()
    return found.state if found else ""


# --- 1. A company ----------------------------------------------------------------------------


def a_company_signs_up() -> Visitor:
    company = Visitor().open("/").follow("Meld je bedrijf aan")
    answers = {
        "Je e-mailadres": "joris@bakfietsen.example",
        "KvK-nummer": "1234567",
        "Naam van je bedrijf": BAKFIETSEN,
        "Postcode van je bedrijf": "8011 AB",
    }
    company.press("Ga verder", answers, status=422)
    company.sees("Dit klopt nog niet", "Een KvK-nummer heeft 8 cijfers; dit zijn er 7.")
    assert company.title.startswith("Fout:")
    assert not Company.objects.filter(name=BAKFIETSEN).exists()

    company.press("Ga verder", {"KvK-nummer": "12345678"})
    company.sees("Bevestig je e-mailadres", "joris@bakfietsen.example")
    letter = newest_letter("joris@bakfietsen.example", "email_confirmation_signup")
    company.press("Ga verder", {"Code": code_in(letter.text)})
    assert company.heading == "Nieuwe stage"
    return company


def it_offers_an_internship_with_two_openings(company: Visitor) -> None:
    """On the page where signing up ended."""
    answers: dict[str, str | list[str]] = {
        "Titel": INTERNSHIP,
        "Wat gaat de student doen?": "Je helpt in de webshop.\nMaria begeleidt je.",
        "Aantal plekken": "0",
        "Welke vaardigheden komen van pas?": ["Webshops bouwen"],
    }
    company.press("Verstuur naar de coördinator", answers, status=422)
    company.sees("Vul een heel getal in van 1 tot en met 50.")
    company.press("Verstuur naar de coördinator", {"Aantal plekken": "2"})
    company.sees(INTERNSHIP, "Ingediend", "Stage, 2 plekken", "Webshops bouwen")
    offer = Offer.objects.get(title=INTERNSHIP)
    assert (offer.state, offer.openings, offer.kind) == ("submitted", 2, "internship")


def it_offers_a_project_for_a_team(company: Visitor) -> None:
    company.follow(BAKFIETSEN).follow("Nieuwe opdracht voor een team")
    answers = {
        "Titel": PROJECT,
        "Wat gaan de studenten doen?": "Zoek uit hoe we in Duitsland verkopen.",
        "Kleinste team": "3",
        "Grootste team": "2",
    }
    company.press("Verstuur naar de coördinator", answers, status=422)
    company.sees("Het grootste team kan niet kleiner zijn dan het kleinste team.")
    company.press("Verstuur naar de coördinator", {"Grootste team": "4"})
    company.sees("Opdracht voor een team van 3 tot 4 studenten", "Ingediend")
    offer = Offer.objects.get(title=PROJECT)
    assert (offer.state, offer.team_min, offer.openings) == ("submitted", 3, 4)


def it_sees_both_as_submitted(company: Visitor) -> None:
    company.follow(BAKFIETSEN)
    for title in (INTERNSHIP, PROJECT):
        assert "Ingediend" in company.reads(title, "article")


# --- 2. The coordinator reads what came in ---------------------------------------------------


def the_coordinator_publishes_one_and_returns_the_other(fatima: Visitor) -> None:
    fatima.open("/vandaag/").follow("Aanbod beoordelen")
    fatima.sees(INTERNSHIP, PROJECT).sees_nothing_of(DATA)

    fatima.follow(INTERNSHIP).sees(BAKFIETSEN, "12345678", "Maria begeleidt je.")
    fatima.press("Publiceer").sees(f"“{INTERNSHIP}” is gepubliceerd.")
    assert Offer.objects.get(title=INTERNSHIP).state == offer_states.PUBLISHED

    fatima.follow(PROJECT).press("Stuur terug", status=422)
    fatima.sees("Schrijf op wat er anders moet.")
    fatima.press("Stuur terug", {"Wat moet het bedrijf aanpassen?": "Wie begeleidt het team?"})
    fatima.sees(f"“{PROJECT}” is teruggestuurd.", "Je bent bij")
    assert Offer.objects.get(title=PROJECT).state == offer_states.RETURNED


def the_company_is_told_both(post_office: PostOffice) -> EmailMessage:
    published = arrived(post_office, "joris@bakfietsen.example", "staat online")
    assert INTERNSHIP in text_of(published)
    returned = arrived(post_office, "joris@bakfietsen.example", "Pas je aanbod nog even aan")
    assert "Wie begeleidt het team?" in text_of(returned)
    assert returned["Reply-To"] == "fatima@post.example"
    return returned


def the_company_revises_and_submits_again(company: Visitor, letter: EmailMessage) -> None:
    company.open(link_in(letter)).sees("Teruggestuurd", "Wie begeleidt het team?")
    company.follow("Pas aan")
    text = "Zoek uit hoe we in Duitsland verkopen. Joris begeleidt het team."
    company.press("Verstuur naar de coördinator", {"Wat gaan de studenten doen?": text})
    company.sees("Ingediend", "Joris begeleidt het team.").sees_nothing_of("Pas aan")


def the_coordinator_publishes_it_after_all(fatima: Visitor) -> None:
    fatima.open("/vandaag/").follow("Aanbod beoordelen").follow(PROJECT)
    fatima.sees("Joris begeleidt het team.", "Wie begeleidt het team?")
    fatima.press("Publiceer").sees("Je bent bij")
    assert Offer.objects.get(title=PROJECT).state == offer_states.PUBLISHED


# --- 3. Students -----------------------------------------------------------------------------


def a_student_completes_his_profile(youssef: Visitor) -> None:
    youssef.open("/vandaag/").sees("Dag Youssef El Amrani", "Maak eerst je profiel af")
    youssef.follow("Plekken").sees("Je profiel is nog niet af").sees_nothing_of(INTERNSHIP)
    youssef.follow("Maak mijn profiel af")
    answers: dict[str, str | list[str]] = {
        "Opleiding": "Ad E-commerce",
        "Je postcode": "9999",
        "Hoeveel kilometer wil je hooguit reizen?": "25",
        "Hoeveel dagen per week kun je?": "4",
        "Dit kan ik al": ["Webshops bouwen"],
        "Dit wil ik leren": ["Productfoto's"],
        "Wat wil je leren? Vertel het in een paar zinnen": "Hoe een webshop echt werkt.",
    }
    youssef.press("Bewaar en bekijk plekken", answers, status=422)
    youssef.sees("Je postcode – Deze postcode bestaat niet.")
    youssef.press("Bewaar en bekijk plekken", {"Je postcode": "8031"})
    assert youssef.heading == "Plekken"


def he_sees_what_fits_how_far_it_is_and_why(youssef: Visitor) -> None:
    youssef.sees("4 plekken passen bij jouw profiel voor Voorjaar").sees_nothing_of(FAR)
    cards = [card.words for card in youssef.page.all("article")]
    assert INTERNSHIP in cards[0], "what fits best stands on top"
    assert re.search(r"Match 62 .* 3 km Stage, 2 plekken vrij", cards[0]), cards[0]

    youssef.press("Zoek", {"Toon": "Ook wat niet past"})
    far = youssef.reads(FAR, "article")
    assert "Verder weg dan de student wil reizen" in far
    assert "Deze plek kan nu niet voor jou" in far

    youssef.follow(INTERNSHIP).sees("Past dit bij jou?", "Opleiding, periode en dagen kloppen")
    youssef.sees("Ongeveer 3 km reizen (jij wilt hooguit 25 km)", "Webshops bouwen (kun je al)")
    youssef.sees("Vaardigheden", "Leerwensen", "Reisafstand", "Dagen per week")


def he_ranks_three_with_a_tie(youssef: Visitor, region: Region) -> None:
    youssef.press("Zet op mijn lijst").sees("Op je lijst gezet.", "Zet er minstens 3 op")
    for title in (DATA, PHOTOS):
        youssef.follow("Zoek meer plekken").press(f"Zet op mijn lijst: {title}")
    youssef.press("Bewaar mijn lijst", {f"Plaats op je lijst van {PHOTOS}": "Keus 2"})
    youssef.sees("Je lijst is bewaard.")
    wishes = Wish.objects.filter(student=region.youssef).values_list("offer__title", "tier")
    assert dict(wishes) == {INTERNSHIP: 1, DATA: 2, PHOTOS: 2}
    youssef.follow("Start").sees("Je lijst staat klaar.")


def another_student_ranks_two(sanne: Visitor, region: Region) -> None:
    sanne.open("/vandaag/").sees("Zet de plekken die je wilt op je lijst").follow("Bekijk plekken")
    for title in (DATA, INTERNSHIP):
        sanne.press(f"Zet op mijn lijst: {title}").follow("Plekken")
    assert list(Wish.objects.filter(student=region.sanne).values_list("offer__title", "tier")) == [
        (DATA, 1),
        (INTERNSHIP, 2),
    ]


# --- 4. A round ------------------------------------------------------------------------------


def the_coordinator_sees_what_goes_in(fatima: Visitor) -> None:
    fatima.open("/vandaag/").follow("Naar de rondes").sees("Nog geen rondes")
    fatima.press("Begin een ronde", {"Seizoen": "Voorjaar"})
    assert fatima.heading == "Ronde Voorjaar"
    fatima.sees("Dit gaat erin", "studenten 5", "vrije plekken 9")
    fatima.sees("studenten hebben nog geen lijst 1", "profielen zijn niet af 1")
    assert "Lotte Smit" in fatima.reads("profiel niet af", "details")
    assert "Kees Mulder" in fatima.reads("nog geen lijst", "details")


def she_runs_it(fatima: Visitor, worker: Worker) -> None:
    fatima.press("Bereken het voorstel").sees("De ronde staat in de wachtrij")
    fatima.sees_nothing_of("De uitkomst")
    worker()
    fatima.follow("Kijk of het klaar is").sees("De uitkomst")


def she_reads_who_is_placed_on_which_choice(fatima: Visitor) -> None:
    fatima.sees("studenten deden mee 5", "kregen een voorstel 3", "kregen geen voorstel 2")
    fatima.sees("Keus 1 2", "Keus 2 1")
    for student, offer, choice in (
        ("Youssef El Amrani", INTERNSHIP, 1),
        ("Sanne de Vries", DATA, 1),
        ("Tim Jansen", PHOTOS, 2),
    ):
        row = fatima.reads(student, "tr")
        assert offer in row
        assert re.search(rf"\b{choice} \d+ Voorgesteld", row), row
    unplaced = fatima.reads("Noor Bakker", "details")
    assert "Alle plekken op de lijst gingen naar anderen" in unplaced
    assert "Kees Mulder" in fatima.reads("Heeft nog geen plekken op de lijst gezet.", "details")


def she_asks_why_and_why_not(fatima: Visitor) -> None:
    fatima.follow("Waarom wel of niet?")
    for student, offer, answer in (
        ("Sanne", DATA, "De student krijgt deze plek: keus 1. Nog 2 andere studenten vroegen erom"),
        ("Noor", DATA, "De plek ging naar een student die er beter bij past."),
        ("Youssef", DATA, "De student kreeg keus 1. Die stond minstens zo hoog"),
        ("Sanne", FAR, "Verder weg dan de student wil reizen"),
        ("Kees", DATA, "De student heeft deze plek niet op de lijst gezet."),
    ):
        fatima.press("Leg uit", {"Student": student, "Plek": offer}).sees(answer)


# --- 5. People decide ------------------------------------------------------------------------


def she_drops_one_with_a_reason(fatima: Visitor, region: Region) -> None:
    fatima.follow("Voorjaar").follow("Tim Jansen").sees("keus 2")
    fatima.press("Schrap", status=422).sees("Waarom? – Schrijf in een zin waarom.")
    fatima.press("Schrap", {"Waarom?": "Tim gaat eerst bijspijkeren."})
    fatima.sees("Geschrapt", "Tim gaat eerst bijspijkeren.", "Fatima Benali")
    assert standing(region.tim, region.photos) == states.DROPPED


def she_makes_some_by_hand(fatima: Visitor, region: Region) -> None:
    """One for Noor, from what the portal suggests; a second one for Youssef, so that he has a
    choice; and one that a rule forbids, with a reason."""
    fatima.follow("Ronde").follow("Zoek zelf een plek", among="Noor Bakker")
    fatima.sees("Dit past het best bij Noor Bakker").follow(INTERNSHIP)
    fatima.press("Maak het voorstel").sees(f"Voorstel gemaakt: Noor Bakker bij {BAKFIETSEN}.")

    fatima.follow("Maak een voorstel met de hand")
    fatima.press("Maak het voorstel", {"Student": "Youssef", "Plek": PHOTOS}, status=422)
    fatima.sees("heeft in deze periode al een voorstel")
    fatima.press("Maak het voorstel", {"Waarom past dit?": "Youssef mag kiezen."})
    fatima.sees("Voorstel gemaakt: Youssef El Amrani bij Kaasland.")

    fatima.follow("Maak een voorstel met de hand")
    fatima.press("Maak het voorstel", {"Student": "Kees", "Plek": FAR}, status=422)
    fatima.sees("Volgens de regels kan dit niet (verder weg dan de student wil reizen).")
    reason = {"Waarom past dit?": "Kees kan bij zijn tante in Amsterdam wonen."}
    fatima.press("Maak het voorstel", reason)
    assert "Met de hand: lees de reden" in fatima.reads("Kees Mulder", "tr")
    assert not Proposal.objects.filter(holds_seat=True).exists()


def she_approves_the_rest_at_once(fatima: Visitor, region: Region) -> None:
    fatima.press("zonder aandachtspunt goed").sees("Er is nog niets verstuurd.")
    assert standing(region.kees, region.far) == states.PROPOSED, "flagged rows are looked at first"
    fatima.press("Keur gekozen goed").sees("Kies eerst een of meer voorstellen.")
    tick = (
        f"Kies Kees Mulder voor {FAR}",
        *(f"Kies Youssef El Amrani voor {one}" for one in (INTERNSHIP, PHOTOS)),
    )
    fatima.press("Keur gekozen goed", dict.fromkeys(tick, "ja"))
    fatima.sees("3 voorstellen goedgekeurd.", "5 voorstellen staan klaar om te versturen.")
    assert seats(region.data) == (offer_states.FILLED, 1)


def she_undoes_one_and_approves_it_again(fatima: Visitor, region: Region) -> None:
    fatima.press("Neem goedkeuring terug", {"Kies Sanne de Vries": "ja"})
    fatima.sees("1 goedkeuring teruggenomen.", "4 voorstellen staan klaar om te versturen.")
    assert standing(region.sanne, region.data) == states.PROPOSED
    assert seats(region.data) == (offer_states.PUBLISHED, 0)
    fatima.press("Keur gekozen goed", {"Kies Sanne de Vries": "ja"})
    assert seats(region.data) == (offer_states.FILLED, 1)


def nobody_knows_of_anything_yet(region: Region) -> None:
    assert not Letter.objects.filter(kind__startswith="proposal").exists()
    Visitor(region.sanne.user).open("/vandaag/").sees_nothing_of("Er is een voorstel")
    Visitor(region.marieke).open("/vandaag/").sees("Er wacht nu niets op je antwoord.")


def she_releases(fatima: Visitor) -> None:
    fatima.press("Verstuur 5 voorstellen")
    fatima.sees("5 voorstellen verstuurd.", "Deze ronde is verstuurd.")
    fatima.sees_nothing_of("Bereken opnieuw", "Neem goedkeuring terug", "Keur gekozen goed")
    assert Round.objects.get().state == Round.State.RELEASED


# --- 6. Answers ------------------------------------------------------------------------------


def letters_reach_both_sides_without_a_name_for_companies(post_office: PostOffice) -> None:
    offered = [
        letter
        for letter in post_office.arrived
        if "Bekijk het voorstel en antwoord" in text_of(letter)
    ]
    students = {letter["To"] for letter in offered if "Goed nieuws" in text_of(letter)}
    assert students == {f"{name}@post.example" for name in ("youssef", "sanne", "noor", "kees")}
    companies = [letter for letter in offered if letter["To"] not in students]
    assert len(companies) == 5
    for letter in companies:
        everything = str(letter) + text_of(letter)
        for name in ("Youssef", "Sanne", "Noor", "Kees"):
            assert name.lower() not in everything.lower().replace(letter["Reply-To"], "")


def the_student_accepts_from_his_letter(post_office: PostOffice, worker: Worker) -> Visitor:
    """Signed out: the link leads through the sign-in page, with a code from another letter."""
    letter = arrived(
        post_office, "youssef@post.example", f"Voorstel voor jou: stage bij {BAKFIETSEN}"
    )
    assert f"- Stage: {INTERNSHIP}" in text_of(letter)
    youssef = Visitor().open(link_in(letter)).sees("Inloggen").sees_nothing_of(INTERNSHIP)
    youssef.press("Mail mij een code", {"E-mailadres": "youssef@post.example"})
    worker()
    code = code_in(text_of(arrived(post_office, "youssef@post.example", "code")))
    youssef.press("Ga verder", {"Code": code})
    assert youssef.heading == INTERNSHIP
    assert youssef.url == link_in(letter)
    youssef.sees("keus 1", "weten of je deze plek wilt")
    youssef.press("Ja, ik wil deze plek").sees("Je hebt ja gezegd. Nu wachten we op het bedrijf.")
    return youssef


def the_company_accepts_from_its_letter(
    company: Visitor, post_office: PostOffice, region: Region
) -> None:
    """Two letters, one for each opening; both look the same until the name is known."""
    letters = [
        letter
        for letter in post_office.arrived
        if letter["To"] == "joris@bakfietsen.example" and "Een student voor" in letter["Subject"]
    ]
    mine = Proposal.objects.get(student=region.youssef, offer__title=INTERNSHIP)
    [letter] = [one for one in letters if link_in(one).endswith(f"/{mine.pk}/")]
    company.open(link_in(letter)).sees("Student Ad E-commerce", "Hoe een webshop echt werkt.")
    company.sees_nothing_of("Youssef", "youssef@post.example")
    company.press("Ja, deze student is welkom").sees("Gelukt! Jullie zijn het eens.")
    assert company.heading == "Youssef El Amrani"
    company.sees("youssef@post.example")
    assert standing(region.youssef, mine.offer) == states.AGREED


def another_company_declines_with_a_reason(post_office: PostOffice, region: Region) -> None:
    letter = arrived(post_office, "marieke@post.example", f"Een student voor “{DATA}”")
    marieke = Visitor(region.marieke).open(link_in(letter)).sees("Zoekmachines")
    marieke.press("Zeg nee", status=422).sees("Waarom niet? – Kies een reden.")
    answers = {
        "Waarom niet?": "We zoeken iemand met andere vaardigheden",
        "Wil je er iets bij zeggen?": "Succes met zoeken!",
    }
    marieke.press("Zeg nee", answers).sees("Je hebt nee gezegd. De plek is weer vrij")
    assert standing(region.sanne, region.data) == states.DECLINED
    assert seats(region.data) == (offer_states.PUBLISHED, 0)


def another_student_declines_with_a_reason(post_office: PostOffice, region: Region) -> None:
    letter = arrived(post_office, "kees@post.example", "Voorstel voor jou")
    kees = Visitor(region.kees.user).open(link_in(letter))
    kees.press("Zeg nee", {"Waarom niet?": "De reis is te ver of te lastig"})
    kees.sees("Je hebt nee gezegd.", "Dit voorstel is voorbij.").sees_nothing_of("Ja, ik wil")
    assert standing(region.kees, region.far) == states.DECLINED


# --- How it ends -----------------------------------------------------------------------------


def the_match_shows_for_all_three(company: Visitor, youssef: Visitor, fatima: Visitor) -> None:
    youssef.open("/vandaag/").sees(f"Je hebt een plek bij {BAKFIETSEN}")
    assert "Ingetrokken" in youssef.reads(PHOTOS, "article")
    company.open("/vandaag/")
    assert "Akkoord" in company.reads("Youssef El Amrani", "article")
    assert "Noor" not in company.words
    fatima.open("/vandaag/").sees("zijn het eens: plek gevonden 1", "Laatste antwoorden")
    assert "Akkoord" in fatima.reads("Youssef El Amrani", "tr")
    for name in ("Sanne de Vries", "Kees Mulder"):
        assert "Afgewezen" in fatima.reads(name, "tr")


def everybody_concerned_is_told(post_office: PostOffice) -> None:
    for to, about in (
        ("youssef@post.example", "Het is rond"),
        ("joris@bakfietsen.example", "Het is rond: Youssef El Amrani komt bij jullie"),
        ("fatima@post.example", "Youssef El Amrani"),
    ):
        assert INTERNSHIP in text_of(arrived(post_office, to, about))

    withdrawn = arrived(post_office, "bas@post.example", f"Voorstel voor “{PHOTOS}” ingetrokken")
    assert "De student heeft een andere plek voor deze periode." in text_of(withdrawn)
    assert "Youssef" not in text_of(withdrawn)

    arrived(post_office, "sanne@post.example", "gaat niet door")
    told = arrived(post_office, "fatima@post.example", "Klikwerf zegt nee tegen Sanne de Vries")
    assert "We zoeken iemand met andere vaardigheden" in text_of(told)
    assert "Succes met zoeken!" in text_of(told)
    told = arrived(post_office, "fatima@post.example", "Kees Mulder zegt nee tegen Grachtenshop")
    assert "De reis is te ver of te lastig" in text_of(told)
    arrived(post_office, "wim@post.example", f"De student komt niet voor “{FAR}”")


def every_seat_is_where_it_belongs(region: Region) -> None:
    bakfietsen = Offer.objects.get(title=INTERNSHIP)
    assert {
        (p.student, p.offer.title): (p.state, p.holds_seat) for p in Proposal.objects.all()
    } == {
        (region.youssef, INTERNSHIP): (states.AGREED, True),
        (region.youssef, PHOTOS): (states.WITHDRAWN, False),
        (region.noor, INTERNSHIP): (states.OFFERED, True),
        (region.sanne, DATA): (states.DECLINED, False),
        (region.kees, FAR): (states.DECLINED, False),
        (region.tim, PHOTOS): (states.DROPPED, False),
    }
    assert seats(bakfietsen) == (offer_states.FILLED, 2)
    for offer in (region.data, region.photos, region.far):
        assert seats(offer) == (offer_states.PUBLISHED, 0)
    assert not Letter.objects.exclude(state=Letter.State.SENT).exists()


def test_from_sign_up_to_agreement(region: Region, post_office: PostOffice, worker: Worker) -> None:
    company = a_company_signs_up()
    it_offers_an_internship_with_two_openings(company)
    it_offers_a_project_for_a_team(company)
    it_sees_both_as_submitted(company)

    fatima = Visitor(region.fatima)
    the_coordinator_publishes_one_and_returns_the_other(fatima)
    worker()
    returned = the_company_is_told_both(post_office)
    the_company_revises_and_submits_again(company, returned)
    the_coordinator_publishes_it_after_all(fatima)

    youssef = Visitor(region.youssef.user)
    a_student_completes_his_profile(youssef)
    he_sees_what_fits_how_far_it_is_and_why(youssef)
    he_ranks_three_with_a_tie(youssef, region)
    another_student_ranks_two(Visitor(region.sanne.user), region)

    the_coordinator_sees_what_goes_in(fatima)
    she_runs_it(fatima, worker)
    she_reads_who_is_placed_on_which_choice(fatima)
    she_asks_why_and_why_not(fatima)

    she_drops_one_with_a_reason(fatima, region)
    she_makes_some_by_hand(fatima, region)
    she_approves_the_rest_at_once(fatima, region)
    she_undoes_one_and_approves_it_again(fatima, region)
    worker()
    nobody_knows_of_anything_yet(region)
    she_releases(fatima)
    worker()

    letters_reach_both_sides_without_a_name_for_companies(post_office)
    youssef = the_student_accepts_from_his_letter(post_office, worker)
    the_company_accepts_from_its_letter(company, post_office, region)
    another_company_declines_with_a_reason(post_office, region)
    another_student_declines_with_a_reason(post_office, region)
    worker()

    the_match_shows_for_all_three(company, youssef, fatima)
    everybody_concerned_is_told(post_office)
    every_seat_is_where_it_belongs(region)
