"""Scans for what is due and not yet done: deadlines, reminders, lists, changes. Safe to run twice, at once, or late."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Value

from events.enums import EventFormat
from events.models import Call, Event, Publication
from events.queries import visible_publications
from registrations import policies
from registrations.enums import Act, Actor, MailKind, State
from registrations.mail import facts, outbox
from registrations.mail.outbox import Letter
from registrations.models import OutgoingMail, Registration, ToldEvent
from registrations.services import told, workflow
from registrations.services.addresses import next_mail_at
from registrations.states import EXPECTING

#: An unproven address is reminded once: so long after the form was sent, or before the deadline if that is earlier.
REMIND_UNPROVEN_AFTER = timedelta(hours=24)
REMIND_UNPROVEN_BEFORE = timedelta(hours=24)
REMIND_UNPROVEN_NOT_BEFORE = timedelta(hours=1)
REMIND_ANSWER_BEFORE = timedelta(hours=48)
#: Who was reminded late has so long to answer, whatever the date was.
ANSWER_AFTER_REMINDER = timedelta(hours=20)
REMIND_EVENT_BEFORE = timedelta(hours=24)
#: Who was not reminded within this time of what the reminder is about is not reminded any more. Less than a mail's row
#: is kept: what it says of was written, no scan writes again.
REMIND_WITHIN = timedelta(days=60)
#: Publications older than this when they appear (an archive that is imported) are told to nobody.
TELL_OUTCOME_WITHIN = timedelta(days=30)


def run_scans(*, now: datetime, others: Mapping[str, Callable[..., int]] | None = None) -> dict[str, int]:
    """Run every scan, first the `others`, which have a job of their own; returns how much each did.

    One that fails does not keep the others: raises ExceptionGroup at the end.
    """
    scans: Sequence[Callable[..., int]] = (
        handle_deadlines,
        remind_unproven,
        remind_unanswered,
        give_on_unanswered,
        tell_cancellations,
        tell_changes,
        close_lists,
        remind_of_events,
        tell_outcomes,
    )
    named = {**(others or {}), **{scan.__name__: scan for scan in scans}}
    done, failures = {}, []
    for name, scan in named.items():
        try:
            done[name] = scan(now=now)
        except Exception as failure:  # whatever it is, it concerns this scan alone
            failures.append(failure)
    if failures:
        raise ExceptionGroup("Some scans failed; the others are done.", failures)
    return done


def handle_deadlines(*, now: datetime) -> int:
    """Tell the organisers of each call whose deadline has passed how many people are in it; once a call."""
    due = Call.objects.filter(closes_at__lte=now, deadline_handled_at=None)
    return sum(_handle_deadline(call, now=now) for call in due)


def remind_unproven(*, now: datetime) -> int:
    """Remind people once whose address is not proven, while it still can be; each mail waits for its address's turn."""
    soon = Q(call__closes_at__lte=now + REMIND_UNPROVEN_BEFORE, sent_at__lte=now - REMIND_UNPROVEN_NOT_BEFORE)
    reminded = OutgoingMail.objects.filter(
        registration=OuterRef("pk"), kind=MailKind.PROVE_REMINDER, link__version=OuterRef("version")
    )
    candidates = Registration.objects.filter(
        Q(sent_at__lte=now - REMIND_UNPROVEN_AFTER) | soon,
        ~Exists(reminded),
        state=State.UNPROVEN,
        sent_at__gt=now - REMIND_WITHIN,
        call__closes_at__gt=now - policies.PROVE_AFTER_CLOSING,
        call__event__cancelled_at=None,
    )
    waiting = candidates.select_related("call").order_by("pk")
    return sum(_remind_unproven(registration, candidates, now=now) for registration in waiting)


def remind_unanswered(*, now: datetime) -> int:
    """Remind people of the answer that we wait for, once, two days before it is due, or late rather than never.

    Who has less than four days to answer is reminded when half of the time is over, so never together with the offer.
    """
    waiting = Registration.objects.filter(
        state=State.SELECTED, answer_by__lte=now + REMIND_ANSWER_BEFORE, answer_by__gt=now - REMIND_WITHIN
    )
    candidates = waiting.alias(left=F("answer_by") - Value(now), over=Value(now) - F("state_changed_at")).filter(
        left__lte=F("over")
    )
    return _for_each_call(candidates, partial(_please_answer, now), now=now)


