"""Reads for staff: whose calls, how full they are, who has not answered, who has not been told."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from accounts.enums import Role
from accounts.models import User
from accounts.queries import is_administrator, is_logistics, staff_with
from events.models import Call
from registrations import looks, returned
from registrations.enums import Act, AskedOf, MailKind, MailState, Outcome, State
from registrations.models import Answer, Identity, MailGate, OutgoingMail, Question, Registration, Release, Transition
from registrations.states import MOVES

#: Mails that bring a person news of the registration's state: one of them is the newest at any time.
NEWS = frozenset(move.mail for move in MOVES if move.mail)
#: Mails that bring a decision.
DECISIONS = frozenset({MailKind.SELECTED, MailKind.RESERVE, MailKind.NOT_SELECTED})
_WAITING = (MailState.QUEUED, MailState.LEASED, MailState.HANDING_OVER)
_SOUGHT = ("given_name", "family_name", "display_name", "email", "organisation")
_EXPECTED_AT_EVENT = (State.CONFIRMED, State.ATTENDED, State.ABSENT)


def calls_of(user: User) -> QuerySet[Call]:
    """The calls whose registrations this user may see, newest deadline first: one's own, whatever else one is."""
    calls = Call.objects.select_related("event").order_by("-closes_at", "pk")
    if not user.is_active or not user.has_perm("registrations.view_registration"):
        return calls.none()
    return calls.filter(organisers=user)


def able_organisers() -> QuerySet[User]:
    """The accounts that may see people of the calls that they organise: switched on, and with the role.

    A superuser needs no role for it; only being named as an organiser.
    """
    named = staff_with(Role.ORGANISER).order_by().values("pk")
    return User.objects.filter(Q(pk__in=named) | Q(is_superuser=True), is_active=True)


def calls_without_organisers() -> QuerySet[Call]:
    """The calls that nobody organises who is able to: whoever applied there is seen by nobody."""
    able = able_organisers().filter(organised_calls=OuterRef("pk"))
    return Call.objects.select_related("event").exclude(Exists(able)).order_by("-closes_at", "pk")


def calls_watched(user: User) -> QuerySet[Call]:
    """The calls of which this user may see counts that name nobody: one's own, or all for administrators."""
    return Call.objects.all() if is_administrator(user) else calls_of(user)


def calls_served(user: User) -> QuerySet[Call]:
    """The calls of which this user sees what confirmed people need: rooms, food, access."""
    calls = Call.objects.select_related("event").order_by("-closes_at", "pk")
    return calls.filter(logistics__user=user) if is_logistics(user) else calls.none()


def calls_to_release(user: User) -> QuerySet[Call]:
    """The calls whose release pages this user may see: one's own, and those of which one is the deputy."""
    if not user.is_active or not user.has_perm("registrations.view_registration"):
        return Call.objects.none()
    calls = Call.objects.select_related("event").order_by("-closes_at", "pk")
    return calls.filter(Q(pk__in=calls_of(user).order_by().values("pk")) | Q(selection_settings__deputy=user))


def registrations_of(user: User) -> QuerySet[Registration]:
    """The registrations that this user may see, with call, event, identity and decision.

    `is_unreachable` says that a mail to the present address came back.
    """
    people = Registration.objects.filter(call__in=calls_of(user).order_by().values("pk"))
    return people.select_related("call__event", "identity", "decision").annotate(
        is_unreachable=returned.to_present_address()
    )


@dataclass(frozen=True)
class Balance:
    """How full a call is. `applied` counts proven addresses; `capacity` None means without limit.

    `places_limit` is the capacity, or more where an organiser invites more people than there are places. `unreachable`
    are people to whose present address a mail came back.
    """

    applied: int
    unproven: int
    places_taken: int
    capacity: int | None
    places_limit: int | None
    on_list: int
    undecided: int
    to_select: int
    to_select_counted: int
    to_reserve: int
    to_reserve_counted: int
    to_decline: int
    unreachable: int

    @property
    def staged(self) -> int:
        return self.to_select + self.to_reserve + self.to_decline

    @property
    def free(self) -> int | None:
        return None if self.places_limit is None else max(0, self.places_limit - self.places_taken)

    @property
    def too_many(self) -> int:
        """How many more are staged for a place than there are places left."""
        return 0 if self.free is None else max(0, self.to_select_counted - self.free)

    @property
    def over_invited(self) -> int:
        """How many more people than places would be in, with those staged."""
        return 0 if self.capacity is None else max(0, self.places_taken + self.to_select_counted - self.capacity)

    @property
    def left_over(self) -> int:
        """How many places would be left for people who are staged for the reserve list and would take one."""
        if self.capacity is None:
            return 0
        return min(self.to_reserve_counted, max(0, self.capacity - self.places_taken - self.to_select_counted))


