"""The table of moves of an offer, held by the database."""

from django.db import migrations

STEPS = (
    "create:>draft submit:draft>submitted return:submitted>returned revise:returned>draft "
    "publish:submitted>published pause:published>paused resume:paused>published "
    "fill:published>filled free:filled>published close:published>closed close:paused>closed "
    "close:filled>closed expire:published>expired expire:paused>expired expire:filled>expired"
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_guard_moves"),
        ("companies", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(
            'CREATE TRIGGER "companies_offer_moves" AFTER INSERT OR UPDATE OF state '
            'ON "companies_offer" FOR EACH ROW '
            f"EXECUTE FUNCTION accounts_guard_move('companies.offer', '{STEPS}')",
            'DROP TRIGGER "companies_offer_moves" ON "companies_offer"',
        ),
    ]