def give_on_unanswered(*, now: datetime) -> int:
    """Give unanswered places on where the call says so, a day after a reminder; the next on the list moves up."""
    reminded = outbox.sent_reminders(kind=MailKind.ANSWER_REMINDER, until=now - ANSWER_AFTER_REMINDER)
    overdue = Registration.objects.filter(
        Exists(reminded), state=State.SELECTED, answer_by__lte=now, call__gives_on_unanswered=True
    )
    moved = 0
    for call in Call.objects.filter(pk__in=overdue.values("call")):
        with transaction.atomic():
            call = workflow.locked(call)
            people = _of_call(call, overdue)
            moved += workflow.move_many(
                call=call, registrations=people, target=State.LAPSED, act=Act.LAPSE, actor=Actor.SYSTEM, now=now
            )
            workflow.fill_places(call=call, now=now)
    return moved


def close_lists(*, now: datetime) -> int:
    """Tell everyone who still waits that the list has closed, at its date."""
    waiting = Registration.objects.filter(state=State.RESERVE)
    calls = Call.objects.filter(pk__in=waiting.values("call")).annotate(starts_at=Min("event__sessions__starts_at"))
    due = [
        call
        for call in calls.select_related("event")
        if now >= policies.list_closes_at(call, starts_at=call.starts_at or call.closes_at)
    ]
    moved = 0
    for closing in due:
        with transaction.atomic():
            call = workflow.locked(closing)
            moved += workflow.move_many(
                call=call,
                registrations=_of_call(call, waiting),
                target=State.DECLINED,
                act=Act.CLOSE_LIST,
                actor=Actor.SYSTEM,
                now=now,
            )
    return moved


def tell_cancellations(*, now: datetime) -> int:
    """End the registrations of cancelled events, each with its mail."""
    ends = {line.value for line in (*EXPECTING, State.UNPROVEN)}
    bound = Registration.objects.filter(call__event__cancelled_at__isnull=False, state__in=ends)
    moved = 0
    for call in Call.objects.filter(pk__in=bound.values("call")):
        with transaction.atomic():
            call = workflow.locked(call)
            for state in ends:
                moved += workflow.move_many(
                    call=call,
                    registrations=_of_call(call, bound.filter(state=state)),
                    target=State.CANCELLED,
                    act=Act.CANCEL,
                    actor=Actor.SYSTEM,
                    now=now,
                )
    return moved


def tell_changes(*, now: datetime) -> int:
    """Tell people who expect an event that its revision has grown since they were last told."""
    first_seen = Event.objects.filter(call__isnull=False, told=None)
    for event in first_seen.select_related("call"):
        told.remember(facts.of_call(event.call), now=now)
    changed = Event.objects.filter(call__isnull=False, cancelled_at=None, revision__gt=F("told__revision"))
    return sum(_tell_change(event, now=now) for event in changed.select_related("call", "told"))


def remind_of_events(*, now: datetime) -> int:
    """Remind confirmed people 24 hours before, or at once when confirmed later; without a link, alarm the organiser."""
    soon = Call.objects.annotate(starts_at=Min("event__sessions__starts_at")).filter(
        starts_at__gt=now, starts_at__lte=now + REMIND_EVENT_BEFORE, event__cancelled_at=None
    )
    made = 0
    for call in soon.select_related("event"):
        if call.event.format != EventFormat.ONSITE and not call.event.join_link:
            made += _alarm(call, now=now)
            continue
        confirmed = Registration.objects.filter(call=call, state=State.CONFIRMED)
        made += _for_each_call(confirmed, _event_is_near, now=now)
    return made


def tell_outcomes(*, now: datetime) -> int:
    """Tell people who took part that an outcome of their event is out."""
    fresh = visible_publications(now).filter(published_at__gt=now - TELL_OUTCOME_WITHIN)
    made = 0
    for publication in fresh:
        took_part = Registration.objects.filter(
            call__event__publications=publication,
            call__event__is_hidden=False,
            state__in=[State.CONFIRMED, State.ATTENDED],
        )
        made += _for_each_call(took_part, partial(_is_published, publication), now=now)
    return made


def _remind_unproven(found: Registration, candidates: QuerySet[Registration], *, now: datetime) -> int:
    """One transaction a person: whose turn it is at an address is known only when the mail before has its own."""
    with transaction.atomic():
        call = workflow.locked(found.call)
        registration = candidates.filter(pk=found.pk).first()
        if registration is None:
            return 0
        registration.call = call
        at = next_mail_at(address_index=registration.address_index, now=now)
        letter = Letter(MailKind.PROVE_REMINDER, f"v{registration.version}", registration, due_at=at)
        return int(outbox.put(letter, about=facts.of_call(call), now=now) is not None)


