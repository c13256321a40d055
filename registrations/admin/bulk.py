"""What organisers do with many registrations of the list at once. The services decide; here is only the asking."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations.admin.access import staff_page
from registrations.admin.act_forms import ReasonForm
from registrations.enums import Outcome, State
from registrations.models import Registration
from registrations.services import places, selection

Registrations = QuerySet[Registration]

ONE_CALL = "Choose registrations of one call at a time."
_STAGE_TITLES = {
    Outcome.SELECT: "Offer a place to",
    Outcome.RESERVE: "Put on the reserve list:",
    Outcome.DECLINE: "Not select:",
}


@admin.action(description="Stage: select", permissions=["view"])
def stage_select(model_admin: admin.ModelAdmin, request: HttpRequest, queryset: Registrations) -> Any:
    return _stage(model_admin, request, queryset, Outcome.SELECT)


@admin.action(description="Stage: reserve list", permissions=["view"])
def stage_reserve(model_admin: admin.ModelAdmin, request: HttpRequest, queryset: Registrations) -> Any:
    return _stage(model_admin, request, queryset, Outcome.RESERVE)


@admin.action(description="Stage: not selected", permissions=["view"])
def stage_decline(model_admin: admin.ModelAdmin, request: HttpRequest, queryset: Registrations) -> Any:
    return _stage(model_admin, request, queryset, Outcome.DECLINE)


@admin.action(description="Undo the staged decision", permissions=["view"])
def unstage(model_admin: admin.ModelAdmin, request: HttpRequest, queryset: Registrations) -> None:
    registrations = _chosen(model_admin, request, queryset)
    if registrations:
        _run(
            model_admin,
            request,
            lambda: selection.unstage(registrations=registrations, by=request.user, now=clock.now()),
            "Staged decisions undone",
        )


@admin.action(description="Attendance: took part", permissions=["view"])
def mark_attended(model_admin: admin.ModelAdmin, request: HttpRequest, queryset: Registrations) -> None:
    _mark(model_admin, request, queryset, State.ATTENDED)


@admin.action(description="Attendance: did not take part", permissions=["view"])
def mark_absent(model_admin: admin.ModelAdmin, request: HttpRequest, queryset: Registrations) -> None:
    _mark(model_admin, request, queryset, State.ABSENT)


@admin.action(description="Attendance: did not take part, excused", permissions=["view"])
def mark_excused(model_admin: admin.ModelAdmin, request: HttpRequest, queryset: Registrations) -> None:
    _mark(model_admin, request, queryset, State.ABSENT, is_excused=True)


ACTIONS = (stage_select, stage_reserve, stage_decline, unstage, mark_attended, mark_absent, mark_excused)


def _stage(
    model_admin: admin.ModelAdmin, request: HttpRequest, queryset: Registrations, outcome: Outcome
) -> HttpResponseBase | None:
    """Ask for the reason first; then stage all and go back to the list."""
    registrations = _chosen(model_admin, request, queryset)
    if not registrations:
        return None
    form = ReasonForm(request.POST if "ask" in request.POST else None, label_suffix="")
    if form.is_valid():
        try:
            number = selection.stage(
                registrations=registrations, outcome=outcome, by=request.user, now=clock.now(), **form.cleaned_data
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            model_admin.message_user(request, f"Staged: {number}. Nobody is told before you release.", messages.SUCCESS)
            return None
    context = {
        "title": f"{_STAGE_TITLES[outcome]} {len(registrations)}",
        "form": form,
        "registrations": registrations,
        "call": registrations[0].call,
        "action": request.POST.get("action", ""),
        "select_across": request.POST.get("select_across", "0"),
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "checked": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "back": request.get_full_path(),
    }
    status = 422 if form.is_bound else 200
    return staff_page(model_admin, request, "admin/registrations/registration/stage.html", context, status=status)


def _mark(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    queryset: Registrations,
    state: State,
    *,
    is_excused: bool = False,
) -> None:
    registrations = _chosen(model_admin, request, queryset)
    if registrations:
        _run(
            model_admin,
            request,
            lambda: places.mark_attendance(
                registrations=registrations, state=state, is_excused=is_excused, by=request.user, now=clock.now()
            ),
            "Attendance marked",
        )


def _chosen(model_admin: admin.ModelAdmin, request: HttpRequest, queryset: Registrations) -> Sequence[Registration]:
    """The chosen registrations, or none, with a word about it, when they are of several calls."""
    registrations = list(queryset)
    if len({registration.call_id for registration in registrations}) > 1:
        model_admin.message_user(request, ONE_CALL, messages.ERROR)
        return []
    return registrations


def _run(model_admin: admin.ModelAdmin, request: HttpRequest, act: Any, done: str) -> None:
    try:
        number = act()
    except Refused as refusal:
        model_admin.message_user(request, str(refusal), messages.ERROR)
    else:
        model_admin.message_user(request, f"{done}: {number}.", messages.SUCCESS)
