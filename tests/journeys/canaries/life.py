"""The whole life of a call of people who are all canaries, by the real services, from the form to the last card."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.enums import Role
from accounts.models import User
from events.enums import Admission
from events.models import Call
from registrations.enums import (
    AskedOf,
    Extra,
    KeptFor,
    Outcome,
    PinDirection,
    QuestionKind,
    State,
    VouchAnswer,
)
from registrations.mail import delivery
from registrations.models import Criterion, Question, Registration
from registrations.people import PersonDetails
from registrations.questions import GivenAnswer
from registrations.services import (
    alarms,
    consents,
    details,
    intake,
    notices,
    places,
    purging,
    reviewing,
    rules,
    selection,
    vouching,
)
from tests.factories import CallFactory, CriterionFactory, EventFactory, QuestionFactory, UserFactory
from tests.journeys.canaries.birds import Canary
from tests.registrations.checking import noted

#: Days after the form was sent.
PROVED, WITHDRAWN, CLOSED, RELEASED, CONFIRMED, LIST_CLOSED, OVER = 0.1, 1.0, 7.0, 8.0, 9.0, 27.1, 28.0
#: By field, how many days after the event it goes at the latest; None: with its person.
FIELDS: dict[str, int | None] = {
    **dict.fromkeys(("given", "family", "display", "email", "organisation")),
    **dict.fromkeys(("short", "motive", "mailanswer", "urlanswer", "filename", "filebytes", "arrival")),
    **dict.fromkeys(("note", "passage", "comment", "reason", "pin")),
    "sensitive": 14,
    "clearance": 1,
    **dict.fromkeys(("diet", "access", "telephone", "whencall", "vouchname", "vouchmail"), 14),
}
#: What staff write about people; everybody is asked to name nobody there, and it is not sealed.
WORDS_OF_STAFF = frozenset({"comment", "reason", "pin"})
FROM_THE_FORM = frozenset(
    {"given", "family", "display", "email", "organisation", "short", "motive", "passage", "mailanswer", "urlanswer"}
    | {"filename", "filebytes", "sensitive", "clearance"}
)
_FROM_THE_PROVEN = frozenset({"note", "diet", "access", "telephone", "whencall", "vouchname", "vouchmail"})

#: By the last digit of a person's number, how it ends for them.
UNPROVEN, GAVE_UP, ON_LIST, ATTENDED, EXCUSED = {0}, {1}, {6}, {7, 8}, {9}
SELECTED = ATTENDED | EXCUSED


@dataclass
class Life:
    """A call that opened five days before `born`, and its people, by number; `day` is how far it has come."""

    born: datetime
    people: range
    day: float = 0.0
    registrations: dict[int, Registration] = field(default_factory=dict)

    def __post_init__(self) -> None:
        over = self.moment(OVER)
        self.organiser: User = UserFactory(role=Role.ORGANISER)
        self.reviewer: User = UserFactory(role=Role.REVIEWER)
        self.call: Call = CallFactory(
            admission=Admission.SELECTIVE,
            decision_by=self.moment(RELEASED + 1).date(),
            opens_at=self.moment(-5),
            closes_at=self.moment(CLOSED),
            confirm_within_days=5,
            capacity=len(self._of(SELECTED)),
            join_link_needs_check=True,
            organisers=[self.organiser],
            event=EventFactory(published_at=self.moment(-6), sessions=[(over - timedelta(hours=1), over)]),
        )
        reviewing.assign(call=self.call, reviewers=[self.reviewer], by=self.organiser, now=self.born)
        self.criterion: Criterion = CriterionFactory(call=self.call)
        consents.offer(call=self.call, extras=list(Extra), by=self.organiser, now=self.born)
        self.questions = _questions(self.call)

    def moment(self, day: float) -> datetime:
        """The moment so many days after the form was sent."""
        return self.born + timedelta(days=day)

    @property
    def now(self) -> datetime:
        """The present moment of this life."""
        return self.moment(self.day)

    def send(self) -> None:
        """Everybody sends the form."""
        for number in self.people:
            answers = {question: _given(name, number) for name, question in self.questions.items() if name != "arrival"}
            sent = intake.submit(
                call=self.call, person=person(number), answers=answers, now=self.now, received_at=self.now
            )
            assert sent.link is not None
            self.registrations[number] = sent.link.registration

    def prove(self) -> None:
        """All but a few confirm their address, ask for help, name a contact point and allow extras."""
        self.day = PROVED
        for number in self._but(UNPROVEN):
            intake.prove(registration=self.registrations[number], version=1, now=self.now)
            self._ask_for_help(self._again(number), number)

    def _ask_for_help(self, registration: Registration, number: int) -> None:
        alarm = alarms.sound(
            registration=registration, telephone=word("telephone", number), words=word("whencall", number), now=self.now
        )
        alarms.handle(alarm=alarm, shown=alarms.seen(alarm), by=self.organiser, now=self.now)
        for extra in (Extra.DIET, Extra.ACCESS):
            consents.give(registration=registration, extra=extra, detail=word(extra, number), now=self.now)
        consents.give(registration=registration, extra=Extra.LISTED_NAME, now=self.now)
        vouch = vouching.ask(
            registration=registration, name=word("vouchname", number), email=_mail("vouchmail", number), now=self.now
        )
        if number % 2:
            vouching.answer(vouch=vouch, answer=VouchAnswer.KNOWS, now=self.now)
        note = word("note", number)
        noted(registration, note=note, by=self.organiser, now=self.now)

    def withdraw(self) -> None:
        """Some give up."""
        self.day = WITHDRAWN
        for number in self._of(GAVE_UP):
            places.withdraw(registration=self._again(number), now=self.now)

    def read(self) -> None:
        """Reviewers and organisers read, write and decide."""
        self.day = CLOSED
        by, now = self.organiser, self.now
        for number in self._but(UNPROVEN | GAVE_UP):
            registration = self._again(number)
            answer = registration.answers.get(question=self.questions["motive"])
            reviewing.redact(answer=answer, passage=word("passage", number), by=by, now=now)
            scores, comment = {self.criterion: 3}, word("comment", number)
            reviewing.score(registration=registration, reviewer=self.reviewer, scores=scores, comment=comment, now=now)
            if number % 10 not in SELECTED:
                rules.pin(
                    registrations=[registration],
                    direction=PinDirection.OUT,
                    reason=word("pin", number),
                    by=by,
                    now=now,
                )
            outcome, reason = _outcome(number), word("reason", number)
            selection.stage(registrations=[registration], outcome=outcome, reason=reason, by=by, now=now)

    def release(self) -> None:
        """Everybody hears, and who is selected confirms and says when they arrive."""
        self.day = RELEASED
        selection.release(call=self.call, by=self.organiser, now=self.now)
        self.day = CONFIRMED
        arrival = self.questions["arrival"]
        for number in self._of(SELECTED):
            registration = places.confirm(registration=self._again(number), now=self.now)
            details.answer(registration=registration, answers={arrival: _given("arrival", number)}, now=self.now)

    def close_list(self) -> None:
        """Who waits is told that the list has closed."""
        self.day = LIST_CLOSED
        notices.run_scans(now=self.now)

    def attend(self) -> None:
        """The event takes place."""
        self.day = OVER
        for digits, state, is_excused in ((ATTENDED, State.ATTENDED, False), (EXCUSED, State.ABSENT, True)):
            there = [self._again(number) for number in self._of(digits)]
            places.mark_attendance(
                registrations=there, state=state, is_excused=is_excused, by=self.organiser, now=self.now
            )

    def purge(self, day: float) -> purging.Purged:
        """What a day's work does by itself: scans, mails, the purge."""
        self.day = day
        notices.run_scans(now=self.now)
        self.deliver()
        return purging.purge_expired(now=self.now)

    def deliver(self) -> None:
        """Send what is due."""
        while delivery.drain(clock=lambda: self.now, seconds=60):
            pass

    def expected(self) -> set[Canary]:
        """What may be there at this moment, as the privacy statement says it."""
        return {
            Canary(name, number)
            for number in self.people
            if self.day < self._ends(number)
            for name, days in FIELDS.items()
            if self._was_written(name, number) and (days is None or self.day < OVER + days)
        }

    def _was_written(self, name: str, number: int) -> bool:
        digit = {number % 10}
        if name in FROM_THE_FORM:
            return True
        if name in _FROM_THE_PROVEN:
            return self.day >= PROVED and not digit & UNPROVEN
        if name == "pin" and digit & SELECTED:
            return False
        if name in WORDS_OF_STAFF:
            return self.day >= CLOSED and not digit & (UNPROVEN | GAVE_UP)
        return self.day >= CONFIRMED and bool(digit & SELECTED)

    def _ends(self, number: int) -> float:
        """On which day the person goes."""
        digit = {number % 10}
        if digit & UNPROVEN:
            return CLOSED + 7
        if digit & SELECTED:
            return OVER + 365
        return 90 + (WITHDRAWN if digit & GAVE_UP else LIST_CLOSED if digit & ON_LIST else RELEASED)

    def _again(self, number: int) -> Registration:
        people = Registration.objects.select_related("call__event", "identity")
        return people.get(pk=self.registrations[number].pk)

    def _of(self, digits: set[int]) -> list[int]:
        return [number for number in self.people if number % 10 in digits]

    def _but(self, digits: set[int]) -> list[int]:
        return [number for number in self.people if number % 10 not in digits]


