"""What who looks after rooms, food and access sees: confirmed people's practical needs, and no more of anybody."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET

from accounts.queries import is_logistics
from events.models import Call
from ranportal.shared.admin import PagesToRead
from registrations import access_reports, reports
from registrations.admin.access import for_call, for_logistics, staff_page
from registrations.admin.handing_over import team
from registrations.models import LogisticsAssignment, Registration

_FOLDER = "admin/registrations/logisticsassignment"


@dataclass(frozen=True)
class Needs:
    """One confirmed person: the name that others see, and what is needed, each with its label."""

    registration: Registration
    name: str
    said: list[tuple[str, str]]


@admin.register(LogisticsAssignment)
class LogisticsAdmin(PagesToRead):
    """Pages to read; who sees them is said by the organisers of each call on a page of theirs."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("", view(require_GET(self.overview)), name="registrations_logisticsassignment_changelist"),
            path("calls/<int:call_id>/", for_logistics(self, _show), name="registrations_logistics_call"),
            path("calls/<int:call_id>/team/", for_call(self, team, "GET", "POST"), name="registrations_call_team"),
        ]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("registrations.view_logisticsassignment") and is_logistics(request.user)

    def overview(self, request: HttpRequest) -> HttpResponseBase:
        """The calls that one looks after."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        calls = reports.calls_served(request.user).prefetch_related("event__sessions")
        context = {"title": "Rooms, food and access", "calls": calls}
        return staff_page(self, request, f"{_FOLDER}/calls.html", context)


def _show(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    people = [_needs(registration) for registration in access_reports.to_serve(call)]
    context = {"title": call.event.title, "call": call, "people": people}
    return staff_page(model_admin, request, f"{_FOLDER}/call.html", context)


def _needs(registration: Registration) -> Needs:
    identity = getattr(registration, "identity", None)
    said = [(consent.get_extra_display(), consent.detail) for consent in registration.needs]
    said += [(answer.label, answer.text) for answer in registration.practical]
    return Needs(registration, identity.display_name if identity else "–", said)
