"""The door: whoever comes may be anybody of the cast, in the demo and nowhere else."""

from pathlib import Path

import pytest
from django.conf import settings as portal
from django.test import Client
from django.urls import NoReverseMatch, reverse
from pytest_django import Settings

from accounts.models import User
from tests.factories.accounts import UserFactory
from topcentrum.demo.cast import ROLES, Group

pytestmark = pytest.mark.django_db


@pytest.fixture
def players(db: None) -> dict[str, User]:
    """Everybody of the cast, by code."""
    return {one.code: UserFactory(email=one.email, name=one.name) for one in ROLES}


def signed_in(client: Client) -> str | None:
    """The key of the user in the session."""
    return client.session.get("_auth_user_id")


@pytest.mark.parametrize(
    "path", ["/demo/", "/demo/post/", "/demo/post/1/", "/demo/post/1/opgemaakt/"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_outside_the_demo_there_is_no_such_page(path: str, method: str) -> None:
    assert not portal.DEMO
    assert getattr(Client(), method)(path).status_code == 404


def test_outside_the_demo_no_address_leads_there(players: dict[str, User]) -> None:
    for name in ("door", "post"):
        with pytest.raises(NoReverseMatch):
            reverse(f"demo:{name}")
    client = Client()
    response = client.post("/demo/", {"person": players["lead"].pk})
    assert response.status_code == 404
    assert signed_in(client) is None


def test_wired_by_mistake_it_still_stays_shut(
    demo: Path, settings: Settings, players: dict[str, User]
) -> None:
    settings.DEMO = False
    client = Client()
    assert client.get("/demo/").status_code == 404
    assert client.get("/demo/post/").status_code == 404
    assert client.post("/demo/", {"person": players["lead"].pk}).status_code == 404
    assert signed_in(client) is None


def test_it_shows_the_cast_in_groups_and_nobody_else(
    demo: Path, players: dict[str, User], client: Client
) -> None:
    UserFactory(name="Iemand Anders")
    response = client.get("/demo/")
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    groups = response.context["groups"]
    assert [len(group.players) for group in groups] == [2, 2, 5, 1]
    page = response.content.decode()
    for one in ROLES:
        assert one.name in page
        assert f'value="{players[one.code].pk}"' in page
    assert "Iemand Anders" not in page


def test_looking_does_not_sign_in(demo: Path, players: dict[str, User], client: Client) -> None:
    client.get("/demo/", {"person": players["lead"].pk})
    assert signed_in(client) is None


@pytest.mark.parametrize("code", [one.code for one in ROLES])
def test_choosing_signs_in_as_that_person(
    demo: Path, players: dict[str, User], client: Client, code: str
) -> None:
    response = client.post("/demo/", {"person": players[code].pk})
    assert response.status_code == 302
    assert response["Location"] == reverse(portal.LOGIN_REDIRECT_URL)
    assert signed_in(client) == str(players[code].pk)
    # The session holds for the next page too.
    assert client.get("/demo/").context["user"] == players[code]


def test_changing_person_leaves_nothing_of_the_first(
    demo: Path, players: dict[str, User], client: Client
) -> None:
    client.post("/demo/", {"person": players["lead"].pk})
    first = client.session.session_key
    client.post("/demo/", {"person": players["student_ready"].pk})
    assert client.session.session_key != first
    assert signed_in(client) == str(players["student_ready"].pk)


@pytest.mark.parametrize("person", ["", "0", "-1", "x", "1e3", "9" * 40, "١", "\0", "admin"])
def test_whoever_does_not_exist_cannot_be_chosen(
    demo: Path, players: dict[str, User], client: Client, person: str
) -> None:
    assert client.post("/demo/", {"person": person}).status_code == 404
    assert signed_in(client) is None


def test_only_the_cast_can_be_chosen(demo: Path, players: dict[str, User], client: Client) -> None:
    stranger = UserFactory(is_staff=True, is_superuser=True)
    for person in (stranger.pk, stranger.email, players["lead"].email):
        assert client.post("/demo/", {"person": person}).status_code == 404
    assert client.post("/demo/").status_code == 404
    assert signed_in(client) is None


def test_who_was_shut_out_cannot_come_in_here(
    demo: Path, players: dict[str, User], client: Client
) -> None:
    User.objects.filter(pk=players["lead"].pk).update(is_active=False)
    assert client.post("/demo/", {"person": players["lead"].pk}).status_code == 404
    assert signed_in(client) is None


def test_a_page_elsewhere_cannot_push_somebody_through(
    demo: Path, players: dict[str, User]
) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/demo/", {"person": players["lead"].pk}).status_code == 403
    assert signed_in(strict) is None


def test_before_the_region_is_made_it_says_so(demo: Path, client: Client) -> None:
    page = client.get("/demo/").content.decode()
    assert "Er is nog niemand" in page
    assert 'name="person"' not in page


def test_every_role_says_what_to_try_and_each_school_has_its_coordinator() -> None:
    assert all(str(one.to_try).endswith((".", "?")) for one in ROLES)
    assert all(one.email.endswith(".example") for one in ROLES)
    assert len({one.code for one in ROLES}) == len({one.email for one in ROLES}) == len(ROLES)
    schools = {one.place for one in ROLES if one.group == Group.COORDINATOR}
    assert schools == {"deltion", "windesheim", "landstede", "cibap", "firda"}
