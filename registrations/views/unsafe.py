"""On the private page: asking to be called by a person who feels unsafe."""

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from registrations import policies
from registrations.safety_forms import UnsafeForm
from registrations.services import alarms
from registrations.views.frame import Own, own
from registrations.views.personal import SeeOther


@own
def my_safety(own: Own) -> HttpResponseBase:
    """Ask to be called, whatever the state of the registration; another POST changes the number of an open call."""
    held = own.held
    form = UnsafeForm(own.request.POST if own.is_sent else None)
    if own.is_sent and form.is_valid():
        given = form.cleaned_data
        alarms.sound(registration=held, telephone=given["telephone"], words=given["words"], now=own.now)
        return SeeOther(reverse("registrations:registration-unsafe", args=[held.reference]))
    context = {
        "registration": held,
        "call": held.call,
        "event": held.call.event,
        "form": form,
        "alarm": held.alarms.order_by("-number").first(),
        "may_withdraw": policies.may_withdraw(held),
    }
    return render(own.request, "registrations/unsafe.html", context, status=422 if form.errors else 200)
