"""A random walk: so many steps by several threads at once over several calls, watched while it goes on and at its end.

Each thread throws dice of its own, seeded by the walk's seed and its number; so a walk of one thread is the same every
time, and one of several throws the same dice while the threads meet elsewhere.
"""

import itertools
import random
import sys
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction

from accounts.models import User
from events.models import Call
from ranportal.shared.refusals import Refused
from registrations import policies, queries
from registrations.enums import Act, State
from registrations.mail import facts
from registrations.models import Registration, Transition
from registrations.states import HOLDS_PLACE, NOT_LIVE
from tests.factories import NOW, CallFactory, UserFactory
from tests.faults.walk_steps import STEPS, Note, Scene, Step

#: So much time passes between the first step and the last: deadlines and dates to answer lie in it.
SPAN = timedelta(days=9)
#: A thread looks at the call after every so manieth of its steps.
LOOK_EVERY = 10
THREADS = 8


@dataclass
class Walk:
    """A walk and what came of it. `problems` are the broken promises, in words; empty is good."""

    seed: int
    steps: int
    calls: Sequence[int]
    organiser: User
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    looks: int = 0
    log: deque[str] = field(default_factory=lambda: deque(maxlen=60))

    def run(self, *, threads: int = THREADS) -> None:
        """Take all steps; stops early when something went wrong."""
        tickets = iter(itertools.count())
        interval = sys.getswitchinterval()
        # So that the threads meet in the middle of a service, and not only where one waits for the database.
        sys.setswitchinterval(0.001)
        try:
            walkers = [threading.Thread(target=self._walk, args=(number, tickets)) for number in range(threads)]
            for walker in walkers:
                walker.start()
            for walker in walkers:
                walker.join()
        finally:
            sys.setswitchinterval(interval)
        for pk in self.calls:
            self._note_problems(pk, look(pk, now=NOW + SPAN))
            self._note_problems(pk, replay(pk, self.notes))

    def story(self) -> str:
        """What went wrong, and what had been done last."""
        return "\n".join([f"seed {self.seed}", *self.problems[:20], "the last steps:", *self.log])

    def _walk(self, number: int, tickets: Iterator[int]) -> None:
        dice = random.Random(f"{self.seed}:{number}")
        try:
            while not self.problems and (ticket := next(tickets)) < self.steps:
                now = NOW + SPAN * ticket / self.steps
                call = dice.choice(self.calls)
                step = dice.choices([step for step, _ in STEPS], [weight for _, weight in STEPS])[0]
                self._take(step, call, dice=dice, now=now, name=f"{ticket} (thread {number})")
                if ticket % LOOK_EVERY == 0:
                    self.looks += 1
                    self._note_problems(call, look(call, now=now))
        except Exception as error:  # whatever it is, it must not end in a thread unseen
            self.problems.append(f"thread {number}: {error!r}")
        finally:
            connection.close()

    def _take(self, step: Step, call_id: int, *, dice: random.Random, now: datetime, name: str) -> None:
        call = Call.objects.select_related("event").get(pk=call_id)
        words = f"{name}: {step.__name__} in call {call_id} at {now:%d %H:%M:%S}"
        try:
            step(Scene(call, self.organiser, now, dice, self.notes))
        except Refused as refusal:
            self.refused[step.__name__] += 1
            self.log.append(f"{words}: {type(refusal).__name__}")
        except Exception as error:
            self.problems.append(f"{words}: {error!r}")
        else:
            self.done[step.__name__] += 1
            self.log.append(words)

    def _note_problems(self, call_id: int, found: Sequence[str]) -> None:
        self.problems += [f"call {call_id}: {problem}" for problem in found]


def calls() -> list[Call]:
    """The calls of a walk: both admissions, with and without lists, limits, and an answer that is asked for."""
    return [
        CallFactory(capacity=9),
        CallFactory(capacity=6, asks_to_confirm=True, gives_on_unanswered=True),
        CallFactory(capacity=8, has_waiting_list=False),
        CallFactory(capacity=7, list_closes_at=NOW + SPAN * 0.9, closes_at=NOW + SPAN * 0.8),
        CallFactory(selective=True, capacity=8, closes_at=NOW + SPAN * 0.2),
        CallFactory(
            selective=True, capacity=6, closes_at=NOW + SPAN * 0.3, asks_to_confirm=True, gives_on_unanswered=True
        ),
    ]


def start(*, seed: int, steps: int) -> Walk:
    """A walk over new calls, not begun yet."""
    fresh = calls()
    notes = [Note(call.pk, after=0, capacity=call.capacity, limit=call.places_limit) for call in fresh]
    return Walk(seed=seed, steps=steps, calls=[call.pk for call in fresh], organiser=UserFactory(), notes=notes)


