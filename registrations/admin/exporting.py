"""The door of each file that takes a list or a whole dossier away: it asks what for; the access log keeps the answer.

One document that somebody sent with an answer is a detail of that person's page, and entered as such.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.doors import ask_for_proof
from events.models import Call
from registrations import looks, reports
from registrations.admin.access import Page, staff_page
from registrations.enums import LookKind
from registrations.models import Registration


class PurposeForm(forms.Form):
    """What the file is for, in the words of whoever takes it away."""

    purpose = forms.CharField(
        label="What is this file for?",
        min_length=5,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say what the file is for.", "min_length": "Say it in a few words."},
        help_text="It is kept with your name in the access log, which the data protection officer reads. No names.",
    )


def exported(page: Page) -> Page:
    """`page(model_admin, request, about, …)` once it was said what for: GET asks, POST gives the file.

    Before both, who they are is asked again.

    To stand inside a door of `access` that gives a call or a registration.
    """

    def asking(
        model_admin: admin.ModelAdmin, request: HttpRequest, about: Call | Registration, **parts: Any
    ) -> HttpResponseBase:
        if asked := ask_for_proof(request):
            return asked
        is_sent = request.method == "POST"
        form = PurposeForm(request.POST if is_sent else None, label_suffix="")
        if not (is_sent and form.is_valid()):
            return _ask(model_admin, request, about, form)
        looks.declare(LookKind.EXPORT, purpose=form.cleaned_data["purpose"])
        _note_all(request, about)
        return page(model_admin, request, about, **parts)

    return asking


def _ask(
    model_admin: admin.ModelAdmin, request: HttpRequest, about: Call | Registration, form: PurposeForm
) -> HttpResponseBase:
    call = about if isinstance(about, Call) else about.call
    context = {"title": "Take a file away", "call": call, "of_one": about is not call, "about": about, "form": form}
    template = "admin/registrations/registration/export.html"
    return staff_page(model_admin, request, template, context, status=422 if form.is_bound else 200)


def _note_all(request: HttpRequest, about: Call | Registration) -> None:
    # Before the first line: a file that is made while it is sent would be noted too late.
    people = reports.registrations_of(request.user)
    people = people.filter(call=about) if isinstance(about, Call) else people.filter(pk=about.pk)
    for pk, reference, call_id in people.order_by().values_list("pk", "reference", "call_id"):
        looks.note_row(pk, reference=reference, call_id=call_id)
