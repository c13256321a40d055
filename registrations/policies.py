"""Pure yes/no rules about registrations: plain model instances and moments in, an answer out."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from events.models import Call
from events.policies import is_visible
from registrations.enums import CheckResult, Outcome, ProposedAs, State
from registrations.models import Registration, SelectionSettings
from registrations.states import EXPECTING, HOLDS_PLACE

#: Sent on time, an address may be proven until so long after the deadline.
PROVE_AFTER_CLOSING = timedelta(hours=24)
#: A list that names no date of its own closes so long before the event.
LIST_CLOSES_BEFORE_EVENT = timedelta(hours=24)
#: Unproven registrations are kept so long after the deadline.
UNPROVEN_KEPT = timedelta(days=7)
#: What a proposal says where it and a decision agree.
PROPOSED_BY_OUTCOME: Mapping[Outcome, ProposedAs] = {
    Outcome.SELECT: ProposedAs.SELECTED,
    Outcome.RESERVE: ProposedAs.RESERVE,
    Outcome.DECLINE: ProposedAs.NOT_PROPOSED,
}


def is_open(call: Call, *, received_at: datetime) -> bool:
    """Law 1: whether a form stamped at this moment is on time. The deadline itself is too late."""
    return call.opens_at <= received_at < call.closes_at and not call.event.is_cancelled


def may_send(call: Call, *, received_at: datetime) -> bool:
    """Whether a form may be sent now: on time, the event is out, and someone can still get a place or join a list."""
    return is_open(call, received_at=received_at) and is_visible(call.event, received_at) and not is_sold_out(call)


def is_sold_out(call: Call) -> bool:
    """Whether an open call has neither a place nor a waiting list left. Selective calls never refuse an application."""
    return not call.is_selective and not call.has_waiting_list and free_places(call) == 0


def free_places(call: Call) -> int | None:
    """Places that can be given, or None where there is no limit. Over-invited places count as taken."""
    return None if call.capacity is None else max(0, call.capacity - call.places_taken)


def prove_until(call: Call, *, asked_at: datetime | None = None) -> datetime:
    """The moment from which an address can no longer be proven (selective: or release, if later).

    `asked_at` is when the newest link was made: whom an organiser asks after the deadline has a week, as the row does.
    """
    if asked_at is not None and asked_at >= call.closes_at:
        return asked_at + UNPROVEN_KEPT
    return call.closes_at + PROVE_AFTER_CLOSING


def may_prove(registration: Registration, *, now: datetime, is_released: bool, asked_at: datetime) -> bool:
    """Whether the person may prove the address now, asked by a link of `asked_at`.

    Who has left the first state proves a corrected address as long as the link lives.
    """
    if registration.proven_at is not None or registration.call.event.is_cancelled:
        return False
    if registration.state != State.UNPROVEN:
        return registration.state not in (State.WITHDRAWN, State.CANCELLED)
    call = registration.call
    return now < prove_until(call, asked_at=asked_at) or (call.is_selective and not is_released)


def may_change_answers(registration: Registration, *, received_at: datetime) -> bool:
    """Answers may be changed until the deadline, while the registration stands."""
    standing = {State.UNPROVEN, State.SUBMITTED, State.SELECTED, State.CONFIRMED, State.RESERVE}
    return registration.state in standing and is_open(registration.call, received_at=received_at)


def may_answer_details(registration: Registration, *, starts_at: datetime | None, now: datetime) -> bool:
    """Practical questions are for those who were given a place, until the event starts, whenever that is."""
    has_place = registration.state in {State.SELECTED, State.CONFIRMED} and registration.proven_at is not None
    has_started = starts_at is not None and now >= starts_at
    return has_place and not has_started and not registration.call.event.is_cancelled


def may_give_extras(registration: Registration) -> bool:
    """Extras are asked of those whose registration stands and whose address is proven."""
    standing = {State.SUBMITTED, State.SELECTED, State.CONFIRMED, State.RESERVE}
    is_proven = registration.proven_at is not None
    return registration.state in standing and is_proven and not registration.call.event.is_cancelled


def may_correct(registration: Registration) -> bool:
    """Name, organisation and country may be put right as long as they are held, deadline or not."""
    return not registration.is_erased


def may_close_link(registration: Registration) -> bool:
    """Whether the private link can be closed and a new one sent: to a proven address, to nobody else's."""
    return not registration.is_erased and registration.proven_at is not None


def may_confirm(registration: Registration) -> bool:
    """Whether the call waits for this person's yes. Late is better than never: until the place is given on."""
    return registration.state == State.SELECTED


def may_withdraw(registration: Registration) -> bool:
    """Whether there is something to give up."""
    return registration.state in {State.UNPROVEN, State.SUBMITTED, State.SELECTED, State.CONFIRMED, State.RESERVE}


def may_see_join_link(registration: Registration) -> bool:
    """Law 5: venue and join link are for confirmed people, after the check where the call asks for it."""
    if registration.state not in (State.CONFIRMED, State.ATTENDED) or registration.proven_at is None:
        return False
    return not registration.call.join_link_needs_check or registration.check_result == CheckResult.FINE


def may_name_contact(registration: Registration) -> bool:
    """Whether the person may name somebody who knows them: the call asks who people are, and nobody said "fine" yet."""
    is_wanted = registration.call.join_link_needs_check and registration.check_result != CheckResult.FINE
    # Without the proof a stranger could have us write to anybody.
    return is_wanted and registration.proven_at is not None and registration.state in EXPECTING


def may_release(call: Call, *, now: datetime) -> bool:
    """Decisions are released after the deadline only."""
    return call.is_selective and now >= call.closes_at and not call.event.is_cancelled


def may_stage(registration: Registration) -> bool:
    """Decisions are made about applications that are in."""
    return registration.state == State.SUBMITTED


def is_deviation(outcome: Outcome, proposed_as: ProposedAs | None) -> bool:
    """Whether the decision is another than a proposal said; about whom it said nothing there is none."""
    return proposed_as is not None and proposed_as != PROPOSED_BY_OUTCOME[outcome]


def list_closes_at(call: Call, *, starts_at: datetime) -> datetime:
    """The moment at which the reserve or waiting list closes: the call's own, else 24 hours before the event."""
    return call.list_closes_at or starts_at - LIST_CLOSES_BEFORE_EVENT


def is_telephone_time(settings: SelectionSettings, *, starts_at: datetime, now: datetime) -> bool:
    """Whether the event is so near that a free place is given by telephone only."""
    return now >= starts_at - timedelta(hours=settings.telephone_hours)


def promotes_by_itself(settings: SelectionSettings, *, starts_at: datetime, now: datetime) -> bool:
    """Whether a free place goes to the next of the released order without a person."""
    return settings.promotes_by_itself and not is_telephone_time(settings, starts_at=starts_at, now=now)


def holds_place(registration: Registration) -> bool:
    """Whether the registration takes one of the call's places."""
    return registration.is_counted and registration.state in HOLDS_PLACE
