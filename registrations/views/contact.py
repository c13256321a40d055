"""On the private page: naming somebody who can say that the person does this work."""

from datetime import datetime

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from ranportal.shared.refusals import Refused
from registrations import policies, vouch_links
from registrations.models import Vouch
from registrations.safety_forms import ContactForm
from registrations.services import vouching
from registrations.views.frame import Own, own, proven
from registrations.views.personal import SeeOther


@own
@proven
def my_contacts(own: Own) -> HttpResponseBase:
    """Whom the person named. A POST with `withdraw` takes a question back, any other names somebody."""
    if not own.is_sent:
        return _page(own, ContactForm())
    if "withdraw" in own.request.POST:
        return _withdraw(own)
    form = ContactForm(own.request.POST)
    if not form.is_valid():
        return _page(own, form, status=422)
    given = form.cleaned_data
    try:
        vouching.ask(registration=own.held, name=given["name"], email=given["email"], now=own.now)
    except Refused as refusal:
        return _page(own, form, refusal=str(refusal), status=409)
    return _again(own)


def _withdraw(own: Own) -> HttpResponseBase:
    named = {str(vouch.number): vouch for vouch in own.held.vouches.all()}
    vouch = named.get(own.request.POST["withdraw"])
    if vouch is None:
        return _page(own, ContactForm(), refusal="Please use a button on this page.", status=400)
    try:
        vouching.withdraw(vouch=vouch, now=own.now)
    except Refused as refusal:
        return _page(own, ContactForm(), refusal=str(refusal), status=409)
    return _again(own)


def _again(own: Own) -> HttpResponseBase:
    return SeeOther(reverse("registrations:registration-contact", args=[own.held.reference]))


def _page(own: Own, form: ContactForm, *, refusal: str = "", status: int = 200) -> HttpResponseBase:
    held = own.held
    named = list(held.vouches.order_by("number"))
    for vouch in named:
        vouch.registration = held
    may_name = policies.may_name_contact(held) and len(named) < vouching.AT_MOST
    context = {
        "registration": held,
        "call": held.call,
        "form": form if may_name else None,
        "rows": [(vouch, _words(vouch, own.now), vouch_links.is_open(vouch, now=own.now)) for vouch in named],
        "at_most": vouching.AT_MOST,
        "refusal": refusal,
    }
    return render(own.request, "registrations/contact.html", context, status=status)


def _words(vouch: Vouch, now: datetime) -> str:
    """What became of the question; what was answered is for the organisers."""
    if vouch.answer:
        return "Has answered"
    if vouch.revoked_at is not None:
        return "You took this back"
    return "Asked, not answered yet" if vouch_links.is_open(vouch, now=now) else "Did not answer"
