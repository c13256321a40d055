"""The steps of the random walk: what people, organisers and clocks do to a call, each as a service offers it.

A step reads what it is about without any lock, as a page does, so that much has changed when the service comes to it.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from events.models import Call
from registrations.enums import Channel, MailKind, MailState, Outcome, ParticipantRole, State
from registrations.models import OutgoingMail, Registration, Transition
from registrations.services import addresses, calls, intake, notices, places, privacy, selection, workflow
from tests.factories import person

#: So many people go to and fro; few enough for the same address to come again.
PEOPLE = 120
PHONE = Channel.TELEPHONE


@dataclass(frozen=True)
class Note:
    """What no transition tells: from this transition of the call on, this is so."""

    call_id: int
    after: int
    capacity: int | None = None
    limit: int | None = None
    registration_id: int | None = None
    is_counted: bool = True


@dataclass(frozen=True)
class Scene:
    """What a step is given: the call as it was read, who organises it, the moment, the dice, and where to note."""

    call: Call
    organiser: User
    now: datetime
    dice: random.Random
    notes: list[Note]

    @contextmanager
    def noting(self, registration: Registration | None = None) -> Iterator[None]:
        """Do what is inside under the call's lock, and note what the call, or the registration, is by it."""
        with transaction.atomic():
            workflow.locked(self.call)
            last = Transition.objects.filter(registration__call=self.call).order_by("-pk").first()
            yield
            after = last.pk if last else 0
            if registration is None:
                call = Call.objects.get(pk=self.call.pk)
                note = Note(call.pk, after, capacity=call.capacity, limit=call.places_limit)
            else:
                fresh = Registration.objects.get(pk=registration.pk)
                note = Note(self.call.pk, after, registration_id=fresh.pk, is_counted=fresh.is_counted)
            self.notes.append(note)

    def someone(self, *states: State) -> Registration | None:
        """A registration in one of these states, or None."""
        people = self.people(*states)
        return self.dice.choice(people) if people else None

    def people(self, *states: State) -> list[Registration]:
        """Who is in these states now, each with the call as this step read it."""
        found = list(self.call.registrations.filter(state__in=states).order_by("pk"))
        for registration in found:
            registration.call = self.call
        return found

    def some(self, most: int, *states: State) -> list[Registration]:
        """Up to so many of those in these states, in no order."""
        people = self.people(*states)
        return self.dice.sample(people, min(len(people), self.dice.randint(1, most)))


Step = Callable[[Scene], object]


def register(scene: Scene) -> object:
    """Send the form; sometimes the same address comes again with something else in it."""
    who = person(scene.dice.randrange(PEOPLE), organisation=scene.dice.choice(["Clinic", "Prison", "School"]))
    return intake.submit(call=scene.call, person=who, answers={}, now=scene.now, received_at=scene.now)


def register_by_hand(scene: Scene) -> object:
    who = person(scene.dice.randrange(PEOPLE))
    return intake.register_by_hand(
        call=scene.call, person=who, answers={}, by=scene.organiser, channel=PHONE, now=scene.now
    )


def prove(scene: Scene) -> object:
    if registration := scene.someone(State.UNPROVEN):
        return intake.prove(registration=registration, version=registration.version, now=scene.now)
    return None


def prove_by_hand(scene: Scene) -> object:
    if registration := scene.someone(State.UNPROVEN):
        return intake.prove_by_hand(registration=registration, by=scene.organiser, channel=PHONE, now=scene.now)
    return None


def correct_address(scene: Scene) -> object:
    if registration := scene.someone(State.UNPROVEN, State.CONFIRMED, State.RESERVE):
        email = person(scene.dice.randrange(PEOPLE)).email
        return addresses.correct_address(
            registration=registration, email=email, by=scene.organiser, channel=PHONE, now=scene.now
        )
    return None


def withdraw(scene: Scene) -> object:
    states = (State.SUBMITTED, State.SELECTED, State.CONFIRMED, State.RESERVE, State.UNPROVEN)
    if registration := scene.someone(*states):
        by = scene.organiser if scene.dice.random() < 0.3 else None
        channel = PHONE if by else Channel.PORTAL
        return places.withdraw(registration=registration, now=scene.now, by=by, channel=channel)
    return None


def give_up_a_place(scene: Scene) -> object:
    if registration := scene.someone(State.SELECTED, State.CONFIRMED):
        return places.withdraw(registration=registration, now=scene.now)
    return None


def confirm(scene: Scene) -> object:
    if registration := scene.someone(State.SELECTED):
        return places.confirm(registration=registration, now=scene.now)
    return None


