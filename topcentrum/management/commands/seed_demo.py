"""`manage.py seed_demo`: the invented Regio Zwolle, for the demo."""

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from education.models import Programme
from topcentrum.demo import region


class Command(BaseCommand):
    help = "Make the invented region of the demo; where one stands, nothing happens."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--seed` for another region, `--fresh` for a new one."""
        parser.add_argument("--seed", type=int, default=1, help="another number, another region")
        parser.add_argument(
            "--fresh", action="store_true", help="remove every person and company first"
        )

    def handle(self, *args: Any, seed: int, fresh: bool, **options: Any) -> None:
        """All in one transaction; one maker at a time."""
        started = time.monotonic()
        with transaction.atomic():
            region.take_turn()
            stands = region.standing()
            if stands and not fresh:
                self.stdout.write(f"The region stands already: {stands}. --fresh makes it anew.")
                return
            self._refuse_real_people(fresh=fresh)
            if not Programme.objects.exists():
                raise CommandError(
                    "There are no schools yet: run `manage.py load_reference` first."
                )
            if fresh:
                region.remove()
            made = region.make(seed=seed, today=timezone.localdate())
        self.stdout.write(f"Made in {time.monotonic() - started:.1f} s: {made}.")

    def _refuse_real_people(self, *, fresh: bool) -> None:
        """Invented people never come among real ones, and never in their place."""
        if region.is_empty():
            return
        if not settings.DEMO:
            raise CommandError(
                "This is not a demo (TOPCENTRUM_DEMO is off) and the database holds people or "
                "companies. Nothing was changed."
            )
        if not fresh:
            raise CommandError(
                "The database holds people, companies or seasons that are not of the region. "
                "Run again with --fresh to remove them. Nothing was changed."
            )
