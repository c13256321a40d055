"""Who comes in: all people of a call who are still to be looked at, with what helps, and many ticks saved at once."""

from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from events.models import Call
from ranportal.shared import clock
from registrations import identity_checks
from registrations.admin.access import call_page
from registrations.enums import CheckResult
from registrations.services import reviewing
from registrations.services.reviewing import Noted, Tick

#: So many are ticked on one page.
PER_PAGE = 50
_NOTE_LENGTH = 2000
_CHOICES = [(result.value, result.label) for result in CheckResult if result != CheckResult.NOT_LOOKED_AT]
#: Beside nothing chosen at all: this person is left for later, whatever is ticked for all.
_NOT_NOW = ("later", "Not now")


def show(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> HttpResponseBase:
    """GET shows who is to be looked at (`show=all`: everybody who is in); POST saves what was ticked on one page."""
    shows_all = request.GET.get("show") == "all"
    people = identity_checks.everybody(call) if shows_all else identity_checks.to_look_at(call)
    if request.method == "POST":
        return _save(request, call, shows_all=shows_all)
    page: Page[Any] = Paginator(people, PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    hints = identity_checks.hints_about(call, shown)
    context = {
        "title": "Checks",
        "rows": [(person, hints[person.pk], identity_checks.seen(person)) for person in shown],
        "page": page,
        "shows_all": shows_all,
        "choices": [*_CHOICES, _NOT_NOW],
        "needs_check": call.join_link_needs_check,
    }
    return call_page(model_admin, request, call, "admin/registrations/registration/checks.html", context)


def _save(request: HttpRequest, call: Call, *, shows_all: bool) -> HttpResponseBase:
    ticks = [tick for pk in dict.fromkeys(request.POST.getlist("shown")[:PER_PAGE]) if (tick := _tick(request, pk))]
    if ticks:
        noted = reviewing.note_checks(call=call, ticks=ticks, by=request.user, now=clock.now())
        _tell(request, noted, gone=len(ticks) - noted.number - len(noted.overtaken) - len(noted.left_out))
    else:
        messages.warning(request, "Nothing was ticked, so nothing was saved.")
    # Who was ticked has left the list, so what comes next stands at its beginning.
    address = reverse("admin:registrations_call_checks", args=[call.pk])
    return redirect(f"{address}?show=all&page={_page_number(request)}" if shows_all else address)


def _tick(request: HttpRequest, pk: str) -> Tick | None:
    """What was ticked about this person; None where nothing was, or what no page of ours sends.

    “Not now” is ticked, too: no tick for all reaches this person.
    """
    chosen = request.POST.get(f"result-{pk}", "")
    is_for_all = not chosen and request.POST.get("others_are_fine") == "on"
    result = CheckResult.FINE.value if is_for_all else chosen
    if not (pk.isdecimal() and len(pk) < 19) or result not in dict(_CHOICES):
        return None
    note = request.POST.get(f"note-{pk}", "").strip()[:_NOTE_LENGTH]
    return Tick(int(pk), CheckResult(result), note, request.POST.get(f"seen-{pk}", ""), is_for_all)


def _tell(request: HttpRequest, noted: Noted, *, gone: int) -> None:
    if noted.number:
        messages.success(request, f"{noted.number} {'check' if noted.number == 1 else 'checks'} saved.")
    if noted.overtaken:
        who = ", ".join(f"{person.reference} ({person.get_check_result_display()})" for person in noted.overtaken)
        messages.warning(
            request,
            "Somebody else checked these people meanwhile, or their name, organisation or address changed. What you "
            f"ticked about them was not saved; please look again: {who}.",
        )
    if noted.left_out:
        who = ", ".join(person.reference for person in noted.left_out)
        messages.warning(
            request,
            f"{len(noted.left_out)} left as they were: the tick for all is not for people about whom something is "
            f"marked or who were looked at before. Please tick each of them: {who}.",
        )
    if gone > 0:
        messages.warning(request, f"{gone} not in any more, so nothing was saved about them.")


def _page_number(request: HttpRequest) -> str:
    number = request.GET.get("page", "1")
    return number if number.isdecimal() else "1"
