"""What data protection officers must know: an account that looked at unusually many people."""

from typing import Any

from django import template

from accounts.queries import is_data_protection_officer
from ranportal.shared import clock
from registrations import access_reports

register = template.Library()


@register.inclusion_tag("admin/registrations/accessentry/_banner.html", takes_context=True)
def looks_banner(context: dict[str, Any]) -> dict[str, Any]:
    """How often the officer was told of it in the last week; nothing for others."""
    request = context.get("request")
    if request is None or not request.user.has_perm("registrations.view_accessentry"):
        return {"number": 0}
    if not is_data_protection_officer(request.user):
        return {"number": 0}
    return {"number": access_reports.alarms_for(request.user, now=clock.now())}
