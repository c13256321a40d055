"""What only a service may change about a call: capacity, over-invitation, selection, deadline, reviewers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms

from accounts.models import User
from events import times
from events.models import Call
from ranportal.shared.refusals import Refused
from registrations import extras, queries
from registrations.admin import call_forms
from registrations.enums import Extra
from registrations.services import calls, consents, reviewing


class DeadlineAfterEvent(Refused):
    """The new deadline would lie after the end of the event."""


@dataclass(frozen=True)
class CallAct:
    """One act. `run` calls one service and returns what to say afterwards; refusals come from the service."""

    title: str
    button: str
    words: Callable[[Call], str]
    form: type[forms.Form]
    initial: Callable[[Call], dict[str, Any]]
    is_offered: Callable[[Call], bool]
    run: Callable[[Call, Any, User, datetime], str]


def _change_capacity(call: Call, form: call_forms.CapacityForm, by: User, now: datetime) -> str:
    before = call.places_taken
    call = calls.change_capacity(call=call, capacity=form.cleaned_data["capacity"], by=by, now=now)
    moved_up = call.places_taken - before
    places = "There is no limit any more." if call.capacity is None else f"There are {call.capacity} places now."
    return f"{places} {moved_up} moved up from the list and are told." if moved_up else places


def _over_invite(call: Call, form: call_forms.OverInviteForm, by: User, now: datetime) -> str:
    more = form.cleaned_data["more"]
    call = calls.over_invite(call=call, places_limit=(call.capacity or 0) + more, by=by, now=now)
    return f"Up to {call.places_limit} people can be invited: {more} more than the {call.capacity} places."


def _over_invited(call: Call) -> int:
    return (call.places_limit or 0) - (call.capacity or 0)


def _extend_deadline(call: Call, form: call_forms.DeadlineForm, by: User, now: datetime) -> str:
    closes_at, closes_on = form.deadline(call.event.zone)
    if call_forms.is_after_event(closes_at, call.event):
        raise DeadlineAfterEvent(call_forms.AFTER_EVENT)
    call = calls.extend_deadline(call=call, closes_at=closes_at, closes_on=closes_on, by=by, now=now)
    return f"The deadline moved: the call is open {times.deadline_words(call)}."


def _assign_reviewers(call: Call, form: call_forms.ReviewersForm, by: User, now: datetime) -> str:
    number = reviewing.assign(call=call, reviewers=form.cleaned_data["reviewers"], by=by, now=now)
    return f"{number} {'reviewer reads' if number == 1 else 'reviewers read'} the applications of this call."


def _set_selection(call: Call, form: call_forms.SelectionForm, by: User, now: datetime) -> str:
    settings = calls.set_selection(call=call, by=by, now=now, **form.cleaned_data)
    person = "A second person releases" if settings.needs_second_person else "Whoever staged may release"
    deputy = f"; deputy: {settings.deputy}" if settings.deputy else ""
    places = "the next on the list by itself" if settings.promotes_by_itself else "whom an organiser chooses"
    hours = f"; in the last {settings.telephone_hours} hours by telephone only" if settings.telephone_hours else ""
    return f"{person}{deputy}. A free place goes to {places}{hours}."


def _offer_extras(call: Call, form: call_forms.ExtrasForm, by: User, now: datetime) -> str:
    chosen = [Extra(name) for name in form.cleaned_data["extras"]]
    consents.offer(call=call, extras=chosen, by=by, now=now)
    return f"People are asked about: {', '.join(str(extra.label) for extra in chosen) or 'nothing'}."


def _selection(call: Call) -> dict[str, Any]:
    settings = queries.selection_settings(call)
    return {name: getattr(settings, name) for name in call_forms.SelectionForm.base_fields}


def _nothing(call: Call) -> dict[str, Any]:
    return {}


ACTS: Mapping[str, CallAct] = {
    "capacity": CallAct(
        title="Change the number of places",
        button="Change",
        words=lambda call: (
            f"{call.places_taken} of {call.capacity or 'unlimited'} places are taken. New places go to the list, in "
            "order; who moves up is told at once."
        ),
        form=call_forms.CapacityForm,
        initial=lambda call: {"capacity": call.capacity},
        is_offered=lambda call: True,
        run=_change_capacity,
    ),
    "over-invite": CallAct(
        title="Invite more people than there are places",
        button="Save",
        words=lambda call: (
            f"There are {call.capacity} places, and {_over_invited(call)} more people than that can be invited, since "
            f"some will not come: {call.places_limit} in all. {call.places_taken} are. A place that one of them gives "
            "up goes to the list only when fewer than the places are taken."
        ),
        form=call_forms.OverInviteForm,
        initial=lambda call: {"more": _over_invited(call)},
        is_offered=lambda call: call.is_selective and call.capacity is not None,
        run=_over_invite,
    ),
    "selection": CallAct(
        title="Selection and release",
        button="Save",
        words=lambda call: "Who releases the decisions of this call, and who gets a place that becomes free.",
        form=call_forms.SelectionForm,
        initial=_selection,
        is_offered=lambda call: call.is_selective,
        run=_set_selection,
    ),
    "deadline": CallAct(
        title="Extend the deadline",
        button="Extend",
        words=lambda call: f"So far: {times.deadline_words(call)}. A deadline only moves to a later moment.",
        form=call_forms.DeadlineForm,
        initial=_nothing,
        is_offered=lambda call: True,
        run=_extend_deadline,
    ),
    "extras": CallAct(
        title="Extras that people may allow",
        button="Save",
        words=lambda call: (
            "Ask only for what this event needs. What somebody allowed stands until they take it back, also when it is "
            "asked no longer. A list for participants shows nobody before five people are on it."
        ),
        form=call_forms.ExtrasForm,
        initial=lambda call: {"extras": extras.offered(call)},
        is_offered=lambda call: True,
        run=_offer_extras,
    ),
    "reviewers": CallAct(
        title="Choose the reviewers",
        button="Save",
        words=lambda call: "Reviews that are there stay, also of reviewers who are taken out.",
        form=call_forms.ReviewersForm,
        initial=lambda call: {"reviewers": call.review_assignments.values_list("reviewer", flat=True)},
        is_offered=lambda call: call.is_selective,
        run=_assign_reviewers,
    ),
}


def offered(call: Call) -> list[tuple[str, CallAct]]:
    """The acts that make sense for the call as it is."""
    return [(name, act) for name, act in ACTS.items() if act.is_offered(call)]
