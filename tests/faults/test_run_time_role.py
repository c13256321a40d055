"""PostgreSQL: the portal runs under a role that can neither change nor delete a look, and does its work."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from django.test import Client

from accounts.enums import Role
from accounts.models import Draft
from ranportal.shared import free_space
from registrations.enums import LookKind, State
from registrations.models import AccessCheckpoint, AccessEntry, CallKey, Identity, Registration
from registrations.models.call_key import make_key
from registrations.services import call_keys, looking, places, purging
from tests import databases
from tests.factories import NOW, CallFactory, RegistrationFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

ROLE = "portal_at_run_time"
LONG_AGO = NOW - timedelta(days=1200)


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


def looked(number: int, *, now: datetime = NOW) -> None:
    for _ in range(number):
        looking.enter(user=None, kind=LookKind.LIST, page="p", call_id=None, references=[], now=now)


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
        lambda: AccessCheckpoint.objects.create(up_to=2, digest="x", entries=2, cut_at=NOW),
    )
    for attempt in attempts:
        with pytest.raises(ProgrammingError), transaction.atomic():
            attempt()
    assert looking.verify() == looking.Chain(entries=2, broken_at=None)


def test_the_role_lets_go_of_old_looks_and_of_no_younger_one(server):
    call_command("grant_run_time", ROLE, verbosity=0)
    run_as_the_role()
    looked(2, now=LONG_AGO)
    looked(3)
    # What somebody put there with false times opens nothing.
    looked(1, now=NOW.replace(year=2090))
    looked(1, now=LONG_AGO)
    assert looking.cut(before=NOW.replace(year=2091), now=NOW.replace(year=2091)) == 2
    assert looking.cut(before=NOW.replace(year=2091), now=NOW.replace(year=2091)) == 0
    assert looking.verify() == looking.Chain(entries=5, broken_at=None)
    assert AccessCheckpoint.objects.get().up_to == 2


def test_temporary_tables_of_the_role_fool_nobody(server):
    call_command("grant_run_time", ROLE, verbosity=0)
    run_as_the_role()
    looked(2, now=LONG_AGO)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE registrations_accessentry (LIKE public.registrations_accessentry)")
        cursor.execute("CREATE TEMP TABLE registrations_accesscheckpoint (up_to bigint)")
        cursor.execute("SELECT cut_access_log(now()), (SELECT count(*) FROM public.registrations_accessentry)")
        assert cursor.fetchone()[0] == 2
        cursor.execute("SELECT count(*) FROM public.registrations_accesscheckpoint")
        assert cursor.fetchone()[0] == 1


def test_the_triggers_let_nobody_cut_what_is_young_even_with_a_checkpoint(server):
    looked(2)
    AccessCheckpoint.objects.create(up_to=2, digest="x", entries=2, cut_at=NOW)
    with pytest.raises(ProgrammingError, match="only added to"), transaction.atomic():
        AccessEntry.objects.all().delete()


def test_the_role_is_made_with_its_password_where_there_is_none(server, tmp_path):
    with connection.cursor() as cursor:
        cursor.execute(f"DROP ROLE {ROLE}")
    (tmp_path / "password").write_text("a-password-of-the-role\n")
    for _ in range(2):
        call_command("grant_run_time", ROLE, password_file=tmp_path / "password", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolcanlogin, rolsuper, rolpassword FROM pg_authid WHERE rolname = %s", [ROLE])
        can_log_in, is_superuser, password = cursor.fetchone()
    assert (can_log_in, is_superuser) == (True, False)
    assert password.startswith("SCRAM-SHA-256$")


def test_the_server_is_never_sent_the_password_itself(server, tmp_path):
    """It could stand in the server's log, where an error quotes the statement."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP ROLE {ROLE}")
    (tmp_path / "password").write_text("a-password-of-the-role\n")
    sent = []

    def note(execute, sql, params, many, context):
        sent.append(f"{sql} {params}")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        call_command("grant_run_time", ROLE, password_file=tmp_path / "password", verbosity=0)

    assert [said for said in sent if "CREATE ROLE" in said]
    assert [said for said in sent if "a-password-of-the-role" in said] == []


def destroyed_key() -> None:
    call = CallFactory()
    CallKey.objects.filter(call=call).delete()
    make_key(call)
    assert call_keys.destroy(call=call, now=NOW)


def file_of_keys() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_filenode('registrations_callkey')")
        return cursor.fetchone()[0]


def test_a_purge_under_the_role_writes_the_table_of_keys_anew(server):
    call_command("grant_run_time", ROLE, verbosity=0)
    destroyed_key()
    Draft.objects.create(user=UserFactory(), path="/", sealed=b"x", saved_at=NOW - timedelta(days=9))
    former = file_of_keys()
    run_as_the_role()
    purging.purge_expired(now=NOW)
    assert file_of_keys() != former


def test_what_the_role_may_not_vacuum_is_said(server, caplog):
    call_command("grant_run_time", ROLE, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(f"REVOKE MAINTAIN ON registrations_callkey, registrations_identity FROM {ROLE}")
    run_as_the_role()
    left = free_space.overwrite((Identity, Registration), written_anew=(CallKey,))
    assert left == ["registrations_identity", "registrations_callkey"]
    assert "registrations_callkey" in caplog.text


def test_a_table_that_somebody_works_with_is_left_for_the_next_night(server, monkeypatch, caplog):
    monkeypatch.setattr(free_space, "_PATIENCE", "50ms")
    settings = connection.settings_dict
    with closing(psycopg2.connect(host=settings["HOST"], user=settings["USER"], dbname=settings["NAME"])) as other:
        other.cursor().execute("LOCK TABLE registrations_callkey IN ACCESS SHARE MODE")
        assert free_space.overwrite((), written_anew=(CallKey,)) == ["registrations_callkey"]
    assert free_space.overwrite((), written_anew=(CallKey,)) == []


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
