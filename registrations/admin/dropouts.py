"""Free places of a call: who is next, who would restore the balance, and giving a place by mail or by telephone."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from events.models import Call
from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations import policies, queries
from registrations.admin.access import call_page
from registrations.admin.act_forms import NO_CASES
from registrations.free_places import BEST_SHOWN, SHOWN, candidates
from registrations.models import Registration
from registrations.services import places

OFFER, COMES, COMES_NOT = "offer", "comes", "comes-not"


class ChooseForm(forms.Form):
    """Whom of the list an organiser takes, and why, if it is not the next one."""

    use_required_attribute = False
    person = forms.ModelChoiceField(
        queryset=Registration.objects.none(), error_messages={"required": "Please choose a person."}
    )
    reason = forms.CharField(max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    act = forms.ChoiceField(choices=[(name, name) for name in (OFFER, COMES, COMES_NOT)])

    def __init__(self, *args: Any, call: Call, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = queries.on_list(call)


def free_places(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """GET shows the free places and the list in both orders; POST gives one place, or notes a telephone call."""
    if request.method == "GET":
        return _page(model_admin, request, call)
    form = ChooseForm(request.POST, call=call)
    if not form.is_valid():
        problem = "Please choose a person of the list." if "person" in form.errors else "Please choose what to do."
        return _page(model_admin, request, call, refusal=problem, status=422)
    try:
        messages.success(request, _run(form.cleaned_data, request))
    except Refused as refusal:
        return _page(model_admin, request, call, refusal=str(refusal), status=409)
    return redirect("admin:registrations_call_free_places", call.pk)


def _run(given: dict[str, Any], request: HttpRequest) -> str:
    person, now = given["person"], clock.now()
    if given["act"] == OFFER:
        places.offer(registration=person, reason=given["reason"], by=request.user, now=now)
        return f"The place is offered to {person.reference}; a mail is on its way."
    comes = given["act"] == COMES
    places.note_call(registration=person, comes=comes, reason=given["reason"], by=request.user, now=now)
    return f"{person.reference} comes: the place is confirmed." if comes else f"{person.reference} left the list."


def _page(
    model_admin: admin.ModelAdmin, request: HttpRequest, call: Call, *, refusal: str = "", status: int = 200
) -> TemplateResponse:
    now = clock.now()
    settings = queries.selection_settings(call)
    first = call.event.sessions.order_by("starts_at").first()
    starts_at = first.starts_at if first else call.closes_at
    found = candidates(call)
    context = {
        "title": "Free places",
        "refusal": refusal,
        "free": policies.free_places(call),
        "settings": settings,
        "is_telephone_time": policies.is_telephone_time(settings, starts_at=starts_at, now=now),
        "has_begun": now >= starts_at,
        "promotes_by_itself": policies.promotes_by_itself(settings, starts_at=starts_at, now=now),
        "is_released": queries.is_released(call),
        "is_list_over": now >= policies.list_closes_at(call, starts_at=starts_at),
        "listed": found.listed[:SHOWN],
        "more": max(0, len(found.listed) - SHOWN),
        "best": found.best[:BEST_SHOWN],
        "missed": found.missed,
        "has_rules": found.has_rules,
        "chosen": request.POST.get("person", ""),
        "reason": request.POST.get("reason", ""),
        "reason_help": f"Needed when it is not the next on the list. {NO_CASES}",
    }
    template = "admin/registrations/registration/free_places.html"
    return call_page(model_admin, request, call, template, context, status=status)
