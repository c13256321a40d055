"""The data protection officer's pages: one person by the exact address, what was deleted, and what soon will be."""

import json
from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.timezone import get_current_timezone

from accounts.doors import ask_for_proof
from accounts.queries import is_data_protection_officer
from ranportal.shared import clock
from ranportal.shared.admin import PagesToRead
from ranportal.shared.refusals import Refused
from registrations import access_reports, in_words, looks
from registrations.admin.access import for_data_protection, staff_page
from registrations.admin.access_log import AddressForm
from registrations.enums import LookKind
from registrations.in_words import Part
from registrations.models import DeletionCertificate
from registrations.services import certificates, privacy, purging

_FOLDER = "admin/registrations/deletioncertificate"
_SHOWN = 100


class HeldForm(AddressForm):
    """Take out all that is held about one person."""

    email = forms.EmailField(max_length=254, widget=forms.HiddenInput)
    purpose = forms.CharField(
        label="What for?",
        min_length=5,
        max_length=300,
        help_text="As “asked by letter of 3 May”. It is kept with your name in the access log. No names.",
    )


class EraseForm(AddressForm):
    """Erase one person; not without the tick."""

    email = forms.EmailField(max_length=254, widget=forms.HiddenInput)
    is_meant = forms.BooleanField(
        label="Yes, erase this person for good.", error_messages={"required": "Tick this if you mean it."}
    )


@admin.register(DeletionCertificate)
class DataProtectionAdmin(PagesToRead):
    """Pages to read, and two acts about one person. Nobody adds, changes or deletes a certificate here."""

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Any, name: str, *methods: str) -> URLPattern:
            return path(route, for_data_protection(self, view, *methods), name=f"registrations_{name}")

        return [
            page("", _certificates, "deletioncertificate_changelist"),
            page("<int:certificate_id>/", _certificate, "deletioncertificate_change"),
            page("person/", _person, "data_protection_person", "GET", "POST"),
            page("person/held/", _held, "data_protection_held", "POST"),
            page("person/erase/", _erase, "data_protection_erase", "POST"),
        ]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The right first: every page of the admin asks, and whoever lacks it costs no statement."""
        may_view = request.user.has_perm("registrations.view_deletioncertificate")
        return may_view and is_data_protection_officer(request.user)


def _certificates(model_admin: admin.ModelAdmin, request: HttpRequest) -> HttpResponseBase:
    """What was deleted; what is due is counted when somebody asks: it looks through everything."""
    is_asked = "due" in request.GET
    due = purging.purge_expired(now=clock.now(), is_dry_run=True).counts if is_asked else {}
    context = {
        "title": "What was deleted",
        "rows": [(one, sum(one.counts.values())) for one in DeletionCertificate.objects.all()[:_SHOWN]],
        "is_asked": is_asked,
        "due": [(kind, number) for kind, number in due.items() if number],
    }
    return staff_page(model_admin, request, f"{_FOLDER}/list.html", context)


def _certificate(model_admin: admin.ModelAdmin, request: HttpRequest, certificate_id: int) -> HttpResponseBase:
    certificate = get_object_or_404(DeletionCertificate, pk=certificate_id)
    context = {
        "title": f"Deletion certificate {certificate.pk}",
        "certificate": certificate,
        "counts": sorted(certificate.counts.items()),
        "is_whole": certificates.is_whole(certificate),
    }
    return staff_page(model_admin, request, f"{_FOLDER}/certificate.html", context)


def _person(model_admin: admin.ModelAdmin, request: HttpRequest) -> HttpResponseBase:
    """Find one person. A POST, since addresses of pages are logged."""
    form = AddressForm(request.POST if request.method == "POST" else None, label_suffix="")
    return _about_person(model_admin, request, form)


def _about_person(
    model_admin: admin.ModelAdmin, request: HttpRequest, form: forms.Form, **others: Any
) -> HttpResponseBase:
    is_refused = form.is_bound and not form.is_valid()
    email = form.cleaned_data.get("email", "") if form.is_bound else ""
    context: dict[str, Any] = {"title": "One person", "form": form, "email": email, "is_known": False, "found": []}
    if email:
        found = access_reports.with_address(email)
        looks.declare(LookKind.SEARCH, shown=[one.pk for one in found])
        context |= {"found": found, "is_known": privacy.is_known(email=email)}
        context |= {"times_named": privacy.times_named(email=email)}
        context |= {"held_form": HeldForm(initial={"email": email}, label_suffix="")}
        context |= {"erase_form": EraseForm(initial={"email": email}, label_suffix="")}
    context |= {"form": AddressForm(initial={"email": email}, label_suffix="") if others else form, **others}
    return staff_page(model_admin, request, f"{_FOLDER}/person.html", context, status=422 if is_refused else 200)


def _held(model_admin: admin.ModelAdmin, request: HttpRequest) -> HttpResponseBase:
    """All that is held about one person: on the screen, or as a file of JSON."""
    if asked := ask_for_proof(request):
        return asked
    form = HeldForm(request.POST, label_suffix="")
    if not form.is_valid():
        return _about_person(model_admin, request, form, held_form=form)
    email = form.cleaned_data["email"]
    try:
        told = privacy.export_person(email=email)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse("admin:registrations_data_protection_person"))
    found = access_reports.with_address(email)
    looks.declare(LookKind.EXPORT, purpose=form.cleaned_data["purpose"], shown=[one.pk for one in found])
    if request.POST.get("as") == "file":
        body = json.dumps(told, ensure_ascii=False, indent=2)
        headers = {"Content-Disposition": 'attachment; filename="person.json"'}
        return HttpResponse(body, content_type="application/json", headers=headers)
    context = {"title": "All that we hold about one person", "parts": list(_parts(told))}
    return staff_page(model_admin, request, f"{_FOLDER}/held.html", context)


def _erase(model_admin: admin.ModelAdmin, request: HttpRequest) -> HttpResponseBase:
    """Erase one person from all calls, once the tick says that it is meant."""
    if asked := ask_for_proof(request):
        return asked
    form = EraseForm(request.POST, label_suffix="")
    if not form.is_valid():
        return _about_person(model_admin, request, form, erase_form=form)
    found = access_reports.with_address(form.cleaned_data["email"])
    looks.declare(LookKind.DETAIL, shown=[one.pk for one in found])
    try:
        erased = privacy.erase_person(email=form.cleaned_data["email"], by=request.user, now=clock.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        told = ", ".join(erased.references) or "no registration, and what else there was"
        named = f" Questions to a contact point that name nobody now: {erased.questions}." if erased.questions else ""
        messages.success(request, f"Erased: {told}. Places given up: {erased.given_up}.{named} Nobody was written to.")
    return HttpResponseRedirect(reverse("admin:registrations_data_protection_person"))


def _parts(told: dict[str, Any]) -> Iterator[Part]:
    """All of an export in words: each registration from its heading to the next, and what is beside them."""
    zone = get_current_timezone()
    for one in told["registrations"]:
        yield from in_words.parts(one, zone, first=one["reference"])
    beside = {name: value for name, value in told.items() if name != "registrations"}
    yield from in_words.parts(beside, zone, first="The address")
