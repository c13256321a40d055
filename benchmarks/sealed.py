"""Lists of ten thousand people whose rows are sealed, against the same rows read as if nothing were."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from django.test import Client

from accounts.enums import Role
from benchmarks.measures import Measured, medians
from events.models import Call
from registrations import exports, reports
from registrations.models import Registration
from registrations.models.sealed import SealedRow
from tests.factories import UserFactory

_Parts = dict[tuple[type[SealedRow], Any], dict[str, Any]]


def lists(call: Call, *, seconds: float) -> list[Measured]:
    """One line for each list: the board, the export and a search, which opens the names of the whole call."""
    organiser = UserFactory(role=Role.ORGANISER)
    call.organisers.add(organiser)
    client = Client(SERVER_NAME="localhost")
    client.force_login(organiser, backend="django.contrib.auth.backends.ModelBackend")
    board = f"/admin/registrations/registration/calls/{call.pk}/board/?columns=motivation"
    people = Registration.objects.filter(call=call)
    acts: dict[str, Callable[[], object]] = {
        "GET the selection board": lambda: client.get(board),
        "export all as CSV": lambda: sum(map(len, exports.csv_lines(exports.Table(call, people)))),
        "find a person by name": lambda: reports.people_found(people, "nobody has this name", at_most=50),
    }
    number, found = people.count(), []
    for what, act in acts.items():
        known = _opened_by(act)
        spent = medians({"sealed": act, "plain": lambda act=act, known=known: _plain(act, known)}, seconds=seconds / 3)
        note = f"{len(known):,} rows opened"
        found.append(Measured(f"{what}, {number:,} sealed", spent["sealed"], spent["plain"], note))
    return found


def _opened_by(act: Callable[[], object]) -> _Parts:
    """What the act reads of sealed rows."""
    known: _Parts = {}
    opened = SealedRow._opened

    def note(row: SealedRow, sealed: bytes) -> dict[str, Any]:
        known[type(row), row.pk] = parts = opened(row, sealed)
        return parts

    with patch.object(SealedRow, "_opened", note):
        act()
    return known


def _plain(act: Callable[[], object], known: _Parts) -> object:
    with patch.object(SealedRow, "_opened", lambda row, sealed: known[type(row), row.pk]):
        return act()
