"""What staff must know about the outbox before they open it."""

from datetime import timedelta
from typing import Any

from django import template

from ranportal.shared import clock
from registrations import reports

register = template.Library()

#: Mails that failed longer ago are history.
_RECENT = timedelta(days=30)


@register.inclusion_tag("admin/registrations/outgoingmail/_hint.html", takes_context=True)
def outbox_hint(context: dict[str, Any]) -> dict[str, Any]:
    """Mails of the user's calls that do not go out; nothing for others. Whether all mail stands still: watch_banner."""
    user, now = context["request"].user, clock.now()
    if not user.has_perm("registrations.view_outgoingmail"):
        return {"stuck": 0, "returned": 0, "restored": 0}
    return {
        "stuck": reports.stuck_mails(user, since=now - _RECENT),
        "returned": reports.returned_mails(user, since=now - _RECENT),
        "restored": reports.restored_mails(user),
    }