def stage(scene: Scene) -> object:
    outcome = scene.dice.choice([Outcome.SELECT, Outcome.RESERVE, Outcome.RESERVE, Outcome.DECLINE])
    some = scene.some(4, State.SUBMITTED)
    return selection.stage(registrations=some, outcome=outcome, reason="why", by=scene.organiser, now=scene.now)


def unstage(scene: Scene) -> object:
    return selection.unstage(registrations=scene.some(2, State.SUBMITTED), by=scene.organiser, now=scene.now)


def release(scene: Scene) -> object:
    return selection.release(call=scene.call, by=scene.organiser, now=scene.now)


def promote(scene: Scene) -> object:
    """An organiser gives a place to someone by hand."""
    return _reconsider(
        scene, scene.someone(State.RESERVE, State.DECLINED, State.LAPSED), workflow.given_state(scene.call)
    )


def take_back(scene: Scene) -> object:
    """An organiser takes a place back, or puts a person to the end of the list."""
    target = scene.dice.choice([State.RESERVE, State.DECLINED, State.LAPSED])
    return _reconsider(scene, scene.someone(State.SELECTED, State.CONFIRMED), target)


def _reconsider(scene: Scene, registration: Registration | None, target: State) -> object:
    if registration is None:
        return None
    return selection.reconsider(
        registration=registration, target=target, reason="why", by=scene.organiser, channel=PHONE, now=scene.now
    )


def change_capacity(scene: Scene) -> object:
    around = scene.call.capacity or scene.call.places_taken
    capacity = None if scene.dice.random() < 0.03 else max(1, around + scene.dice.randint(-4, 3))
    if scene.call.capacity is None:
        # Back to a limit at once, or the list stays empty for the rest of the walk.
        capacity = max(1, scene.call.places_taken)
    with scene.noting():
        return calls.change_capacity(call=scene.call, capacity=capacity, now=scene.now, by=scene.organiser)


def over_invite(scene: Scene) -> object:
    limit = (scene.call.capacity or 0) + scene.dice.randint(0, 3)
    with scene.noting():
        return calls.over_invite(call=scene.call, places_limit=limit, now=scene.now, by=scene.organiser)


def extend_deadline(scene: Scene) -> object:
    later = scene.call.closes_at + timedelta(hours=scene.dice.randint(-2, 6))
    return calls.extend_deadline(call=scene.call, closes_at=later, closes_on=None, now=scene.now, by=scene.organiser)


def change_role(scene: Scene) -> object:
    """Speakers take no place, participants do."""
    if registration := scene.someone(State.CONFIRMED, State.SELECTED, State.RESERVE):
        role = ParticipantRole.SPEAKER if registration.is_counted else ParticipantRole.PARTICIPANT
        is_counted = role == ParticipantRole.PARTICIPANT
        with scene.noting(registration):
            return places.change_role(
                registration=registration, role=role, is_counted=is_counted, by=scene.organiser, now=scene.now
            )
    return None


def mark_attendance(scene: Scene) -> object:
    some = scene.some(2, State.CONFIRMED, State.ATTENDED, State.ABSENT)
    state = scene.dice.choice([State.ATTENDED, State.ABSENT, State.CONFIRMED])
    return places.mark_attendance(registrations=some, state=state, by=scene.organiser, now=scene.now)


def ask_for_the_link(scene: Scene) -> object:
    return addresses.send_link_again(email=person(scene.dice.randrange(PEOPLE)).email, now=scene.now)


def erase(scene: Scene) -> object:
    """Somebody wants to be forgotten, in all calls."""
    return privacy.erase_person(email=person(scene.dice.randrange(PEOPLE)).email, by=scene.organiser, now=scene.now)


def scan(scene: Scene) -> object:
    """The clock ticks: deadlines, reminders, unanswered places, lists. The relay took the reminders of before."""
    asked = OutgoingMail.objects.filter(kind=MailKind.ANSWER_REMINDER, state=MailState.QUEUED)
    asked.update(state=MailState.SENT, sent_at=scene.now)
    return notices.run_scans(now=scene.now)


#: Each step with its weight.
STEPS: Sequence[tuple[Step, int]] = (
    (register, 26),
    (prove, 24),
    (give_up_a_place, 10),
    (withdraw, 5),
    (confirm, 7),
    (stage, 8),
    (release, 3),
    (promote, 3),
    (take_back, 4),
    (change_capacity, 4),
    (over_invite, 2),
    (register_by_hand, 2),
    (prove_by_hand, 2),
    (correct_address, 1),
    (unstage, 1),
    (extend_deadline, 1),
    (change_role, 2),
    (mark_attendance, 1),
    (ask_for_the_link, 2),
    (erase, 1),
    (scan, 1),
)
