"""What pages say about an event at a glance: where, in which language, and how registration stands. Pure."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language_info

from events import times
from events.country_clocks import country_clock
from events.enums import CallState, EventFormat
from events.models import Call, Event
from events.policies import call_state, has_ended, places_left

FEW_PLACES = 5
"""A number of places below this is not told: it would say too much about the others."""


@dataclass(frozen=True)
class StatusWords:
    """How registration stands: a label with the colour of its meaning (see the `label` tag), and a sentence."""

    label: str
    kind: str
    sentence: str


def place_words(event: Event) -> str:
    """Return "Online, WebEx" or "On site, Riga, Latvia": what the public may know."""
    where = [event.platform if event.format != EventFormat.ONSITE else ""]
    if event.format != EventFormat.ONLINE:
        where += [event.city, country_words(event.country)]
    return ", ".join([event.get_format_display(), *filter(None, where)])


def country_words(code: str) -> str:
    """Return the country's name as it stands in a sentence, or its code where we have no name."""
    clock = country_clock(code)
    return clock[0] if clock else code


def language_words(code: str) -> str:
    """Return "English" for "en"; an unknown code as it is."""
    try:
        return get_language_info(code)["name"]
    except KeyError:
        return code


def status_words(event: Event, call: Call | None, now: datetime) -> StatusWords:
    """Return how registration for the event stands at this moment."""
    if event.is_cancelled:
        return StatusWords("Cancelled", "error", "This event will not take place.")
    if call is None:
        return _without_call(event, now)
    match call_state(call, event, now):
        case CallState.NOT_YET_OPEN:
            return StatusWords("Not yet open", "info", _opens(call))
        case CallState.OPEN:
            return _open(call)
        case _:
            return StatusWords("Registration closed", "neutral", f"Registration closed {times.closed_words(call)}.")


def call_of(event: Event) -> Call | None:
    """Return the event's call, or None."""
    return getattr(event, "call", None)


def _without_call(event: Event, now: datetime) -> StatusWords:
    if has_ended(event, now):
        return StatusWords("Past event", "neutral", "This event has taken place.")
    return StatusWords("No registration", "neutral", "There is no registration for this event on this site.")


def _opens(call: Call) -> str:
    zone = call.event.zone
    noun = "Applications open" if call.is_selective else "Registration opens"
    return f"{noun} on {times.moment_words(call.opens_at, zone)} ({times.zone_words(zone)})."


def _open(call: Call) -> StatusWords:
    deadline = times.deadline_words(call)
    if call.is_selective:
        hears = f" Everyone hears by {times.date_words(call.decision_by)}." if call.decision_by else ""
        return StatusWords("Open for applications", "success", f"You can apply {deadline}.{hears}")
    left = places_left(call)
    if left == 0 and call.has_waiting_list:
        return StatusWords(
            "Waiting list", "warning", f"All places are taken. You can join the waiting list {deadline}."
        )
    if left == 0:
        return StatusWords("No places left", "neutral", "All places are taken.")
    if left is not None and left < FEW_PLACES:
        return StatusWords("Few places left", "warning", f"Few places are left. Registration is open {deadline}.")
    return StatusWords("Registration open", "success", f"Registration is open {deadline}.")
