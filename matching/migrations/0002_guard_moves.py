"""The tables of moves of a proposal and of a run, held by the database."""

from django.db import migrations

PROPOSAL = (
    "propose:>proposed approve:proposed>approved undo:approved>proposed release:approved>offered "
    "drop:proposed>dropped supersede:proposed>superseded accept:offered>offered "
    "accept:offered>agreed decline:offered>declined expire:offered>expired "
    "withdraw:proposed>withdrawn withdraw:approved>withdrawn withdraw:offered>withdrawn "
    "reopen:agreed>offered cancel:agreed>cancelled"
)
RUN = (
    "queue:>queued claim:queued>running finish:running>done requeue:running>queued "
    "fail:running>failed"
)


def guard(subject: str, table: str, steps: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f'CREATE TRIGGER "{table}_moves" AFTER INSERT OR UPDATE OF state ON "{table}" '
        f"FOR EACH ROW EXECUTE FUNCTION accounts_guard_move('{subject}', '{steps}')",
        f'DROP TRIGGER "{table}_moves" ON "{table}"',
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_guard_moves"),
        ("matching", "0001_initial"),
    ]

    operations = [
        guard("matching.proposal", "matching_proposal", PROPOSAL),
        guard("matching.run", "matching_run", RUN),
    ]
