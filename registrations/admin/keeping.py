"""The organiser's page about how long the people of a call are kept."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase

from events.models import Call
from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations import retention
from registrations.admin.access import call_page
from registrations.models import KeepingRules
from registrations.services import keeping_rules

_TEMPLATE = "admin/registrations/registration/keeping.html"


class KeepingForm(forms.ModelForm):
    """Days for each of the five rules."""

    class Meta:
        model = KeepingRules
        fields = retention.RULES


def keeping_page(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """See how long the people of this call are kept, and change it within the limits."""
    is_sent = request.method == "POST"
    form = KeepingForm(request.POST if is_sent else None, instance=retention.rules_of(call), label_suffix="")
    if is_sent and form.is_valid():
        try:
            keeping_rules.change(call=call, days=form.cleaned_data, by=request.user, now=clock.now())  # type: ignore[arg-type]
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Saved. The next purge goes by these days.")
            return HttpResponseRedirect(request.path)
    context: dict[str, Any] = {
        "title": "How long people are kept",
        "form": form,
        "may_lengthen": not call.registrations.exists(),
    }
    return call_page(model_admin, request, call, _TEMPLATE, context, status=422 if is_sent else 200)
