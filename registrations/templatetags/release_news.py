"""What organisers must know of a call's release on each of its pages. `{% release_news call %}`."""

from typing import Any

from django import template

from events.models import Call
from ranportal.shared import clock
from registrations import policies, reports

register = template.Library()


@register.inclusion_tag("admin/registrations/registration/_release_news.html")
def release_news(call: Call) -> dict[str, Any]:
    """That a release waits, or was not carried out; nothing when all is well."""
    last = reports.last_release(call) if call.is_selective else None
    return {"call": call, "release": last, "at": clock.now()}


@register.filter
def free_places(call: Call) -> int | None:
    """Places that can be given, None where there is no limit."""
    return policies.free_places(call)
