"""Pure rules about what is announced: plain model instances and a moment in, an answer out."""

from datetime import datetime

from events.enums import CallState, PublicationState, Status
from events.models import Call, Event, Page


def publication_state(page: Page, now: datetime) -> PublicationState:
    """What the page is at this moment. "Scheduled" ends by itself at `published_at`: a comparison, never a job."""
    if page.status == Status.DRAFT:
        return PublicationState.DRAFT
    if page.status == Status.WITHDRAWN:
        return PublicationState.WITHDRAWN
    if page.published_at is None or now < page.published_at:
        return PublicationState.SCHEDULED
    return PublicationState.PUBLISHED


def is_visible(page: Page, now: datetime) -> bool:
    """Whether the public sees this page now. A hidden event is seen by nobody.

    What is announced about a hidden event disappears with it: `events.queries` knows, since it can look for the event.
    """
    if isinstance(page, Event) and page.is_hidden:
        return False
    return publication_state(page, now) == PublicationState.PUBLISHED


def call_state(call: Call, event: Event, now: datetime) -> CallState:
    """What the call is at this moment. The deadline itself is too late."""
    if event.is_cancelled:
        return CallState.CANCELLED
    if now < call.opens_at:
        return CallState.NOT_YET_OPEN
    return CallState.OPEN if now < call.closes_at else CallState.CLOSED


def may_change_zone(call: Call, now: datetime) -> bool:
    """Whether the event's time zone may still change: nobody has been told a deadline by its clocks."""
    return now < call.opens_at


def has_ended(event: Event, now: datetime) -> bool:
    """Whether the last session is over. Reads the sessions: fetch them along with the event."""
    ends = [session.ends_at for session in event.sessions.all()]
    return bool(ends) and max(ends) <= now


def places_left(call: Call) -> int | None:
    """How many places an open call can still give at once; None without limit, and for selective calls."""
    if call.is_selective or call.capacity is None:
        return None
    return max(0, call.capacity - call.places_taken)
