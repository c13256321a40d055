"""Pages about one call's people beside the list: find a person, who has not answered, who was there."""

import re

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.queries import is_administrator
from events.models import Call
from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations import access_reports, looks, reports
from registrations.admin.access import call_page, staff_page
from registrations.admin.act_forms import ATTENDANCE, attendance_of
from registrations.enums import LookKind, MailKind, MailState
from registrations.models import Registration
from registrations.services import places

_FOLDER = "admin/registrations/registration"
_REFERENCE = re.compile(r"P-[0-9A-Z]{5}", re.ASCII)
_FOUND_AT_MOST = 50


def overview(model_admin: admin.ModelAdmin, request: HttpRequest) -> TemplateResponse:
    """The calls whose people this organiser may see, with their numbers."""
    calls = list(reports.calls_of(request.user))
    numbers = reports.balances(calls)
    own = {call.pk for call in calls}
    sees_all = is_administrator(request.user)
    context = {
        "title": "Registrations",
        "rows": [(call, numbers[call.pk]) for call in calls],
        "is_administrator": sees_all,
        "unorganised": reports.calls_without_organisers() if sees_all else [],
        "lacks_officer": sees_all and not access_reports.officers().exists(),
        "deputy_of": [call for call in reports.calls_to_release(request.user) if call.pk not in own],
    }
    return staff_page(model_admin, request, f"{_FOLDER}/calls.html", context)


def find(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """Look for a reference, a name, an address or an organisation. A POST, since addresses of pages are logged."""
    text = request.POST.get("sought", "").strip()[:200]
    if _REFERENCE.fullmatch(text.upper()):
        one = _people(request, call).filter(reference=text.upper()).first()
        if one is not None:
            return redirect("admin:registrations_registration_change", one.pk)
    found = reports.people_found(_people(request, call), text, at_most=_FOUND_AT_MOST + 1)
    looks.declare(LookKind.SEARCH, shown=[one.pk for one in found[:_FOUND_AT_MOST]])
    context = {
        "title": "Find a person",
        "sought": text,
        "registrations": found[:_FOUND_AT_MOST],
        "there_are_more": len(found) > _FOUND_AT_MOST,
    }
    return call_page(model_admin, request, call, f"{_FOLDER}/found.html", context)


def not_answered(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> TemplateResponse:
    """Who was offered a place and has said neither yes nor no."""
    people = _people(request, call)
    context = {
        "title": "Not answered",
        "registrations": reports.not_answered(people),
        "without_details": reports.without_details(people),
    }
    return call_page(model_admin, request, call, f"{_FOLDER}/not_answered.html", context)


def not_told(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> TemplateResponse:
    """Whose newest news has not gone out, or came back."""
    registrations = list(reports.not_told(_people(request, call)))
    for registration in registrations:
        registration.mail_kind_words = MailKind(registration.mail_kind).label
        is_back = registration.mail_state == MailState.SENT
        registration.mail_state_words = "Came back" if is_back else MailState(registration.mail_state).label
    context = {"title": "Not told yet", "registrations": registrations}
    return call_page(model_admin, request, call, f"{_FOLDER}/not_told.html", context)


def attendance(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """The list for the day of the event: who is expected, and who took part."""
    registrations = list(reports.attendance_list(_people(request, call)))
    if request.method == "POST":
        return _mark(model_admin, request, call, registrations)
    rows = [(registration, attendance_of(registration)) for registration in registrations]
    marks = [(key, words[2]) for key, words in ATTENDANCE.items()]
    context = {"title": "Attendance list", "rows": rows, "marks": marks}
    return call_page(model_admin, request, call, f"{_FOLDER}/attendance.html", context)


def _mark(
    model_admin: admin.ModelAdmin, request: HttpRequest, call: Call, registrations: list[Registration]
) -> HttpResponseBase:
    now, number = clock.now(), 0
    try:
        for mark, (state, is_excused, _) in ATTENDANCE.items():
            marked = [r for r in registrations if _chosen(request, r) == mark and attendance_of(r) != mark]
            if marked:
                number += places.mark_attendance(
                    registrations=marked, state=state, is_excused=is_excused, by=request.user, now=now
                )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Attendance marked: {number} changed.")
    return redirect(reverse("admin:registrations_call_attendance", args=[call.pk]))


def _chosen(request: HttpRequest, registration: Registration) -> str:
    return request.POST.get(f"mark-{registration.pk}", "")


def _people(request: HttpRequest, call: Call) -> QuerySet[Registration]:
    return reports.registrations_of(request.user).filter(call=call)
