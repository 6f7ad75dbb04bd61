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
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def visitor(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Visitor]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield Visitor(build_scene(unwrap(conftest.cast)(None)))
        transaction.set_rollback(True)


def test_everybody_finds_behind_every_door_what_the_table_says(visitor: Visitor) -> None:
    logging.disable(logging.CRITICAL)
    t = time.time()
    found = list(differences(visitor, TABLE))
    print(time.time()-t)
    for f in found: print(f)
    for f in patterns(): print(f)
import logging
from django.urls import reverse
def test_account(visitor):
    logging.disable(logging.CRITICAL)
    for name, route, p in patterns():
        if not name.startswith("account_") and name!="companies:signup": continue
        args = ["abc","set-password"] if "key/(" in route else []
        path = reverse(name, args=args)
        for m in ("GET","POST","PUT","HEAD"):
            d={}
            for person in PEOPLE:
                g = visitor.visit(person, m, path)
                d.setdefault((g.status, g.where, tuple(g.changed), g.trouble), []).append(person)
            print(name, m, {k:(v if len(v)<6 else len(v)) for k,v in d.items()})
    logging.disable(logging.NOTSET)
