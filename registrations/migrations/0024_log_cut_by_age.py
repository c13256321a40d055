"""The access log lets go of nothing that is younger than two years, by the database's own clock and whoever asks.

On PostgreSQL cut_access_log decides itself what is old, and writes the checkpoint; the role that runs the portal may
write none. It and the trigger's function look for tables in the portal's schema alone, never among the temporary
tables of whoever calls them. A look with a false time from the future or the past opens nothing: only what stands
before the first look that is not old is cut.
"""

from django.db import migrations

_TRIGGER = """
    CREATE OR REPLACE FUNCTION refuse_to_change_access_log() RETURNS trigger LANGUAGE plpgsql
    SET search_path = {schema}, pg_temp AS $$
    BEGIN
        IF TG_OP = 'DELETE' %s
            AND EXISTS (SELECT FROM registrations_accesscheckpoint WHERE up_to >= OLD.number)
        THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'The access log is only added to.' USING ERRCODE = 'insufficient_privilege';
    END $$
"""
POSTGRESQL = (
    _TRIGGER % "AND OLD.at < now() - interval '730 days'",
    "DROP FUNCTION cut_access_log(bigint)",
    """
    CREATE FUNCTION cut_access_log(before timestamptz) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = {schema}, pg_temp AS $$
    DECLARE
        kept bigint;
        last_one bigint;
        its_digest text;
        gone bigint;
    BEGIN
        SELECT min(number) INTO kept FROM registrations_accessentry
        WHERE at >= least(before, now() - interval '730 days');
        SELECT number, digest INTO last_one, its_digest FROM registrations_accessentry
        WHERE kept IS NULL OR number < kept ORDER BY number DESC LIMIT 1;
        IF last_one IS NULL THEN
            RETURN 0;
        END IF;
        SELECT count(*) INTO gone FROM registrations_accessentry WHERE number <= last_one;
        INSERT INTO registrations_accesscheckpoint (up_to, digest, entries, cut_at)
        VALUES (last_one, its_digest, gone, now());
        DELETE FROM registrations_accessentry WHERE number <= last_one;
        RETURN gone;
    END $$
    """,
    "REVOKE ALL ON FUNCTION cut_access_log(timestamptz) FROM PUBLIC",
)
POSTGRESQL_BACK = (
    _TRIGGER % "",
    "DROP FUNCTION cut_access_log(timestamptz)",
    """
    CREATE FUNCTION cut_access_log(last bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
        DELETE FROM registrations_accessentry
        WHERE number <= last AND last IN (SELECT up_to FROM registrations_accesscheckpoint)
    $$
    """,
    "REVOKE ALL ON FUNCTION cut_access_log(bigint) FROM PUBLIC",
)
_GUARD = """
    CREATE TRIGGER access_log_only_grows BEFORE DELETE ON registrations_accessentry
    WHEN (SELECT file FROM pragma_database_list WHERE name = 'main') <> '' AND (%s
        NOT EXISTS (SELECT 1 FROM registrations_accesscheckpoint WHERE up_to >= OLD.number))
    BEGIN SELECT RAISE(ABORT, 'The access log is only added to.'); END
"""
SQLITE = ("DROP TRIGGER access_log_only_grows", _GUARD % "OLD.at >= datetime('now', '-730 days') OR")
SQLITE_BACK = ("DROP TRIGGER access_log_only_grows", _GUARD % "")


def guard(apps, schema_editor):
    run(schema_editor, POSTGRESQL, SQLITE)


def let_go(apps, schema_editor):
    run(schema_editor, POSTGRESQL_BACK, SQLITE_BACK)


def run(schema_editor, postgresql, sqlite):
    if schema_editor.connection.vendor != "postgresql":
        for statement in sqlite:
            schema_editor.execute(statement, params=None)
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        (schema,) = cursor.fetchone()
    for statement in postgresql:
        schema_editor.execute(statement.format(schema=schema), params=None)


class Migration(migrations.Migration):
    dependencies = [("registrations", "0023_care_of_sensitive_questions")]

    operations = [migrations.RunPython(guard, let_go, elidable=False)]
