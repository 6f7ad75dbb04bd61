"""Real servers for the tests: a throw-away PostgreSQL and Valkey, started with pytest.

Loaded with `-p tests.services_plugin`, so before pytest-django reads the settings. The process that
was started by hand (with xdist: the one that directs the workers) starts the servers and ends them;
workers inherit the addresses. DATABASE_URL and REDIS_URL, when set, are used instead. When pytest
is killed, the leashes end the servers.
"""

import contextlib
import os

from topcentrum.services.servers import borrowed

_open = contextlib.ExitStack()

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "topcentrum.settings")
os.environ.setdefault("TOPCENTRUM_TESTING", "1")
os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "0" * 40)
# Playwright runs an event loop in the thread that also reads the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
# A test must say so when it wants the demo's doors or letters that leave.
for name in ("TOPCENTRUM_DEMO", "BASE_URL", "ALLOWED_HOSTS", "EMAIL_URL", "DEMO_POST_FOLDER"):
    os.environ.pop(name, None)

# At import: the settings are read before any hook of ours would be called.
if "PYTEST_XDIST_WORKER" not in os.environ:
    _open.enter_context(borrowed())


def pytest_unconfigure() -> None:
    """End the servers."""
    _open.close()