def word(name: str, number: int) -> str:
    """What this person says in this field."""
    return str(Canary(name, number))


def person(number: int) -> PersonDetails:
    """What this person types about themselves."""
    return PersonDetails(
        given_name=word("given", number),
        family_name=word("family", number),
        display_name=word("display", number),
        email=_mail("email", number),
        country="LV",
        organisation=word("organisation", number),
        profession="psychology",
    )


def _mail(name: str, number: int) -> str:
    return f"{word(name, number).lower()}@example.org"


def _outcome(number: int) -> Outcome:
    if number % 10 in SELECTED:
        return Outcome.SELECT
    return Outcome.RESERVE if number % 10 in ON_LIST else Outcome.DECLINE


def _questions(call: Call) -> dict[str, Question]:
    ask: Callable[..., Question] = QuestionFactory
    return {
        "short": ask(call=call, kind=QuestionKind.SHORT_TEXT),
        "motive": ask(call=call, kind=QuestionKind.LONG_TEXT, audience="reviewers"),
        "mailanswer": ask(call=call, kind=QuestionKind.EMAIL),
        "urlanswer": ask(call=call, kind=QuestionKind.URL),
        "file": ask(call=call, kind=QuestionKind.FILE),
        "sensitive": ask(call=call, is_sensitive=True),
        "clearance": ask(call=call, kept_for=KeptFor.CLEARANCE),
        "arrival": ask(call=call, asked_of=AskedOf.SELECTED),
    }


def _given(name: str, number: int) -> GivenAnswer:
    if name == "file":
        upload = SimpleUploadedFile(f"{word('filename', number)}.pdf", word("filebytes", number).encode())
        facts: dict[str, str | int] = {"name": upload.name, "size": upload.size, "content_type": "application/pdf"}
        return GivenAnswer(facts, str(upload.name), upload)
    said = {
        "motive": f"I work with {word('motive', number)} and {word('passage', number)}.",
        "mailanswer": _mail("mailanswer", number),
        "urlanswer": f"https://example.org/{word('urlanswer', number)}",
    }.get(name, word(name, number))
    return GivenAnswer(said, said)
