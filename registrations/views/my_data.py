"""A person's rights on the private page: see all that is held, take it along, put it right, erase it."""

import json
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from registrations import own_data, policies
from registrations.documents import document
from registrations.in_words import as_text, filled, nothing_under, parts
from registrations.models import Answer, Registration
from registrations.own_forms import CorrectionForm, EraseForm
from registrations.services import details, privacy
from registrations.views.frame import Own, form_page, own, proven
from registrations.views.personal import SeeOther, personal
from registrations.views.visit import forget, links_of


@own
@proven
def my_data(own: Own) -> HttpResponseBase:
    """What is held. A POST takes it along, as `json` or as `text`, or a file that was sent; that it was is traced."""
    action = own.request.POST.get("action") if own.is_sent else None
    sent = _sent_files(own)
    if action in ("json", "text"):
        details.note_download(registration=own.held, now=own.now)
        return _file(own, action)
    answer = sent.get(own.request.POST.get("answer", "")) if own.is_sent else None
    if answer is not None:
        response = document(answer, own.held)
        details.note_download(registration=own.held, now=own.now)
        return response
    found = parts(own_data.for_person(own.held), own.held.call.event.zone)
    context = {
        "registration": own.held,
        "parts": filled(found),
        "nothing_under": nothing_under(found),
        "files": sent.items(),
        "others": _others(own),
        "may_correct": policies.may_correct(own.held),
    }
    return render(own.request, "registrations/data.html", context, status=400 if own.is_sent else 200)


@own
@proven
def my_correction(own: Own) -> HttpResponseBase:
    """Name, organisation and country, put right whenever it is."""

    def run(form: Any) -> object:
        return details.correct(
            registration=own.held,
            country=form.cleaned_data["country"],
            **{name: form.cleaned_data[name] for name in details.CORRECTED},
            now=own.now,
        )

    why_not = "" if policies.may_correct(own.held) else "This registration was erased."
    form = partial(_correction_form, own.held)
    return form_page(own, "registrations/correct.html", form=form, run=run, why_not=why_not)


@own
@proven
def my_erasure(own: Own) -> HttpResponseBase:
    """What erasing does, and a tick that it is meant; then the visit is over."""
    form = EraseForm(own.request.POST) if own.is_sent else EraseForm()
    if not own.is_sent or not form.is_valid():
        context = {
            "form": form,
            "registration": own.held,
            "holds_place": policies.holds_place(own.held),
            "waits_for_call": own.held.alarms.filter(handled_at=None).exists(),
            "others": _others(own),
        }
        return render(own.request, "registrations/erase.html", context, status=422 if own.is_sent else 200)
    privacy.erase_registration(registration=own.held, by=None, now=own.now)
    response = SeeOther(reverse("registrations:registration-erased"))
    forget(response)
    return response


@personal
@require_safe
def erased(request: HttpRequest) -> HttpResponseBase:
    """The same page for everybody whose registration was erased."""
    return render(request, "registrations/erased.html")


def _correction_form(registration: Registration, data: Any = None, files: Any = None) -> CorrectionForm:
    return CorrectionForm(registration=registration, data=data)


def _others(own: Own) -> list[Registration]:
    """What else of the same address was opened in this visit."""
    held = [link.registration for link in links_of(own.visit, now=own.now)]
    return [one for one in held if one.pk != own.held.pk and one.address_index == own.held.address_index]


def _sent_files(own: Own) -> dict[str, Answer]:
    """The answers that came with a file, by their number as a form sends it."""
    answers = own.held.answers.exclude(file="").select_related("question")
    return {str(answer.pk): answer for answer in answers}


def _file(own: Own, kind: str) -> HttpResponse:
    told = own_data.for_person(own.held)
    if kind == "json":
        body, content_type, name = json.dumps(told, indent=2, ensure_ascii=False), "application/json", "my-data.json"
    else:
        body, content_type, name = as_text(told, own.held.call.event.zone), "text/plain; charset=utf-8", "my-data.txt"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(body, content_type=content_type, headers=headers)
