"""The table behind the shared cache (sign-in limits), so that `migrate` alone makes a portal."""

from django.db import migrations

CREATE = """
CREATE TABLE topcentrum_cache (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamp with time zone NOT NULL
);
CREATE INDEX topcentrum_cache_expires ON topcentrum_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guard_moves")]

    operations = [migrations.RunSQL(CREATE, "DROP TABLE topcentrum_cache")]
