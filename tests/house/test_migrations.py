"""Migrations are complete and were all applied; what they made in the database is there, and the
names of constraints say what must be true."""

import re
from collections.abc import Iterator
from io import StringIO

import pytest
from django.apps import apps
from django.contrib.postgres.constraints import ExclusionConstraint
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.constraints import BaseConstraint

from companies.models import Offer
from education.models import Skill
from matching.models import Proposal, Run
from tests.factories.education import SkillFactory
from tests.house.test_layers import ranks

pytestmark = pytest.mark.django_db

GUARDED = (Offer, Proposal, Run)


def our_models() -> list[type[models.Model]]:
    rooms = ranks()
    return [model for model in apps.get_models() if model._meta.app_label in rooms]


def test_no_change_of_a_model_lacks_a_migration() -> None:
    said = StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=said, no_color=True)
    assert "No changes detected" in said.getvalue()


def test_a_change_without_a_migration_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Skill._meta.get_field("category"), "max_length", 41)
    with pytest.raises(SystemExit):
        call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


def test_the_database_of_the_tests_was_made_by_migrations_from_nothing() -> None:
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    assert executor.migration_plan(leaves) == []
    applied = MigrationRecorder(connection).applied_migrations()
    ours = {node for node in executor.loader.graph.nodes if node[0] in ranks()}
    assert ours <= set(applied)
    assert {room for room, _name in ours} >= {"accounts", "companies", "matching", "students"}


def test_migrations_form_one_line_per_room() -> None:
    conflicts = MigrationExecutor(connection).loader.detect_conflicts()
    assert conflicts == {}


# --- what only SQL can make ------------------------------------------------------------------


def triggers() -> set[tuple[str, str]]:
    """(table, trigger) of all that is switched on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE NOT tgisinternal AND tgenabled = 'O'"
        )
        return set(cursor.fetchall())


@pytest.mark.parametrize("model", GUARDED, ids=[model.__name__ for model in GUARDED])
def test_a_table_with_a_lifecycle_is_guarded(model: type[models.Model]) -> None:
    table = model._meta.db_table
    assert (table, f"{table}_moves") in triggers()


def test_every_model_with_states_has_its_guard() -> None:
    """A letter and a round have states without a table of moves: a lease, and one way out."""
    with_states = {model for model in our_models() if hasattr(model, "State")}
    assert {model.__name__ for model in with_states - set(GUARDED)} == {"Letter", "Round"}


def test_the_history_is_append_only() -> None:
    assert any(table == "accounts_historyentry" for table, _name in triggers())


def test_extensions_that_constraints_and_queries_need_are_there() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extname FROM pg_extension")
        assert {"btree_gist", "unaccent"} <= {name for (name,) in cursor.fetchall()}


# --- names -----------------------------------------------------------------------------------


def constraints() -> Iterator[tuple[type[models.Model], BaseConstraint]]:
    for model in our_models():
        for constraint in model._meta.constraints:
            yield model, constraint


def reads_as_a_sentence(name: str) -> bool:
    """At least three words, and none that a machine made."""
    words = name.split("_")
    return (
        len(words) >= 3
        and all(re.fullmatch(r"[a-z]+", word) for word in words)
        and words[-1] not in ("check", "constraint", "unique", "uniq", "excl")
    )


def test_every_constraint_reads_as_a_sentence() -> None:
    found = [constraint.name for _model, constraint in constraints()]
    assert len(found) > 30
    assert [name for name in found if not reads_as_a_sentence(name)] == []


@pytest.mark.parametrize(
    "name", ["held", "held_check", "offer_held_check", "unique_student_offer_1", "ck_offer_x2"]
)
def test_a_name_that_says_nothing_is_found(name: str) -> None:
    assert not reads_as_a_sentence(name)


def test_every_constraint_stands_in_the_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint UNION SELECT indexname FROM pg_indexes")
        there = {name for (name,) in cursor.fetchall()}
    kinds = {type(constraint) for _model, constraint in constraints()}
    assert kinds == {models.CheckConstraint, models.UniqueConstraint, ExclusionConstraint}
    assert {constraint.name for _model, constraint in constraints()} <= there


def test_no_two_rows_are_the_same_unless_somebody_meant_it() -> None:
    """A unique field is held by the database as well."""
    skill = SkillFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        Skill.objects.create(slug=skill.slug, label_nl="x", label_en="x", category="x")
