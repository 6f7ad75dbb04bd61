"""The Celery application. Tasks live in each room's `tasks.py`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "topcentrum.settings")

app = Celery("topcentrum")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
