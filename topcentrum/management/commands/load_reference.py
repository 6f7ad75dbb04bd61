"""`manage.py load_reference`: places, schools, programmes, skills and modules of the region."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from education.imports import load_education
from geo.imports import load_places


class Command(BaseCommand):
    help = "Load the reference files of the region; may be run again at any time."

    def handle(self, *args: Any, **options: Any) -> None:
        """All files in one transaction."""
        with transaction.atomic():
            counts = load_places() | load_education()
        self.stdout.write(", ".join(f"{n} {kind}" for kind, n in counts.items()))
