"""The only writer of a registration's state and of a call's places.

Every change goes through `move_many`: under the call's lock, along a line of the table of moves, with its transition,
its places and its mails in the same transaction. Callers hold the lock (`locked`) and so are in a transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from accounts.models import User
from events import times
from events.models import Call
from ranportal.shared.refusals import Refused
from registrations import policies, queries
from registrations.enums import Act, Actor, Channel, MailKind, State
from registrations.mail import facts, outbox
from registrations.mail.outbox import Letter
from registrations.models import Registration, Transition
from registrations.states import HOLDS_PLACE, Move, find_move, places_delta

#: After these acts, what was not sent yet tells of something that is no more.
_UNDOES = frozenset({Act.PROMOTE, Act.RECONSIDER, Act.WITHDRAW, Act.CANCEL, Act.LAPSE})
#: These acts are what a reminder asks for, so only the asking is cancelled.
_ANSWERS: Mapping[Act, frozenset[MailKind]] = {
    Act.PROVE: frozenset({MailKind.PROVE_ADDRESS, MailKind.PROVE_REMINDER}),
    Act.CONFIRM: frozenset({MailKind.ANSWER_REMINDER}),
}
#: Nobody promoted or selected is asked to answer later than so long before the event.
ANSWER_BEFORE_EVENT = timedelta(hours=12)
#: Nobody has less time to answer because one will telephone: only because the event is near.
TIME_TO_ANSWER = timedelta(hours=24)
#: Days to answer where the call names none and an organiser asks one person all the same.
DAYS_TO_ANSWER = 3


class IllegalMove(Refused):
    """The table of moves has no such line for this actor, or a reason is missing."""


class CallFull(Refused):
    """There are not so many places left."""


class ReleaseWaits(Refused):
    """A release was given and can still be taken back: what people reviewed is what they release."""


def locked(call: Call) -> Call:
    """The call, read again under its lock until the transaction ends. All writes about its people start so."""
    return Call.objects.select_related("event").select_for_update(of=("self",)).get(pk=call.pk)


def refuse_while_release_waits(call: Call) -> None:
    """Raises ReleaseWaits, with the hour, while a release of this locked call was given and not carried out."""
    if waiting := queries.waiting_release(call):
        due = times.moment_words(waiting.due_at, call.event.zone)
        raise ReleaseWaits(
            f"A release was given: its mails leave on {due}, and until then nothing that it rests on changes. "
            "Take the release back first."
        )


def again(registration: Registration, *, call: Call) -> Registration:
    """The registration as it is now, under its call's lock."""
    fresh = Registration.objects.select_related("identity").get(pk=registration.pk)
    fresh.call = call
    return fresh


def move(
    *, registration: Registration, target: State, act: Act, actor: Actor, now: datetime, **details: Any
) -> Registration:
    """Move one registration; see `move_many`, whose other arguments it takes."""
    move_many(
        call=registration.call, registrations=[registration], target=target, act=act, actor=actor, now=now, **details
    )
    return registration


def move_many(
    *,
    call: Call,
    registrations: Sequence[Registration],
    target: State,
    act: Act,
    actor: Actor,
    now: datetime,
    by: User | None = None,
    reason: str = "",
    channel: str = "",
    says: Mapping[str, Any] | None = None,
    about: facts.CallFacts | None = None,
) -> int:
    """Move registrations of one locked call to `target`; returns how many were moved (those there already are left).

    A bounded number of statements whatever the number of people. `says` is added to the facts of their mails. Raises
    IllegalMove when the table does not allow it for one of them, CallFull when the places do not suffice: then nobody
    moved.
    """
    moving = [registration for registration in registrations if registration.state != target]
    if not moving:
        return 0
    moves = {registration.pk: _allowed(registration, target, act, actor, reason) for registration in moving}
    delta = sum(places_delta(source=State(r.state), target=target) for r in moving if r.is_counted)
    about = about or facts.of_call(call)
    if act in _UNDOES or act in _ANSWERS:
        outbox.cancel_unsent(registrations=moving, now=now, kinds=_ANSWERS.get(act))
    _take_places(call, delta)
    trace = {"act": act, "target": target, "at": now, "by": by, "reason": reason, "channel": channel}
    transitions = Transition.objects.bulk_create(
        [Transition(registration=r, source=r.state, **trace) for r in moving], batch_size=500
    )
    _write_states(moving, target=target, now=now, answer_by=answer_by(about, target=target, now=now))
    outbox.put_many(_letters(transitions, moves, says or {}), about=about, now=now)
    return len(moving)


