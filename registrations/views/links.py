"""The private link: following it, and asking for it again."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from ranportal.shared import clock
from ranportal.shared.answers import evenly
from ranportal.shared.form_guard import Finding, Guard
from registrations.forms import LinkForm
from registrations.links import LinkUnknown, find
from registrations.services import addresses
from registrations.views.guarded import judged, keeps_text, with_notice
from registrations.views.personal import SeeOther, no_way_in, personal
from registrations.views.visit import keep, visit_of


@personal
@require_safe
def follow_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """Trade the token for a visit, by 303, so that it stands in no history and no referrer. Writes nothing."""
    now = clock.now()
    try:
        link = find(token, now=now)
    except LinkUnknown:
        return no_way_in(request)
    visit = visit_of(request, now=now)
    visit.add(link.pk)
    response = SeeOther(reverse("registrations:registration-mine", args=[link.registration.reference]))
    keep(response, visit, now=now)
    return response


@keeps_text
@personal
@evenly
@require_http_methods(["GET", "HEAD", "POST"])
def request_link(request: HttpRequest) -> HttpResponseBase:
    """Mail the private link again; what is answered says nothing about the address."""
    guard = Guard(request, "link", now=request.received_at)
    form, finding = judged(request, guard, LinkForm)
    if finding == Finding.TRAPPED:
        return SeeOther(reverse("registrations:link-sent"))
    if finding != Finding.FINE or not form.is_valid():
        return with_notice(request, "registrations/link_request.html", {"form": form}, guard=guard, finding=finding)
    addresses.send_link_again(email=form.cleaned_data["email"], now=clock.now())
    return SeeOther(reverse("registrations:link-sent"))


@personal
@require_safe
def link_sent(request: HttpRequest) -> HttpResponseBase:
    """The same page for everyone who asked for a link."""
    return render(request, "registrations/link_sent.html")