def balance(call: Call) -> Balance:
    """The numbers of this call at the present moment, in one query."""
    return balances([call])[call.pk]


def balances(calls: Iterable[Call]) -> dict[int, Balance]:
    """The numbers of several calls by their id, in one query."""
    calls = list(calls)
    is_in = Q(state=State.SUBMITTED)
    counted = {
        "applied": Count("pk", filter=~Q(state=State.UNPROVEN) & Q(proven_at__isnull=False)),
        "unproven": Count("pk", filter=Q(state=State.UNPROVEN)),
        "on_list": Count("pk", filter=Q(state=State.RESERVE)),
        "undecided": Count("pk", filter=is_in & Q(decision__isnull=True)),
        "to_select": Count("pk", filter=_staged(Outcome.SELECT)),
        "to_select_counted": Count("pk", filter=_staged(Outcome.SELECT) & Q(is_counted=True)),
        "to_reserve": Count("pk", filter=_staged(Outcome.RESERVE)),
        "to_reserve_counted": Count("pk", filter=_staged(Outcome.RESERVE) & Q(is_counted=True)),
        "to_decline": Count("pk", filter=_staged(Outcome.DECLINE)),
        "unreachable": Count("pk", filter=Q(returned.to_present_address())),
    }
    of_these = Registration.objects.filter(call__in=[call.pk for call in calls])
    rows: dict[int, Mapping[str, Any]] = {
        row["call_id"]: row for row in of_these.order_by().values("call_id").annotate(**counted)
    }
    return {
        call.pk: Balance(
            **{name: rows.get(call.pk, {}).get(name, 0) for name in counted},
            places_taken=call.places_taken,
            capacity=call.capacity,
            places_limit=call.places_limit,
        )
        for call in calls
    }


def _staged(outcome: Outcome) -> Q:
    return Q(state=State.SUBMITTED, decision__outcome=outcome, decision__released_at__isnull=True)


def people_found(registrations: QuerySet[Registration], text: str, *, at_most: int) -> list[Registration]:
    """Those whose reference, name, address or organisation contains every word of the text, by family name.

    Case and accents do not matter: "berzins" finds Bērziņš. All of these people's names are opened for it, so give it
    those of one call; only those who are found were looked at.
    """
    words = _folded(text).split()
    people = Identity.objects.filter(registration__in=registrations.order_by().values("pk"))
    rows = people.select_related("registration").only("sealed", "registration__reference").order_by()
    with looks.unnoticed():
        hits = [who for who in rows.iterator() if _has_all(_folded(_sought(who)), words)]
        found = [who.pk for who in sorted(hits, key=_by_name)]
    kept = registrations.in_bulk(found[:at_most])
    return [kept[pk] for pk in found[:at_most]]


def _sought(who: Identity) -> str:
    return " ".join([who.registration.reference, *(getattr(who, name) for name in _SOUGHT)])


def _by_name(who: Identity) -> tuple[str, str, int]:
    return _folded(who.family_name), _folded(who.given_name), who.pk


def _has_all(said: str, words: list[str]) -> bool:
    return bool(words) and all(word in said for word in words)


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold()


def not_answered(registrations: QuerySet[Registration]) -> QuerySet[Registration]:
    """Selected people who have not said yes or no, the earliest day to answer first."""
    return registrations.filter(state=State.SELECTED).order_by("answer_by", "pk")


def without_details(registrations: QuerySet[Registration]) -> QuerySet[Registration]:
    """Who has a place and has not sent the practical questions; nobody where the call asks none.

    Who sent them before a question came that everybody must answer is there again until it is answered.
    """
    asked = Question.objects.filter(call=OuterRef("call"), retired_at=None, asked_of=AskedOf.SELECTED)
    sent = Transition.objects.filter(registration=OuterRef("pk"), act=Act.ANSWER_DETAILS)
    said = Answer.objects.filter(
        registration=OuterRef(OuterRef("pk")),
        question__call=OuterRef("call"),
        question__key=OuterRef("key"),
        question__asked_of=AskedOf.SELECTED,
    )
    missing = asked.filter(~Exists(said), is_required=True, condition_question=None)
    people = registrations.filter(state__in=(State.SELECTED, State.CONFIRMED))
    return people.filter(Exists(asked), ~Exists(sent) | Exists(missing)).order_by("reference")


