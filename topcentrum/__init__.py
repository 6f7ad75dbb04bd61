"""The wires of the portal: settings, addresses, Celery, embedded services, demo region."""

from topcentrum.celery import app as celery_app

# Imported here so that a task sent from a web process goes to our broker, not to Celery's default.
__all__ = ["celery_app"]
