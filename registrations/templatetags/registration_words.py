"""What people read about calls, registrations and mails on the public pages. `{% load registration_words %}`."""

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django import template

from events import times
from events.models import Call, Event
from events.policies import places_left
from events.words import FEW_PLACES
from registrations import policies
from registrations.countries import country_name
from registrations.enums import MailKind, MailState, QuestionKind, State
from registrations.models import OutgoingMail, Question, Registration

register = template.Library()

_NEWS = "News about your registration"
#: What a mail was about. Decisions share one name, as their subjects do.
MAIL_WORDS: Mapping[str, str] = {
    MailKind.PROVE_ADDRESS: "Code and link to confirm your address",
    MailKind.PROVE_REMINDER: "Reminder to confirm your address",
    MailKind.ADDRESS_CORRECTED: "Link to confirm your corrected address",
    MailKind.RECEIVED: "Your application was received",
    MailKind.ANSWERS_CHANGED: "Your answers were changed",
    MailKind.GIVEN_UP: "You gave up your registration",
    MailKind.SAME_ADDRESS: "Somebody used your address again",
    MailKind.ANSWER_REMINDER: "Reminder to answer",
    MailKind.EVENT_CHANGED: "The event changed",
    MailKind.EVENT_CANCELLED: "The event was cancelled",
    MailKind.EVENT_REMINDER: "Reminder of the event",
    MailKind.OUTCOME_PUBLISHED: "The outcome was published",
    MailKind.LINK_AGAIN: "Your private link again",
}
_ON_ITS_WAY = frozenset({MailState.QUEUED, MailState.LEASED, MailState.HANDING_OVER})
#: How a registration stands, in two or three words, and the colour of the label.
STATE_WORDS: Mapping[str, tuple[str, str]] = {
    State.UNPROVEN: ("Address not confirmed yet", "warning"),
    State.SUBMITTED: ("Received", "info"),
    State.SELECTED: ("Please answer", "warning"),
    State.CONFIRMED: ("Confirmed", "success"),
    State.RESERVE: ("On the list", "info"),
    State.DECLINED: ("No place this time", "neutral"),
    State.LAPSED: ("Place given on", "neutral"),
    State.WITHDRAWN: ("Given up", "neutral"),
    State.CANCELLED: ("Event cancelled", "error"),
    State.ATTENDED: ("Took part", "success"),
    State.ABSENT: ("Did not take part", "neutral"),
}


@register.filter
def deadline(call: Call, country: str = "") -> str:
    """Return "until the end of Wednesday 6 September (Brussels time; …)", for a reader in this country."""
    return times.deadline_words(call, country or None)


@register.filter
def day(value: date) -> str:
    """Return "Wednesday 13 September"."""
    return times.date_words(value)


@register.filter
def until(instant: datetime, event: Event) -> str:
    """Return "15 September, 12:00", or of a midnight "the end of Monday 14 September", which nobody misreads."""
    return times.until_words(instant, event.zone)


@register.filter
def moment_in(instant: datetime, event: Event) -> str:
    """Return "15 September, 12:00", as the clocks of the event's zone show it."""
    return times.moment_words(instant, event.zone)


@register.filter
def exact_moment(instant: datetime, event: Event) -> str:
    """Return "15 September, 12:00:07", for those who were late."""
    return f"{times.moment_words(instant, event.zone)}:{instant:%S}"


@register.filter
def when(event: Event) -> list[str]:
    """Return a line for each session of the event."""
    return times.session_lines(event.sessions.all(), event.zone)


@register.filter
def zone_name(event: Event) -> str:
    """Return "Brussels time"."""
    return times.zone_words(event.zone)


@register.filter
def country(code: str) -> str:
    """Return the country's name."""
    return country_name(code)


@register.filter
def list_closes(call: Call) -> str:
    """Return when the reserve or waiting list closes, as "15 September, 12:00"."""
    starts = [session.starts_at for session in call.event.sessions.all()]
    closing = policies.list_closes_at(call, starts_at=min(starts, default=call.closes_at))
    return until(closing, call.event)


@register.filter
def prove_until(call: Call) -> str:
    """Return until when an address can be confirmed."""
    return until(policies.prove_until(call), call.event)


@register.filter
def places(call: Call) -> str:
    """Return how many places there are, without telling a number of people or places below five."""
    if call.capacity is None:
        return "No limit"
    if call.capacity < FEW_PLACES:
        return "Few places"
    left = places_left(call)
    if left is None or call.places_taken < FEW_PLACES:
        return f"{call.capacity} places"
    if left == 0:
        return "All places are taken" + ("; waiting list open" if call.has_waiting_list else "")
    return "Few places left" if left < FEW_PLACES else f"{left} of {call.capacity} places left"


@register.filter
def minutes(questions: Iterable[Question]) -> str:
    """Return how long the form takes, as "about 5 minutes"."""
    times_taken = [3 if question.kind == QuestionKind.LONG_TEXT else 0.4 for question in questions]
    return f"about {2 + math.ceil(sum(times_taken))} minutes"


@register.filter
def asked(questions: list[Question]) -> str:
    """Return what the form asks, in a few words."""
    about_you = "Your name, address, country, organisation and field of work"
    if not questions:
        return f"{about_you}."
    number = "one question" if len(questions) == 1 else f"{len(questions)} questions"
    return f"{about_you}, and {number}."


@register.filter
def position_title(position: int) -> str:
    """Return "On the waiting list, position 4."."""
    return f"On the waiting list, position {position}."


@register.filter
def state_template(registration: Registration) -> str:
    """Return the template that says what the registration's state means for its person."""
    return f"registrations/states/{registration.state}.html"


@register.filter
def state_label(registration: Registration) -> str:
    """Return the state in two or three words."""
    return STATE_WORDS[registration.state][0]


@register.filter
def state_kind(registration: Registration) -> str:
    """Return the colour of the state's label."""
    return STATE_WORDS[registration.state][1]


@register.filter
def mail_title(mail: OutgoingMail) -> str:
    """Return what a mail was about, as neutral as its subject."""
    return MAIL_WORDS.get(mail.kind, _NEWS)


@register.filter
def mail_fate(mail: OutgoingMail) -> str:
    """Return what became of a mail."""
    if mail.state == MailState.SENT:
        return "Sent."
    if mail.state in _ON_ITS_WAY:
        return "On its way."
    return "Not delivered." if mail.state == MailState.REFUSED else "Not sent."
