"""A school's roster of 10,000 students: reading the file, looking, taking over.

    make run ARGS="python bench/roster.py [--students 10000]"

First when all are new, then when nothing changed, then when every name did. Beside it stands a
reference of the same moment: the time of a hundred reads of one row by key.
"""

import argparse
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "topcentrum.settings")
os.environ.setdefault("SECRET_KEY", "only-for-the-bench-" + "0" * 40)

import django  # noqa: E402

django.setup()

import openpyxl  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from education.imports import load_education  # noqa: E402
from education.models import School  # noqa: E402
from geo.imports import load_places  # noqa: E402
from students.actions import keep_upload  # noqa: E402
from students.imports import Sheet, carry_out, guess, plan_of, read  # noqa: E402

T = TypeVar("T")
HEADINGS = ("Deelnemernummer", "Roepnaam", "Achternaam", "E-mailadres", "Crebo", "Postcode")


def main() -> None:
    """Measure, and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=10_000)
    most = parser.parse_args().students
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0"], cwd=PROJECT, check=True
    )
    load_places()
    load_education()
    school = School.objects.get(slug="deltion")
    els, _made = User.objects.get_or_create(email="els@bench.example")
    _measured("reference: 100 reads by key", lambda: [_again(school) for _ in range(100)])
    for what, name in (("all new", "Anna"), ("nothing new", "Anna"), ("all changed", "Bea")):
        sheet = _measured(f"{what}: read CSV", partial(_read_csv, most, name))
        _take_over(what, sheet, school, els)
    workbook = _xlsx(most)
    _measured("read XLSX", lambda: read(workbook))


def _read_csv(most: int, name: str) -> Sheet:
    return read(_csv(most, name))


def _again(school: School) -> School:
    return School.objects.get(pk=school.pk)


def _take_over(what: str, sheet: Sheet, school: School, by: User) -> None:
    today = timezone.localdate()
    upload = keep_upload(school, file_name="bench.csv", sheet=sheet.pack(), by=by)
    upload.columns = guess(sheet.headings, school)
    upload.save()
    plan = _measured(f"{what}: look", lambda: plan_of(upload, today=today))
    assert not plan.faults, plan.faults[:3]
    _measured(
        f"{what}: take over", lambda: carry_out(upload.pk, plan.fingerprint, by=by, today=today)
    )


def _rows(most: int, name: str) -> Iterator[tuple[str, ...]]:
    yield HEADINGS
    for n in range(most):
        yield f"{n:07}", name, f"Bos {n}", f"student{n}@bench.example", "25998", "8011 AB"


def _csv(most: int, name: str) -> bytes:
    return "\r\n".join(";".join(row) for row in _rows(most, name)).encode("cp1252")


def _xlsx(most: int) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in _rows(most, "Anna"):
        sheet.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _measured(what: str, act: Callable[[], T]) -> T:
    wall, own = time.perf_counter(), time.process_time()
    done = act()
    print(
        f"{what:32} {time.perf_counter() - wall:7.2f} s, "
        f"of which {time.process_time() - own:5.2f} s of this process"
    )
    return done


if __name__ == "__main__":
    main()
