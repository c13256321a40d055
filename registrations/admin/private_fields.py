"""Where an event takes place, as only confirmed people know it: who of the staff reads it, and who changes it."""

from typing import Any

from django.http import HttpRequest
from simple_history.template_utils import HistoricalRecordContextHelper

from events import words
from events.models import Event
from registrations import queries
from registrations.services import protection

FIELDS = ("venue", "join_link")
#: What stands in their place for who may not read them.
VEILED = ("venue_is_set", "join_link_is_set")
_TITLE = "Only for confirmed people"
_NOT_YOURS = (
    "The call has organisers and people have a place, so only its organisers, their deputy and administrators change "
    "this."
)
_IS_TOLD = "To change it you show again who you are, and every organiser of the call hears of it by mail."


def may_read(request: HttpRequest, event: Event | None) -> bool:
    """Whether this user reads and changes the link to join and the private address."""
    call = words.call_of(event) if event else None
    return call is None or queries.may_change_where(user=request.user, call=call)


def fieldset(request: HttpRequest, event: Event | None) -> tuple[str, dict[str, Any]]:
    """The fields, or that they are set, with a sentence above them where somebody organises the call."""
    if not may_read(request, event):
        return _TITLE, {"fields": VEILED, "description": _NOT_YOURS}
    return _TITLE, {"fields": FIELDS, "description": _IS_TOLD if is_organised(event) else ""}


def are_changed(changed: list[str]) -> bool:
    """Whether one of these fields is private."""
    return not set(protection.OF_EVENT).isdisjoint(changed)


def is_organised(event: Event | None) -> bool:
    """Whether the event has a call with organisers."""
    call = words.call_of(event) if event else None
    return call is not None and call.organisers.exists()


def set_or_not(value: str) -> str:
    """What is told of a private value to who may not read it."""
    return "Set." if value else "Not set."


class VeilingHelper(HistoricalRecordContextHelper):
    """What changed between two versions, without what the private fields said."""

    def prepare_delta_change_value(self, change: Any, value: Any) -> Any:
        """As usual; of a private field only whether it was set."""
        return set_or_not(value) if change.field in FIELDS else super().prepare_delta_change_value(change, value)
