"""Somebody feels unsafe and asks to be called: at which number, and whether somebody did."""

from django.contrib import admin, messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from ranportal.shared import clock
from registrations.admin.access import call_page
from registrations.models import Registration
from registrations.services import alarms


def show(model_admin: admin.ModelAdmin, request: HttpRequest, registration: Registration) -> HttpResponseBase:
    """The calls for help of one person, the newest first; a POST writes down that its `number` was called."""
    found = list(registration.alarms.select_related("handled_by"))
    if request.method == "POST":
        called = next((alarm for alarm in found if str(alarm.number) == request.POST.get("number", "")), None)
        if called is None:
            messages.error(request, "Please use the button on this page.")
        else:
            called.registration = registration
            alarms.handle(alarm=called, by=request.user, now=clock.now())
            messages.success(request, f"Noted that {registration.reference} was called.")
        return redirect("admin:registrations_registration_alarms", registration.pk)
    for alarm in found:
        alarm.registration = registration
    context = {
        "title": f"Calls for help of {registration.reference}",
        "registration": registration,
        "alarms": found,
    }
    template = "admin/registrations/registration/alarms.html"
    return call_page(model_admin, request, registration.call, template, context)
