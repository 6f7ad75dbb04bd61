from collections.abc import Iterator
from inspect import unwrap
import time
import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from tests import conftest
from tests.house.scene import *
from tests.house.doors import *
from tests.house.visitor import *


@pytest.fixture(scope="module")
def visitor(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Visitor]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield Visitor(build_scene(unwrap(conftest.cast)(None)))
        transaction.set_rollback(True)


def test_everybody_finds_behind_every_door_what_the_table_says(visitor: Visitor) -> None:
    t = time.time()
    found = list(differences(visitor, TABLE))
    print(time.time()-t)
    for f in found: print(f)
    for f in patterns(): print(f)
