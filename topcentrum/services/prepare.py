"""What has to be in the database before the demo can be shown, in one process: starting Django
three times would take longer than the work. Prints one line per step, which the demo passes on.
"""

import os
import time

from topcentrum.services.console import MARK

STEPS = (
    ("migrate", "Tables"),
    ("load_reference", "Postcodes, schools, programmes, skills"),
    ("seed_demo", "The invented region"),
)


def main() -> None:
    """Run the commands in their order."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "topcentrum.settings")
    since = time.monotonic()
    import django
    from django.core.management import call_command

    django.setup()
    for command, title in STEPS:
        call_command(command, verbosity=0)
        print(f"{MARK}{title}{MARK}{time.monotonic() - since:.3f}", flush=True)
        since = time.monotonic()


if __name__ == "__main__":
    main()
