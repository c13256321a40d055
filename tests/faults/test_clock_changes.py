"""Law 1: beat itself goes through the nights in which the clocks change. No hole, and each deadline's work comes once.

Beat's own scheduler decides when, with the portal's own table; its clock is ours, and what it sends is done at once.
"""

import copy
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from celery import Celery
from celery.beat import PersistentScheduler
from celery.schedules import crontab

from events.models import Call
from events.times import ImpossibleTime, instant_of
from ranportal.celery import app as portal
from registrations import jobs
from registrations.enums import Act, MailKind
from registrations.models import OutgoingMail, Registration, Transition
from registrations.services import intake
from tests.factories import CallFactory, RegistrationFactory, person
from tests.faults import invariants, report

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

BRUSSELS = ZoneInfo("Europe/Brussels")
SCANS, SWEEPS = "registrations.jobs.run_scans", "registrations.jobs.sweep_outbox"
AT_MOST = timedelta(seconds=70)
MOMENT = timedelta(microseconds=1)


def brussels(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=BRUSSELS, fold=fold).astimezone(UTC)


#: Deadlines by the clocks of Brussels: in autumn 02:30 comes twice, in spring never.
AUTUMN = [
    brussels(2026, 10, 25, 1, 30),
    brussels(2026, 10, 25, 2, 30),
    brussels(2026, 10, 25, 2, 30, fold=1),
    brussels(2026, 10, 25, 3, 0),
]
SPRING = [brussels(2026, 3, 29, 1, 30), brussels(2026, 3, 29, 3, 0), brussels(2026, 3, 29, 3, 30)]


class Beat(PersistentScheduler):
    """Beat with its file on disk. `sent` keeps what it gave to the workers, and when; scans are done on the spot."""

    producer = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.sent: list[tuple[str, datetime]] = []
        super().__init__(*args, **kwargs)

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        self.sent.append((entry.task, datetime.now(UTC)))
        if entry.task != SWEEPS:
            getattr(jobs, entry.task.rpartition(".")[2])()

    def through(self, clock: time_machine.Traveller, until: datetime) -> None:
        """As beat's own loop, with the clock moved on where that sleeps."""
        while datetime.now(UTC) < until:
            # Beat rounds by milliseconds, and a clock that stood still would keep it asking for ever.
            clock.shift(max(0.001, self.tick()))

    def moments(self, task: str) -> list[datetime]:
        return [moment for name, moment in self.sent if name == task]


def night(deadlines: list[datetime]) -> tuple[datetime, datetime]:
    """From a little before the first deadline to after the last; from noon to noon in the long form."""
    margin = timedelta(hours=12) if report.is_full() else timedelta(minutes=15)
    return deadlines[0] - margin, deadlines[-1] + margin


def spent(app: Celery, deadlines: list[datetime], folder: Any) -> tuple[Beat, list[Call]]:
    """Beat after such a night, and its calls: one for each deadline, with people unproven and on the list."""
    start, end = night(deadlines)
    calls = [
        CallFactory(
            event__published_at=start - timedelta(days=9),
            capacity=1,
            opens_at=start - timedelta(days=5),
            closes_at=closes_at,
            list_closes_at=closes_at,
        )
        for closes_at in deadlines
    ]
    for call in calls:
        moments = {"sent_at": start - timedelta(hours=30), "state_changed_at": start - timedelta(hours=30)}
        for trait in ("confirmed", "unproven", "on_list"):
            RegistrationFactory(call=call, **{trait: True}, **moments)
    with time_machine.travel(start, tick=False) as clock:
        beat = Beat(app, schedule_filename=str(folder / "beat"))
        beat.through(clock, until=end)
        beat.close()
    for call in calls:
        call.refresh_from_db()
    return beat, calls


def widest(moments: list[datetime]) -> timedelta:
    return max(later - earlier for earlier, later in pairwise(moments))


def lateness(calls: list[Call]) -> timedelta:
    """How long after its deadline the work of the latest one was done; of calls and of lists."""
    closed = [(call.deadline_handled_at or datetime.max.replace(tzinfo=UTC)) - call.closes_at for call in calls]
    lists = Transition.objects.filter(act=Act.CLOSE_LIST).select_related("registration__call")
    return max([*closed, *(moved.at - moved.registration.call.closes_at for moved in lists)])


