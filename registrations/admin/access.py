"""Who reaches the staff pages about people: every address of them passes through one of these doors."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from accounts.queries import is_administrator, is_data_protection_officer, is_logistics
from events.models import Call
from ranportal.shared import clock
from registrations import reports

Page = Callable[..., HttpResponseBase]


def for_organisers(model_admin: admin.ModelAdmin, page: Page, *methods: str) -> Page:
    """`page(model_admin, request)` for those who organise at least something, and for administrators.

    These see nobody there, but which calls nobody organises. Others are refused.
    """

    @require_http_methods(methods or ("GET",))
    def door(request: HttpRequest) -> HttpResponseBase:
        if not is_administrator(request.user):
            _require_organiser(request)
        return page(model_admin, request)

    return model_admin.admin_site.admin_view(door)


def for_administrators(model_admin: admin.ModelAdmin, page: Page, *methods: str) -> Page:
    """`page(model_admin, request, …)` for administrators; others are refused."""

    @require_http_methods(methods or ("GET",))
    def door(request: HttpRequest, **parts: Any) -> HttpResponseBase:
        if not is_administrator(request.user):
            raise PermissionDenied
        return page(model_admin, request, **parts)

    return model_admin.admin_site.admin_view(door)


def for_data_protection(model_admin: admin.ModelAdmin, page: Page, *methods: str) -> Page:
    """`page(model_admin, request, …)` for data protection officers, and for no superuser who is none."""

    @require_http_methods(methods or ("GET",))
    def door(request: HttpRequest, **parts: Any) -> HttpResponseBase:
        if not is_data_protection_officer(request.user):
            raise PermissionDenied
        return page(model_admin, request, **parts)

    return model_admin.admin_site.admin_view(door)


def for_logistics(model_admin: admin.ModelAdmin, page: Page, *methods: str) -> Page:
    """`page(model_admin, request, call)` for who looks after rooms and food of that call; for others there is none."""

    @require_http_methods(methods or ("GET",))
    def door(request: HttpRequest, call_id: int) -> HttpResponseBase:
        if not is_logistics(request.user):
            raise PermissionDenied
        call = get_object_or_404(reports.calls_served(request.user), pk=call_id)
        return page(model_admin, request, call)

    return model_admin.admin_site.admin_view(door)


def for_call(model_admin: admin.ModelAdmin, page: Page, *methods: str) -> Page:
    """`page(model_admin, request, call, …)` for organisers of that call; for others there is no such call."""

    @require_http_methods(methods or ("GET",))
    def door(request: HttpRequest, call_id: int, **parts: Any) -> HttpResponseBase:
        _require_organiser(request)
        call = get_object_or_404(reports.calls_of(request.user), pk=call_id)
        return page(model_admin, request, call, **parts)

    return model_admin.admin_site.admin_view(door)


def for_release(model_admin: admin.ModelAdmin, page: Page, *methods: str) -> Page:
    """`page(model_admin, request, call)` for organisers of that call and for its deputy; for others there is none."""

    @require_http_methods(methods or ("GET",))
    def door(request: HttpRequest, call_id: int) -> HttpResponseBase:
        _require_organiser(request)
        call = get_object_or_404(reports.calls_to_release(request.user), pk=call_id)
        return page(model_admin, request, call)

    return model_admin.admin_site.admin_view(door)


def for_registration(model_admin: admin.ModelAdmin, page: Page, *methods: str) -> Page:
    """`page(model_admin, request, registration, …)` for organisers of its call; for others there is none."""

    @require_http_methods(methods or ("GET",))
    def door(request: HttpRequest, registration_id: int, **parts: Any) -> HttpResponseBase:
        _require_organiser(request)
        registration = get_object_or_404(reports.registrations_of(request.user), pk=registration_id)
        return page(model_admin, request, registration, **parts)

    return model_admin.admin_site.admin_view(door)


def staff_page(
    model_admin: admin.ModelAdmin, request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> TemplateResponse:
    """The page inside the frame of the admin, with `opts` and `at` (the present moment)."""
    frame = {**model_admin.admin_site.each_context(request), "opts": model_admin.opts, "at": clock.now()}
    return TemplateResponse(request, template, {**frame, **context}, status=status)


def call_page(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    call: Call,
    template: str,
    context: dict[str, Any],
    *,
    status: int = 200,
) -> TemplateResponse:
    """A page about one call, with its numbers and the way to its other pages, which a mere deputy does not see."""
    about = {"call": call, "event": call.event, "sees_people": True}
    if "balance" not in context:
        about["balance"] = reports.balance(call)
    return staff_page(model_admin, request, template, {**about, **context}, status=status)


def _require_organiser(request: HttpRequest) -> None:
    if not request.user.has_perm("registrations.view_registration"):
        raise PermissionDenied
