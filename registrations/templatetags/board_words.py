"""What the rows of the selection board say."""

from django import template

from registrations.board import Row
from registrations.enums import Outcome, PinDirection, ProposedAs, State
from registrations.models import Registration
from registrations.states import HOLDS_PLACE

register = template.Library()
_PINS = {PinDirection.IN: "must be in", PinDirection.OUT: "must stay out"}


@register.filter
def outcome_of(row: Row) -> str:
    """The outcome that is staged, or "" where nothing is; once released, the state speaks."""
    registration = row.registration
    decision = getattr(registration, "decision", None)
    return decision.outcome if decision and registration.state == State.SUBMITTED else ""


@register.filter
def counts_already(row: Row) -> bool:
    """Whether the panel counts the person among those staged or in."""
    return outcome_of(row) == Outcome.SELECT or row.registration.state in HOLDS_PLACE


@register.filter
def decision_words(row: Row) -> str:
    """What is staged, or what became of the application."""
    registration = row.registration
    if registration.state != State.SUBMITTED:
        return str(registration.get_state_display())
    if not outcome_of(row):
        return "–"
    rank = registration.decision.rank
    return registration.decision.get_outcome_display() + (f" {rank}" if rank else "")


@register.filter
def proposed_words(row: Row) -> str:
    """What the newest proposal says, with the place on its list."""
    said = row.registration.line_as
    if not said:
        return "–"
    rank = row.registration.line_rank
    return f"{ProposedAs(said).label}" + (f" {rank}" if rank else "")


@register.filter
def pin_words(row: Row) -> str:
    """What proposals must do with the person."""
    pin = getattr(row.registration, "pin", None)
    return _PINS[pin.direction] if pin else ""


@register.filter
def staged_words(registration: Registration) -> str:
    """What is staged about an undecided application."""
    decision = getattr(registration, "decision", None)
    return f"Staged: {decision.get_outcome_display()}" if decision else "Nothing staged"
