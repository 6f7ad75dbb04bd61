"""Names are sorted as people look for them, so the database must know letters without accents."""

from django.contrib.postgres.operations import UnaccentExtension
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_cache_table"),
    ]

    operations = [
        UnaccentExtension(),
    ]
