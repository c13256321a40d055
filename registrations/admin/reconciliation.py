"""Was everyone told? What the last daily check of each call found, and where to act on it."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from ranportal.shared import clock
from ranportal.shared.admin import PagesToRead
from registrations import reports, watch
from registrations.models import Reconciliation


@admin.register(Reconciliation)
class ReconciliationAdmin(PagesToRead):
    """One page to read: counts. Organisers see those of their own calls, administrators of all."""

    def get_urls(self) -> list[URLPattern]:
        return [path("", self.admin_site.admin_view(self.show), name="registrations_reconciliation_changelist")]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("registrations.view_outgoingmail"))

    def show(self, request: HttpRequest) -> TemplateResponse:
        """The newest check of each call, those with something to look at first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Was everyone told?",
            "checks": self._checks(request),
        }
        return TemplateResponse(request, "admin/registrations/reconciliation/list.html", context)

    def _checks(self, request: HttpRequest) -> list[Any]:
        """The counts; whom they are about stands there in one's own calls alone."""
        own = set(reports.calls_of(request.user).order_by().values_list("pk", flat=True))
        checks = watch.last_checks(reports.calls_watched(request.user), now=clock.now())
        for check in checks:
            if check.call_id not in own:
                check.shown, check.is_not_own = [], True
        return checks
