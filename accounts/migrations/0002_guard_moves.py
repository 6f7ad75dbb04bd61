"""The database's own hold on lifecycles: see `accounts.states.guard_sql`."""

from django.db import migrations

GUARD = """
CREATE FUNCTION accounts_guard_move() RETURNS trigger LANGUAGE plpgsql AS $guard$
DECLARE
    done_move text := coalesce(current_setting('topcentrum.move', true), '');
    done_at   text := coalesce(current_setting('topcentrum.at', true), '');
    actor     text := coalesce(current_setting('topcentrum.actor', true), '');
    before    text := '';
    step      text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        before := OLD.state;
    END IF;
    step := done_move || ':' || before || '>' || NEW.state;
    IF NOT step = ANY (string_to_array(TG_ARGV[1], ' ')) THEN
        RAISE EXCEPTION 'the table of moves of % has no "%"', TG_ARGV[0], step
            USING ERRCODE = 'check_violation', CONSTRAINT = 'moves_follow_the_table';
    END IF;
    INSERT INTO accounts_historyentry
        (at, subject, subject_id, move, from_state, to_state, reason, actor_kind, actor_id)
    VALUES (
        CASE WHEN done_at = '' THEN clock_timestamp() ELSE done_at::timestamptz END,
        TG_ARGV[0], NEW.id, done_move, before, NEW.state,
        coalesce(current_setting('topcentrum.reason', true), ''),
        current_setting('topcentrum.actor_kind', true),
        CASE WHEN actor = '' THEN NULL ELSE actor::bigint END
    );
    RETURN NULL;
END
$guard$;
"""

APPEND_ONLY = """
CREATE FUNCTION accounts_history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    RAISE EXCEPTION 'history is never changed'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'history_is_append_only';
END
$guard$;
CREATE TRIGGER accounts_history_is_append_only BEFORE UPDATE OR DELETE ON accounts_historyentry
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_history_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(GUARD, "DROP FUNCTION accounts_guard_move()"),
        migrations.RunSQL(
            APPEND_ONLY,
            "DROP TRIGGER accounts_history_is_append_only ON accounts_historyentry;"
            "DROP FUNCTION accounts_history_is_append_only()",
        ),
    ]