def record(
    *,
    registration: Registration,
    act: Act,
    now: datetime,
    by: User | None = None,
    reason: str = "",
    channel: str = "",
) -> Transition:
    """Leave the trace of an act that changes no state."""
    state = registration.state
    return Transition.objects.create(
        registration=registration, act=act, source=state, target=state, at=now, by=by, reason=reason, channel=channel
    )


def open_registration(registration: Registration, *, now: datetime, by: User | None = None, channel: str = "") -> None:
    """Insert a new registration in its first state with its transition; `state` must not be set before."""
    registration.state, registration.state_changed_at = State.UNPROVEN, now
    registration.save(force_insert=True)
    Transition.objects.create(
        registration=registration, act=Act.SEND, target=State.UNPROVEN, at=now, by=by, channel=channel
    )


def open_invented(*, registrations: Sequence[Registration]) -> None:
    """Insert applications of invented people as if their addresses had been proven at `proven_at`; nobody is told."""
    for registration in registrations:
        registration.state = State.SUBMITTED
        registration.state_changed_at = registration.proven_at or registration.sent_at
    Registration.objects.bulk_create(registrations)
    made = [(Act.SEND, "", State.UNPROVEN, r.sent_at, r) for r in registrations]
    made += [(Act.PROVE, State.UNPROVEN, State.SUBMITTED, r.state_changed_at, r) for r in registrations]
    Transition.objects.bulk_create(
        Transition(registration=r, act=act, source=source, target=target, at=at, channel=Channel.PORTAL)
        for act, source, target, at, r in made
    )


def end_invented(
    *, ended: Mapping[State, Sequence[Registration]], released_at: datetime, over_at: datetime, by: User | None
) -> None:
    """Let invented applications of one locked call have ended so, the event being over; nobody is told."""
    steps: list[tuple[Registration, Act, State, State, datetime]] = []
    for target, registrations in ended.items():
        given = State.CONFIRMED if target in HOLDS_PLACE else target
        steps += [(r, Act.RELEASE, State.SUBMITTED, given, released_at) for r in registrations]
        if target != given:
            steps += [(r, Act.ATTENDANCE, given, target, over_at) for r in registrations]
            _take_places(registrations[0].call, len(registrations))
        _write_states(registrations, target=target, now=released_at if target == given else over_at, answer_by=None)
    Transition.objects.bulk_create(
        Transition(registration=r, act=act, source=source, target=target, at=at, by=by)
        for r, act, source, target, at in steps
    )


def fill_places(*, call: Call, now: datetime, besides: Registration | None = None) -> int:
    """Offer each free place of a locked call to the next on the list, in its order; returns how many were promoted.

    `besides` was put on the list in this transaction by a person, and does not come off it again by itself. Where an
    organiser gives free places, and in the hours in which one telephones, nobody is promoted.
    """
    free = policies.free_places(call)
    if free == 0 or call.event.is_cancelled or (call.is_selective and not queries.is_released(call)):
        return 0
    about = facts.of_call(call)
    if now >= policies.list_closes_at(call, starts_at=about.starts_at):
        return 0
    if call.is_selective and not policies.promotes_by_itself(
        queries.selection_settings(call), starts_at=about.starts_at, now=now
    ):
        return 0
    others = queries.on_list(call).filter(is_counted=True)
    waiting = list((others.exclude(pk=besides.pk) if besides else others)[:free])
    for registration in waiting:
        registration.call = call
    return move_many(
        call=call,
        registrations=waiting,
        target=given_state(call),
        act=Act.PROMOTE,
        actor=Actor.SYSTEM,
        now=now,
        about=about,
    )