def _please_answer(now: datetime, registration: Registration, about: facts.CallFacts) -> Letter:
    version = f"{registration.state_changed_at:%Y%m%d%H%M%S}-v{registration.version}"
    says: dict[str, Any] = {}
    if registration.answer_by is not None and registration.answer_by <= now:
        late = min(now + ANSWER_AFTER_REMINDER, workflow.latest_answer(about, now=now))
        says = facts.about_state(registration, about, state=State.SELECTED, answer_by=late)
    return Letter(MailKind.ANSWER_REMINDER, version, registration, says)


def _event_is_near(registration: Registration, about: facts.CallFacts) -> Letter:
    # An event that was put off reminds again.
    version = f"{about.starts_at:%Y%m%d}-v{registration.version}"
    return Letter(MailKind.EVENT_REMINDER, version, registration, useless_after=about.starts_at)


def _is_published(publication: Publication, registration: Registration, about: facts.CallFacts) -> Letter:
    return Letter(MailKind.OUTCOME_PUBLISHED, f"p{publication.pk}", registration)


def _handle_deadline(call: Call, *, now: datetime) -> int:
    with transaction.atomic():
        call = workflow.locked(call)
        if call.deadline_handled_at is not None or call.closes_at > now:
            return 0
        states = call.registrations.values_list("state", flat=True)
        counts = [
            ["Address confirmed", sum(state != State.UNPROVEN for state in states)],
            ["Address not confirmed yet", sum(state == State.UNPROVEN for state in states)],
            ["Places taken", call.places_taken],
        ]
        version = f"{call.closes_at:%Y%m%d%H%M}"
        _tell_organisers(call, MailKind.CALL_CLOSED, version, {"counts": counts}, now=now)
        call.deadline_handled_at = now
        call.save(update_fields=["deadline_handled_at"])
        return 1


def _alarm(call: Call, *, now: datetime) -> int:
    with transaction.atomic():
        call = workflow.locked(call)
        if not call.registrations.filter(state=State.CONFIRMED).exists():
            return 0
        return _tell_organisers(call, MailKind.JOIN_LINK_MISSING, f"e{call.event.revision}", {}, now=now)


def _tell_organisers(call: Call, kind: MailKind, version: str, says: Mapping[str, Any], *, now: datetime) -> int:
    link = f"{settings.SITE_URL}/admin/registrations/registration/?call={call.pk}"
    letter = Letter(kind, version, says={"alarm_reference": call.event.slug, "admin_link": link, **says})
    return int(outbox.put(letter, about=facts.of_call(call), now=now) is not None)


def _tell_change(event: Event, *, now: datetime) -> int:
    with transaction.atomic():
        call = workflow.locked(event.call)
        about = facts.of_call(call)
        last = ToldEvent.objects.select_for_update().get(event=event)
        fresh = told.what_it_says(about, now=now)
        if last.revision >= fresh["revision"]:
            return 0
        changed = told.changed(last.facts, fresh["facts"])
        # Nobody plans by what is over.
        people = _of_call(call, Registration.objects.filter(state__in=EXPECTING)) if now < about.ends_at else []
        letters = [
            Letter(
                MailKind.EVENT_CHANGED,
                f"e{fresh['revision']}",
                person,
                {"old_when": last.facts["when"], "change": _change_words(changed, person)},
            )
            for person in people
            if _is_told(changed, person)
        ]
        made = outbox.put_many(letters, about=about, now=now)
        ToldEvent.objects.filter(event=event).update(**fresh)
        return len(made)


def _is_told(changed: set[str], person: Registration) -> bool:
    """The private venue is nobody's business who may not see it, and neither is that it changed (law 5)."""
    return changed != {"venue"} or policies.may_see_join_link(person)


def _change_words(changed: set[str], person: Registration) -> str:
    is_elsewhere = "place" in changed or ("venue" in changed and policies.may_see_join_link(person))
    words = ["the time"] if "when" in changed else []
    words += ["where it takes place"] if is_elsewhere else []
    return " and ".join(words) or "the practical information"


def _for_each_call(
    candidates: QuerySet[Registration], letter: Callable[[Registration, facts.CallFacts], Letter], *, now: datetime
) -> int:
    """Put the letter for each candidate that has none of this version yet, one transaction a call."""
    made = 0
    for call in Call.objects.filter(pk__in=candidates.order_by().values("call")):
        with transaction.atomic():
            call = workflow.locked(call)
            about = facts.of_call(call)
            letters = [letter(registration, about) for registration in _of_call(call, candidates)]
            made += len(outbox.put_many(letters, about=about, now=now))
    return made


def _of_call(call: Call, registrations: QuerySet[Registration]) -> list[Registration]:
    people = list(registrations.filter(call=call).order_by("pk"))
    for person in people:
        person.call = call
    return people
