"""The data protection officer's pages: one person by the exact address, what was deleted, and what soon will be."""

import json
from collections.abc import Collection, Iterator
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
from registrations import in_words, looks, shared_addresses
from registrations.admin.access import for_data_protection, staff_page
from registrations.admin.address_forms import AddressForm, ChooseForm, ReferencesField, of_these
from registrations.enums import LookKind
from registrations.in_words import Part
from registrations.models import DeletionCertificate, Registration
from registrations.services import certificates, privacy, purging

_FOLDER = "admin/registrations/deletioncertificate"
_SHOWN = 100


class HeldForm(AddressForm):
    """Take out all that is held about one person."""

    email = forms.EmailField(max_length=254, widget=forms.HiddenInput)
    references = ReferencesField()
    purpose = forms.CharField(
        label="What for?",
        min_length=5,
        max_length=300,
        help_text="As “asked by letter of 3 May”. It is kept with your name in the access log. No names.",
    )


class EraseForm(AddressForm):
    """Erase one person, or the registrations that are meant; not without the tick."""

    email = forms.EmailField(max_length=254, widget=forms.HiddenInput)
    references = ReferencesField()
    is_meant = forms.BooleanField(
        label="Yes, erase this for good.", error_messages={"required": "Tick this if you mean it."}
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
    if not form.is_bound or not form.is_valid():
        return _page(model_admin, request, {"form": form}, status=422 if form.is_bound else 200)
    return _about_person(model_admin, request, form.cleaned_data["email"])


def _about_person(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    email: str,
    references: Collection[str] = (),
    **refused: forms.Form,
) -> HttpResponseBase:
    """What is there of the person with this address, or of these registrations, and what can be done about it.

    Where several share the address, and none of them was chosen yet, it asks who is meant instead.
    """
    of_address = shared_addresses.with_address(email)
    choice = None if references else ChooseForm.of(of_address, request.POST)
    if choice is not None and not choice.chosen:
        return _choice(model_admin, request, choice, of_address)
    references = choice.chosen if choice else references
    found = of_these(of_address, references)
    looks.declare(LookKind.SEARCH, shown=[one.pk for one in found])
    sent = {"email": email, "references": sorted(references)}
    context = {
        "form": AddressForm(initial=sent, label_suffix=""),
        "found": found,
        "is_known": privacy.is_known(email=email),
        "is_all": len(found) == len(of_address),
        "times_named": privacy.times_named(email=email),
        "held_form": HeldForm(initial=sent, label_suffix=""),
        "erase_form": EraseForm(initial=sent, label_suffix=""),
    }
    return _page(model_admin, request, {"email": email, **context, **refused}, status=422 if refused else 200)


def _choice(
    model_admin: admin.ModelAdmin, request: HttpRequest, choice: ChooseForm, of_address: list[Registration]
) -> HttpResponseBase:
    looks.declare(LookKind.SEARCH, shown=[one.pk for one in of_address])
    form = AddressForm(initial=choice.initial, label_suffix="")
    return _page(model_admin, request, {"form": form, "choose_form": choice}, status=422 if choice.errors else 200)


def _page(
    model_admin: admin.ModelAdmin, request: HttpRequest, context: dict[str, Any], *, status: int
) -> HttpResponseBase:
    context = {"title": "One person", "email": "", "is_known": False, "choose_form": None, **context}
    return staff_page(model_admin, request, f"{_FOLDER}/person.html", context, status=status)


def _refused(
    model_admin: admin.ModelAdmin, request: HttpRequest, form: AddressForm, **refused: forms.Form
) -> HttpResponseBase:
    """The page again, with what is wrong in one of its forms."""
    email = form.cleaned_data.get("email", "")
    if not email:
        return _page(model_admin, request, {"form": form}, status=422)
    return _about_person(model_admin, request, email, form.cleaned_data["references"], **refused)


def _held(model_admin: admin.ModelAdmin, request: HttpRequest) -> HttpResponseBase:
    """All that is held about one person: on the screen, or as a file of JSON."""
    if asked := ask_for_proof(request):
        return asked
    form = HeldForm(request.POST, label_suffix="")
    if not form.is_valid():
        return _refused(model_admin, request, form, held_form=form)
    email, references = form.cleaned_data["email"], form.cleaned_data["references"]
    found = of_these(shared_addresses.with_address(email), references)
    try:
        told = privacy.export_person(email=email, references=references)
    except Refused as refusal:
        looks.declare(LookKind.SEARCH, shown=[])
        messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse("admin:registrations_data_protection_person"))
    looks.declare(LookKind.EXPORT, purpose=form.cleaned_data["purpose"], shown=[one.pk for one in found])
    if request.POST.get("as") == "file":
        body = json.dumps(told, ensure_ascii=False, indent=2)
        headers = {"Content-Disposition": 'attachment; filename="person.json"'}
        return HttpResponse(body, content_type="application/json", headers=headers)
    context = {"title": "All that we hold about one person", "told": list(_in_words(told))}
    return staff_page(model_admin, request, f"{_FOLDER}/held.html", context)


def _erase(model_admin: admin.ModelAdmin, request: HttpRequest) -> HttpResponseBase:
    """Erase one person from all calls, or the registrations that are meant, once the tick says that it is meant."""
    if asked := ask_for_proof(request):
        return asked
    form = EraseForm(request.POST, label_suffix="")
    if not form.is_valid():
        return _refused(model_admin, request, form, erase_form=form)
    email, references = form.cleaned_data["email"], form.cleaned_data["references"]
    found = of_these(shared_addresses.with_address(email), references)
    looks.declare(LookKind.DETAIL, shown=[one.pk for one in found])
    try:
        erased = privacy.erase_person(email=email, references=references, by=request.user, now=clock.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _told(erased))
    return HttpResponseRedirect(reverse("admin:registrations_data_protection_person"))


def _told(erased: privacy.Erased) -> str:
    told = ", ".join(erased.references) or "no registration, and what else there was"
    said = [f"Erased: {told}. Places given up: {erased.given_up}."]
    if erased.questions:
        said.append(f"Questions to a contact point that name nobody now: {erased.questions}.")
    if erased.is_address_kept:
        said.append(privacy.ADDRESS_STAYS)
    return " ".join([*said, "Nobody was written to."])


def _in_words(told: dict[str, Any]) -> Iterator[tuple[list[Part], str]]:
    """An export in words: each registration, and what is beside them, with the titles of what is empty there."""
    zone = get_current_timezone()
    beside = {name: value for name, value in told.items() if name != "registrations"}
    titled = [*((one["reference"], one) for one in told["registrations"]), ("The address", beside)]
    for title, values in titled:
        found = in_words.parts(values, zone, first=title)
        yield in_words.filled(found), in_words.nothing_under(found)
