"""The two tables of moves of a letter, held by the database: what people do is written down by the
house's own guard; what workers do is only checked."""

from django.db import migrations

BY_PEOPLE = (
    "again:retry>queued again:unsure>queued again:failed>queued again:suppressed>queued "
    "withdraw:queued>withdrawn withdraw:retry>withdrawn"
)
BY_WORKERS = (
    "queued>leased retry>leased unsure>leased leased>sent leased>retry leased>unsure "
    "leased>failed queued>failed retry>failed unsure>failed leased>suppressed"
)

CHECK = """
CREATE FUNCTION notifications_guard_worker() RETURNS trigger LANGUAGE plpgsql AS $guard$
DECLARE
    step text := OLD.state || '>' || NEW.state;
BEGIN
    IF NOT step = ANY (string_to_array(TG_ARGV[0], ' ')) THEN
        RAISE EXCEPTION 'the table of moves of notifications.letter has no "%"', step
            USING ERRCODE = 'check_violation', CONSTRAINT = 'moves_follow_the_table';
    END IF;
    RETURN NULL;
END
$guard$;
"""


def trigger(name: str, when: str, function: str) -> str:
    """After a letter came into another state that fits `when`."""
    return (
        f'CREATE TRIGGER "{name}" AFTER UPDATE OF state ON "notifications_letter" FOR EACH ROW '
        f"WHEN (OLD.state IS DISTINCT FROM NEW.state AND NEW.state {when}) "
        f"EXECUTE FUNCTION {function}"
    )


def drop(name: str) -> str:
    return f'DROP TRIGGER "{name}" ON "notifications_letter"'


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_guard_moves"),
        ("notifications", "0002_letters_have_a_life"),
    ]

    operations = [
        migrations.RunSQL(
            "UPDATE notifications_letter SET sealed = true WHERE key LIKE 'account/email/%'",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(CHECK, "DROP FUNCTION notifications_guard_worker()"),
        migrations.RunSQL(
            trigger(
                "notifications_letter_moves",
                "IN ('queued', 'withdrawn')",
                f"accounts_guard_move('notifications.letter', '{BY_PEOPLE}')",
            ),
            drop("notifications_letter_moves"),
        ),
        migrations.RunSQL(
            trigger(
                "notifications_letter_work",
                "NOT IN ('queued', 'withdrawn')",
                f"notifications_guard_worker('{BY_WORKERS}')",
            ),
            drop("notifications_letter_work"),
        ),
    ]
