"""Counts of a call's people, for pictures, the workbook and the public: never who they are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Any

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate

from events.models import Call
from registrations import queries
from registrations.countries import country_name
from registrations.enums import Profession, State
from registrations.models import CallNumbers, Registration, Transition
from registrations.states import HOLDS_PLACE
from registrations.suppression import LEAST, Table, is_part_shown, published

#: Bars of a picture; the rest is one bar.
SHOWN = 15
_PROFESSIONS = dict(Profession.choices)
#: By column, the words for a value, and for those of small groups together.
_TABLES: Mapping[str, tuple[Callable[[str], str], str]] = {
    "country": (country_name, "Other countries"),
    "profession": (lambda code: str(_PROFESSIONS.get(code, code)), "Others"),
}


@dataclass(frozen=True)
class Day:
    """Applications of one day by the event's clock, and all until then."""

    day: date
    number: int
    total: int


@dataclass(frozen=True)
class Tally:
    """The numbers of one call; all but the first of the funnel count proven addresses only.

    `days` has no gaps, from the opening (or the first application) to the last application. `deadline` is the last day.
    Countries and professions come in words, the most frequent first. The funnel counts people who ever got so far.
    """

    days: Sequence[Day]
    deadline: date
    countries: Sequence[tuple[str, int]]
    professions: Sequence[tuple[str, int]]
    funnel: Sequence[tuple[str, int]]


def of_call(call: Call) -> Tally:
    """Count once, in four queries."""
    proven = Registration.objects.filter(call=call, proven_at__isnull=False)
    professions = dict(Profession.choices)
    return Tally(
        days=_days(call, proven),
        deadline=call.closes_on or call.closes_at.astimezone(call.event.zone).date(),
        countries=[(country_name(code), number) for code, number in _by(proven, "country")],
        professions=[(str(professions.get(code, code)), number) for code, number in _by(proven, "profession")],
        funnel=_funnel(call),
    )


def shortened(rows: Sequence[tuple[str, int]], *, others: str) -> list[tuple[str, int]]:
    """The first rows, and the sum of the rest under this name."""
    if len(rows) <= SHOWN:
        return list(rows)
    return [*rows[: SHOWN - 1], (others, sum(number for _, number in rows[SHOWN - 1 :]))]


def got_place() -> Q:
    """On registrations: those who were ever given a place, or asked to confirm one."""
    given = Transition.objects.filter(registration=OuterRef("pk"), target__in=(State.SELECTED, State.CONFIRMED))
    return Q(state__in=sorted(HOLDS_PLACE)) | Q(Exists(given))


def has_got_place() -> ExpressionWrapper:
    """The same as a column: true or false."""
    return ExpressionWrapper(got_place(), output_field=BooleanField())


def numbers_of(call: Call) -> dict[str, Any]:
    """What may be kept of a call for ever: plain JSON, in which no number is below five; None is a smaller one."""
    proven = Registration.objects.filter(call=call, proven_at__isnull=False).order_by()
    tables = {name: _table(proven, name) for name in _TABLES}
    whole = tables["country"]
    return {
        "is_released": queries.is_released(call),
        "applied": whole.applied,
        "selected": whole.selected,
        "attended": _attended(proven),
        **{name: [[row.label, row.applied, row.selected] for row in table.rows] for name, table in tables.items()},
    }


def kept_of(call: Call) -> Mapping[str, Any] | None:
    """What is kept of a call whose people are gone, as `numbers_of` made it; None while anybody is there."""
    return CallNumbers.objects.filter(call=call).values_list("counts", flat=True).first()


def _attended(proven: QuerySet[Registration]) -> int | None:
    took_part = Count("pk", filter=Q(state=State.ATTENDED))
    numbers = proven.aggregate(applied=Count("pk"), selected=Count("pk", filter=got_place()), attended=took_part)
    attended: int = numbers.pop("attended")
    return attended if is_part_shown(attended, **numbers) else None


