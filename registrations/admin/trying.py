"""The form of a call as applicants see it, and a walk through the call that leaves nothing behind."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path

from events.models import Call
from ranportal.shared import clock
from ranportal.shared.refusals import Refused
from registrations import private_page, queries
from registrations.admin.form_building import for_builders, typed_order
from registrations.admin.outbox import structure
from registrations.enums import AskedOf
from registrations.forms import CODE_DOES_NOT_FIT, DetailsForm, PreviewForm, RegistrationForm, TrialCodeForm
from registrations.people import PersonDetails
from registrations.questions import GivenAnswer
from registrations.services import trying

_SALT = "registrations.trial"
#: What was typed into a trial is carried from page to page so long.
LIFETIME = timedelta(hours=2)
#: What stands in a trial where confirmed people read how to get there.
_VENUE, _JOIN_LINK = "(here stands the private address)", "https://the-link-to-join.invalid/"


def urls(model_admin: admin.ModelAdmin) -> list[URLPattern]:
    """The addresses of these pages, below those of the call."""
    pages = (("form/preview/", "form_preview", preview), ("try/", "try", attempt))
    return [
        path(f"<int:call_id>/{address}", for_builders(model_admin, page), name=f"events_call_{name}")
        for address, name, page in pages
    ]


def preview(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """Both forms in the saved order, or in the one that was typed into the builder; they have no button."""
    asked = queries.current_questions(call)
    if request.method == "POST":
        asked = typed_order(request, asked)
    context = {
        "call": call,
        "beside": None,
        "form": PreviewForm(call=call, questions=[q for q in asked if q.asked_of == AskedOf.EVERYONE]),
        "details": DetailsForm(registration=None, questions=[q for q in asked if q.asked_of == AskedOf.SELECTED]),
        "is_unsaved": request.method == "POST",
    }
    return render(request, "registrations/try/preview.html", context)


def attempt(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """The form; after it the page with the code; after that the private page and what the decisions would say."""
    if "trial" in request.POST:
        return _typed_code(request, call)
    given = {"data": request.POST, "files": request.FILES} if request.method == "POST" else {}
    form = RegistrationForm(call=call, **given)
    if request.method == "POST" and form.is_valid():
        try:
            return _sent(request, call, form.person(), trying.without_files(form.answers()))
        except Refused as refusal:
            form.add_error(None, str(refusal))
    context = {"call": call, "beside": None, "form": form}
    return render(request, "registrations/try/register.html", context, status=422 if form.errors else 200)


def _sent(request: HttpRequest, call: Call, person: PersonDetails, answers: dict[Any, GivenAnswer]) -> HttpResponseBase:
    with trying.walked(call=call, person=person, answers=answers, is_proven=False, now=clock.now()) as trial:
        said = {question.key: [given.value, given.text] for question, given in answers.items()}
        kept = {"call": call.pk, "person": asdict(person), "answers": said, "code": trial.code}
        form = TrialCodeForm(initial={"trial": signing.dumps(kept, salt=_SALT, compress=True)})
        return _code_page(request, call, form, trial)


def _typed_code(request: HttpRequest, call: Call) -> HttpResponseBase:
    try:
        kept = signing.loads(request.POST["trial"], salt=_SALT, max_age=LIFETIME)
    except signing.BadSignature:
        kept = {}
    if kept.get("call") != call.pk:
        messages.warning(request, "This test is over. Nothing of it was kept; you can start again.")
        return redirect("admin:events_call_try", call.pk)
    form, person = TrialCodeForm(request.POST), PersonDetails(**kept["person"])
    asked = {question.key: question for question in queries.questions_of(call)}
    answers = {asked[key]: GivenAnswer(*said) for key, said in kept["answers"].items() if key in asked}
    is_right = form.is_valid() and form.cleaned_data["code"] == kept["code"]
    if form.is_valid() and not is_right:
        form.add_error("code", CODE_DOES_NOT_FIT)
    try:
        with trying.walked(call=call, person=person, answers=answers, is_proven=is_right, now=clock.now()) as trial:
            return _private_page(request, trial) if is_right else _code_page(request, call, form, trial)
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect("admin:events_call_try", call.pk)


def _code_page(request: HttpRequest, call: Call, form: TrialCodeForm, trial: trying.Trial) -> HttpResponseBase:
    # A second walk makes another code; the one that counts is the first, which the page has shown.
    mails = [] if form.is_bound else _readable(trial.mails())
    context = {"call": call, "form": form, "refusal": "", "test_mails": mails}
    return render(request, "registrations/try/sent.html", context, status=422 if form.errors else 200)


def _private_page(request: HttpRequest, trial: trying.Trial) -> HttpResponseBase:
    shown = private_page.shown(trial.registration, trial.link, received_at=trial.at, now=trial.at)
    event = shown["event"]
    event.venue, event.join_link = event.venue and _VENUE, event.join_link and _JOIN_LINK
    context = {
        **shown,
        # Whoever tries a call may be somebody who sees nobody, and no look of a trial is noted.
        "participants": [],
        "refusal": "",
        "was_saved": False,
        "test_mails": _readable(trial.mails()[1:]),
        "decisions": _readable(trial.decisions()),
    }
    return render(request, "registrations/try/mine.html", context)


def _readable(mails: list[trying.TestMail]) -> list[dict[str, Any]]:
    return [{**asdict(mail), "html": structure(mail.html)} for mail in mails]
