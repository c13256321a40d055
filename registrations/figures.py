"""Figures for whoever watches the installation: how mail, calls and beat stand at this moment. Counts, never people."""

import math
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Q, Sum
from prometheus_client.core import GaugeMetricFamily, Metric

from events.models import Call
from registrations import watch
from registrations.models import OutgoingMail, Reconciliation, Registration

_SOON = timedelta(hours=24)


def figures(now: datetime) -> Iterator[Metric]:
    """Yield every figure, from few statements whatever the number of rows (tests count them)."""
    yield from _watched(now)
    yield from _queue(now)
    yield _mails()
    yield from _calls(now)
    yield from _deadlines(now)
    yield from _reconciled(now)


def _watched(now: datetime) -> Iterator[Metric]:
    seen = watch.look(now=now)
    age = math.inf if seen.beat_at is None else (now - seen.beat_at).total_seconds()
    yield _gauge("beat_pulse_age_seconds", "Seconds since beat was heard.", age)
    yield _gauge("mail_paused", "1: a person has paused all outgoing mail.", seen.paused_at is not None)
    yield _gauge(
        "mail_relay_closed", "1: the relay refused us and is left alone for a while.", seen.is_gate_closed(now)
    )


def _queue(now: datetime) -> Iterator[Metric]:
    rows = watch.due_mails(now).order_by().values_list("priority").annotate(Count("pk"), Min("since"))
    waiting = {priority: (number, now - oldest) for priority, number, oldest in rows}
    none = (0, timedelta(0))
    lanes = [(lane.name.lower(), *waiting.get(lane.value, none)) for lane in OutgoingMail.Priority]
    yield _family("mails_due", "Mails that should have left by now.", ["priority"], ((lane, n) for lane, n, _ in lanes))
    yield _family(
        "oldest_due_mail_age_seconds",
        "How long the oldest of them has waited.",
        ["priority"],
        ((lane, age.total_seconds()) for lane, _, age in lanes),
    )


def _mails() -> Metric:
    lanes = {lane.value: lane.name.lower() for lane in OutgoingMail.Priority}
    rows = OutgoingMail.objects.order_by().values_list("state", "kind", "priority").annotate(Count("pk"))
    counted = ((state, kind, lanes[priority], number) for state, kind, priority, number in rows)
    return _family("mails", "Rows of the outbox.", ["state", "kind", "priority"], counted)


def _calls(now: datetime) -> Iterator[Metric]:
    open_calls = Call.objects.filter(opens_at__lte=now, closes_at__gt=now, event__cancelled_at=None)
    calls = list(open_calls.order_by("pk").values_list("event__slug", "places_taken", "places_limit"))
    rows = Registration.objects.filter(call__in=open_calls.values("pk")).order_by()
    states = rows.values_list("call__event__slug", "state").annotate(Count("pk"))
    yield _family("registrations", "Registrations of open calls.", ["event", "state"], states)
    yield _family("places_taken", "Places taken in open calls.", ["event"], ((slug, taken) for slug, taken, _ in calls))
    limits = ((slug, limit) for slug, _, limit in calls if limit is not None)
    yield _family("places_limit", "Places of open calls that have a limit.", ["event"], limits)


def _deadlines(now: datetime) -> Iterator[Metric]:
    ahead = Call.objects.filter(closes_at__gt=now, event__cancelled_at=None).aggregate(
        next=Min("closes_at"), soon=Count("pk", filter=Q(closes_at__lte=now + _SOON))
    )
    overdue = Call.objects.filter(closes_at__lte=now, deadline_handled_at=None).aggregate(oldest=Min("closes_at"))
    seconds = math.inf if ahead["next"] is None else (ahead["next"] - now).total_seconds()
    late = 0.0 if overdue["oldest"] is None else (now - overdue["oldest"]).total_seconds()
    yield _gauge("next_deadline_seconds", "Seconds until the next deadline of a call.", seconds)
    yield _gauge("deadlines_within_day", "Deadlines in the next 24 hours.", ahead["soon"])
    yield _gauge("deadline_overdue_seconds", "How long a passed deadline waits for its work.", late)


def _reconciled(now: datetime) -> Iterator[Metric]:
    last = Reconciliation.objects.aggregate(day=Max("day"), at=Max("checked_at"))
    age = math.inf if last["at"] is None else (now - last["at"]).total_seconds()
    names = ("waiting", "stopped", "missing", "doubled")
    sums = Reconciliation.objects.filter(day=last["day"]).aggregate(**{name: Sum(name, default=0) for name in names})
    yield _gauge("daily_check_age_seconds", "Seconds since it was checked whether everyone was told.", age)
    yield _family("daily_check", "What the last daily check found.", ["finding"], sums.items())


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"ranportal_{name}", words, value=float(value))


def _family(name: str, words: str, labels: list[str], rows: Iterable[tuple[object, ...]]) -> Metric:
    """One figure for each row: its labels, then its value."""
    family = GaugeMetricFamily(f"ranportal_{name}", words, labels=labels)
    for *values, number in rows:
        family.add_metric([str(value) for value in values], float(str(number)))
    return family
