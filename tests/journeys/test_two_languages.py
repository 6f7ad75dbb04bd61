"""A student who reads English, among people who read Dutch."""

import pytest

from notifications.models import Letter
from tests.journeys.conftest import OpenWindow, Worker
from tests.journeys.mail import newest_letter
from tests.journeys.region import Region
from tests.journeys.visitor import Visitor


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without a script"])
def test_the_switch_comes_back_to_the_same_page(
    region: Region, window: OpenWindow, script: bool
) -> None:
    path = "/student/plekken/?q=data&soort="
    sanne = window(region.sanne.user, script=script).open(path)
    sanne.press("English").sees("My list")
    assert sanne.page.url.endswith(path)
    assert sanne.page.locator("html").get_attribute("lang") == "en"
    sanne.press("Nederlands").sees("Mijn lijst")
    assert sanne.page.url.endswith(path)


def test_a_student_reads_english_and_the_company_dutch(
    region: Region, window: OpenWindow, worker: Worker
) -> None:
    sanne = window(region.sanne.user).open("/student/plekken/").look()
    sanne.press("English").look()
    card = sanne.page.get_by_role("article").filter(has_text=region.data.title)
    card.get_by_role("button", name="Put on my list").click()
    sanne.sees("Take off my list")

    fatima = Visitor(region.fatima).open("/scholen/windesheim/rondes/")
    fatima.press("Begin een ronde").press("Bereken het voorstel")
    worker()
    fatima.open(fatima.url).sees("De uitkomst", "Sanne de Vries")
    fatima.press("zonder aandachtspunt goed").press("Verstuur")

    letter = newest_letter(region.sanne.user.email, "proposal_offered_student")
    assert (letter.language, letter.subject[:16]) == ("en", "Proposal for you")
    assert "Say yes or no, by " in letter.text
    to_company = Letter.objects.filter(kind="proposal_offered_company")
    assert {one.language for one in to_company} == {"nl"}
    assert all("Zeg ja of nee, uiterlijk " in one.text for one in to_company)

    sanne.open("/student/").sees("There is a proposal for you").look()
