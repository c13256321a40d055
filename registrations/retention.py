"""When the time is over for what we hold about the people of a call. Pure: rows in, moments out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from events.models import Call
from registrations.enums import KeptFor, State
from registrations.field_register import USUAL_DAYS, kept_for, shapes
from registrations.models import KeepingRules, Question

#: An event without a date counts as over so long after the deadline.
WITHOUT_DATE = timedelta(days=365)
#: The key of a past call that has no people is kept so long: somebody may be about to bring them.
UNUSED_KEPT = timedelta(days=30)
#: What is always kept as long, as the register tells people.
MAILS_KEPT, DRAFTS_KEPT, HISTORY_KEPT = shapes.MAILS_KEPT, shapes.DRAFTS_KEPT, shapes.HISTORY_KEPT
CARDS_KEPT, OPEN_ALARMS_KEPT = shapes.CARDS_KEPT, shapes.OPEN_ALARMS_KEPT

#: How a registration ends without a place.
WITHOUT_PLACE = (State.DECLINED, State.LAPSED, State.WITHDRAWN, State.CANCELLED)
#: Who still waits when the event is over has no place either.
NEVER_DECIDED = (State.SUBMITTED, State.RESERVE)
WITH_PLACE = (State.SELECTED, State.CONFIRMED, State.ATTENDED, State.ABSENT)

#: Who left before the address was proven is kept no longer than who never came back.
LEFT = (State.WITHDRAWN, State.CANCELLED)

RULES = tuple(USUAL_DAYS)


@dataclass(frozen=True)
class Times:
    """What began at or before these moments is over, in one call, at `now`."""

    now: datetime
    over_at: datetime
    rules: KeepingRules

    def is_after_event(self, days: int) -> bool:
        """Whether so many days have gone by since the event was over."""
        return self.over_at + timedelta(days=days) <= self.now

    def before(self, days: int) -> datetime:
        """The moment so many days ago."""
        return self.now - timedelta(days=days)

    @property
    def is_event_over(self) -> bool:
        return self.over_at <= self.now


def rules_of(call: Call) -> KeepingRules:
    """How many days the people of this call are kept: its own rules, or the usual ones."""
    own: KeepingRules | None = getattr(call, "keeping_rules", None)
    return own or KeepingRules(call=call)


def days_of(call: Call) -> dict[str, int]:
    """The days of this call by rule, for what the register says."""
    rules = rules_of(call)
    return {name: getattr(rules, name) for name in RULES}


def times_of(call: Call, *, ends_at: datetime | None, now: datetime) -> Times:
    """The times of this call; `ends_at` is the end of its event's last session, None where it has none."""
    ends = ends_at or call.closes_at + WITHOUT_DATE
    cancelled_at = call.event.cancelled_at
    # Nobody needs for an event what was cancelled before.
    over_at = min(ends, cancelled_at) if cancelled_at else ends
    return Times(now=now, over_at=max(over_at, call.closes_at), rules=rules_of(call))


def keys_kept(questions: Iterable[Question], kept: KeptFor) -> set[str]:
    """The keys of the questions whose answers are kept so, in any of their wordings."""
    return {q.key for q in questions if kept_for(is_sensitive=q.is_sensitive, kept_for=q.kept_for) == kept}


def is_longer(rules: KeepingRules, days: dict[str, int]) -> bool:
    """Whether somebody would be kept longer by these days than by the rules that hold."""
    return any(days[name] > getattr(rules, name) for name in RULES if name in days)
