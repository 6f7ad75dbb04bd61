"""Signing in with what cannot be an address."""

import pytest
from django.test import Client

from notifications.models import Letter


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/account/login/", "/account/login/code/"])
def test_an_endless_address_gets_no_letter_and_no_error(path: str) -> None:
    address = "a" * 300 + "@voorbeeld.example"
    answer = Client().post(path, {"email": address, "login": address})
    assert answer.status_code < 500
    assert not Letter.objects.exists()
