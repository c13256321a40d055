"""PostgreSQL: the portal runs under a role that can neither change nor delete a look, and does its work."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from django.test import Client

from accounts.enums import Role
from registrations.enums import LookKind, State
from registrations.models import AccessCheckpoint, AccessEntry
from registrations.services import looking, places
from tests import databases
from tests.factories import NOW, CallFactory, RegistrationFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

ROLE = "portal_at_run_time"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[None]:
    """A database of its own, migrated by its owner, and a role beside it."""
    with databases.fresh(tmp_path, "run_time", is_migrated=True) as database, databases.used(database):
        with connection.cursor() as cursor:
            cursor.execute(f"DROP ROLE IF EXISTS {ROLE}")
            cursor.execute(f"CREATE ROLE {ROLE} LOGIN")
        yield
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
            cursor.execute(f"DROP OWNED BY {ROLE}")
            cursor.execute(f"DROP ROLE {ROLE}")


def run_as_the_role() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {ROLE}")


def looked(number: int) -> None:
    for _ in range(number):
        looking.enter(user=None, kind=LookKind.LIST, page="p", call_id=None, references=[], now=NOW)


def test_the_role_adds_looks_and_can_neither_change_nor_delete_nor_empty(server):
    call_command("grant_run_time", ROLE, verbosity=0)
    run_as_the_role()
    looked(2)
    attempts = (
        lambda: AccessEntry.objects.filter(number=1).update(page="x"),
        lambda: AccessEntry.objects.filter(number=1).delete(),
        lambda: connection.cursor().execute("TRUNCATE registrations_accessentry"),
        lambda: connection.cursor().execute("DROP TRIGGER access_log_only_grows ON registrations_accessentry"),
        lambda: connection.cursor().execute("SET session_replication_role = replica"),
        lambda: AccessCheckpoint.objects.update(up_to=9),
    )
    for attempt in attempts:
        with pytest.raises(ProgrammingError), transaction.atomic():
            attempt()
    assert looking.verify() == looking.Chain(entries=2, broken_at=None)


def test_the_role_lets_go_of_old_looks_through_the_checkpoint_alone(server):
    call_command("grant_run_time", ROLE, verbosity=0)
    run_as_the_role()
    looked(3)
    with connection.cursor() as cursor:
        cursor.execute("SELECT cut_access_log(2)")
    assert AccessEntry.objects.count() == 3
    assert looking.cut(before=NOW.replace(year=2030), now=NOW) == 3
    assert not AccessEntry.objects.exists()


def test_the_portal_does_its_work_under_the_role(server):
    user = UserFactory(role=Role.ORGANISER)
    registration = RegistrationFactory(call=CallFactory(organisers=[user]), submitted=True)
    call_command("grant_run_time", ROLE, verbosity=0)
    run_as_the_role()
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/admin/registrations/registration/{registration.pk}/change/").status_code == 200
    places.withdraw(registration=registration, now=NOW)
    registration.refresh_from_db()
    assert registration.state == State.WITHDRAWN
    assert AccessEntry.objects.get().user == user


def test_without_the_grants_taken_away_the_trigger_still_refuses(server):
    """The control: whoever may delete is stopped by the trigger, and only the owner can take that away."""
    looked(1)
    with pytest.raises(ProgrammingError, match="only added to"), transaction.atomic():
        AccessEntry.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE registrations_accessentry DISABLE TRIGGER access_log_only_grows")
    assert AccessEntry.objects.all().delete()[0] == 1


@pytest.mark.parametrize(("name", "words"), [("nobody_is_called_so", "There is no role"), ("postgres", "superuser")])
def test_a_role_that_could_take_it_all_back_is_refused(server, name, words):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        owner = cursor.fetchone()[0]
    with pytest.raises(CommandError, match=words):
        call_command("grant_run_time", owner if name == "postgres" else name)
