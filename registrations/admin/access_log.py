"""The access log as data protection officers read it: who looked, when, how; no names of those who were looked at."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

from accounts.models import User
from accounts.queries import is_data_protection_officer
from events.models import Call
from ranportal.shared.admin import PagesToRead
from registrations import access_reports, looks, shared_addresses
from registrations.admin.access import for_data_protection, staff_page
from registrations.admin.address_forms import AddressForm, ChooseForm, of_these
from registrations.enums import LookKind
from registrations.models import AccessCheckpoint, AccessEntry, Registration

_PER_PAGE = 100
#: So many looks at one person are shown.
_ABOUT_ONE = 500
_FOLDER = "admin/registrations/accessentry"


class FilterForm(forms.Form):
    """Which looks to show; whatever is left empty leaves nothing out."""

    account = forms.ModelChoiceField(User.objects.order_by("email"), required=False, empty_label="everybody")
    call = forms.ModelChoiceField(
        Call.objects.select_related("event").order_by("-closes_at", "pk"), required=False, empty_label="all calls"
    )
    day = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    before = forms.IntegerField(required=False, min_value=1, max_value=2**60, widget=forms.HiddenInput)


@admin.register(AccessEntry)
class AccessLogAdmin(PagesToRead):
    """Two pages to read. Nobody adds, changes or deletes a look here, whatever else one is."""

    def get_urls(self) -> list[URLPattern]:
        return [
            path("", for_data_protection(self, _show), name="registrations_accessentry_changelist"),
            path("person/", for_data_protection(self, _person, "GET", "POST"), name="registrations_accessentry_person"),
        ]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("registrations.view_accessentry") and is_data_protection_officer(request.user)


def _show(model_admin: admin.ModelAdmin, request: HttpRequest) -> HttpResponseBase:
    form = FilterForm(request.GET, label_suffix="")
    chosen = form.cleaned_data if form.is_valid() else {}
    account, call = chosen.get("account"), chosen.get("call")
    day: date | None = chosen.get("day")
    found = access_reports.entries(
        user_id=account.pk if account else None,
        call_id=call.pk if call else None,
        day=day,
        before=chosen.get("before"),
    )
    rows = list(found[: _PER_PAGE + 1])
    older = request.GET.copy()
    older["before"] = str(rows[_PER_PAGE - 1].number) if len(rows) > _PER_PAGE else ""
    context = {
        "title": "Access log",
        "form": form,
        "rows": _rows(rows[:_PER_PAGE]),
        "older": older.urlencode() if older["before"] else "",
        "checkpoint": AccessCheckpoint.objects.first(),
    }
    return staff_page(model_admin, request, f"{_FOLDER}/list.html", context, status=200 if form.is_valid() else 422)


def _person(model_admin: admin.ModelAdmin, request: HttpRequest) -> HttpResponseBase:
    """Who looked at one person, over all calls. A POST, since addresses of pages are logged."""
    is_sent = request.method == "POST"
    form = AddressForm(request.POST if is_sent else None, label_suffix="")
    context: dict[str, Any] = {"title": "Who looked at one person", "form": form, "registrations": None, "rows": []}
    context["choose_form"] = None
    if is_sent and form.is_valid():
        found = shared_addresses.with_address(form.cleaned_data["email"])
        choice = ChooseForm.of(found, request.POST)
        if choice is None or choice.chosen:
            context |= _looks_at(of_these(found, choice.chosen if choice else ()))
        else:
            looks.declare(LookKind.SEARCH, shown=[one.pk for one in found])
            context |= {"choose_form": choice}
    is_refused = bool(form.errors or (context["choose_form"] and context["choose_form"].errors))
    return staff_page(model_admin, request, f"{_FOLDER}/person.html", context, status=422 if is_refused else 200)


def _looks_at(registrations: list[Registration]) -> dict[str, Any]:
    """The looks at these registrations of one person, the newest first."""
    looks.declare(LookKind.SEARCH, shown=[one.pk for one in registrations])
    entries = access_reports.entries_about(registrations).select_related("user", "call__event")
    rows = _rows(list(entries[: _ABOUT_ONE + 1])) if registrations else []
    return {"registrations": registrations, "rows": rows[:_ABOUT_ONE], "there_are_more": len(rows) > _ABOUT_ONE}


def _rows(entries: list[AccessEntry]) -> list[tuple[AccessEntry, str, int]]:
    return [(entry, access_reports.role_in(entry), len(entry.subjects)) for entry in entries]
