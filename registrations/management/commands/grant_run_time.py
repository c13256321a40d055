from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, transaction
from psycopg2.extensions import encrypt_password

from ranportal.shared import free_space

#: Rows of these are only added by the role that runs the portal.
_ONLY_ADDED = ("registrations_accessentry", "registrations_accesscheckpoint")
_STATEMENTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    # UPDATE: after a restore by other means the portal lets no number be given twice.
    "GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {role}",
    # cut_access_log writes it, which decides by the age of a look.
    "REVOKE INSERT ON registrations_accesscheckpoint FROM {role}",
    *(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {{role}}" for table in _ONLY_ADDED),
    "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}",
    "GRANT EXECUTE ON FUNCTION cut_access_log(timestamptz) TO {role}",
)
#: The nightly purge vacuums what it emptied.
_MAINTAIN = "GRANT MAINTAIN ON ALL TABLES IN SCHEMA public TO {role}"


class Command(BaseCommand):
    help = (
        "PostgreSQL: grant the role under which web servers, workers and beat run what they need, and take from it "
        "the right to change or delete in the access log. Run it after each migrate, as the role that owns the tables."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role", metavar="ROLE")
        parser.add_argument(
            "--password-file",
            metavar="FILE",
            type=Path,
            help="make the role with this password when there is none; needs a role that may make roles",
        )

    def handle(self, *args: Any, role: str, password_file: Path | None = None, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("Only PostgreSQL has roles; SQLite guards the access log by itself.")
        # Only PostgreSQL's connection has a pg_version, which the type of all connections does not tell.
        maintain = (_MAINTAIN,) if connection.pg_version >= free_space.HAS_MAINTAIN else ()  # type: ignore[attr-defined]
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                if password_file is not None:
                    self._make(cursor, role, password_file)
                self._refuse_owners(cursor, role)
                for statement in (*_STATEMENTS, *maintain):
                    cursor.execute(statement.format(role=connection.ops.quote_name(role)))
        except DatabaseError as error:
            raise CommandError(f"{role}: {str(error).strip()}") from error
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        self.stdout.write(f"{role} may run the portal, and neither change nor delete a look in the access log.")
        if not maintain:
            self.stdout.write("It may not vacuum: before PostgreSQL 17 that is its owner's to do, see RUNBOOK.md.")

    def _make(self, cursor: Any, role: str, password_file: Path) -> None:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is not None:
            return
        password = password_file.read_text("utf-8").strip()
        # The server gets what it would make of it: the password itself could stand in its log.
        sealed = encrypt_password(password, role, connection.connection, "scram-sha-256")
        cursor.execute(f"CREATE ROLE {connection.ops.quote_name(role)} LOGIN PASSWORD %s", [sealed])
        cursor.execute("SELECT quote_ident(current_database())")
        (database,) = cursor.fetchone()
        cursor.execute(f"GRANT CONNECT ON DATABASE {database} TO {connection.ops.quote_name(role)}")

    def _refuse_owners(self, cursor: Any, role: str) -> None:
        """Who owns the tables, or is a superuser, grants itself what was taken away."""
        cursor.execute(
            "SELECT r.rolsuper OR pg_has_role(r.oid, t.relowner, 'MEMBER') FROM pg_roles r, pg_class t "
            "WHERE r.rolname = %s AND t.oid = 'registrations_accessentry'::regclass",
            [role],
        )
        found = cursor.fetchone()
        if found is None:
            raise CommandError(f"There is no role “{role}”: create it first (CREATE ROLE … LOGIN).")
        if found[0]:
            raise CommandError(f"“{role}” owns the tables or is a superuser: name another role to run the portal.")
