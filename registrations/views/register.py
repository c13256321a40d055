"""From the form to "One more step": registering for an event, and the code that proves the address."""

from datetime import datetime
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from events.models import Call
from events.policies import call_state
from events.queries import visible_events
from events.words import call_of, status_words
from ranportal.shared import clock
from ranportal.shared.answers import evenly
from ranportal.shared.form_guard import Finding, Guard
from ranportal.shared.refusals import Refused
from registrations import policies
from registrations.enums import State
from registrations.forms import CODE_DOES_NOT_FIT, BesideForm, CodeForm, RegistrationForm
from registrations.models import PrivateLink, Registration
from registrations.services import intake
from registrations.views.guarded import judged, keeps_text, with_notice
from registrations.views.personal import SeeOther, personal
from registrations.views.visit import keep, link_to, visit_of


@keeps_text
@personal
@evenly
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The form of an event's call. Law 1: the middleware's stamp decides whether it is on time."""
    call = _visible_call(slug, request.received_at)
    if not policies.may_send(call, received_at=request.received_at):
        return _not_open(request, call)
    beside = _beside(request, call)
    now = clock.now()
    guard = Guard(request, f"register/{slug}", now=request.received_at)
    form, finding = judged(request, guard, partial(_form, call, beside))
    if finding == Finding.TRAPPED:
        return _one_more_step(request, slug, link=None, now=now)
    if finding != Finding.FINE or not form.is_valid():
        context = {"call": call, "form": form, "beside": beside}
        return with_notice(request, "registrations/register.html", context, guard=guard, finding=finding)
    try:
        outcome = intake.submit(
            call=call,
            person=form.person(),
            answers=form.answers(),
            now=now,
            received_at=request.received_at,
            beside=beside,
        )
    except intake.CallNotOpen:
        return _not_open(request, _visible_call(slug, request.received_at))
    return _one_more_step(request, slug, link=outcome.link, now=now)


@personal
@evenly
@require_http_methods(["GET", "HEAD", "POST"])
def sent(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The page "One more step"; it is the same whoever sent whatever."""
    call = _visible_call(slug, request.received_at)
    form = CodeForm(request.POST) if request.method == "POST" else CodeForm()
    if request.method != "POST" or not form.is_valid():
        return _sent_page(request, call, form)
    now = clock.now()
    visit = visit_of(request, now=now)
    try:
        registration = intake.prove_by_code(link_id=visit.pending_id, code=form.cleaned_data["code"], now=now)
    except intake.WrongCode:
        form.add_error("code", CODE_DOES_NOT_FIT)
        return _sent_page(request, call, form)
    except Refused as refusal:
        return _sent_page(request, call, form, refusal=str(refusal))
    visit.add(visit.pending_id)
    visit.pending_id = 0
    response = SeeOther(reverse("registrations:registration-mine", args=[registration.reference]))
    keep(response, visit, now=now)
    return response


def _one_more_step(request: HttpRequest, slug: str, *, link: PrivateLink | None, now: datetime) -> HttpResponseBase:
    """Lead on to the code; the answer is the same with a link and without."""
    visit = visit_of(request, now=now)
    visit.pending_id = link.pk if link else 0
    response = SeeOther(reverse("registrations:registration-sent", args=[slug]))
    keep(response, visit, now=now)
    return response


def _visible_call(slug: str, now: datetime) -> Call:
    visible = visible_events(now).select_related("call__keeping_rules").prefetch_related("sessions")
    event = visible.filter(slug=slug).first()
    call = call_of(event) if event else None
    if event is None or call is None:
        raise Http404
    call.event = event
    return call


def _form(call: Call, beside: Registration | None, **given: Any) -> RegistrationForm:
    if beside is not None:
        return BesideForm(beside=beside, **given)
    return RegistrationForm(call=call, **given)


def _beside(request: HttpRequest, call: Call) -> Registration | None:
    """The registration of this visit whose address another person uses too, if it was asked for and may be."""
    reference = request.GET.get("beside")
    if not reference:
        return None
    now = clock.now()
    link = link_to(visit_of(request, now=now), reference=reference, now=now)
    if link is None or link.registration.call_id != call.pk or link.registration.state == State.UNPROVEN:
        return None
    link.registration.call = call
    return link.registration


def _not_open(request: HttpRequest, call: Call) -> HttpResponse:
    context = {
        "call": call,
        "event": call.event,
        "state": call_state(call, call.event, request.received_at),
        "status": status_words(call.event, call, request.received_at),
        "received_at": request.received_at if request.method == "POST" else None,
    }
    return render(request, "registrations/not_open.html", context, status=409 if request.method == "POST" else 200)


def _sent_page(request: HttpRequest, call: Call, form: CodeForm, *, refusal: str = "") -> HttpResponse:
    status = 409 if refusal else 422 if form.errors else 200
    return render(request, "registrations/sent.html", {"call": call, "form": form, "refusal": refusal}, status=status)
