"""The portal's settings with a clock that is in a hurry."""

import os

from topcentrum.settings import *  # noqa: F403

CELERY_BEAT_SCHEDULE = {
    "deliver-letters": {"task": "notifications.tasks.deliver", "schedule": 0.2},
}
if os.environ.get("NOBODY_ASKS"):
    CELERY_BEAT_SCHEDULER = "celery.beat:PersistentScheduler"
