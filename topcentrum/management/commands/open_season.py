"""`manage.py open_season`: a period for which places are sought."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from education.models import Season


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text!r} is not a date. Write it as 2027-02-01.") from error


class Command(BaseCommand):
    help = "Open a season, such as: open_season 'Voorjaar 2027' 2027-02-01 2027-07-02"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """A name, a first and a last day."""
        parser.add_argument("name")
        parser.add_argument("starts_on", metavar="FIRST-DAY")
        parser.add_argument("ends_on", metavar="LAST-DAY")

    def handle(self, *args: Any, **options: Any) -> None:
        """Store the season with a lottery secret of its own."""
        starts_on, ends_on = _date(options["starts_on"]), _date(options["ends_on"])
        if ends_on <= starts_on:
            raise CommandError("The last day must come after the first day.")
        try:
            Season.objects.create(name=options["name"], starts_on=starts_on, ends_on=ends_on)
        except IntegrityError as error:
            raise CommandError(f"There is a season {options['name']!r} already.") from error
        self.stdout.write(f"{options['name']} is open: {starts_on} to {ends_on}.")
