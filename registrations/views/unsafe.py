"""On the private page: asking to be called by a person who feels unsafe."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ranportal.shared import clock
from registrations import policies
from registrations.safety_forms import UnsafeForm
from registrations.services import alarms
from registrations.views.personal import SeeOther, no_way_in, personal
from registrations.views.visit import link_to, visit_of


@personal
@require_http_methods(["GET", "HEAD", "POST"])
def my_safety(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Ask to be called, whatever the state of the registration; another POST changes the number of an open call."""
    now = clock.now()
    link = link_to(visit_of(request, now=now), reference=reference, now=now)
    if link is None:
        return no_way_in(request)
    held = link.registration
    form = UnsafeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        alarms.sound(registration=held, telephone=given["telephone"], words=given["words"], now=now)
        return SeeOther(reverse("registrations:registration-unsafe", args=[reference]))
    last = held.alarms.order_by("-number").first()
    context = {
        "registration": held,
        "call": held.call,
        "event": held.call.event,
        "form": form,
        "alarm": last,
        "may_withdraw": policies.may_withdraw(held),
    }
    return render(request, "registrations/unsafe.html", context, status=422 if form.errors else 200)
