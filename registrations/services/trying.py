"""Walks a call as an applicant would, with the services that people's forms go through, and leaves nothing behind.

Everything happens in a transaction that is rolled back: no row, no mail, no ring. Files are not stored, so none stays.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from django.db import transaction

from events.enums import Status
from events.models import Call, Event
from registrations import links, looks, policies, queries
from registrations.enums import Act, Outcome, State
from registrations.mail import catalogue, facts, outbox
from registrations.mail.outbox import Letter
from registrations.models import Identity, OutgoingMail, PrivateLink, Question, Registration
from registrations.people import PersonDetails
from registrations.questions import GivenAnswer
from registrations.services import intake, workflow
from registrations.states import mail_of

_OUTCOMES: Mapping[Outcome, str] = {
    Outcome.SELECT: "If the person is selected",
    Outcome.RESERVE: "If the person goes on the reserve list",
    Outcome.DECLINE: "If there is no place for the person",
}


@dataclass(frozen=True)
class TestMail:
    """A mail as its reader would get it, with the code in it; `title` says when it would come."""

    __test__ = False

    title: str
    subject: str
    text: str
    html: str
    attachments: tuple[str, ...]


@dataclass(frozen=True)
class Trial:
    """What came of the form, as long as the trial lasts. `at` is the moment at which the call is taken to be open."""

    registration: Registration
    link: PrivateLink
    at: datetime

    @property
    def code(self) -> str:
        return links.code_of(self.link)

    def mails(self) -> list[TestMail]:
        """The mails that the outbox would hand over now, the first one first."""
        rows = OutgoingMail.objects.filter(registration=self.registration).order_by("pk")
        return [self._shown(mail, str(mail.get_kind_display())) for mail in rows]

    def decisions(self) -> list[TestMail]:
        """What each decision of a selective call would say; none for an open call."""
        call = self.registration.call
        if not call.is_selective:
            return []
        about = facts.of_call(call)
        return [self._shown(self._decision(outcome, about), title) for outcome, title in _OUTCOMES.items()]

    def _decision(self, outcome: Outcome, about: facts.CallFacts) -> OutgoingMail:
        given = workflow.given_state(about.call)
        target = {Outcome.SELECT: given, Outcome.RESERVE: State.RESERVE, Outcome.DECLINE: State.DECLINED}[outcome]
        answer_by = workflow.answer_by(about, target=target, now=self.at)
        says = facts.about_state(self.registration, about, state=target, answer_by=answer_by)
        if outcome == Outcome.DECLINE:
            says |= facts.about_refusal(about, now=self.at)
        kind = mail_of(State.SUBMITTED, target, Act.RELEASE)
        return outbox.draft(Letter(kind, "trial", self.registration, says), about=about, now=self.at)

    def _shown(self, mail: OutgoingMail, title: str) -> TestMail:
        preview = catalogue.preview(mail)
        code = f"{self.code[:4]} {self.code[4:]}"
        return TestMail(
            title=title,
            subject=preview.subject,
            text=preview.text.replace(catalogue.CODE_SHOWN, code),
            html=preview.html.replace(catalogue.CODE_SHOWN, code),
            attachments=preview.attachments,
        )


@contextmanager
def walked(
    *, call: Call, person: PersonDetails, answers: Mapping[Question, GivenAnswer], is_proven: bool, now: datetime
) -> Iterator[Trial]:
    """Send the form, and with `is_proven` type the code; all is undone at the end of the block, however it ends.

    The event is taken to be public, and the call to be open: at `now` where it is, else at the moment of its opening.
    An address that is registered already is taken for a new one. Raises intake.CallNotOpen when no place is left, and
    what `intake.prove` raises.
    """
    # What is typed here is nobody's.
    with looks.unnoticed(), transaction.atomic():
        try:
            yield _walk(call, person, answers, is_proven=is_proven, now=now)
        finally:
            transaction.set_rollback(True)


def without_files(answers: Mapping[Question, GivenAnswer]) -> dict[Question, GivenAnswer]:
    """The same answers; of a file only what is said about it stays."""
    return {question: replace(given, upload=None) for question, given in answers.items()}


def _walk(
    call: Call,
    person: PersonDetails,
    answers: Mapping[Question, GivenAnswer],
    *,
    is_proven: bool,
    now: datetime,
) -> Trial:
    at = now if policies.is_open(call, received_at=now) else call.opens_at
    Event.objects.filter(pk=call.event_id).update(
        status=Status.PUBLISHED, published_at=at, is_hidden=False, cancelled_at=None, cancelled_by=None
    )
    stranger = replace(person, email=f"{uuid4().hex}@trial.example.org")
    sent = intake.submit(call=call, person=stranger, answers=without_files(answers), now=at, received_at=at)
    if sent.link is None:
        raise intake.CallNotOpen("This call does not take registrations at the moment.")
    identity = Identity.objects.get(registration=sent.link.registration_id)
    identity.email = person.email
    identity.save()
    if is_proven:
        intake.prove(registration=sent.link.registration, version=sent.link.version, now=at)
    registration = queries.my_registration(sent.link.registration_id)
    if registration is None:
        raise intake.CallNotOpen("This call does not take registrations at the moment.")
    return Trial(registration=registration, link=sent.link, at=at)
