"""Somebody feels unsafe and asks to be called: at which number, and whether somebody did."""

from django.contrib import admin, messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations.admin.access import call_page
from registrations.enums import Act
from registrations.models import Alarm, Registration
from registrations.services import alarms


def show(model_admin: admin.ModelAdmin, request: HttpRequest, registration: Registration) -> HttpResponseBase:
    """The calls for help of one person, the newest first; a POST writes down that its `number` was called.

    The button carries what it stood beside: nobody closes a call for help whose number they have not seen.
    """
    found = list(registration.alarms.select_related("handled_by"))
    for alarm in found:
        alarm.registration = registration
    if request.method == "POST":
        called = next((alarm for alarm in found if str(alarm.number) == request.POST.get("number", "")), None)
        if called is None:
            messages.error(request, "Please use the button on this page.")
        else:
            _handle(request, called)
        return redirect("admin:registrations_registration_alarms", registration.pk)
    asked = registration.transitions.filter(act=Act.UNSAFE).order_by("-at").first()
    context = {
        "title": f"Calls for help of {registration.reference}",
        "registration": registration,
        "asked_at": asked and asked.at,
        "rows": [(alarm, alarms.seen(alarm)) for alarm in found],
    }
    template = "admin/registrations/registration/alarms.html"
    return call_page(model_admin, request, registration.call, template, context)


def _handle(request: HttpRequest, called: Alarm) -> None:
    try:
        alarms.handle(alarm=called, shown=request.POST.get("seen", ""), by=request.user, now=clock.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Noted that {called.registration.reference} was called.")
