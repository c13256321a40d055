"""The dossier of one registration: a page to print and a file, for the organisers and for the person."""

import json

from django.contrib import admin
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from ranportal.shared import clock
from registrations import dossiers
from registrations.admin.access import call_page
from registrations.mail import catalogue
from registrations.models import Registration


def show(
    model_admin: admin.ModelAdmin, request: HttpRequest, registration: Registration, copy: str
) -> TemplateResponse:
    """Everything on one page, without a name; `copy` is organisers or person."""
    for_person = _is_for_person(copy)
    context = {
        "title": f"Dossier {registration.reference}",
        "registration": registration,
        "is_for_person": for_person,
        "dossier": _dossier(registration, for_person=for_person),
    }
    template = "admin/registrations/registration/dossier.html"
    return call_page(model_admin, request, registration.call, template, context)


def as_json(model_admin: admin.ModelAdmin, request: HttpRequest, registration: Registration, copy: str) -> HttpResponse:
    """The same as JSON, for a complaint; the file is named by the reference alone."""
    dossier = _dossier(registration, for_person=_is_for_person(copy))
    text = json.dumps(dossier, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
    ending = "-for-the-person" if copy == "person" else ""
    name = f"dossier-{registration.reference}{ending}.json"
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _is_for_person(copy: str) -> bool:
    if copy not in ("organisers", "person"):
        raise Http404
    return copy == "person"


def _dossier(registration: Registration, *, for_person: bool) -> dict[str, object]:
    return dossiers.of_registration(registration, now=clock.now(), subject_of=catalogue.subject, for_person=for_person)
