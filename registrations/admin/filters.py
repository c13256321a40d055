"""Filters of the list of registrations. Each offers only what occurs in the user's own calls."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from events.models import Call
from registrations import reports
from registrations.countries import country_name
from registrations.enums import Outcome, State
from registrations.models import Registration

Registrations = QuerySet[Registration]


class CallFilter(admin.SimpleListFilter):
    title = "call"
    parameter_name = "call"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Iterable[tuple[int, str]]:
        return [(call.pk, _short(call)) for call in reports.calls_of(request.user)]

    def queryset(self, request: HttpRequest, queryset: Registrations) -> Registrations:
        call = chosen_call_id(request)
        return queryset if call is None else queryset.filter(call=call)


class CountryFilter(admin.SimpleListFilter):
    title = "country"
    parameter_name = "country"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Iterable[tuple[str, str]]:
        calls, call = reports.calls_of(request.user), chosen_call_id(request)
        codes = reports.countries_of(calls if call is None else calls.filter(pk=call))
        return sorted(((code, country_name(code)) for code in codes), key=lambda choice: choice[1])

    def queryset(self, request: HttpRequest, queryset: Registrations) -> Registrations:
        return queryset.filter(country=self.value()) if self.value() else queryset


class DecisionFilter(admin.SimpleListFilter):
    title = "decision"
    parameter_name = "decision"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Iterable[tuple[str, str]]:
        staged = [(outcome.value, f"Staged: {outcome.label}") for outcome in Outcome]
        return [("none", "None yet"), *staged, ("released", "Released")]

    def queryset(self, request: HttpRequest, queryset: Registrations) -> Registrations:
        chosen = self.value()
        if chosen == "none":
            return queryset.filter(decision__isnull=True)
        if chosen == "released":
            return queryset.filter(decision__released_at__isnull=False)
        if chosen in Outcome.values:
            return queryset.filter(state=State.SUBMITTED, decision__outcome=chosen, decision__released_at=None)
        return queryset


def chosen_call_id(request: HttpRequest) -> int | None:
    """The id of the call that the address names; 0, which no call has, where it names nonsense; None without one."""
    text = request.GET.get(CallFilter.parameter_name, "")
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _short(call: Call) -> str:
    title = call.event.title
    return title if len(title) <= 60 else f"{title[:58]}…"
