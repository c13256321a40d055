"""What staff must know before others notice: mail that is late, a gate that is closed, a clock that stands still."""

from contextlib import suppress
from dataclasses import astuple
from datetime import datetime
from typing import Any

from django import template
from django.core.cache import cache
from django.urls import reverse

from ranportal.shared import clock
from registrations import reports, watch

register = template.Library()

#: Seconds for which one look serves all pages.
_KEPT = 10
_KEY = "watch"


@register.inclusion_tag("admin/watch_banner.html", takes_context=True)
def watch_banner(context: dict[str, Any]) -> dict[str, Any]:
    """What is not as it should be, for those who may act on mail; nothing for others, and nothing when all is well."""
    request = context.get("request")
    if request is None or not request.user.has_perm("registrations.view_outgoingmail"):
        return {"seen": None, "alarms": []}
    now = clock.now()
    seen = _seen(now)
    outbox = reverse("admin:registrations_outgoingmail_changelist")
    is_stopped = seen.paused_at is not None or seen.is_gate_closed(now)
    return {
        "seen": seen,
        "alarms": watch.open_alarms(reports.calls_of(request.user)) if seen.has_alarm else [],
        "outbox": outbox,
        "is_silent": seen.is_beat_silent(now),
        # What the outbox itself says with its buttons is not said twice there.
        "is_stopped": is_stopped and request.path != outbox,
        "is_late": seen.is_mail_late(now),
        "is_release_late": seen.is_release_late(now),
        "may_be_told": not is_stopped,
    }


@register.inclusion_tag("admin/registrations/reconciliation/_hint.html", takes_context=True)
def told_hint(context: dict[str, Any]) -> dict[str, Any]:
    """What the last daily check found in the user's own calls, in one line."""
    user = context["request"].user
    if not user.has_perm("registrations.view_outgoingmail"):
        return {"check": None}
    return {"check": watch.last_check(reports.calls_of(user), now=clock.now())}


def _seen(now: datetime) -> watch.Seen:
    # A cache that is away must not take the pages with it: then each page looks for itself.
    with suppress(Exception):
        if kept := cache.get(_KEY):
            return watch.Seen(*kept)
    seen = watch.look(now=now)
    with suppress(Exception):
        cache.set(_KEY, astuple(seen), timeout=_KEPT)
    return seen
