"""The access log: its chain, what breaks it, what may be cut, and that nobody changes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.enums import Role
from registrations import access_reports
from registrations.enums import LookKind
from registrations.looks import Look
from registrations.models import AccessCheckpoint, AccessEntry
from registrations.services import looking
from tests import databases
from tests.factories import NOW, RegistrationFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

#: Long enough for the database's own clock, which nothing here moves.
LONG_AGO = NOW - timedelta(days=1200)


def entered(number: int = 1, **values) -> list[AccessEntry]:
    """So many looks of one organiser, a minute apart."""
    user, start = values.pop("user", None) or UserFactory(role=Role.ORGANISER), values.pop("start", NOW)
    given = {"kind": LookKind.DETAIL, "page": "a-page", "call_id": None, "references": ["P-2AAAA"], **values}
    return [looking.enter(user=user, now=start + timedelta(minutes=turn), **given) for turn in range(number)]


@contextmanager
def unguarded() -> Iterator[None]:
    """Behind the guard's back, as only a superuser of the server can."""
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            # The end of the test brings them back.
            cursor.execute("DROP TRIGGER access_log_keeps")
            cursor.execute("DROP TRIGGER access_log_only_grows")
            yield
            return
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("SET session_replication_role = origin")


def in_a_file() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT file FROM pragma_database_list WHERE name = 'main'")
        return bool(cursor.fetchone()[0])


@contextmanager
def kept(folder: Path, name: str) -> Iterator[None]:
    """On SQLite a database in a file: one in memory keeps nothing, so it guards nothing."""
    if connection.vendor == "postgresql" or in_a_file():
        yield
        return
    with databases.fresh(folder, name, is_migrated=True) as database, databases.used(database):
        yield


def test_each_look_takes_the_next_number_and_is_bound_to_the_one_before():
    one, two, three = entered(3)
    assert [one.number, two.number, three.number] == [1, 2, 3]
    assert len({one.digest, two.digest, three.digest}) == 3
    assert looking.verify() == looking.Chain(entries=3, broken_at=None)


def test_a_look_names_nobody_and_no_reference():
    (entry,) = entered()
    assert entry.subjects == [access_reports.subject_of("P-2AAAA")]
    assert "P-2AAAA" not in str(vars(entry))


def test_the_command_line_has_no_account():
    entry = looking.enter(
        user=None, kind=LookKind.EXPORT, page="export_person", call_id=None, references=[], purpose="why", now=NOW
    )
    assert (entry.user, entry.purpose) == (None, "why")
    assert looking.verify().broken_at is None


@pytest.mark.parametrize(
    "change",
    [{"page": "another"}, {"subjects": []}, {"purpose": "x"}, {"kind": "list"}, {"at": NOW}, {"user": None}],
    ids=str,
)
def test_a_changed_row_breaks_the_chain_there(change):
    entered(4)
    with unguarded():
        AccessEntry.objects.filter(number=3).update(**change)
    assert looking.verify() == looking.Chain(entries=2, broken_at=3)


def test_a_row_that_is_missing_in_between_breaks_the_chain():
    entered(4)
    with unguarded():
        AccessEntry.objects.filter(number=2).delete()
    assert looking.verify().broken_at == 2


def test_the_oldest_are_cut_and_the_chain_goes_on_from_there():
    entered(5, start=LONG_AGO)

    assert looking.cut(before=LONG_AGO + timedelta(minutes=3), now=NOW) == 3
    assert looking.cut(before=LONG_AGO + timedelta(minutes=3), now=NOW) == 0

    assert list(AccessEntry.objects.order_by("number").values_list("number", flat=True)) == [4, 5]
    assert AccessCheckpoint.objects.get().entries == 3
    assert looking.verify() == looking.Chain(entries=2, broken_at=None)


def test_after_all_was_cut_the_next_look_goes_on_counting():
    entered(2, start=LONG_AGO)
    looking.cut(before=LONG_AGO + timedelta(days=1), now=NOW)
    (entry,) = entered()
    assert entry.number == 3
    assert looking.verify() == looking.Chain(entries=1, broken_at=None)


def test_a_younger_look_among_the_old_ones_keeps_what_came_after_it():
    looking_at = {"kind": LookKind.LIST, "page": "p", "call_id": None, "references": []}
    user = UserFactory()
    for minutes in (0, 10, 1):
        looking.enter(user=user, now=LONG_AGO + timedelta(minutes=minutes), **looking_at)
    assert looking.cut(before=LONG_AGO + timedelta(minutes=5), now=NOW) == 1
    assert looking.verify() == looking.Chain(entries=2, broken_at=None)


def test_what_is_young_by_the_databases_own_clock_stays_even_behind_a_checkpoint(tmp_path):
    with kept(tmp_path, "kept_young"):
        entered(2)
        AccessCheckpoint.objects.create(up_to=2, digest="x", entries=2, cut_at=NOW)
        with pytest.raises(DatabaseError, match="only added to"), transaction.atomic():
            AccessEntry.objects.all().delete()
        AccessCheckpoint.objects.all().delete()
        assert looking.verify() == looking.Chain(entries=2, broken_at=None)


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_no_row_is_changed_or_deleted(verb, tmp_path):
    with kept(tmp_path, f"kept_{verb}"):
        entered(2)
        rows = AccessEntry.objects.filter(number=1)
        with pytest.raises(DatabaseError, match="only added to"), transaction.atomic():
            rows.update(page="x") if verb == "update" else rows.delete()
        assert looking.verify() == looking.Chain(entries=2, broken_at=None)


def test_references_are_told_apart_and_looked_up_where_no_row_was_read():
    registration = RegistrationFactory()
    look = Look(opened={registration.pk})
    looking.enter_look(look=look, user=UserFactory(), page="p", call_id=None, usual=LookKind.DETAIL, now=NOW)
    entry = AccessEntry.objects.get()
    assert entry.subjects == [access_reports.subject_of(registration.reference)]
    assert entry.call_id == registration.call_id


def test_a_look_at_people_of_several_calls_is_found_for_each_whatever_the_page_was_about():
    one, other = RegistrationFactory(), RegistrationFactory()
    seen = Look(opened={one.pk, other.pk})
    looking.enter_look(look=seen, user=UserFactory(), page="p", call_id=one.call_id, usual=LookKind.LIST, now=NOW)
    entry = AccessEntry.objects.get()
    assert [list(access_reports.entries_about([person])) for person in (one, other)] == [[entry], [entry]]


def test_a_number_that_somebody_else_took_at_the_same_moment_is_not_taken_twice():
    entered(1)
    with pytest.raises(DatabaseError), transaction.atomic():
        AccessEntry(number=1, at=NOW, user=None, kind="list", page="p", digest="x").save(force_insert=True)
