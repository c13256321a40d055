"""Who looked at whom, for data protection officers and each person; and what logistics may look at."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from django.db.models import Prefetch, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.timezone import localtime

from accounts.enums import Role
from accounts.models import User
from accounts.queries import staff_with
from events.models import Call
from ranportal.shared.crypto import keyed_digest
from registrations.enums import AskedOf, Extra, LookKind, MailKind, QuestionKind, State
from registrations.models import AccessEntry, Answer, Consent, OutgoingMail, Registration

#: Hexadecimal digits of a subject: 96 bits tell references apart for ever.
_SUBJECT = 24
#: By what the name of a page begins with, in which role one looks there; elsewhere as an organiser.
_ROLES = (
    ("admin:registrations_review_", Role.REVIEWER),
    ("admin:registrations_logistics", Role.LOGISTICS),
    ("admin:registrations_accessentry", Role.DATA_PROTECTION),
    ("admin:registrations_data_protection", Role.DATA_PROTECTION),
    ("admin:registrations_deletioncertificate", Role.DATA_PROTECTION),
)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
#: What is usual for an account is known from so many days back, once it looked at people on so many of them.
_USUAL_FROM, _DAYS_NEEDED = timedelta(days=30), 5
#: So long the officers' pages say that an account looked at many people.
ALARM_SHOWN = timedelta(days=7)


@dataclass(frozen=True)
class LookAt:
    """What a person is told of looks at them: on which day (local), in which role, how, and how often."""

    day: date
    role: str
    kind: str
    times: int


@dataclass(frozen=True)
class Volume:
    """How many different people one account looked at: most in one hour, and in the day before `now`."""

    user_id: int
    in_hour: int
    in_day: int


def subject_of(reference: str) -> str:
    """What the log writes instead of a reference: the same for the same, and of no use without our key."""
    return keyed_digest("look", reference)[:_SUBJECT]


def role_in(entry: AccessEntry) -> str:
    """In which role somebody looked, by the page; the command line is whoever runs the portal."""
    if entry.user_id is None:
        return "Whoever runs the portal"
    return next((role for start, role in _ROLES if entry.page.startswith(start)), Role.ORGANISER).label


def looks_at(registration: Registration) -> list[LookAt]:
    """Who of the staff looked at this person, the newest day first; nobody's name. In one statement."""
    counted: dict[tuple[date, str, str], int] = defaultdict(int)
    for entry in entries_about([registration]):
        counted[localtime(entry.at).date(), role_in(entry), LookKind(entry.kind).label] += 1
    return [
        LookAt(*key, times) for key, times in sorted(counted.items(), key=lambda one: (-one[0][0].toordinal(), *one))
    ]


def entries_about(registrations: Iterable[Registration]) -> QuerySet[AccessEntry]:
    """The looks at any of these people, the newest first."""
    about = Q(pk__in=[])
    for one in registrations:
        place = Q(call=one.call_id) | Q(call=None)
        about |= place & Q(said__contains=subject_of(one.reference))
    return AccessEntry.objects.annotate(said=Cast("subjects", TextField())).filter(about)


def entries(
    *, user_id: int | None = None, call_id: int | None = None, day: date | None = None, before: int | None = None
) -> QuerySet[AccessEntry]:
    """The looks of this account, at people of this call, on this local day, and older than this number."""
    found = AccessEntry.objects.select_related("user", "call__event")
    if user_id is not None:
        found = found.filter(user=user_id)
    if call_id is not None:
        found = found.filter(call=call_id)
    if day is not None:
        found = found.filter(at__date=day)
    return found if before is None else found.filter(number__lt=before)


def to_serve(call: Call) -> list[Registration]:
    """Who has a confirmed place, by reference; `needs` are consents about food and access, `practical` the answers.

    Files are not among them. Three statements for any number of people.
    """
    extras = Consent.objects.filter(extra__in=(Extra.DIET, Extra.ACCESS), withdrawn_at=None)
    asked = Answer.objects.filter(question__asked_of=AskedOf.SELECTED).exclude(question__kind=QuestionKind.FILE)
    people = Registration.objects.filter(call=call, state=State.CONFIRMED).select_related("identity")
    return list(
        people.prefetch_related(
            Prefetch("consents", queryset=extras, to_attr="needs"),
            Prefetch("answers", queryset=asked.select_related("question"), to_attr="practical"),
        ).order_by("reference")
    )


def volumes(*, now: datetime) -> list[Volume]:
    """How many people each account looked at in the day before `now`, those with most first, in one statement."""
    looks: dict[int, list[tuple[datetime, list[str]]]] = defaultdict(list)
    recent = AccessEntry.objects.filter(at__gt=now - _DAY, user__isnull=False).order_by("number")
    for user_id, at, subjects in recent.values_list("user_id", "at", "subjects"):
        looks[user_id].append((at, subjects))
    found = [Volume(user_id, _most_in_an_hour(own), _people(own)) for user_id, own in looks.items()]
    return sorted(found, key=lambda volume: (-volume.in_day, volume.user_id))


def usual_days(user_ids: Iterable[int], *, now: datetime) -> dict[int, float]:
    """By account, how many different people it looked at on a usual day: the median of 30 days before the last one.

    Only local days count on which it looked at anybody; an account with fewer than five of them is left out. In one
    statement.
    """
    days: dict[int, dict[date, set[str]]] = defaultdict(lambda: defaultdict(set))
    before = AccessEntry.objects.filter(user__in=list(user_ids), at__lte=now - _DAY, at__gt=now - _DAY - _USUAL_FROM)
    for user_id, at, subjects in before.order_by().values_list("user_id", "at", "subjects").iterator():
        if subjects:
            days[user_id][localtime(at).date()].update(subjects)
    return {user_id: median(map(len, own.values())) for user_id, own in days.items() if len(own) >= _DAYS_NEEDED}


def alarms_for(officer: User, *, now: datetime) -> int:
    """How many accounts, and days, an officer was lately told of by mail."""
    mails = OutgoingMail.objects.filter(user=officer, kind=MailKind.MANY_LOOKS)
    return mails.filter(created_at__gt=now - ALARM_SHOWN).count()


def officers() -> QuerySet[User]:
    """The active data protection officers."""
    return staff_with(Role.DATA_PROTECTION)


def _people(looks: Iterable[tuple[datetime, list[str]]]) -> int:
    return len({subject for _, subjects in looks for subject in subjects})


def _most_in_an_hour(looks: list[tuple[datetime, list[str]]]) -> int:
    """Of all hours that begin with one of these looks, the most people in one; people are counted once an hour."""
    most, start = 0, 0
    held: dict[str, int] = defaultdict(int)
    for at, subjects in looks:
        for subject in subjects:
            held[subject] += 1
        while looks[start][0] <= at - _HOUR:
            for subject in looks[start][1]:
                held[subject] -= 1
                if not held[subject]:
                    del held[subject]
            start += 1
        most = max(most, len(held))
    return most
