"""What lies beside people's registrations and ends by its own age, whatever becomes of them: a table of kinds. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet

from accounts.models import Draft
from registrations import retention
from registrations.enums import MailState
from registrations.models import Bounce, CounterCard, OutgoingMail, Reconciliation, ReviewAssignment
from registrations.services import cards

#: Nothing is ever sent from these by itself.
_ENDED = (MailState.REFUSED, MailState.UNRENDERABLE, MailState.TOO_LATE, MailState.CANCELLED)


@dataclass(frozen=True)
class Kind:
    """One kind of rows: which of them are due at a moment. They are deleted, or only `emptied` of these fields."""

    name: str
    due: Callable[[datetime], QuerySet[Any]]
    emptied: Mapping[str, Any] = field(default_factory=dict)


def _texts(now: datetime) -> QuerySet[OutgoingMail]:
    return OutgoingMail.objects.filter(state=MailState.SENT, rendered__isnull=False)


def _mails(now: datetime) -> QuerySet[OutgoingMail]:
    limit = now - retention.MAILS_KEPT
    ended = Q(state__in=_ENDED, created_at__lte=limit, due_at__lte=limit)
    return OutgoingMail.objects.filter(Q(state=MailState.SENT, sent_at__lte=limit) | ended)


KINDS = (
    Kind("texts of mails", _texts, {"rendered": None}),
    Kind("mails", _mails),
    Kind("reports of mails that came back", lambda now: Bounce.objects.filter(at__lte=now - retention.MAILS_KEPT)),
    Kind("daily checks", lambda now: Reconciliation.objects.filter(checked_at__lte=now - retention.MAILS_KEPT)),
    Kind("counter cards", lambda now: CounterCard.objects.filter(cards.expired(now=now))),
    Kind(
        "lines of the administration’s log",
        lambda now: LogEntry.objects.filter(action_time__lte=now - retention.HISTORY_KEPT),
    ),
    Kind(
        "history of who reviewed",
        lambda now: ReviewAssignment.history.model.objects.filter(history_date__lte=now - retention.HISTORY_KEPT),
    ),
    Kind("sessions", lambda now: Session.objects.filter(expire_date__lte=now)),
    Kind("forms in work", lambda now: Draft.objects.filter(saved_at__lte=now - retention.DRAFTS_KEPT)),
    Kind("wrong passwords", lambda now: AccessAttempt.objects.filter(attempt_time__lte=now - retention.DRAFTS_KEPT)),
)
