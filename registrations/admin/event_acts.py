"""What takes effect at once on an event: cancel, hide, show. Each asks first, and the services do it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from events.models import Event
from events.services import events


@dataclass(frozen=True)
class EventAct:
    """One act: when it is offered, what is said before it, and the service that does it."""

    title: str
    words: str
    button: str
    done: str
    is_offered: Callable[[Event], bool]
    run: Callable[..., Any]

    def do(self, event: Event, *, by: User, now: datetime) -> None:
        """Do it. Raises what the service refuses with."""
        self.run(event=event, by=by, now=now)


ACTS: Mapping[str, EventAct] = {
    "cancel": EventAct(
        title="Cancel this event",
        words=(
            "Its pages will say that it does not take place, and nobody can register any more. Everyone who registered "
            "is told by mail within minutes. This cannot be undone."
        ),
        button="Cancel the event and tell everyone",
        done="The event is cancelled. The mails go out within minutes.",
        is_offered=lambda event: not event.is_cancelled,
        run=events.cancel,
    ),
    "hide": EventAct(
        title="Hide this event now",
        words=(
            "For emergencies: the event, its announcements and its calendar entries disappear at once from all public "
            "pages, lists, feeds and the search, and nobody can register. People who registered keep their private "
            "pages, and no mail goes out about it. What cannot be taken back: mails that were sent, calendar entries "
            "and pages that people saved, and what search engines keep until they look again. You can show the event "
            "again."
        ),
        button="Hide it now",
        done="The event is hidden: the public sees nothing of it.",
        is_offered=lambda event: not event.is_hidden,
        run=events.hide,
    ),
    "show": EventAct(
        title="Show this event again",
        words="The event will be as public again as its status and its date say.",
        button="Show it again",
        done="The event is as public again as its status and date say.",
        is_offered=lambda event: event.is_hidden,
        run=events.show,
    ),
}


def offered(event: Event) -> list[tuple[str, EventAct]]:
    """The acts that make sense for the event as it is; hiding it stands by itself, as a button."""
    return [(name, act) for name, act in ACTS.items() if act.is_offered(event) and name != "hide"]
