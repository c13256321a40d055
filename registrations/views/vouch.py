"""What a contact point sees whom somebody named: one question with two answers."""

from datetime import datetime, timedelta

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations import identity_checks, vouch_links
from registrations.enums import VouchAnswer
from registrations.models import Vouch
from registrations.services import vouching
from registrations.views.personal import SeeOther, personal
from registrations.views.sealed_numbers import SealedCookie

#: So long after its link was followed a question can be read and answered.
LIFETIME = timedelta(hours=1)

_COOKIE = SealedCookie(word="question", purpose="vouch-visit", lifetime=LIFETIME)


@personal
@require_safe
def follow(request: HttpRequest, token: str) -> HttpResponseBase:
    """Trade the token for a short visit, by 303, so that it stands in no history and no referrer. Writes nothing."""
    now = clock.now()
    try:
        vouch = vouch_links.find(token, now=now)
    except vouch_links.VouchLinkUnknown:
        return _no_question(request)
    response = SeeOther(reverse("registrations:vouch-question"))
    _COOKIE.keep(response, [vouch.pk], now=now)
    return response


@personal
@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest) -> HttpResponseBase:
    """Show who named the reader, and nothing else; a POST carries the `answer`, and `seen`: about whom it is."""
    now = clock.now()
    vouch = _held(request, now=now)
    if vouch is None:
        return _no_question(request)
    if request.method != "POST":
        return _page(request, vouch)
    said = request.POST.get("answer", "")
    if said not in VouchAnswer.values:
        return _page(request, vouch, refusal="Please use one of the two buttons.", status=400)
    if request.POST.get("seen") != identity_checks.who_is(vouch.registration.identity):
        changed = "What this person told us about who they are has changed. Please read it again."
        return _page(request, vouch, refusal=changed, status=409)
    try:
        vouching.answer(vouch=vouch, answer=VouchAnswer(said), now=now)
    except Refused:
        return _no_question(request)
    response = SeeOther(reverse("registrations:vouch-thanks"))
    _COOKIE.forget(response)
    return response


@personal
@require_safe
def thanks(request: HttpRequest) -> HttpResponseBase:
    """The same page for everyone who answered."""
    return render(request, "registrations/vouch_thanks.html")


def _page(request: HttpRequest, vouch: Vouch, *, refusal: str = "", status: int = 200) -> HttpResponseBase:
    person = vouch.registration.identity
    context = {
        "person": person,
        "call": vouch.registration.call,
        "refusal": refusal,
        "seen": identity_checks.who_is(person),
    }
    return render(request, "registrations/vouch.html", context, status=status)


def _held(request: HttpRequest, *, now: datetime) -> Vouch | None:
    numbers = _COOKIE.read(request, now=now)
    return vouch_links.standing(numbers[0], now=now) if len(numbers) == 1 else None


def _no_question(request: HttpRequest) -> HttpResponseBase:
    return render(request, "registrations/vouch_over.html", status=404)
