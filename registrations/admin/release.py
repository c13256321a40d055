"""Release of a call's decisions: what would be sent, the button, the time to take it back, how far the mails are."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from accounts.doors import ask_for_proof
from events.models import Call
from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations import policies, queries, release_summary, reports
from registrations.admin.access import call_page
from registrations.models import Release
from registrations.services import releasing, selection

_FOLDER = "admin/registrations/registration"
#: Seconds after which the page looks again by itself: seldom while a release waits, often while something happens.
_SELDOM, _OFTEN = 30, 2


def release(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """GET shows what would happen and what stands in the way; POST gives the release, or takes it back (`recall`).

    Before it is given, who they are is asked again.
    """
    if request.method == "GET":
        return _page(model_admin, request, call)
    # Taking back must be quick.
    is_urgent = request.POST.get("action") == "recall"
    if not is_urgent and (asked := ask_for_proof(request, is_kept=False)):
        return asked
    now = clock.now()
    try:
        if is_urgent:
            releasing.recall(call=call, by=request.user, now=now)
            messages.success(request, "The release is taken back. Nobody was told, and everything stays staged.")
        else:
            releasing.give(call=call, by=request.user, now=now)
    except Refused as refusal:
        return _page(model_admin, request, call, refusal=str(refusal))
    return redirect("admin:registrations_call_release", call.pk)


def preview(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> TemplateResponse:
    """What each person would be told, and the text of each kind of mail, before anything is sent."""
    context = {
        "title": "What would be sent",
        "previews": selection.preview(call=call, now=clock.now()),
        "sees_people": _sees_people(request, call),
    }
    return call_page(model_admin, request, call, f"{_FOLDER}/preview.html", context)


def _page(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call, *, refusal: str = "") -> TemplateResponse:
    now = clock.now()
    last, progress, balance = reports.last_release(call), reports.mail_progress(call), reports.balance(call)
    state = _state(last, progress, now)
    at = last.due_at if last and state["is_waiting"] else now + releasing.RECALL
    # Who looks how far the mails are reads none of it.
    summary = release_summary.summary(call, at=at) if call.is_selective and balance.staged else None
    is_second = summary is None or not summary.needs_second_person or request.user.pk not in summary.decided_by_ids
    context = {
        "title": "Release the decisions",
        "is_release_page": True,
        "refusal": refusal,
        "may_release": policies.may_release(call, now=now),
        "is_second_person": is_second,
        "is_closed": now >= call.closes_at,
        "released_at": None if summary else reports.released_at(call),
        "recall_minutes": int(releasing.RECALL.total_seconds() // 60),
        "balance": balance,
        "summary": summary,
        "progress": progress,
        "sees_people": _sees_people(request, call),
        **state,
    }
    return call_page(model_admin, request, call, f"{_FOLDER}/release.html", context, status=409 if refusal else 200)


def _state(last: Release | None, progress: reports.MailProgress, now: datetime) -> dict[str, Any]:
    """How the newest release stands: it waits, is being written, was taken back, was refused, or is done."""
    is_open = last is not None and last.done_at is None and last.recalled_at is None
    is_waiting = is_open and last is not None and now < last.due_at
    left = int((last.due_at - now).total_seconds()) + 1 if is_waiting and last else 0
    state = "waiting" if is_waiting else "written" if is_open else "none" if last is None else str(last.pk)
    return {
        "release": last,
        "state": state,
        "is_waiting": is_waiting,
        "is_being_written": is_open and not is_waiting,
        "is_over": not is_open and progress.is_over,
        "looks_again_in": max(_OFTEN, min(_SELDOM, left)) if is_waiting else _OFTEN,
    }


def _sees_people(request: HttpRequest, call: Call) -> bool:
    return queries.organises(user=request.user, call=call)
