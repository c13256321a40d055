"""The access log only grows: the database itself refuses a change, and deletes only what a checkpoint covers.

On PostgreSQL the role that runs the portal may delete nothing there (`grant_run_time`); it calls cut_access_log, which
does what the migrations' role may. A SQLite database in memory keeps nothing, and so guards nothing.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

POSTGRESQL = (
    """
    CREATE FUNCTION refuse_to_change_access_log() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND EXISTS (SELECT FROM registrations_accesscheckpoint WHERE up_to >= OLD.number) THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'The access log is only added to.' USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE TRIGGER access_log_only_grows BEFORE UPDATE OR DELETE ON registrations_accessentry
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_access_log()
    """,
    """
    CREATE FUNCTION cut_access_log(last bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
        DELETE FROM registrations_accessentry
        WHERE number <= last AND last IN (SELECT up_to FROM registrations_accesscheckpoint)
    $$
    """,
    "REVOKE ALL ON FUNCTION cut_access_log(bigint) FROM PUBLIC",
)
_GUARDED = "(SELECT file FROM pragma_database_list WHERE name = 'main') <> ''"
SQLITE = (
    f"""
    CREATE TRIGGER access_log_keeps BEFORE UPDATE ON registrations_accessentry WHEN {_GUARDED}
    BEGIN SELECT RAISE(ABORT, 'The access log is only added to.'); END
    """,
    f"""
    CREATE TRIGGER access_log_only_grows BEFORE DELETE ON registrations_accessentry WHEN {_GUARDED}
        AND NOT EXISTS (SELECT 1 FROM registrations_accesscheckpoint WHERE up_to >= OLD.number)
    BEGIN SELECT RAISE(ABORT, 'The access log is only added to.'); END
    """,
)
POSTGRESQL_BACK = (
    "DROP TRIGGER access_log_only_grows ON registrations_accessentry",
    "DROP FUNCTION refuse_to_change_access_log()",
    "DROP FUNCTION cut_access_log(bigint)",
)
SQLITE_BACK = ("DROP TRIGGER access_log_keeps", "DROP TRIGGER access_log_only_grows")


def guard(apps, schema_editor):
    run(schema_editor, POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE)


def let_go(apps, schema_editor):
    run(schema_editor, POSTGRESQL_BACK if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK)


def run(schema_editor, statements):
    for statement in statements:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("registrations", "0018_no_plain_identity"),
    ]

    operations = [
        migrations.AlterField(
            model_name="accessentry",
            name="user",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunPython(guard, let_go, elidable=False),
    ]
