"""Personal pages are stored nowhere."""

import pytest
from django.test import Client

from tests.conftest import Cast, client_of


@pytest.mark.django_db
def test_a_personal_page_is_not_stored(cast: Cast) -> None:
    answer = client_of(cast.anouk.user).get("/student/")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_the_front_page_of_a_visitor_may_be() -> None:
    assert "no-store" not in Client().get("/").get("Cache-Control", "")
