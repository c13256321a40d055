"""An organiser registers a person who told us in another way. The deadline does not stop organisers."""

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from events.models import Call
from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations.admin.access import call_page
from registrations.enums import Channel
from registrations.forms import ByHandForm
from registrations.services import intake


class HowForm(forms.Form):
    """How the person told us."""

    use_required_attribute = False
    channel = forms.ChoiceField(
        label="How they told us", choices=[choice for choice in Channel.choices if choice[0] != Channel.PORTAL]
    )


def register(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """The form of the call, filled in for somebody; refusals are said above it and nothing typed is lost."""
    is_sent = request.method == "POST"
    form = ByHandForm(call=call, data=request.POST if is_sent else None, files=request.FILES if is_sent else None)
    how = HowForm(request.POST if is_sent else None, label_suffix="")
    status = 200
    if is_sent:
        status = 422
        if form.is_valid() and how.is_valid():
            try:
                registration = intake.register_by_hand(
                    call=call,
                    person=form.person(),
                    answers=form.answers(),
                    by=request.user,
                    channel=how.cleaned_data["channel"],
                    now=clock.now(),
                )
            except Refused as refusal:
                form.add_error(None, str(refusal))
                status = 409
            else:
                messages.success(request, f"{registration.reference}: registered. A mail asks to confirm the address.")
                return redirect("admin:registrations_registration_change", registration.pk)
    context = {"title": "Register someone", "form": form, "how": how}
    template = "admin/registrations/registration/register.html"
    return call_page(model_admin, request, call, template, context, status=status)
