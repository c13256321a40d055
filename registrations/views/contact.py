"""On the private page: naming somebody who can say that the person does this work."""

from datetime import datetime

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations import policies, vouch_links
from registrations.models import PrivateLink, Vouch
from registrations.safety_forms import ContactForm
from registrations.services import vouching
from registrations.views.personal import SeeOther, no_way_in, personal
from registrations.views.visit import link_to, visit_of


@personal
@require_http_methods(["GET", "HEAD", "POST"])
def my_contacts(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Whom the person named. A POST with `withdraw` takes a question back, any other names somebody."""
    now = clock.now()
    link = link_to(visit_of(request, now=now), reference=reference, now=now)
    if link is None:
        return no_way_in(request)
    if request.method != "POST":
        return _page(request, link, ContactForm(), now=now)
    if "withdraw" in request.POST:
        return _withdraw(request, link, now=now)
    form = ContactForm(request.POST)
    if not form.is_valid():
        return _page(request, link, form, now=now, status=422)
    given = form.cleaned_data
    try:
        vouching.ask(registration=link.registration, name=given["name"], email=given["email"], now=now)
    except Refused as refusal:
        return _page(request, link, form, now=now, refusal=str(refusal), status=409)
    return SeeOther(reverse("registrations:registration-contact", args=[reference]))


def _withdraw(request: HttpRequest, link: PrivateLink, *, now: datetime) -> HttpResponseBase:
    named = {str(vouch.number): vouch for vouch in link.registration.vouches.all()}
    vouch = named.get(request.POST["withdraw"])
    if vouch is None:
        return _page(request, link, ContactForm(), now=now, refusal="Please use a button on this page.", status=400)
    try:
        vouching.withdraw(vouch=vouch, now=now)
    except Refused as refusal:
        return _page(request, link, ContactForm(), now=now, refusal=str(refusal), status=409)
    return SeeOther(reverse("registrations:registration-contact", args=[link.registration.reference]))


def _page(
    request: HttpRequest,
    link: PrivateLink,
    form: ContactForm,
    *,
    now: datetime,
    refusal: str = "",
    status: int = 200,
) -> HttpResponseBase:
    held = link.registration
    named = list(held.vouches.order_by("number"))
    for vouch in named:
        vouch.registration = held
    may_name = policies.may_name_contact(held) and len(named) < vouching.AT_MOST
    context = {
        "registration": held,
        "call": held.call,
        "form": form if may_name else None,
        "rows": [(vouch, _words(vouch, now), vouch_links.is_open(vouch, now=now)) for vouch in named],
        "at_most": vouching.AT_MOST,
        "refusal": refusal,
    }
    return render(request, "registrations/contact.html", context, status=status)


def _words(vouch: Vouch, now: datetime) -> str:
    """What became of the question; what was answered is for the organisers."""
    if vouch.answer:
        return "Has answered"
    if vouch.revoked_at is not None:
        return "You took this back"
    return "Asked, not answered yet" if vouch_links.is_open(vouch, now=now) else "Did not answer"
