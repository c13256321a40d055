"""What organisers lay down before they select: rules and pins of proposals, and their own views of the board."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction

from accounts.models import User
from events.models import Call
from ranportal.shared.refusals import Refused
from registrations import policies
from registrations.attributes import ORGANISATION, attributes_of
from registrations.balance import EACH
from registrations.enums import Act, PinDirection
from registrations.models import BoardView, Pin, Registration, SelectionRule, Transition
from registrations.services import workflow

_BATCH = 1000


class WrongRule(Refused):
    """A rule contradicts itself or another, or is about something that the call does not ask."""


class NotPinnable(Refused):
    """Nothing is open about one of these people, or a reason is missing."""


@dataclass(frozen=True)
class RuleLine:
    """One rule as it is asked for; `value` "*" means each value by itself."""

    attribute: str
    value: str
    minimum: int | None
    maximum: int | None
    weight: int = 1


def save_rules(*, call: Call, rules: Sequence[RuleLine], by: User, now: datetime) -> list[SelectionRule]:
    """Let these be the rules of the call, in this order, instead of those it had; the administration's log keeps both.

    Organisations are compared in lower case, so they are kept so. Raises WrongRule: then the old rules stay.
    """
    with transaction.atomic():
        call = workflow.locked(call)
        labels = {attribute.key: attribute.label for attribute in attributes_of(call)}
        made = [_rule(call, line, position, labels) for position, line in enumerate(rules)]
        _refuse_repeated(made, labels)
        before = list(call.selection_rules.all())
        if [_said(rule) for rule in before] == [_said(rule) for rule in made]:
            return before
        call.selection_rules.all().delete()
        SelectionRule.objects.bulk_create(made)
        words = f"Rules of the selection: {_all_said(made)}. Before: {_all_said(before)}."
        LogEntry.objects.log_actions(by.pk, [call], CHANGE, words, single_object=True)
        return made


def pin(*, registrations: Sequence[Registration], direction: PinDirection, reason: str, by: User, now: datetime) -> int:
    """Have each further proposal leave these people of one call in, or out; returns how many. Raises NotPinnable."""
    if not reason.strip():
        raise NotPinnable("Please give a reason.")
    with transaction.atomic():
        fresh = _locked(registrations)
        for registration in fresh:
            if not policies.may_stage(registration):
                words = registration.get_state_display()
                raise NotPinnable(f"{registration.reference} is “{words}”, so no proposal is about them.")
        Pin.objects.filter(registration__in=fresh).delete()
        pins = [Pin(registration=r, direction=direction, reason=reason, pinned_at=now, pinned_by=by) for r in fresh]
        Pin.objects.bulk_create(pins, batch_size=_BATCH)
        _trace(fresh, reason=f"{direction.label}: {reason}", by=by, now=now)
        return len(fresh)


def unpin(*, registrations: Sequence[Registration], by: User, now: datetime) -> int:
    """Let proposals decide about these people of one call again; returns how many were pinned."""
    with transaction.atomic():
        pins = Pin.objects.filter(registration__in=_locked(registrations)).select_related("registration")
        pinned = [pin.registration for pin in pins.order_by("registration")]
        Pin.objects.filter(registration__in=pinned).delete()
        _trace(pinned, reason="Neither in nor out", by=by, now=now)
        return len(pinned)


def save_view(*, call: Call, owner: User, name: str, query: str) -> BoardView:
    """Keep what the board shows under a name of one's own; the same name again is the same view."""
    view, _ = BoardView.objects.update_or_create(call=call, owner=owner, name=name, defaults={"query": query})
    return view


def delete_view(*, view: BoardView) -> None:
    """Forget a saved view."""
    view.delete()


def _rule(call: Call, line: RuleLine, position: int, labels: dict[str, str]) -> SelectionRule:
    if line.attribute not in labels:
        raise WrongRule("A rule can only be about what this call asks.")
    label = labels[line.attribute]
    if line.minimum is None and line.maximum is None:
        raise WrongRule(f"{label}: say at least how many, at most how many, or both.")
    if line.minimum is not None and line.maximum is not None and line.minimum > line.maximum:
        raise WrongRule(f"{label}: at least {line.minimum} and at most {line.maximum} cannot both be.")
    if line.weight < 1:
        raise WrongRule(f"{label}: a rule weighs 1 or more.")
    value = line.value.strip() or EACH
    return SelectionRule(
        call=call,
        attribute=line.attribute,
        value=value.lower() if line.attribute == ORGANISATION else value,
        minimum=line.minimum,
        maximum=line.maximum,
        weight=line.weight,
        position=position,
    )


def _refuse_repeated(rules: Sequence[SelectionRule], labels: dict[str, str]) -> None:
    seen = set()
    for rule in rules:
        if (rule.attribute, rule.value) in seen:
            what = "each value" if rule.value == EACH else f"“{rule.value}”"
            raise WrongRule(f"{labels[rule.attribute]}: {what} has two rules. Put them into one line.")
        seen.add((rule.attribute, rule.value))


def _said(rule: SelectionRule) -> tuple[str, str, int | None, int | None, int]:
    return rule.attribute, rule.value, rule.minimum, rule.maximum, rule.weight


def _all_said(rules: Sequence[SelectionRule]) -> str:
    return "; ".join(f"{rule} min {rule.minimum} max {rule.maximum} weight {rule.weight}" for rule in rules) or "none"


def _locked(registrations: Sequence[Registration]) -> list[Registration]:
    if not registrations:
        return []
    call = workflow.locked(registrations[0].call)
    return list(Registration.objects.filter(call=call, pk__in=[r.pk for r in registrations]).order_by("pk"))


def _trace(registrations: Sequence[Registration], *, reason: str, by: User, now: datetime) -> None:
    Transition.objects.bulk_create(
        [
            Transition(registration=r, act=Act.PIN, source=r.state, target=r.state, at=now, by=by, reason=reason)
            for r in registrations
        ],
        batch_size=_BATCH,
    )
