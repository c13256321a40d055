"""The private page of a registration: what stands, what was sent, and what its person may do."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations import policies, private_page
from registrations.enums import State
from registrations.forms import ChangeForm, DetailsForm
from registrations.models import PrivateLink
from registrations.services import addresses, details, intake, places
from registrations.views.frame import Own, form_page, own, private, proven
from registrations.views.personal import SeeOther, personal
from registrations.views.visit import forget, links_of, visit_of

Act = Callable[[PrivateLink, datetime], object]


def _prove(link: PrivateLink, now: datetime) -> object:
    return intake.prove(registration=link.registration, version=link.version, now=now)


def _confirm(link: PrivateLink, now: datetime) -> object:
    return places.confirm(registration=link.registration, now=now)


def _withdraw(link: PrivateLink, now: datetime) -> object:
    return places.withdraw(registration=link.registration, now=now)


def _close_link(link: PrivateLink, now: datetime) -> object:
    return addresses.close_link(link=link, now=now)


CLOSE_LINK = "close-link"
ACTS: Mapping[str, Act] = {
    "prove": _prove,
    "confirm": _confirm,
    "decline": _withdraw,
    "withdraw": _withdraw,
    CLOSE_LINK: _close_link,
}
#: What an act leads to: where the person is there already, doing it again is no mistake.
DONE: Mapping[str, frozenset[State]] = {
    "confirm": frozenset({State.CONFIRMED, State.ATTENDED, State.ABSENT}),
    "decline": frozenset({State.WITHDRAWN}),
    "withdraw": frozenset({State.WITHDRAWN}),
}


@personal
@require_http_methods(["GET", "HEAD", "POST"])
def my_registrations(request: HttpRequest) -> HttpResponseBase:
    """The registrations whose private links were opened in this visit. A POST ends the visit."""
    if request.method == "POST":
        leaving = SeeOther(reverse("registrations:registration-list"))
        forget(leaving)
        return leaving
    now = clock.now()
    held = [link.registration for link in links_of(visit_of(request, now=now), now=now)]
    context = {"registrations": held, "was_closed": "closed" in request.GET}
    return render(request, "registrations/mine_list.html", context)


@own
def my_registration(own: Own) -> HttpResponseBase:
    """One registration. A POST carries the act as `action`; the same act twice is answered like the first."""
    if not own.is_sent:
        return private(own)
    action = own.request.POST.get("action", "")
    if action not in ACTS:
        return private(own, refusal="Please use one of the buttons on this page.", status=400)
    if own.held.state not in DONE.get(action, ()):
        try:
            ACTS[action](own.link, own.now)
        except Refused as refusal:
            return private(own, refusal=str(refusal), status=409)
    # Who closed the link sees the private page no more, in this browser as in any other.
    return SeeOther(f"{reverse('registrations:registration-list')}?closed=1") if action == CLOSE_LINK else own.back()


@own
@proven
def my_answers(own: Own) -> HttpResponseBase:
    """Change what was said, until the deadline."""
    received_at = own.request.received_at
    is_open = policies.may_change_answers(own.held, received_at=received_at)

    def run(form: Any) -> object:
        return intake.change_answers(
            registration=own.held, person=form.person(), answers=form.answers(), now=own.now, received_at=received_at
        )

    why_not = "" if is_open else "Answers can be changed until the deadline, and it has passed."
    form = partial(ChangeForm, registration=own.held)
    return form_page(own, "registrations/answers.html", form=form, run=run, why_not=why_not)


@own
@proven
def my_details(own: Own) -> HttpResponseBase:
    """The practical questions, asked of those who have a place, until the event starts."""
    is_open = private_page.may_answer_details(own.held, now=own.now)

    def run(form: Any) -> object:
        return details.answer(registration=own.held, answers=form.answers(), now=own.now)

    why_not = "" if is_open else "These questions are asked of those who have a place, until the event starts."
    form = partial(DetailsForm, registration=own.held)
    return form_page(own, "registrations/details.html", form=form, run=run, why_not=why_not)
