"""Relations between models follow the same layers as imports; import-linter does not see a
foreign key that is written as a string."""

import tomllib
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import models

PYPROJECT = tomllib.loads((Path(settings.BASE_DIR) / "pyproject.toml").read_text())


def ranks() -> dict[str, int]:
    """Room → height, from the contract between rooms; higher rooms may know lower ones."""
    contracts = PYPROJECT["tool"]["importlinter"]["contracts"]
    layers = next(c for c in contracts if c["id"] == "rooms")["layers"]
    return {
        room.strip(): height
        for height, layer in enumerate(reversed(layers))
        for room in layer.split("|")
    }


def looking_up(relations: list[tuple[str, str, str]], heights: dict[str, int]) -> list[str]:
    """The relations (room, field, other room) that point to a room beside or above their own."""
    return [
        f"{field}: {room} → {other}"
        for room, field, other in relations
        if room != other and heights[other] >= heights[room]
    ]


def relations() -> list[tuple[str, str, str]]:
    """Every relation of every model of our rooms."""
    rooms = ranks()
    found = []
    for model in apps.get_models(include_auto_created=True):
        room = model._meta.app_label
        if room not in rooms:
            continue
        for field in model._meta.get_fields():
            if not isinstance(field, models.ForeignKey | models.ManyToManyField):
                continue
            other = field.related_model._meta.app_label
            if other in rooms:
                found.append((room, str(field), other))
    return found


def test_no_relation_looks_up() -> None:
    found = relations()
    assert len(found) > 20, "the walk over the models finds too little to prove anything"
    assert looking_up(found, ranks()) == []


def test_a_relation_that_looks_up_is_found() -> None:
    wrong = [("students", "students.Student.offer", "companies")]
    assert looking_up(wrong, ranks()) == ["students.Student.offer: students → companies"]


def test_every_room_stands_in_the_contract() -> None:
    rooms = {config.label for config in apps.get_app_configs() if not _is_foreign(config.path)}
    assert rooms <= set(ranks())


def _is_foreign(path: str) -> bool:
    return "site-packages" in path
