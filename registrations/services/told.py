"""What registered people were last told of their event, so that a change can be told with what it was before."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from events import times
from registrations.mail.facts import CallFacts
from registrations.models import ToldEvent

_PUBLIC_PLACE = ("format", "platform", "city", "country")


def remember(about: CallFacts, *, now: datetime) -> None:
    """Keep what the event says when its first person registers; later ones change nothing."""
    ToldEvent.objects.get_or_create(event=about.call.event, defaults=what_it_says(about, now=now))


def what_it_says(about: CallFacts, *, now: datetime) -> dict[str, Any]:
    """The event's revision and what people plan by: the values of a ToldEvent."""
    event = about.call.event
    when = "; ".join(times.session_lines(about.sessions, event.zone))
    facts = {"when": when, "place": [getattr(event, name) for name in _PUBLIC_PLACE], "venue": event.venue}
    return {"revision": event.revision, "facts": facts, "told_at": now}


def changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> set[str]:
    """Which of "when", "place" (what the public knows of it) and "venue" (the private part) differ."""
    before, after = _parts(old), _parts(new)
    return {part for part in after if before[part] != after[part]}


def _parts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """As it is written now; rows of earlier versions kept the venue at the end of the place."""
    public = len(_PUBLIC_PLACE)
    place = list(facts["place"])
    return {"when": facts["when"], "place": place[:public], "venue": facts.get("venue", "".join(place[public:]))}
