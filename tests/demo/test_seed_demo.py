"""`manage.py seed_demo`: equal seeds, equal regions; never among real people; all or nothing."""

import hashlib
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from companies.models import Company
from education.models import Programme, Season
from geo.models import Postcode
from tests.demo.conftest import TODAY
from tests.factories.accounts import UserFactory
from topcentrum.demo import region
from topcentrum.demo.cast import ROLES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]

ROOMS = ("accounts", "account", "education", "companies", "students", "matching")
DRAWN_BY_DJANGO = {"password"}  # unusable, and different each time on purpose


def digest() -> str:
    """SHA-256 over all rows of all rooms, keys and links included."""
    total = hashlib.sha256()
    for label in ROOMS:
        for model in apps.get_app_config(label).get_models(include_auto_created=True):
            columns = [f.attname for f in model._meta.concrete_fields]
            columns = [name for name in columns if name not in DRAWN_BY_DJANGO]
            for row in model._default_manager.order_by("pk").values_list(*columns):
                total.update(repr((model._meta.label, row)).encode())
    return total.hexdigest()


def remade(*, seed: int) -> str:
    """The digest of a region made in place of what stands."""
    region.remove()
    region.make(seed=seed, today=TODAY)
    return digest()


def somebody_of_the_cast() -> User:
    """Enough for the command to see that a region stands."""
    user: User = UserFactory(email=ROLES[0].email)
    return user


def run(**options: Any) -> str:
    """What the command says."""
    said = StringIO()
    call_command("seed_demo", stdout=said, **options)
    return said.getvalue()


def test_equal_seed_and_day_give_equal_rows_and_another_seed_does_not() -> None:
    first = remade(seed=1)
    assert remade(seed=1) == first
    assert remade(seed=2) != first


def test_where_a_region_stands_nothing_happens_and_at_once(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    somebody_of_the_cast()
    before = digest()
    with django_assert_max_num_queries(12):
        said = run(seed=2)
    assert "stands already" in said
    assert digest() == before


def test_fresh_makes_it_anew_and_keeps_the_reference_rows(settings: Settings) -> None:
    settings.DEMO = True
    somebody_of_the_cast()
    postcodes, stranger = Postcode.objects.count(), UserFactory()
    run(fresh=True)
    assert not User.objects.filter(email=stranger.email).exists()
    assert Company.objects.count() == 64
    assert Postcode.objects.count() == postcodes > 4000


def test_an_empty_database_may_be_filled_outside_the_demo() -> None:
    assert "420 students, 64 companies" in run()


@pytest.mark.parametrize("fresh", [False, True])
def test_real_people_are_never_mixed_or_removed(fresh: bool) -> None:
    real = UserFactory()
    with pytest.raises(CommandError, match="not a demo"):
        run(fresh=fresh)
    assert list(User.objects.values_list("pk", flat=True)) == [real.pk]
    assert not Season.objects.exists()


def test_a_region_is_not_made_anew_outside_the_demo() -> None:
    somebody_of_the_cast()
    before = digest()
    with pytest.raises(CommandError, match="not a demo"):
        run(fresh=True)
    assert digest() == before


def test_in_the_demo_strangers_ask_for_fresh(settings: Settings) -> None:
    settings.DEMO = True
    UserFactory()
    with pytest.raises(CommandError, match="--fresh"):
        run()
    assert User.objects.count() == 1


def test_half_a_region_never_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*args: object, **kwargs: object) -> None:
        raise RuntimeError("stumbled")

    monkeypatch.setattr("topcentrum.demo.region.region.rank", stumble)
    with pytest.raises(RuntimeError, match="stumbled"):
        run()
    assert not User.objects.exists()
    assert not Company.objects.exists()


def test_without_schools_it_says_what_to_do_first() -> None:
    Programme.objects.all().delete()
    with pytest.raises(CommandError, match="load_reference"):
        run()
