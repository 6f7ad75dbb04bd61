"""What a roster changes: looked at first, then carried out whole or not at all."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.models import User
from education.models import School
from students import actions
from students.imports.lines import Fault, Line, judge, key_of
from students.imports.sheets import Sheet
from students.models import RosterEntry, RosterUpload

# What a line says of an entry; which of these a file has depends on its columns.
ALWAYS = ("number", "name", "email", "programme_id")
PERHAPS = ("postcode_id", "born_on", "enrolled_until")


class StalePlan(Exception):
    """Between looking and carrying out, the roster changed."""


@dataclass(frozen=True)
class Change:
    """An entry that the file changes: which fields, and whether the student comes back."""

    entry: RosterEntry
    line: Line
    fields: tuple[str, ...]
    is_back: bool


@dataclass(frozen=True)
class Plan:
    """What the file would do. With faults it does nothing."""

    new: list[Line] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    unchanged: int = 0
    leaving: list[RosterEntry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def figures(self) -> dict[str, int]:
        """How many of each kind."""
        return {
            "new": len(self.new),
            "changed": len(self.changed),
            "unchanged": self.unchanged,
            "leaving": len(self.leaving),
        }

    @property
    def fingerprint(self) -> str:
        """The same for two plans that do the same."""
        steps = [
            self.new,
            [(c.entry.pk, c.line, c.fields, c.is_back) for c in self.changed],
            sorted(entry.pk for entry in self.leaving),
            self.unchanged,
            len(self.faults),
        ]
        return hashlib.sha256(repr(steps).encode()).hexdigest()


def plan_of(upload: RosterUpload, *, today: date) -> Plan:
    """Compare an upload of which the columns are known with the roster as it stands."""
    sheet = Sheet.unpack(bytes(upload.sheet))
    known = list(RosterEntry.objects.filter(school=upload.school).select_related("programme"))
    lines, faults = judge(
        sheet,
        upload.columns,
        upload.school,
        known=[entry.number for entry in known],
        today=today,
    )
    heading = sheet.headings[upload.columns["email"]]
    given = [*ALWAYS, *(name for name in PERHAPS if name.removesuffix("_id") in upload.columns)]
    return _compare(lines, faults, known, given, heading, whole=upload.is_whole, today=today)


def _compare(
    lines: list[Line],
    faults: list[Fault],
    known: list[RosterEntry],
    given: list[str],
    heading: str,
    *,
    whole: bool,
    today: date,
) -> Plan:
    by_number = {key_of(entry.number): entry for entry in known}
    new, changed, unchanged, ended = [], [], 0, []
    seen = set()
    for line in lines:
        entry = by_number.get(key_of(line.number))
        if entry is not None:
            seen.add(entry.pk)
        if line.enrolled_until is not None and line.enrolled_until < today:
            if entry is not None and entry.left_on is None:
                ended.append(entry)
        elif entry is None:
            new.append(line)
        else:
            fields = tuple(name for name in given if _differs(entry, line, name))
            if fields or entry.left_on:
                changed.append(Change(entry, line, fields, entry.left_on is not None))
            else:
                unchanged += 1
    absent = [e for e in known if whole and e.left_on is None and e.pk not in seen]
    leaving = [*ended, *absent]
    plan = Plan(new, changed, unchanged, leaving, faults)
    return Plan(
        new, changed, unchanged, leaving, [*faults, *_taken_addresses(plan, known, heading)]
    )


def _differs(entry: RosterEntry, line: Line, name: str) -> bool:
    """Whether the line says something else; a number that lost its zeros says nothing new."""
    if name == "number":
        return len(line.number) > len(entry.number)
    return bool(getattr(entry, name) != getattr(line, name))


def _taken_addresses(plan: Plan, known: Iterable[RosterEntry], heading: str) -> list[Fault]:
    """Addresses that stay with somebody whom the file leaves alone."""
    moved = {change.entry.pk for change in plan.changed} | {entry.pk for entry in plan.leaving}
    staying = {e.email: e for e in known if e.left_on is None and e.pk not in moved}
    return [
        Fault(
            line.at,
            heading,
            line.email,
            _("Dit adres is al van %(name)s, nummer %(number)s.")
            % {"name": staying[line.email].name, "number": staying[line.email].number},
        )
        for line in [*plan.new, *(change.line for change in plan.changed)]
        if line.email in staying
    ]


def carry_out(upload_id: int, fingerprint: str, *, by: User, today: date) -> dict[str, int]:
    """Do what the plan with this fingerprint says, in one transaction; of two at once, one waits
    for the other. Once more does nothing, and answers the same. Returns the figures.

    Raises StalePlan when the plan is another one by now, or has faults.
    """
    with transaction.atomic():
        upload = RosterUpload.objects.select_related("school").get(pk=upload_id)
        School.objects.select_for_update(no_key=True).get(pk=upload.school_id)
        upload.refresh_from_db(fields=["applied_at", "figures", "sheet", "columns"])
        if upload.applied_at is not None:
            return dict(upload.figures)
        plan = plan_of(upload, today=today)
        if plan.faults or plan.fingerprint != fingerprint:
            raise StalePlan
        actions.keep_roster(
            upload.school,
            [_entry(upload.school, line) for line in plan.new],
            [_changed(change) for change in plan.changed],
            plan.leaving,
            by=by,
            today=today,
        )
        RosterUpload.objects.filter(pk=upload.pk).update(
            applied_at=Now(), figures=plan.figures, sheet=b""
        )
    return plan.figures


def _entry(school: School, line: Line) -> RosterEntry:
    values: dict[str, Any] = {name: getattr(line, name) for name in (*ALWAYS, *PERHAPS)}
    return RosterEntry(school=school, **values)


def _changed(change: Change) -> RosterEntry:
    for name in change.fields:
        setattr(change.entry, name, getattr(change.line, name))
    change.entry.left_on = None
    return change.entry
