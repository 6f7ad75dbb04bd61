from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("matching", "0002_guard_moves"),
    ]

    operations = [
        migrations.AlterField(
            model_name="round",
            name="state",
            field=models.CharField(
                choices=[("open", "open"), ("released", "verstuurd"), ("closed", "gesloten")],
                default="open",
                max_length=8,
            ),
        ),
    ]