def given_state(call: Call) -> State:
    """What a person who is given a place becomes: asked to confirm, where the call asks that, else confirmed."""
    return State.CONFIRMED if call.confirm_within_days is None else State.SELECTED


def _allowed(registration: Registration, target: State, act: Act, actor: Actor, reason: str) -> Move:
    line = find_move(source=State(registration.state), target=target, act=act)
    if line is None or actor not in line.actors:
        raise IllegalMove(
            f"{registration.reference} is “{registration.get_state_display()}” and cannot become “{target.label}” so."
        )
    if line.needs_reason and not reason.strip():
        raise IllegalMove("Please give a reason.")
    return line


def _letters(transitions: Sequence[Transition], moves: Mapping[int, Move], says: Mapping[str, Any]) -> list[Letter]:
    return [
        Letter(kind=kind, version=f"t{transition.pk}", registration=transition.registration, says=says)
        for transition in transitions
        if (kind := _mail_of(moves[transition.registration_id], transition.registration)) is not None
    ]


def _take_places(call: Call, delta: int) -> None:
    if delta == 0:
        return
    taken = call.places_taken + delta
    if delta > 0 and call.places_limit is not None and taken > call.places_limit:
        left = max(0, call.places_limit - call.places_taken)
        raise CallFull(f"This needs {delta} places, but only {left} of {call.places_limit} are left.")
    Call.objects.filter(pk=call.pk).update(places_taken=F("places_taken") + delta)
    call.places_taken = taken


def _write_states(
    registrations: Sequence[Registration], *, target: State, now: datetime, answer_by: datetime | None
) -> None:
    ids = [registration.pk for registration in registrations]
    # Who did not answer in time is told by when we had asked.
    asked = {} if target == State.LAPSED else {"answer_by": answer_by}
    for start in range(0, len(ids), 500):
        people = Registration.objects.filter(pk__in=ids[start : start + 500])
        people.update(state=target, state_changed_at=now, **asked)
    for registration in registrations:
        registration.state, registration.state_changed_at = target, now
        registration.answer_by = asked.get("answer_by", registration.answer_by)


def answer_by(about: facts.CallFacts, *, target: State, now: datetime) -> datetime | None:
    """Until when somebody who becomes `target` now is asked to answer, or None."""
    if target != State.SELECTED:
        return None
    days = timedelta(days=about.call.confirm_within_days or DAYS_TO_ANSWER)
    return min(now + days, latest_answer(about, now=now))


def latest_answer(about: facts.CallFacts, *, now: datetime) -> datetime:
    """Nobody is asked to answer later than this: when one begins to telephone, or half a day before the event.

    Where one begins to telephone within a day, or does already, half a day before the event holds; later than that, an
    hour from now, or when the event begins.
    """
    if about.call.is_selective:
        hours = queries.selection_settings(about.call).telephone_hours
        telephoning = about.starts_at - max(ANSWER_BEFORE_EVENT, timedelta(hours=hours))
        if telephoning >= now + TIME_TO_ANSWER:
            return telephoning
    soon = now + timedelta(hours=1)
    return max(about.starts_at - ANSWER_BEFORE_EVENT, min(soon, about.starts_at) if now < about.starts_at else soon)


def _mail_of(line: Move, registration: Registration) -> MailKind | None:
    # Who never proved the address gave nothing up: a stranger may have typed it.
    if line.source == State.UNPROVEN and line.act in (Act.WITHDRAW, Act.CANCEL):
        return None
    return line.mail


def change_counting(*, registration: Registration, is_counted: bool) -> None:
    """Change whether a registration of a locked call counts as a place. Raises CallFull."""
    if registration.is_counted == is_counted:
        return
    if State(registration.state) in HOLDS_PLACE:
        _take_places(registration.call, 1 if is_counted else -1)
    registration.is_counted = is_counted
    registration.save(update_fields=["is_counted"])
