"""The private page of a registration: what stands, what was sent, and what its person may do."""

from collections.abc import Callable, Mapping
from datetime import datetime

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations import policies, private_page, queries
from registrations.enums import State
from registrations.forms import ChangeForm, DetailsForm
from registrations.models import PrivateLink
from registrations.services import details, intake, places
from registrations.views.personal import SeeOther, no_way_in, personal
from registrations.views.visit import link_to, links_of, visit_of

Act = Callable[[PrivateLink, datetime], object]


def _prove(link: PrivateLink, now: datetime) -> object:
    return intake.prove(registration=link.registration, version=link.version, now=now)


def _confirm(link: PrivateLink, now: datetime) -> object:
    return places.confirm(registration=link.registration, now=now)


def _withdraw(link: PrivateLink, now: datetime) -> object:
    return places.withdraw(registration=link.registration, now=now)


ACTS: Mapping[str, Act] = {"prove": _prove, "confirm": _confirm, "decline": _withdraw, "withdraw": _withdraw}
#: What an act leads to: where the person is there already, doing it again is no mistake.
DONE: Mapping[str, frozenset[State]] = {
    "confirm": frozenset({State.CONFIRMED, State.ATTENDED, State.ABSENT}),
    "decline": frozenset({State.WITHDRAWN}),
    "withdraw": frozenset({State.WITHDRAWN}),
}


@personal
@require_safe
def my_registrations(request: HttpRequest) -> HttpResponseBase:
    """The registrations whose private links were opened in this visit."""
    now = clock.now()
    held = [link.registration for link in links_of(visit_of(request, now=now), now=now)]
    return render(request, "registrations/mine_list.html", {"registrations": held})


@personal
@require_http_methods(["GET", "HEAD", "POST"])
def my_registration(request: HttpRequest, reference: str) -> HttpResponseBase:
    """One registration. A POST carries the act as `action`; the same act twice is answered like the first."""
    now = clock.now()
    link = link_to(visit_of(request, now=now), reference=reference, now=now)
    if link is None:
        return no_way_in(request)
    if request.method != "POST":
        return _page(request, link, now=now)
    action = request.POST.get("action", "")
    if action not in ACTS:
        return _page(request, link, now=now, refusal="Please use one of the buttons on this page.", status=400)
    if link.registration.state not in DONE.get(action, ()):
        try:
            ACTS[action](link, now)
        except Refused as refusal:
            return _page(request, link, now=now, refusal=str(refusal), status=409)
    return SeeOther(reverse("registrations:registration-mine", args=[reference]))


@personal
@require_http_methods(["GET", "HEAD", "POST"])
def my_answers(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Change what was said, until the deadline."""
    now = clock.now()
    link = link_to(visit_of(request, now=now), reference=reference, now=now)
    if link is None:
        return no_way_in(request)
    held = link.registration
    if not policies.may_change_answers(held, received_at=request.received_at):
        refusal = "Answers can be changed until the deadline, and it has passed."
        return _page(request, link, now=now, refusal=refusal, status=409 if request.method == "POST" else 200)
    given = {"data": request.POST, "files": request.FILES} if request.method == "POST" else {}
    form = ChangeForm(registration=held, **given)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, "registrations/answers.html", {"form": form, "registration": held}, status=status)
    try:
        intake.change_answers(
            registration=held, person=form.person(), answers=form.answers(), now=now, received_at=request.received_at
        )
    except Refused as refusal:
        return _page(request, link, now=now, refusal=str(refusal), status=409)
    return SeeOther(f"{reverse('registrations:registration-mine', args=[reference])}?saved=1")


@personal
@require_http_methods(["GET", "HEAD", "POST"])
def my_details(request: HttpRequest, reference: str) -> HttpResponseBase:
    """The practical questions, asked of those who have a place, until the event starts."""
    now = clock.now()
    link = link_to(visit_of(request, now=now), reference=reference, now=now)
    if link is None:
        return no_way_in(request)
    held = link.registration
    if not private_page.may_answer_details(held, now=now):
        refusal = "These questions are asked of those who have a place, until the event starts."
        return _page(request, link, now=now, refusal=refusal, status=409 if request.method == "POST" else 200)
    given = {"data": request.POST, "files": request.FILES} if request.method == "POST" else {}
    form = DetailsForm(registration=held, **given)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, "registrations/details.html", {"form": form, "registration": held}, status=status)
    try:
        details.answer(registration=held, answers=form.answers(), now=now)
    except Refused as refusal:
        return _page(request, link, now=now, refusal=str(refusal), status=409)
    return SeeOther(f"{reverse('registrations:registration-mine', args=[reference])}?saved=1")


def _page(
    request: HttpRequest, link: PrivateLink, *, now: datetime, refusal: str = "", status: int = 200
) -> HttpResponseBase:
    held = queries.my_registration(link.registration_id)
    if held is None:
        return no_way_in(request)
    context = {
        "refusal": refusal,
        "was_saved": "saved" in request.GET,
        **private_page.shown(held, link, received_at=request.received_at, now=now),
    }
    return render(request, "registrations/mine.html", context, status=status)
