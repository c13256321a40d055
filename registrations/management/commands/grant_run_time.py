from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, transaction

#: Rows of these are only added by the role that runs the portal.
_ONLY_ADDED = ("registrations_accessentry", "registrations_accesscheckpoint")
_STATEMENTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    # cut_access_log writes it, which decides by the age of a look.
    "REVOKE INSERT ON registrations_accesscheckpoint FROM {role}",
    *(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {{role}}" for table in _ONLY_ADDED),
    "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}",
    "GRANT EXECUTE ON FUNCTION cut_access_log(timestamptz) TO {role}",
)


class Command(BaseCommand):
    help = (
        "PostgreSQL: grant the role under which web servers, workers and beat run what they need, and take from it "
        "the right to change or delete in the access log. Run it after each migrate, as the role that owns the tables."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role", metavar="ROLE")

    def handle(self, *args: Any, role: str, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("Only PostgreSQL has roles; SQLite guards the access log by itself.")
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                self._refuse_owners(cursor, role)
                for statement in _STATEMENTS:
                    cursor.execute(statement.format(role=connection.ops.quote_name(role)))
        except DatabaseError as error:
            raise CommandError(f"{role}: {str(error).strip()}") from error
        self.stdout.write(f"{role} may run the portal, and neither change nor delete a look in the access log.")

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