# What is looked at


def look(call_id: int, *, now: datetime) -> list[str]:
    """What is wrong with a call at this moment, read under a lock of our own while others go on."""
    with transaction.atomic():
        call = Call.objects.select_for_update(of=("self",)).select_related("event").get(pk=call_id)
        people = list(Registration.objects.filter(call=call).order_by("pk"))
        return [*_places(call, people), *_waiting(call, people, now=now), *_one_each(people)]


def _places(call: Call, people: Sequence[Registration]) -> Iterator[str]:
    holding = sum(person.is_counted and person.state in HOLDS_PLACE for person in people)
    if holding != call.places_taken:
        yield f"{holding} people hold a place, {call.places_taken} are counted"
    if call.places_limit is not None and holding > call.places_limit:
        yield f"oversold: {holding} people hold one of {call.places_limit} places"


def _waiting(call: Call, people: Sequence[Registration], *, now: datetime) -> Iterator[str]:
    """Nobody waits while a place is free, but who was put on the list by hand when nobody else waited."""
    waiting = [person for person in people if person.state == State.RESERVE and person.is_counted]
    free = len(people) if call.capacity is None else call.capacity - call.places_taken
    # Whoever came through the door a little earlier may still work at an earlier moment.
    is_list_open = now + SPAN / 100 < policies.list_closes_at(call, starts_at=facts.of_call(call).starts_at)
    if not waiting or free <= 0 or not is_list_open or (call.is_selective and not queries.is_released(call)):
        return
    if len(waiting) == 1 and _was_put_there_by_hand(waiting[0]):
        return
    yield f"unsold: {free} places free while {len(waiting)} people wait"


def _was_put_there_by_hand(person: Registration) -> bool:
    last = Transition.objects.filter(registration=person, target=State.RESERVE).exclude(source=State.RESERVE)
    return last.order_by("-pk").values_list("act", flat=True)[0] == Act.RECONSIDER


def _one_each(people: Sequence[Registration]) -> Iterator[str]:
    live = Counter((p.address_index, p.same_address_number) for p in people if p.state not in NOT_LIVE)
    yield from (f"{number} live registrations of one address" for number in live.values() if number > 1)


def replay(call_id: int, notes: Sequence[Note]) -> list[str]:
    """What was wrong at any moment, read from the record of moves: each place went to one person, in the list's order.

    A move up by itself must find a free place and take the first of the list; nobody moves from where they are not.
    """
    told = _Told(call_id, notes)
    moves = Transition.objects.filter(registration__call=call_id).order_by("pk")
    return [problem for move in moves for problem in told.hear(move)]


class _Told:
    """A call as its record tells it, move by move."""

    def __init__(self, call_id: int, notes: Sequence[Note]) -> None:
        self._notes = deque(sorted((n for n in notes if n.call_id == call_id), key=lambda note: note.after))
        self._states: dict[int, str] = {}
        self._is_counted: dict[int, bool] = defaultdict(lambda: True)
        self._list: list[int] = []
        self._capacity: int | None = None
        self._limit: int | None = None

    def hear(self, move: Transition) -> Iterator[str]:
        self._read_notes(until=move.pk)
        who = move.registration_id
        if move.source != self._states.get(who, ""):
            yield f"move {move.pk}: {who} was {self._states.get(who)!r} and moved from {move.source!r}"
        if move.act == Act.PROMOTE and move.by_id is None:
            yield from self._offered(move)
        self._states[who] = move.target
        if move.source != move.target:
            self._list = [other for other in self._list if other != who]
            self._list += [who] if move.target == State.RESERVE else []
        if self._limit is not None and self._taken() > self._limit:
            yield f"move {move.pk}: {self._taken()} of {self._limit} places"

    def _offered(self, move: Transition) -> Iterator[str]:
        first = next((who for who in self._list if self._is_counted[who]), None)
        if first != move.registration_id:
            yield f"move {move.pk}: the place went to {move.registration_id}, and {first} was first"
        if self._capacity is not None and self._taken() >= self._capacity:
            yield f"move {move.pk}: a place was offered, and {self._taken()} of {self._capacity} were taken"

    def _taken(self) -> int:
        return sum(self._is_counted[who] for who, state in self._states.items() if state in HOLDS_PLACE)

    def _read_notes(self, *, until: int) -> None:
        while self._notes and self._notes[0].after < until:
            note = self._notes.popleft()
            if note.registration_id is not None:
                self._is_counted[note.registration_id] = note.is_counted
            else:
                self._capacity, self._limit = note.capacity, note.limit
