"""The promises of docs/security.md have their tests; and the headers of every page."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

ROOT = Path(settings.BASE_DIR)
ROWS = [
    line
    for line in (ROOT / "docs" / "security.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d", line)
]


def missing(row: str) -> list[str]:
    """Files and tests that a row of the table names, and that are not there."""
    files = [ROOT / name for name in re.findall(r"`((?:tests|bench|scripts)/[\w/]+\.py)`", row)]
    found = [str(path) for path in files if not path.exists()]
    sources = "".join(path.read_text(encoding="utf-8") for path in files if path.exists())
    return found + [t for t in re.findall(r"`(test_\w+)`", row) if f"def {t}(" not in sources]


def test_every_row_names_tests_that_are_there() -> None:
    assert len(ROWS) > 20
    assert [name for row in ROWS for name in missing(row)] == []


def test_a_test_that_is_gone_is_missed() -> None:
    here = "tests/topcentrum/test_security_page.py"
    assert missing(f"| 1 | x | `{here}`: `test_that_nobody_wrote` |") == ["test_that_nobody_wrote"]
    assert missing("| 1 | x | `tests/nowhere.py` |")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["cockpit:home", "account_login", "companies:ask_access"])
def test_every_page_says_what_a_browser_may_do_with_it(name: str) -> None:
    page = Client().get(reverse(name))
    policy = page["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page["X-Frame-Options"] == "DENY"
    assert page["X-Content-Type-Options"] == "nosniff"
    assert page["Referrer-Policy"] == "same-origin"
