"""Who works on a call: hand it over to a deputy, leave it, let somebody look after rooms and food."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from accounts.doors import ask_for_proof
from accounts.enums import Role
from accounts.models import User
from accounts.queries import staff_with
from events.models import Call
from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations.admin.access import call_page
from registrations.services import handing_over


class HandOverForm(forms.Form):
    """To whom, and whether one stays."""

    to = forms.ModelChoiceField(
        User.objects.none(), label="Hand over to", error_messages={"required": "Say to whom."}, empty_label="–"
    )
    leaves = forms.BooleanField(label="I organise it no longer", required=False)


class LogisticsForm(forms.Form):
    """Who is to look after rooms and food."""

    logistics = forms.ModelChoiceField(
        User.objects.none(), label="Let in", error_messages={"required": "Say whom."}, empty_label="–"
    )


def team(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """GET shows who works on the call; POST does one `act`: hand_over, take_back, let_in or let_go."""
    hand_over, logistics = _forms(call, request)
    if request.method != "POST":
        return _page(model_admin, request, call, hand_over, logistics)
    if asked := ask_for_proof(request):
        return asked
    act = request.POST.get("act", "")
    form = {"hand_over": hand_over, "let_in": logistics}.get(act)
    if form is not None and not form.is_valid():
        return _page(model_admin, request, call, hand_over, logistics, status=422)
    try:
        words = _run(act, call, request, form)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("admin:registrations_call_team", call.pk)
    messages.success(request, words)
    if not call.organisers.filter(pk=request.user.pk).exists():
        return redirect("admin:registrations_registration_calls")
    return redirect("admin:registrations_call_team", call.pk)


def _run(act: str, call: Call, request: HttpRequest, form: forms.Form | None) -> str:
    by, now = request.user, clock.now()
    if act == "hand_over" and form is not None:
        to = form.cleaned_data["to"]
        handing_over.hand_over(call=call, to=to, leaves=form.cleaned_data["leaves"], by=by, now=now)
        return f"{to} organises this call from now on."
    if act == "let_in" and form is not None:
        chosen = form.cleaned_data["logistics"]
        handing_over.let_in(call=call, logistics=chosen, by=by, now=now)
        return f"{chosen} sees what confirmed people need."
    key = request.POST.get("user", "")
    user = User.objects.filter(pk=int(key)).first() if key.isascii() and key.isdigit() and len(key) < 18 else None
    if user is None or act not in ("take_back", "let_go"):
        raise Refused("Nothing was changed: the page is an older one.")
    if act == "take_back":
        handing_over.take_back(call=call, organiser=user, by=by, now=now)
        return f"{user} organises this call no longer."
    handing_over.let_go(call=call, logistics=user, by=by, now=now)
    return f"{user} sees nothing of this call any more."


def _forms(call: Call, request: HttpRequest) -> tuple[HandOverForm, LogisticsForm]:
    act, data = request.POST.get("act"), request.POST
    hand_over = HandOverForm(data if act == "hand_over" else None, label_suffix="")
    hand_over.fields["to"].queryset = staff_with(Role.ORGANISER).exclude(pk__in=call.organisers.values("pk"))
    logistics = LogisticsForm(data if act == "let_in" else None, label_suffix="")
    logistics.fields["logistics"].queryset = staff_with(Role.LOGISTICS).exclude(logistics_calls__call=call)
    return hand_over, logistics


def _page(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    call: Call,
    hand_over: HandOverForm,
    logistics: LogisticsForm,
    *,
    status: int = 200,
) -> HttpResponseBase:
    context: dict[str, Any] = {
        "title": "Who works on this call",
        "organisers": list(call.organisers.order_by("name", "email")),
        "served_by": [one.user for one in call.logistics.select_related("user").order_by("user__name", "user__email")],
        "hand_over": hand_over,
        "let_in": logistics,
    }
    template = "admin/registrations/registration/team.html"
    return call_page(model_admin, request, call, template, context, status=status)
