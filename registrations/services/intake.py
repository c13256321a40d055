"""The way in: send the form, prove the address, change answers."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from accounts.models import User
from events.models import Call
from ranportal.shared.refusals import Refused
from registrations import links, policies, queries, statement
from registrations.enums import Act, Actor, MailKind, State
from registrations.mail import facts, outbox
from registrations.mail.outbox import Letter
from registrations.models import PrivateLink, Registration
from registrations.people import PersonDetails, address_index
from registrations.references import new_reference
from registrations.services import identities, told, uploads, workflow
from registrations.services.addresses import LONGEST_WAIT, AddressTaken, make_link, next_mail_at
from registrations.services.answers import (
    Answers,
    contents_of,
    form_digest,
    has_earlier_wording,
    replace_answers,
    write_answers,
    write_identity,
)

#: The same form within this time is a double click; later it asks for another mail.
SAME_FORM_WITHIN = timedelta(minutes=10)

_NEWS_OF = {
    State.SUBMITTED: MailKind.RECEIVED,
    State.SELECTED: MailKind.SELECTED,
    State.CONFIRMED: MailKind.CONFIRMED,
    State.RESERVE: MailKind.WAITING_LIST,
}


class CallNotOpen(Refused):
    """The call takes no forms at this moment."""


class NewerForm(Refused):
    """The link belongs to a form that was sent again since."""


class ProvingOver(Refused):
    """The address cannot be confirmed any more."""


class WrongCode(Refused):
    """These are not the eight digits, or they no longer count."""


class ChangesClosed(Refused):
    """Answers cannot be changed any more."""


@dataclass(frozen=True)
class Sent:
    """What came of a form: the link whose code may be typed now, or None (the page is the same)."""

    link: PrivateLink | None


def submit(
    *,
    call: Call,
    person: PersonDetails,
    answers: Answers,
    now: datetime,
    received_at: datetime,
    beside: Registration | None = None,
) -> Sent:
    """Take in a form sent at `received_at` (law 1) in one transaction: registration, identity, answers, link, mail.

    The same form sent twice is one registration and one mail. For an unproven address a second form is a new version;
    for a proven one nothing changes and its owner gets a mail. `beside` registers another person with its address.
    Where `addresses.MOST_MAILS` went out, the mail waits for its turn; a first form whose mail would wait longer than
    LONGEST_WAIT is left aside. Raises CallNotOpen.
    """
    digest = form_digest(person, contents_of(answers))
    with uploads.stored(answers) as answers, transaction.atomic():
        call = workflow.locked(call)
        if not policies.may_send(call, received_at=received_at):
            raise CallNotOpen("This call does not take registrations at the moment.")
        index = address_index(person.email)
        live = queries.live_with_address(call, address_index=index)
        twin = next((r for r in live if r.form_digest == digest), None)
        if twin is not None and now < twin.sent_at + SAME_FORM_WITHIN:
            # Sent twice, or arrived twice: the second may come by a slow way, after the address was proven.
            return Sent(queries.newest_link(twin) if twin.state == State.UNPROVEN else None)
        is_another = beside is not None and beside.address_index == index
        if live and not is_another and live[0].state == State.UNPROVEN:
            return Sent(_send_again(live[0], call, person, answers, digest, now=now, sent_at=received_at))
        at = next_mail_at(address_index=index, now=now)
        if is_another or not live:
            if at > now + LONGEST_WAIT:
                return Sent(None)
            number = 1 + max((registration.same_address_number for registration in live), default=-1)
            link = _register(call, person, answers, index, digest, number, now=now, sent_at=received_at, mail_at=at)
            return Sent(link)
        if at <= now:
            _tell_owner(live[0], call, now=now)
        return Sent(None)


def register_by_hand(
    *, call: Call, person: PersonDetails, answers: Answers, by: User, channel: str, now: datetime
) -> Registration:
    """Register someone who told an organiser; no deadline stops that. The person still proves the address.

    Raises AddressTaken when the call has a registration with this address.
    """
    digest = form_digest(person, contents_of(answers))
    with uploads.stored(answers) as answers, transaction.atomic():
        call = workflow.locked(call)
        index = address_index(person.email)
        taken = queries.live_with_address(call, address_index=index)
        if taken:
            raise AddressTaken(f"This address is registered already, as {taken[0].reference}.")
        link = _register(call, person, answers, index, digest, 0, now=now, sent_at=now, by=by, channel=channel)
        return link.registration


def prove(*, registration: Registration, version: int, now: datetime) -> Registration:
    """Prove the address with a link or code of this form version. Proving twice is proving once.

    An open call gives the place now, under its lock, or a place on the waiting list. Raises NewerForm, ProvingOver,
    CallFull.
    """
    with transaction.atomic():
        call = workflow.locked(registration.call)
        registration = workflow.again(registration, call=call)
        if registration.proven_at is not None:
            return registration
        if registration.version != version:
            raise NewerForm("You sent a newer form since. Please use the link in our newest mail.")
        asked_at = queries.asked_to_prove_at(registration)
        is_released = queries.is_released(call)
        if not policies.may_prove(registration, now=now, is_released=is_released, asked_at=asked_at):
            raise ProvingOver(
                "The time to confirm this address is over. Please write to us if you still want to take part."
            )
        return _prove(registration, call, actor=Actor.PERSON, now=now)


def prove_by_code(*, link_id: int | None, code: str, now: datetime) -> Registration:
    """Prove the address with the eight digits, in the browser that sent the form: five tries, 30 minutes.

    Raises WrongCode (also where there is nothing to prove: a stranger learns nothing) and what `prove` raises.
    """
    known = PrivateLink.objects.none() if link_id is None else PrivateLink.objects.filter(pk=link_id)
    tried = known.filter(
        revoked_at=None, code_tries__lt=links.CODE_TRIES, created_at__gt=now - links.CODE_LIFETIME
    ).update(code_tries=F("code_tries") + 1)
    link = known.select_related("registration__call__event").first()
    if not tried or link is None or not links.is_code_of(link, code):
        raise WrongCode(
            "This is not the code of our newest mail, or it is older than 30 minutes, or it was tried five times. "
            "Please compare it with the mail, or use the link in the mail instead: it works longer."
        )
    return prove(registration=link.registration, version=link.version, now=now)


def prove_by_hand(*, registration: Registration, by: User, channel: str, now: datetime) -> Registration:
    """Record that the person proved who they are another way, as by telephone; at any time. Raises CallFull."""
    with transaction.atomic():
        call = workflow.locked(registration.call)
        registration = workflow.again(registration, call=call)
        if registration.proven_at is not None:
            return registration
        return _prove(registration, call, actor=Actor.ORGANISER, now=now, by=by, channel=channel)


def change_answers(
    *, registration: Registration, person: PersonDetails, answers: Answers, now: datetime, received_at: datetime
) -> Registration:
    """Put new answers and details in place of the old until the deadline; the address stays. Raises ChangesClosed."""
    said = contents_of(answers)
    with uploads.stored(answers) as answers, transaction.atomic():
        call = workflow.locked(registration.call)
        registration = workflow.again(registration, call=call)
        if not policies.may_change_answers(registration, received_at=received_at):
            raise ChangesClosed("Answers can be changed until the deadline, and it has passed.")
        person = replace(person, email=registration.identity.email)
        digest = form_digest(person, said)
        if digest == registration.form_digest and not has_earlier_wording(registration):
            return registration
        _rewrite(registration, person, answers, digest, now=now)
        trace = workflow.record(registration=registration, act=Act.CHANGE_ANSWERS, now=now, channel="portal")
        letter = Letter(MailKind.ANSWERS_CHANGED, f"t{trace.pk}", registration)
        outbox.put(letter, about=facts.of_call(call), now=now)
        return registration


def _register(
    call: Call,
    person: PersonDetails,
    answers: Answers,
    index: str,
    digest: str,
    number: int,
    *,
    now: datetime,
    sent_at: datetime,
    mail_at: datetime | None = None,
    by: User | None = None,
    channel: str = "portal",
) -> PrivateLink:
    registration = Registration(
        call=call,
        reference=_free_reference(),
        country=person.country,
        profession=person.profession,
        address_index=index,
        same_address_number=number,
        form_digest=digest,
        privacy_version=statement.version(),
        sent_at=sent_at,
    )
    workflow.open_registration(registration, now=now, by=by, channel=channel)
    write_identity(registration, person)
    write_answers(registration, answers, now=now)
    link = make_link(registration, now=now)
    about = facts.of_call(call)
    told.remember(about, now=now)
    _ask_for_proof(registration, about, now=now, mail_at=mail_at)
    return link


def _free_reference() -> str:
    # Among ten thousand, chance repeats itself some three times.
    while queries.is_reference_taken(reference := new_reference()):
        pass
    return reference


def _send_again(
    registration: Registration,
    call: Call,
    person: PersonDetails,
    answers: Answers,
    digest: str,
    *,
    now: datetime,
    sent_at: datetime,
) -> PrivateLink:
    registration.call = call
    # A mail that waits gives its turn to this one: it asks for an earlier version, which counts no more.
    outbox.cancel_unsent(registrations=[registration], now=now)
    at = next_mail_at(address_index=registration.address_index, now=now)
    registration.version += 1
    registration.sent_at = sent_at
    registration.save(update_fields=["version", "sent_at"])
    _rewrite(registration, person, answers, digest, now=now)
    workflow.record(registration=registration, act=Act.SEND_AGAIN, now=now, channel="portal")
    link = make_link(registration, now=now)
    _ask_for_proof(registration, facts.of_call(call), now=now, mail_at=at)
    return link


def _rewrite(
    registration: Registration, person: PersonDetails, answers: Answers, digest: str, *, now: datetime
) -> None:
    registration.country, registration.profession = person.country, person.profession
    registration.form_digest = digest
    registration.save(update_fields=["country", "profession", "form_digest"])
    identities.rewrite(registration=registration, said=identities.parts_of(person), now=now)
    replace_answers(registration, answers, now=now)


def _ask_for_proof(
    registration: Registration, about: facts.CallFacts, *, now: datetime, mail_at: datetime | None
) -> None:
    # The code is for the browser that has just sent the form; there is none beside an organiser's, and none later.
    says = {"has_code": mail_at == now, **facts.about_proving(about.call, asked_at=now)}
    letter = Letter(MailKind.PROVE_ADDRESS, f"v{registration.version}", registration, says, due_at=mail_at)
    outbox.put(letter, about=about, now=now)


def _tell_owner(registration: Registration, call: Call, *, now: datetime) -> None:
    # One a day is enough for the owner, and a stranger cannot fill a mailbox with it.
    registration.call = call
    letter = Letter(MailKind.SAME_ADDRESS, f"{now:%Y-%m-%d}", registration)
    outbox.put(letter, about=facts.of_call(call), now=now)


def _prove(
    registration: Registration,
    call: Call,
    *,
    actor: Actor,
    now: datetime,
    by: User | None = None,
    channel: str = "portal",
) -> Registration:
    registration.proven_at = now
    if registration.state != State.UNPROVEN:
        registration.save(update_fields=["proven_at"])
        trace = workflow.record(registration=registration, act=Act.PROVE, now=now, by=by, channel=channel)
        _say_where_it_stands(registration, version=f"t{trace.pk}", now=now)
        return registration
    target, says = _state_at_proof(registration, call, now=now)
    if target == State.RESERVE:
        registration.list_position = queries.next_list_position(call)
        registration.save(update_fields=["list_position"])
    workflow.move(
        registration=registration,
        target=target,
        act=Act.PROVE,
        actor=actor,
        now=now,
        by=by,
        channel=channel,
        says=says,
    )
    registration.save(update_fields=["proven_at"])
    return registration


def _say_where_it_stands(registration: Registration, *, version: str, now: datetime) -> None:
    """What was written to the mistyped address reached nobody, so the corrected one hears it now."""
    kind = _NEWS_OF.get(State(registration.state))
    if kind is not None:
        about = facts.of_call(registration.call)
        says = {"position": queries.position_of(registration)} if kind == MailKind.WAITING_LIST else {}
        outbox.put(Letter(kind, version, registration, says), about=about, now=now)


def _state_at_proof(registration: Registration, call: Call, *, now: datetime) -> tuple[State, dict[str, int]]:
    """In an open call the place is given at the proof, after those who wait and while places last; then the list."""
    if call.is_selective:
        return State.SUBMITTED, {}
    if not registration.is_counted or policies.free_places(call) is None:
        return State.CONFIRMED, {}
    waiting = queries.on_list(call).filter(is_counted=True)
    if policies.free_places(call) and waiting.exists():
        # Put there by hand when nobody else wanted the place: they come first, and it is not kept free for them.
        workflow.fill_places(call=call, now=now)
    number = waiting.count()
    if policies.free_places(call) and (not number or _is_list_closed(call, now=now)):
        return State.CONFIRMED, {}
    if not call.has_waiting_list or _is_list_closed(call, now=now):
        raise workflow.CallFull("All places were taken before you confirmed your address. We are sorry.")
    return State.RESERVE, {"position": number + 1}


def _is_list_closed(call: Call, *, now: datetime) -> bool:
    return now >= policies.list_closes_at(call, starts_at=facts.of_call(call).starts_at)
