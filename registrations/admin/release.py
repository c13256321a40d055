"""Release of a call's decisions: what would be sent, the one button, and how far the mails have got."""

from django.contrib import admin, messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from events.models import Call
from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations import policies, reports
from registrations.admin.access import call_page
from registrations.services import selection

_FOLDER = "admin/registrations/registration"


def release(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """GET shows the numbers and what stands in the way; POST releases all staged decisions of the call at once."""
    if request.method == "GET":
        return _page(model_admin, request, call)
    try:
        released = selection.release(call=call, by=request.user, now=clock.now())
    except Refused as refusal:
        return _page(model_admin, request, call, refusal=str(refusal))
    number = released.selected + released.reserve + released.declined
    if number:
        messages.success(
            request,
            f"Released: {released.selected} selected, {released.reserve} on the reserve list, "
            f"{released.declined} not selected. The mails are on their way.",
        )
    else:
        messages.info(request, "There was nothing to release: no decision was waiting, and nothing has changed.")
    return redirect("admin:registrations_call_release", call.pk)


def preview(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> TemplateResponse:
    """What each person would be told, and the text of each kind of mail, before anything is sent."""
    context = {"title": "What would be sent", "previews": selection.preview(call=call, now=clock.now())}
    return call_page(model_admin, request, call, f"{_FOLDER}/preview.html", context)


def _page(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call, *, refusal: str = "") -> TemplateResponse:
    now = clock.now()
    context = {
        "title": "Release the decisions",
        "refusal": refusal,
        "may_release": policies.may_release(call, now=now),
        "is_closed": now >= call.closes_at,
        "released_at": reports.released_at(call),
        "progress": reports.mail_progress(call),
    }
    return call_page(model_admin, request, call, f"{_FOLDER}/release.html", context, status=409 if refusal else 200)
