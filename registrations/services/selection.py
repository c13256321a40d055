"""Decisions: staged without effect, released together after the deadline, changed by hand afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max, OuterRef, QuerySet, Subquery

from accounts.models import User
from events.models import Call
from ranportal.shared.refusals import Refused
from registrations import policies, queries
from registrations.enums import Act, Actor, Channel, Outcome, ProposedAs, ReasonCode, State
from registrations.mail import catalogue, facts, outbox
from registrations.mail.outbox import Letter
from registrations.models import Decision, Proposal, ProposalLine, Registration, Transition
from registrations.services import workflow
from registrations.states import HOLDS_PLACE, mail_of

#: Rows written by one statement.
_BATCH = 1000
#: So many references are named in a refusal.
_NAMED = 10


class NotStageable(Refused):
    """A decision cannot be prepared for one of these people."""


class BeforeDeadline(Refused):
    """Nothing is released before the deadline."""


class OnlyByTelephone(Refused):
    """So near to the event nobody is given a place without a word."""


class EventCancelled(Refused):
    """The event does not take place."""


class TooManySelected(Refused):
    """More people were staged than there are places."""


@dataclass(frozen=True)
class Released:
    """How many decisions of each outcome were released now."""

    selected: int = 0
    reserve: int = 0
    declined: int = 0

    @property
    def total(self) -> int:
        return self.selected + self.reserve + self.declined


@dataclass(frozen=True)
class Sending:
    """What people of one outcome would be sent: how many they are, and the mail as its reader sees it."""

    outcome: Outcome
    number: int
    subject: str
    text: str
    attachments: tuple[str, ...]

    @property
    def label(self) -> str:
        return str(self.outcome.label)


def stage(
    *,
    registrations: Sequence[Registration],
    outcome: Outcome,
    reason: str,
    by: User,
    now: datetime,
    code: ReasonCode = ReasonCode.OTHER,
) -> int:
    """Prepare the same decision for applications of one call, in the order given; returns how many.

    Nobody is told before the release. A reserve decision takes the next rank. Where the newest proposal of the call
    said otherwise, that is kept with the decision. Raises NotStageable (no reason, "as proposed" where it was not, or
    not an application that is in and undecided), workflow.ReleaseWaits: then nothing is staged.
    """
    if code == ReasonCode.OTHER and not reason.strip():
        raise NotStageable("Please give a reason.")
    if not registrations:
        return 0
    with transaction.atomic():
        call = workflow.locked(registrations[0].call)
        workflow.refuse_while_release_waits(call)
        fresh = _in_order(call, registrations)
        _refuse_closed(fresh)
        proposal = call.proposals.first()
        proposed = _proposed(proposal)
        if code == ReasonCode.PROPOSED:
            _refuse_unlike_proposal(fresh, outcome, proposed)
        Decision.objects.filter(registration__in=fresh, released_at=None).delete()
        said = {"outcome": outcome, "reason_code": code, "reason": reason, "proposal": proposal}
        when = {"staged_at": now, "staged_by": by}
        is_deviation = [policies.is_deviation(outcome, proposed.get(registration.pk)) for registration in fresh]
        decisions = [
            Decision(registration=registration, rank=rank, is_deviation=deviates, **said, **when)
            for registration, rank, deviates in zip(fresh, _ranks(call, outcome, len(fresh)), is_deviation, strict=True)
        ]
        Decision.objects.bulk_create(decisions, batch_size=_BATCH)
        _trace(fresh, Act.STAGE, reason=_in_words(outcome, code, reason), by=by, now=now)
        return len(fresh)


def stage_proposal(*, proposal: Proposal, with_others: bool, by: User, now: datetime) -> dict[Outcome, int]:
    """Stage what the newest proposal says: its list, its reserves in order, on request all others as not selected.

    What stands as an earlier proposal said is undone first, so that the reserves have this one's order. Returns how
    many of each. Who is no longer an undecided application is left out. Raises NotStageable (there is a newer
    proposal), workflow.ReleaseWaits.
    """
    with transaction.atomic():
        call = workflow.locked(proposal.call)
        if call.proposals.first() != proposal:
            raise NotStageable("There is a newer proposal. Please look at that one first.")
        former = (
            _staged_rows(call)
            .select_related("registration__call")
            .filter(reason_code=ReasonCode.PROPOSED)
            .exclude(proposal=proposal)
        )
        unstage(registrations=[decision.registration for decision in former], by=by, now=now)
        staged = {}
        for outcome, said in policies.PROPOSED_BY_OUTCOME.items():
            if with_others or outcome != Outcome.DECLINE:
                people = Registration.objects.filter(
                    proposal_lines__proposal=proposal, proposal_lines__proposed_as=said, state=State.SUBMITTED
                ).order_by("proposal_lines__rank", "reference")
                staged[outcome] = stage(
                    registrations=list(people), outcome=outcome, code=ReasonCode.PROPOSED, reason="", by=by, now=now
                )
        return staged


def unstage(*, registrations: Sequence[Registration], by: User, now: datetime) -> int:
    """Take staged decisions of one call back before their release; returns how many were.

    Raises workflow.ReleaseWaits.
    """
    if not registrations:
        return 0
    with transaction.atomic():
        call = workflow.locked(registrations[0].call)
        workflow.refuse_while_release_waits(call)
        staged = Decision.objects.filter(registration__in=_in_order(call, registrations), released_at=None)
        undone = [decision.registration for decision in staged.select_related("registration")]
        Decision.objects.filter(registration__in=undone).delete()
        _trace(undone, Act.UNSTAGE, reason="", by=by, now=now)
        return len(undone)


def release(*, call: Call, by: User | None, now: datetime) -> Released:
    """Let all staged decisions of the call take effect: states and mails flip together, or nothing does.

    A second call finds nothing staged and changes nothing. Where selected people leave places free, the first of the
    reserve list get them at once. `by` None is the operator's command line. Raises BeforeDeadline, EventCancelled,
    TooManySelected (with the numbers).
    """
    with transaction.atomic():
        call = workflow.locked(call)
        by_outcome = releasable(call=call, now=now)
        _number_list(call, by_outcome[Outcome.RESERVE])
        _staged_rows(call).update(released_at=now, released_by=by)
        about = facts.of_call(call)
        for outcome, decisions in by_outcome.items():
            workflow.move_many(
                call=call,
                registrations=[decision.registration for decision in decisions],
                target=_target(outcome, call),
                act=Act.RELEASE,
                actor=Actor.ORGANISER,
                now=now,
                by=by,
                about=about,
                says=facts.about_refusal(about, now=now) if outcome == Outcome.DECLINE and decisions else {},
            )
        workflow.fill_places(call=call, now=now)
        return Released(*(len(by_outcome[outcome]) for outcome in (Outcome.SELECT, Outcome.RESERVE, Outcome.DECLINE)))


def releasable(*, call: Call, now: datetime) -> dict[Outcome, list[Decision]]:
    """The staged decisions that a release of this locked call would carry out at this moment, by outcome, in order.

    Raises BeforeDeadline, EventCancelled, TooManySelected.
    """
    if call.event.is_cancelled:
        raise EventCancelled("The event is cancelled, so there is nothing to release.")
    if not policies.may_release(call, now=now):
        raise BeforeDeadline("Decisions of a selective call are released after its deadline, and not before.")
    staged = _staged(call)
    by_outcome = {outcome: [d for d in staged if d.outcome == outcome] for outcome in Outcome}
    _refuse_too_many(call, by_outcome[Outcome.SELECT])
    return by_outcome


def reconsider(
    *, registration: Registration, target: State, reason: str, by: User, channel: str, now: datetime
) -> Registration:
    """Change a released decision by hand, with a reason; unsent mail about the old one is cancelled.

    The person hears what holds in the end, once, and nothing where the last mail that left said so already. Raises
    workflow.IllegalMove, workflow.CallFull, workflow.ReleaseWaits (where it would take a place), OnlyByTelephone.
    """
    with transaction.atomic():
        call = workflow.locked(registration.call)
        registration = workflow.again(registration, call=call)
        about = facts.of_call(call)
        if target in HOLDS_PLACE:
            workflow.refuse_while_release_waits(call)
            _refuse_by_mail_alone(about, channel=channel, now=now)
        if target == State.RESERVE:
            # Behind everyone: who waits already was promised the next place.
            registration.list_position = queries.next_list_position(call)
            registration.save(update_fields=["list_position"])
        _refuse_twice(registration, call)
        workflow.move(
            registration=registration,
            target=target,
            act=Act.RECONSIDER,
            actor=Actor.ORGANISER,
            now=now,
            by=by,
            reason=reason,
            channel=channel,
            about=about,
            says=facts.about_refusal(about, now=now) if target == State.DECLINED else {},
        )
        outbox.spare_who_knows(registration=registration, now=now)
        if target in (State.DECLINED, State.LAPSED, State.RESERVE):
            workflow.fill_places(call=call, now=now, besides=registration)
        return registration


def preview(*, call: Call, now: datetime) -> list[Sending]:
    """What a release at this moment would send: for each outcome how many mails, and the first of them."""
    about = facts.of_call(call)
    sendings = []
    for outcome in Outcome:
        decisions = [decision for decision in _staged(call) if decision.outcome == outcome]
        if decisions:
            sendings.append(_sending(outcome, decisions, about=about, now=now))
    return sendings


def _refuse_closed(registrations: Sequence[Registration]) -> None:
    for registration in registrations:
        if not policies.may_stage(registration):
            raise NotStageable(f"{registration.reference} is “{registration.get_state_display()}”, so nothing is open.")


def _proposed(proposal: Proposal | None) -> dict[int, ProposedAs]:
    lines = ProposalLine.objects.filter(proposal=proposal) if proposal else ProposalLine.objects.none()
    return {pk: ProposedAs(said) for pk, said in lines.order_by().values_list("registration_id", "proposed_as")}


def _refuse_unlike_proposal(
    registrations: Sequence[Registration], outcome: Outcome, proposed: dict[int, ProposedAs]
) -> None:
    unlike = [r for r in registrations if policies.PROPOSED_BY_OUTCOME[outcome] != proposed.get(r.pk)]
    if unlike:
        names = ", ".join(queries.references(unlike[:_NAMED])) + (" and others" if len(unlike) > _NAMED else "")
        raise NotStageable(f"The newest proposal does not say “{outcome.label}” about {names}. Choose another reason.")


def _in_words(outcome: Outcome, code: ReasonCode, reason: str) -> str:
    why = "" if code == ReasonCode.OTHER else str(code.label)
    return ": ".join(filter(None, (str(outcome.label), why, reason.strip())))


def _refuse_by_mail_alone(about: facts.CallFacts, *, channel: str, now: datetime) -> None:
    settings = queries.selection_settings(about.call)
    is_spoken = channel in (Channel.TELEPHONE, Channel.IN_PERSON)
    if not is_spoken and policies.is_telephone_time(settings, starts_at=about.starts_at, now=now):
        raise OnlyByTelephone("The event is so near that a place is given only to whom you have spoken to.")


def _refuse_twice(registration: Registration, call: Call) -> None:
    live = queries.live_with_address(call, address_index=registration.address_index)
    same = [r for r in live if r.same_address_number == registration.same_address_number and r.pk != registration.pk]
    if same:
        raise workflow.IllegalMove(f"This person registered again since, as {same[0].reference}.")


def _sending(outcome: Outcome, decisions: Sequence[Decision], *, about: facts.CallFacts, now: datetime) -> Sending:
    registration = decisions[0].registration
    target = _target(outcome, about.call)
    answer_by = workflow.answer_by(about, target=target, now=now)
    says = facts.about_state(registration, about, state=target, answer_by=answer_by)
    if outcome == Outcome.DECLINE:
        says |= facts.about_refusal(about, now=now)
    mail = catalogue.preview(
        outbox.draft(
            Letter(mail_of(State.SUBMITTED, target, Act.RELEASE), "preview", registration, says), about=about, now=now
        )
    )
    return Sending(
        outcome=outcome,
        number=len(decisions),
        subject=mail.subject,
        text=mail.text,
        attachments=mail.attachments,
    )


def _target(outcome: Outcome, call: Call) -> State:
    return {
        Outcome.SELECT: workflow.given_state(call),
        Outcome.RESERVE: State.RESERVE,
        Outcome.DECLINE: State.DECLINED,
    }[outcome]


def _in_order(call: Call, registrations: Sequence[Registration]) -> list[Registration]:
    place = {registration.pk: number for number, registration in enumerate(registrations)}
    fresh = list(Registration.objects.filter(call=call, pk__in=place))
    for registration in fresh:
        registration.call = call
    return sorted(fresh, key=lambda registration: place[registration.pk])


def _ranks(call: Call, outcome: Outcome, number: int) -> list[int] | list[None]:
    if outcome != Outcome.RESERVE:
        return [None] * number
    last = Decision.objects.filter(registration__call=call).aggregate(last=Max("rank"))["last"] or 0
    return list(range(last + 1, last + 1 + number))


def _staged_rows(call: Call) -> QuerySet[Decision]:
    return Decision.objects.filter(registration__call=call, registration__state=State.SUBMITTED, released_at=None)


def _staged(call: Call) -> list[Decision]:
    staged = list(_staged_rows(call).select_related("registration").order_by("rank", "pk"))
    for decision in staged:
        decision.registration.call = call
    return staged


def _refuse_too_many(call: Call, selected: Sequence[Decision]) -> None:
    wanted = sum(decision.registration.is_counted for decision in selected)
    if call.places_limit is not None and call.places_taken + wanted > call.places_limit:
        left = call.places_limit - call.places_taken
        raise TooManySelected(f"{wanted} people are to be selected, but {left} of {call.places_limit} places are left.")


def _number_list(call: Call, reserve: Sequence[Decision]) -> None:
    """Put them behind everyone who waits or waited, in the order of their ranks; numbers may be left out."""
    ranks = [decision.rank for decision in reserve if decision.rank is not None]
    if not ranks:
        return
    shift = queries.next_list_position(call) - min(ranks)
    rank = Decision.objects.filter(registration=OuterRef("pk")).values("rank")
    people = Registration.objects.filter(
        call=call, state=State.SUBMITTED, decision__outcome=Outcome.RESERVE, decision__released_at=None
    )
    people.update(list_position=Subquery(rank) + shift)
    for decision in reserve:
        decision.registration.list_position = (decision.rank or 0) + shift


def _trace(registrations: Sequence[Registration], act: Act, *, reason: str, by: User, now: datetime) -> None:
    Transition.objects.bulk_create(
        [
            Transition(registration=r, act=act, source=r.state, target=r.state, at=now, by=by, reason=reason)
            for r in registrations
        ],
        batch_size=_BATCH,
    )