def not_told(registrations: QuerySet[Registration]) -> QuerySet[Registration]:
    """People whose newest news has not gone out, or came back, with that mail's `mail_id`, `mail_kind` …."""
    newest = OutgoingMail.objects.filter(registration=OuterRef("pk"), kind__in=sorted(NEWS)).order_by(
        "-created_at", "-pk"
    )
    return (
        registrations.annotate(
            mail_id=Subquery(newest.values("pk")[:1]),
            mail_kind=Subquery(newest.values("kind")[:1]),
            mail_state=Subquery(newest.values("state")[:1]),
            mail_error=Subquery(newest.values("last_error")[:1]),
            mail_attempts=Subquery(newest.values("attempts")[:1]),
            mail_is_back=Subquery(newest.annotate(is_back=returned.is_returned()).values("is_back")[:1]),
        )
        .filter(mail_state__isnull=False)
        .exclude(mail_state=MailState.SENT, mail_is_back=False)
        .order_by("pk")
    )


def attendance_list(registrations: QuerySet[Registration]) -> list[Registration]:
    """Who is expected at the event or was there, by role and name."""
    people = registrations.filter(state__in=_EXPECTED_AT_EVENT).select_related("identity")
    return sorted(people, key=lambda one: (one.role, _by_name(one.identity)))


@dataclass(frozen=True)
class MailProgress:
    """How far a call's decision mails have got."""

    total: int
    sent: int
    waiting: int
    stuck: int

    @property
    def is_over(self) -> bool:
        return self.waiting == 0


def mail_progress(call: Call) -> MailProgress:
    """Counts of the call's decision mails; `stuck` needs a person (refused, no text, too late, cancelled, on hold).

    What was undone before it went out is nobody's business any more, and counts for nothing.
    """
    counts = Q(is_undone=False) | Q(state__in=(MailState.SENT, *_WAITING))
    mails = OutgoingMail.objects.filter(counts, call=call, kind__in=sorted(DECISIONS))
    numbers = mails.aggregate(
        total=Count("pk"),
        sent=Count("pk", filter=Q(state=MailState.SENT)),
        waiting=Count("pk", filter=Q(state__in=_WAITING)),
    )
    return MailProgress(**numbers, stuck=numbers["total"] - numbers["sent"] - numbers["waiting"])


def released_at(call: Call) -> datetime | None:
    """When the call's decisions were last released, or None."""
    moments = call.registrations.filter(decision__released_at__isnull=False).order_by("-decision__released_at")
    return moments.values_list("decision__released_at", flat=True).first()


def last_release(call: Call) -> Release | None:
    """The newest release of the call with who gave it and who took it back, or None."""
    return Release.objects.filter(call=call).select_related("given_by", "recalled_by").first()


def neighbours(registration: Registration) -> tuple[int | None, int | None]:
    """The ids of the previous and the next registration of the same call, in the order of arrival."""
    others = Registration.objects.filter(call=registration.call_id)
    before = others.filter(pk__lt=registration.pk).order_by("-pk").values_list("pk", flat=True).first()
    after = others.filter(pk__gt=registration.pk).order_by("pk").values_list("pk", flat=True).first()
    return before, after


def countries_of(calls: QuerySet[Call]) -> list[str]:
    """The two-letter codes that occur among the registrations of these calls, sorted."""
    codes = Registration.objects.filter(call__in=calls.order_by().values("pk"))
    return list(codes.order_by("country").values_list("country", flat=True).distinct())


def stuck_mails(user: User, *, since: datetime) -> int:
    """How many mails of this user's calls were refused or could not be made since then."""
    mails = OutgoingMail.objects.filter(call__in=calls_watched(user).order_by().values("pk"), created_at__gte=since)
    return mails.filter(state__in=(MailState.REFUSED, MailState.UNRENDERABLE)).count()


def returned_mails(user: User, *, since: datetime) -> int:
    """How many mails of this user's calls came back and were not sent again since."""
    mails = OutgoingMail.objects.filter(call__in=calls_watched(user).order_by().values("pk"), created_at__gte=since)
    return returned.came_back(mails).count()


def restored_mails(user: User) -> int:
    """How many mails of this user's calls wait since a restore until somebody lets them go."""
    mails = OutgoingMail.objects.filter(call__in=calls_watched(user).order_by().values("pk"))
    return mails.filter(state=MailState.HELD, restored_at__isnull=False).count()


def mail_gate() -> MailGate | None:
    """The gate of all mail with who paused it, or None while nobody ever touched it."""
    return MailGate.objects.select_related("paused_by").filter(pk=1).first()
