"""Load what the region teaches from the reference files beside this module."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import models

from education.models import HBO_LEVEL, Module, Programme, School, Skill

FOLDER = Path(__file__).parent / "reference"


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _upsert(model: type[models.Model], rows: list[Any], unique: list[str]) -> None:
    """Insert the rows, or update the ones whose `unique` fields stand there already."""
    fields = [
        field.name
        for field in model._meta.concrete_fields
        if not field.primary_key and field.name not in unique
    ]
    model._default_manager.bulk_create(
        rows, update_conflicts=True, unique_fields=unique, update_fields=fields
    )


def load_education() -> dict[str, int]:
    """Load schools, skills, programmes and modules; running it again changes nothing.

    Returns how many rows of each kind stand in the files. Needs the postcodes of `geo`.
    """
    schools = [_school(row) for row in _rows("schools")]
    _upsert(School, schools, ["slug"])
    skills = [
        Skill(
            slug=row["slug"],
            label_nl=row["label_nl"],
            label_en=row["label_en"],
            category=row["category"],
            esco_uri=row["esco_uri"],
        )
        for row in _rows("skills")
    ]
    _upsert(Skill, skills, ["slug"])
    school_ids = dict(School.objects.values_list("slug", "pk"))
    programmes = [_programme(row, school_ids) for row in _rows("programmes")]
    _upsert(Programme, programmes, ["school", "name_nl"])
    modules = [
        Module(
            number=int(row["nr"]),
            slug=row["slug"],
            title_nl=row["title_nl"],
            title_en=row["title_en"],
            hours=int(row["hours"]),
        )
        for row in _rows("modules")
    ]
    _upsert(Module, modules, ["slug"])
    _link_skills()
    return {
        "schools": len(schools),
        "skills": len(skills),
        "programmes": len(programmes),
        "modules": len(modules),
    }


def _school(row: dict[str, str]) -> School:
    return School(
        slug=row["slug"],
        name=row["name"],
        short_name=row["short_name"],
        former_name="ROC Friese Poort" if row["slug"] == "firda" else "",
        sector=row["sector"],
        postcode_id=row["pc4"],
        brin=row["brin"],
        home_organization=row["schac_home_organization"],
    )


def _programme(row: dict[str, str], school_ids: dict[str, int]) -> Programme:
    level = int(row["level"])
    return Programme(
        school_id=school_ids[row["school"]],
        name_nl=row["name_nl"],
        name_en=row["name_en"],
        level=level if row["sector"] == "mbo" else HBO_LEVEL,
        pathway=row["pathway"],
        code_type=row["code_type"],
        code=row["code"],
        code_source=row["code_confidence"][:150],
        weeks=int(row["internship_weeks"]),
        days_per_week=int(row["days_per_week"]),
        hours=int(row["hours"]),
    )


def _link_skills() -> None:
    """Tie programmes and modules to the skills that they teach."""
    skill_ids = dict(Skill.objects.values_list("slug", "pk"))
    module_ids = dict(Module.objects.values_list("slug", "pk"))
    programme_ids: dict[str, list[int]] = {}
    for pk, name in Programme.objects.values_list("pk", "name_nl"):
        programme_ids.setdefault(name, []).append(pk)
    of_programme = Programme.skills.through
    of_programme._default_manager.bulk_create(
        [
            of_programme(programme_id=pk, skill_id=skill_ids[row["skill"]])
            for row in _rows("programme_skills")
            for pk in programme_ids.get(row["programme_nl"], [])
        ],
        ignore_conflicts=True,
    )
    of_module = Module.skills.through
    of_module._default_manager.bulk_create(
        [
            of_module(module_id=module_ids[row["module"]], skill_id=skill_ids[row["skill"]])
            for row in _rows("module_skills")
        ],
        ignore_conflicts=True,
    )
