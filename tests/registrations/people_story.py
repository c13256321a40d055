"""One selective call with its organiser and reviewer, for the tests of the staff pages about people."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.test import Client

from accounts.enums import Role
from accounts.models import User
from events.models import Call
from ranportal.shared import clock
from registrations.enums import Audience
from registrations.models import Criterion, Question, Registration
from tests.factories import (
    NOW,
    AnswerFactory,
    CallFactory,
    CriterionFactory,
    QuestionFactory,
    RegistrationFactory,
    ReviewAssignmentFactory,
    UserFactory,
)

LIST = "/admin/registrations/registration/"
REVIEWS = "/admin/registrations/review/"


@dataclass
class Story:
    """The call is closed at NOW; `applicant` is in, with an answer for reviewers and one for organisers only."""

    organiser: User
    reviewer: User
    call: Call
    criterion: Criterion
    motivation: Question
    diet: Question
    applicant: Registration


def story(*, closed: bool = True, capacity: int | None = 10, reference: str = "P-2AAAA") -> Story:
    """Lay the rows of one selective call."""
    organiser = UserFactory(role=Role.ORGANISER)
    call = CallFactory(selective=True, closed=closed, capacity=capacity, organisers=[organiser])
    reviewer = ReviewAssignmentFactory(call=call).reviewer
    criterion = CriterionFactory(call=call, label="Fit", weight=2)
    motivation = QuestionFactory(call=call, key="motivation", label="Why?", audience=Audience.REVIEWERS)
    diet = QuestionFactory(call=call, key="diet", label="Diet?", audience=Audience.ORGANISERS)
    applicant = application(call, reference=reference, given_name="Zoë", family_name="Őrségi", email="zoe@example.org")
    AnswerFactory(registration=applicant, question=motivation, value="Because of my work")
    AnswerFactory(registration=applicant, question=diet, value="Vegan")
    return Story(organiser, reviewer, call, criterion, motivation, diet, applicant)


def application(call: Call, *, reference: str | None = None, **identity: str) -> Registration:
    """An application that is in, of a synthetic person."""
    named = {"reference": reference} if reference else {}
    return RegistrationFactory(
        call=call, submitted=True, **named, **{f"identity__{key}": value for key, value in identity.items()}
    )


def signed_in(user: User) -> Client:
    """A browser in which this account has signed in."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def set_clock(monkeypatch, moment: datetime = NOW) -> None:
    """Let the entry points read this moment."""
    monkeypatch.setattr(clock, "now", lambda: moment)


def change_page(registration: Registration) -> str:
    return f"{LIST}{registration.pk}/change/"


def act_page(registration: Registration, act: str) -> str:
    return f"{LIST}{registration.pk}/act/{act}/"


def call_page(call: Call, page: str) -> str:
    return f"{LIST}calls/{call.pk}/{page}"


def export(client: Client, place: str, *, purpose: str = "For the meeting") -> HttpResponse:
    """The file at this address, taken away as staff do: having said what for."""
    return client.post(place, {"purpose": purpose})