def _days(call: Call, proven: QuerySet[Registration]) -> list[Day]:
    zone = call.event.zone
    counted = proven.order_by().annotate(day=TruncDate("sent_at", tzinfo=zone)).values_list("day")
    numbers = dict(counted.annotate(number=Count("pk")))
    if not numbers:
        return []
    first, last = min([*numbers, call.opens_at.astimezone(zone).date()]), max(numbers)
    days = [first + timedelta(days=after) for after in range((last - first).days + 1)]
    totals = accumulate(numbers.get(day, 0) for day in days)
    return [Day(day, numbers.get(day, 0), total) for day, total in zip(days, totals, strict=True)]


def _by(proven: QuerySet[Registration], field: str) -> list[tuple[str, int]]:
    rows = proven.order_by().values_list(field).annotate(number=Count("pk")).order_by("-number", field)
    return list(rows)


def _funnel(call: Call) -> list[tuple[str, int]]:
    said_yes = Transition.objects.filter(registration=OuterRef("pk"), target=State.CONFIRMED)
    was_sure = Q(state__in=(State.CONFIRMED, State.ATTENDED, State.ABSENT)) | Q(Exists(said_yes))
    numbers = Registration.objects.filter(call=call).aggregate(
        sent=Count("pk"),
        proven=Count("pk", filter=Q(proven_at__isnull=False)),
        place=Count("pk", filter=got_place()),
        confirmed=Count("pk", filter=was_sure),
        attended=Count("pk", filter=Q(state=State.ATTENDED)),
    )
    words = ("Form sent", "Address confirmed", "Got a place", "Place confirmed", "Took part")
    return list(zip(words, numbers.values(), strict=True))


@dataclass(frozen=True)
class Summary:
    """What everybody may know of a call after its release: how many applied (in words), the places, what counted."""

    applied: str
    places: str
    criteria: Sequence[str]


def summary_of(call: Call) -> Summary | None:
    """The public summary of a selective call, in at most three queries; None before its release."""
    if not call.is_selective:
        return None
    if queries.is_released(call):
        number = Registration.objects.filter(call=call, proven_at__isnull=False).count()
    else:
        # Of a call whose people are gone only numbers tell that it was released.
        kept = CallNumbers.objects.filter(call=call, counts__is_released=True).first()
        if kept is None:
            return None
        number = kept.counts["applied"] or 0
    return Summary(
        applied="fewer than five" if number < LEAST else str(number),
        places=_places(call.capacity),
        criteria=list(call.criteria.values_list("label", flat=True)),
    )


def _places(capacity: int | None) -> str:
    if capacity is None:
        return "places without limit"
    return "a few places" if capacity < LEAST else f"{capacity} places"


@dataclass(frozen=True)
class Year:
    """A year's calls in numbers that may be published; `calls` counts them by the year of their deadlines."""

    calls: int
    countries: Table
    professions: Table


def of_year(year: int, *, now: datetime) -> Year:
    """Count over all calls whose deadline was in this year, by the portal's clock, and has passed. In four queries.

    Calls whose people are gone count with the numbers that were kept of them.
    """
    calls = Call.objects.filter(closes_at__year=year, closes_at__lte=now)
    proven = Registration.objects.filter(call__in=calls.order_by().values("pk"), proven_at__isnull=False).order_by()
    proven = proven.filter(call__numbers=None)
    kept = list(CallNumbers.objects.filter(call__in=calls.order_by().values("pk")).values_list("counts", flat=True))
    return Year(
        calls=calls.count(),
        countries=_table(proven, "country", kept),
        professions=_table(proven, "profession", kept),
    )


def _table(proven: QuerySet[Registration], field: str, kept: Sequence[Mapping[str, Any]] = ()) -> Table:
    words, others = _TABLES[field]
    numbers = {"applied": Count("pk"), "selected": Count("pk", filter=got_place())}
    rows = [(words(code), *numbers) for code, *numbers in proven.values_list(field).annotate(**numbers)]
    groups: dict[str, tuple[int, int]] = {}
    unknown = set()
    for label, applied, selected in [*rows, *(row for counts in kept for row in counts[field])]:
        before = groups.get(label, (0, 0))
        groups[label] = (before[0] + applied, before[1] + (selected or 0))
        if selected is None:
            unknown.add(label)
    return published(groups, others=others, unknown=unknown)
