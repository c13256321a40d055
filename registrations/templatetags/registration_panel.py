"""How registration stands, for the page of an event. `{% load registration_panel %}{% registration_panel event %}`."""

from typing import Any

from django import template
from django.template.context import Context

from events.models import Event
from events.words import call_of, status_words
from registrations import policies, tallies

register = template.Library()


@register.inclusion_tag("registrations/_panel.html", takes_context=True)
def registration_panel(context: Context, event: Event) -> dict[str, Any]:
    """The deadline, how places are given, and the button, or why there is none; after a release how many applied.

    Reads only the call and its sessions while people can register.
    """
    now = context["request"].received_at
    call = call_of(event)
    if call is not None:
        call.event = event
    return {
        "event": event,
        "call": call,
        "status": status_words(event, call, now),
        "may_send": call is not None and policies.may_send(call, received_at=now),
        "summary": tallies.summary_of(call) if call is not None and now >= call.closes_at else None,
        "is_coming": call is not None and now < call.opens_at and not event.is_cancelled,
    }