def works() -> Iterator[tuple[int, str]]:
    """What was said for each call: call and kind of mail, once for each mail."""
    yield from OutgoingMail.objects.order_by("call", "kind").values_list("call", "kind")


@pytest.mark.parametrize("deadlines", [AUTUMN, SPRING], ids=["25 October 2026", "29 March 2026"])
def test_no_hole_in_the_night_and_each_deadlines_work_is_done_once(deadlines, tmp_path, request):
    started = time.monotonic()
    beat, calls = spent(portal, deadlines, tmp_path)
    gaps = {task: widest(beat.moments(task)) for task in (SCANS, SWEEPS)}
    said = list(works())
    report.add(
        fault=f"the clock over {request.node.callspec.id} (beat's scheduler, a moved clock)",
        goal="every tick ≤ 70 s apart, each deadline's work once",
        reached=f"{len(beat.moments(SCANS))} ticks, at most {gaps[SCANS].seconds} s apart;"
        f" {len(deadlines)} deadlines, {len(said)} mails for {len(set(said))} causes,"
        f" at most {lateness(calls).total_seconds():.1f} s after; {time.monotonic() - started:.0f} s",
    )
    assert max(gaps.values()) <= AT_MOST
    assert lateness(calls) <= AT_MOST
    kinds = sorted([MailKind.CALL_CLOSED, MailKind.LIST_CLOSED, MailKind.PROVE_REMINDER])
    assert said == [(call.pk, kind) for call in calls for kind in kinds]
    # At 02:20 UTC, which the short form sees in neither night.
    assert len(beat.moments("registrations.jobs.purge")) == int(report.is_full())
    for call in calls:
        check_what_is_on_time(call)
    invariants.check(now=night(deadlines)[0])


@pytest.fixture
def sleepy() -> Iterator[Celery]:
    """The portal's table in another zone, its scans named by the clock (each minute) and not by a distance.

    It is the current application, since schedules that beat reads again from its file ask that.
    """
    app = Celery("sleepy", set_as_current=False)
    schedule = copy.deepcopy(portal.conf.beat_schedule)
    schedule["scan what is due"]["schedule"] = crontab()
    app.conf.update(timezone="Europe/Brussels", enable_utc=True, beat_schedule=schedule, result_expires=None)
    app.set_current()
    yield app
    portal.set_current()


def test_in_the_zone_of_brussels_beat_sleeps_for_an_hour(sleepy, tmp_path):
    """The control: the same night, another zone of the scheduler."""
    beat, calls = spent(sleepy, AUTUMN[1:], tmp_path)
    gap, late = widest(beat.moments(SCANS)), lateness(calls)
    report.add(
        fault="control: beat by the clocks of Europe/Brussels, 25 October 2026",
        goal="must show a hole",
        reached=f"a hole of {gap.total_seconds() / 60:.0f} minutes, a deadline's work {late.total_seconds() / 60:.0f}"
        " minutes late",
    )
    assert gap > timedelta(minutes=59)
    assert late > timedelta(minutes=25)


@pytest.mark.parametrize("local", [datetime(2026, 10, 25, 2, 30), datetime(2026, 3, 29, 2, 30)])  # noqa: DTZ001
def test_an_hour_that_comes_twice_or_never_is_no_deadline(local):
    with pytest.raises(ImpossibleTime):
        instant_of(local, BRUSSELS)


def check_what_is_on_time(call: Call) -> None:
    """A moment before is on time, the deadline itself is too late; whatever the clocks on the wall show."""
    now = call.closes_at + timedelta(hours=2)
    on_time = {"call": call, "answers": {}, "now": now}
    intake.submit(person=person(1), received_at=call.closes_at - MOMENT, **on_time)
    with pytest.raises(intake.CallNotOpen):
        intake.submit(person=person(2), received_at=call.closes_at, **on_time)
    assert Registration.objects.filter(call=call).count() == 4
