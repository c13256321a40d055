"""What registered people were last told of their event, so that a change can be told with what it was before."""

from datetime import datetime
from typing import Any

from events import times
from registrations.mail.facts import CallFacts
from registrations.models import ToldEvent


def remember(about: CallFacts, *, now: datetime) -> None:
    """Keep what the event says when its first person registers; later ones change nothing."""
    ToldEvent.objects.get_or_create(event=about.call.event, defaults=what_it_says(about, now=now))


def what_it_says(about: CallFacts, *, now: datetime) -> dict[str, Any]:
    """The event's revision and what people plan by: the values of a ToldEvent."""
    event = about.call.event
    when = "; ".join(times.session_lines(about.sessions, event.zone))
    place = [event.format, event.platform, event.city, event.country, event.venue]
    return {"revision": event.revision, "facts": {"when": when, "place": place}, "told_at": now}
