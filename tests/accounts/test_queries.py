"""People in the order in which one looks for them."""

import pytest

from accounts.models import User
from accounts.queries import alphabetical
from tests.factories.accounts import UserFactory

SORTED = ["anne", "Bram", "Émile", "Olaf", "Ömer", "Osman", "Zoë"]


@pytest.mark.django_db
def test_accents_and_capitals_do_not_send_a_name_to_the_end() -> None:
    for name in reversed(SORTED):
        UserFactory(name=name)
    found = User.objects.order_by(alphabetical("name"), "pk")
    assert list(found.values_list("name", flat=True)) == SORTED
