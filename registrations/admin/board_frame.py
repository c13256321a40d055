"""The frame that board, rules and proposals of a selective call share."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse

from events.models import Call
from registrations.admin.access import staff_page

BOARD, RULES, PROPOSAL = (f"admin:registrations_call_{name}" for name in ("board", "board_rules", "board_proposal"))
_TABS = ((BOARD, "Board"), (RULES, "Rules"), (PROPOSAL, "Proposal"))
_FOLDER = "admin/registrations/board"


def require_selective(call: Call) -> None:
    """Open calls select nobody, so they have none of these pages."""
    if not call.is_selective:
        raise Http404


def board_page(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    call: Call,
    template: str,
    context: dict[str, Any],
    *,
    tab: str,
    status: int = 200,
) -> TemplateResponse:
    """A page of the selection, with the way to the other two."""
    frame = {"call": call, "event": call.event, "sees_people": True, "tabs": _TABS, "tab": tab}
    return staff_page(model_admin, request, f"{_FOLDER}/{template}", {**frame, **context}, status=status)
