"""What a mail says, frozen when its row is made: plain words and numbers, nothing personal, nothing that was typed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.conf import settings

from events import times
from events.enums import EventFormat
from events.models import Call, Session
from registrations import policies, queries, retention
from registrations.enums import AskedOf, State
from registrations.models import OutgoingMail, Registration
from registrations.states import HOLDS_PLACE

#: A person may ask for the reasons of a decision until so long after it.
WHY_FOR = timedelta(days=28)
#: A smaller number of people is told to nobody outside.
LEAST_TOLD = 5

#: What a mixed group is mixed by, for those who are told of it.
_MIXED_BY = {
    "country": "country",
    "profession": "profession",
    "organisation": "organisation",
    "first_time": "who comes for the first time",
}

#: Every variable that a mail's template may use, and what it is where nothing is said.
DEFAULTS: dict[str, Any] = {
    "reference": "",
    "reply_to": "",
    "admission": "open",
    "what": "",
    "when": "",
    "event_date": "",
    "deadline": "",
    "decision_by": None,
    "prove_by": "",
    "answer_by": None,
    "answer_day": "",
    "list_closes": None,
    "position": None,
    "applied": None,
    "places": None,
    "criteria": [],
    "why_until": "",
    "gone_on": "",
    "must_answer": False,
    "has_place": False,
    "has_details": False,
    "old_when": "",
    "change": "",
    "day": "",
    "alarm_reference": "",
    "is_again": False,
    "counts": [],
    "admin_link": "",
    "notice": "",
    "is_by_administrator": False,
    "is_about_call": False,
    "is_new_account": False,
    "has_code": False,
    "is_new_link": False,
    "site_url": "",
    "outcomes_url": "",
    "calendar": None,
}


@dataclass(frozen=True)
class CallFacts:
    """A call with its event's sessions, read once for many mails."""

    call: Call
    sessions: Sequence[Session]
    _deadlines: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    def deadline_in(self, country: str) -> str:
        """The deadline in words for a reader in that country."""
        if country not in self._deadlines:
            self._deadlines[country] = times.deadline_words(self.call, country)
        return self._deadlines[country]

    @property
    def starts_at(self) -> datetime:
        """The first session's start; a call without sessions counts from its deadline."""
        return min((session.starts_at for session in self.sessions), default=self.call.closes_at)

    @cached_property
    def asks_details(self) -> bool:
        """Whether practical questions are asked of those who are selected (one query)."""
        return bool(queries.questions_of(self.call, asked_of=AskedOf.SELECTED))

    @property
    def ends_at(self) -> datetime:
        return max((session.ends_at for session in self.sessions), default=self.call.closes_at)


def said_in(mail: OutgoingMail) -> dict[str, Any]:
    """What a row says, with the usual words where it was made before there was such a fact."""
    return {**DEFAULTS, **mail.facts}


def of_call(call: Call) -> CallFacts:
    """Read what the mails of this call need (one query)."""
    return CallFacts(call=call, sessions=list(call.event.sessions.all()))


def about_call(facts: CallFacts) -> dict[str, Any]:
    """The words that are the same in every mail of the call."""
    call, zone = facts.call, facts.call.event.zone
    closing = policies.list_closes_at(call, starts_at=facts.starts_at)
    return {
        "reply_to": call.reply_to,
        "admission": call.admission,
        "what": "Online session" if call.event.format == EventFormat.ONLINE else "Meeting",
        "when": "; ".join(times.session_lines(facts.sessions, zone)),
        "deadline": times.deadline_words(call),
        "event_date": times.short_date(facts.starts_at.astimezone(zone).date()),
        "day": times.short_date(facts.starts_at.astimezone(zone).date()),
        "decision_by": times.date_words(call.decision_by) if call.decision_by else None,
        **about_proving(call),
        "list_closes": times.until_words(closing, zone) if call.has_waiting_list or call.is_selective else None,
        "places": call.capacity,
        "site_url": f"{settings.SITE_URL}/events/",
        "outcomes_url": f"{settings.SITE_URL}/publications/",
    }


def about_proving(call: Call, *, asked_at: datetime | None = None) -> dict[str, Any]:
    """Until when an address can be proven, for whom is asked at this moment."""
    return {"prove_by": times.until_words(policies.prove_until(call, asked_at=asked_at), call.event.zone)}


def about_registration(registration: Registration, facts: CallFacts) -> dict[str, Any]:
    """The words of one person's mail that differ from the next one's."""
    state = State(registration.state)
    return {
        "reference": registration.reference,
        "deadline": facts.deadline_in(registration.country),
        **about_state(registration, facts, state=state, answer_by=registration.answer_by),
    }


def about_state(
    registration: Registration, facts: CallFacts, *, state: State, answer_by: datetime | None
) -> dict[str, Any]:
    """What a mail says to a person who is in `state`; the registration may still be on its way there."""
    zone = facts.call.event.zone
    return {
        "answer_by": times.until_words(answer_by, zone) if answer_by else None,
        "answer_day": times.short_date(answer_by.astimezone(zone).date()) if answer_by else "",
        "must_answer": state == State.SELECTED,
        "has_place": state in HOLDS_PLACE,
        "has_details": state in (State.SELECTED, State.CONFIRMED) and facts.asks_details,
        "calendar": calendar_of(registration, facts) if state == State.CONFIRMED else None,
    }


def calendar_of(registration: Registration, facts: CallFacts) -> dict[str, Any]:
    """What the calendar entry needs: instants in UTC, or dates for days without hours."""
    zone = facts.call.event.zone
    return {
        "uid": f"{registration.reference}@{settings.MAIL_DOMAIN}",
        "sequence": facts.call.event.revision,
        "sessions": [
            [session.starts_at.astimezone(zone).date().isoformat(), session.ends_at.astimezone(zone).date().isoformat()]
            if session.is_whole_day
            else [session.starts_at.isoformat(), session.ends_at.isoformat()]
            for session in facts.sessions
        ],
    }


def _mixed(call: Call) -> list[str]:
    """That the group was to be mixed, and by what, where the call has rules; no numbers, which tell of others."""
    ruled = dict.fromkeys(call.selection_rules.order_by("position", "pk").values_list("attribute", flat=True))
    words = list(dict.fromkeys(_MIXED_BY.get(attribute, "answers in the form") for attribute in ruled))
    return [f"A group that is mixed by {', '.join(words)}"] if words else []


def about_refusal(facts: CallFacts, *, now: datetime) -> dict[str, Any]:
    """What a refusal says besides (words.md): how many for how many, the criteria in words, until when one may ask.

    And when the person's data go, which is never before that. No number below five is told (law 5).
    """
    call, zone = facts.call, facts.call.event.zone
    applied, kept = queries.applied(call), timedelta(days=retention.rules_of(call).declined_days)
    are_told = min(applied, call.capacity or 0) >= LEAST_TOLD
    return {
        "applied": applied if are_told else None,
        "places": call.capacity if are_told else None,
        "criteria": [*queries.criteria_words(call), *_mixed(call)],
        "why_until": times.date_words((now + WHY_FOR).astimezone(zone).date()),
        "gone_on": times.date_words((now + kept).astimezone(zone).date()),
    }
