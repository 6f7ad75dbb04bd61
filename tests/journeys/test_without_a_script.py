"""The same portal for whoever has no script: everything works, with a page more here and there."""

from companies.models import Offer
from matching import states
from matching.models import Proposal, Wish
from tests.factories.matching import ranked
from tests.journeys.conftest import OpenWindow, Worker
from tests.journeys.region import Region


def proposal_states() -> dict[str, str]:
    """Student → state."""
    return dict(Proposal.objects.values_list("student__user__name", "state"))


def test_a_student_ranks(region: Region, window: OpenWindow) -> None:
    sanne = window(region.sanne.user, script=False).open("/student/plekken/")
    for offer in (region.data, region.photos):
        card = sanne.page.get_by_role("article").filter(has_text=offer.title)
        sanne.press("Zet op mijn lijst", card).sees("Op je lijst gezet.").follow(
            "Zoek meer plekken"
        )
    sanne.follow("Mijn lijst")
    sanne.page.get_by_label(f"Plaats op je lijst van {region.photos}").select_option("Keus 1")
    sanne.press("Bewaar mijn lijst").sees("Je lijst is bewaard.")
    wishes = Wish.objects.filter(student=region.sanne).order_by("offer")
    assert [wish.tier for wish in wishes] == [1, 1]

    card = sanne.follow("Plekken").page.get_by_role("article").filter(has_text="vindbaarheid")
    sanne.press("Haal van mijn lijst", card).sees("Van je lijst gehaald.")
    assert [wish.offer for wish in wishes.all()] == [region.photos]


def test_a_coordinator_runs_and_approves(
    region: Region, window: OpenWindow, worker: Worker
) -> None:
    ranked(region.sanne, region.data)
    fatima = window(region.fatima, script=False)
    fatima.open("/scholen/windesheim/rondes/").press("Begin een ronde")
    fatima.press("Bereken het voorstel").sees("De ronde staat in de wachtrij")
    fatima.follow("Kijk of het klaar is").sees("De ronde staat in de wachtrij")
    worker()
    fatima.follow("Kijk of het klaar is").sees("De uitkomst", "Sanne de Vries", "Tim Jansen")

    fatima.page.get_by_label("Kies Tim Jansen").check()
    fatima.press("Keur gekozen goed").sees("1 voorstel goedgekeurd.")
    fatima.press("zonder aandachtspunt goed")
    assert set(proposal_states().values()) == {states.APPROVED}
    fatima.page.get_by_label("Kies Tim Jansen").check()
    fatima.press("Neem goedkeuring terug").sees("1 goedkeuring teruggenomen.")
    assert proposal_states() == {"Sanne de Vries": "approved", "Tim Jansen": "proposed"}
    fatima.press("Verstuur 1 voorstel").sees("1 voorstel verstuurd.")
    assert proposal_states() == {"Sanne de Vries": "offered", "Tim Jansen": "proposed"}


def test_a_company_makes_an_offer(region: Region, window: OpenWindow) -> None:
    marieke = window(region.marieke, script=False).open("/vandaag/")
    marieke.follow("Nieuwe stage").fill("Titel", "Stagiair verzending")
    marieke.press("Verstuur naar de coördinator", status=422)
    marieke.sees("Schrijf in een paar zinnen op wat de student gaat doen.")
    marieke.fill("Wat gaat de student doen?", "Pakjes").press("Verstuur naar de coördinator")
    assert Offer.objects.get(title="Stagiair verzending").state == "submitted"
