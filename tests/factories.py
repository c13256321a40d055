"""Synthetic rows for tests, with traits named by the story. Times lie around `NOW`; nobody here is a real person."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import factory
from django.contrib.auth.models import Group
from factory.django import DjangoModelFactory

from accounts.enums import Role
from accounts.models import User
from events.enums import Admission, EventFormat, EventKind, Status
from events.models import Announcement, Call, Event, Publication, Session, WorkingGroup
from registrations import links
from registrations.enums import MailKind, MailState, Outcome, PinDirection, Profession, ProposedAs, QuestionKind, State
from registrations.mail.facts import DEFAULTS
from registrations.models import (
    Answer,
    Criterion,
    Decision,
    Identity,
    OutgoingMail,
    Pin,
    PrivateLink,
    Proposal,
    ProposalLine,
    Question,
    Registration,
    Review,
    ReviewAssignment,
    ReviewTask,
    SelectionRule,
)
from registrations.models.call_key import make_key
from registrations.people import PersonDetails, address_index
from registrations.states import HOLDS_PLACE

#: The moment at which the stories of the tests take place: a Tuesday, 14:00 in Brussels.
NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        administrator = factory.Trait(is_superuser=True)

    email = factory.Sequence(lambda n: f"staff{n}@example.org")
    name = factory.Sequence(lambda n: f"Staff {n}")
    password = factory.django.Password("a-long-test-password")
    is_staff = True

    @factory.post_generation
    def role(self, create: bool, extracted: Role | None, **kwargs: Any) -> None:
        """`role=Role.ORGANISER` puts the account into that group."""
        if create and extracted:
            self.groups.add(Group.objects.get_or_create(name=extracted)[0])


class WorkingGroupFactory(DjangoModelFactory):
    class Meta:
        model = WorkingGroup
        django_get_or_create = ("slug",)

    slug = "ran-health"
    name = "RAN HEALTH"
    subject = "mental health"


class EventFactory(DjangoModelFactory):
    """A published online webinar four weeks after NOW, 10:00 to 11:30 in Brussels."""

    class Meta:
        model = Event
        skip_postgeneration_save = True

    class Params:
        draft = factory.Trait(status=Status.DRAFT, published_at=None)
        scheduled = factory.Trait(published_at=NOW + timedelta(days=2))
        hidden = factory.Trait(is_hidden=True)
        cancelled = factory.Trait(cancelled_at=NOW - timedelta(hours=1), cancelled_by=factory.SubFactory(UserFactory))
        onsite = factory.Trait(
            format=EventFormat.ONSITE, platform="", city="Vienna", country="AT", venue="Secret Street 7", join_link=""
        )

    slug = factory.Sequence(lambda n: f"event-{n}")
    title = factory.Sequence(lambda n: f"Webinar number {n}")
    status = Status.PUBLISHED
    published_at = NOW - timedelta(days=10)
    kind = EventKind.WEBINAR
    platform = "WebEx"
    join_link = "https://meet.example.org/secret-room"
    summary = "What we will talk about."

    @factory.post_generation
    def sessions(self, create: bool, extracted: list[tuple[datetime, datetime]] | None, **kwargs: Any) -> None:
        """`sessions=[(start, end), …]`; an empty list makes none."""
        if not create:
            return
        usual = [(NOW + timedelta(days=28, hours=-4), NOW + timedelta(days=28, hours=-2, minutes=-30))]
        for starts_at, ends_at in usual if extracted is None else extracted:
            Session.objects.create(event=self, starts_at=starts_at, ends_at=ends_at)


class CallFactory(DjangoModelFactory):
    """An open call, five days open already, seven days to go, ten places and a waiting list."""

    class Meta:
        model = Call
        skip_postgeneration_save = True

    class Params:
        selective = factory.Trait(admission=Admission.SELECTIVE, decision_by=date(2026, 9, 15))
        closed = factory.Trait(closes_at=NOW - timedelta(hours=1))
        not_yet_open = factory.Trait(opens_at=NOW + timedelta(days=1))
        unlimited = factory.Trait(capacity=None, places_limit=None)
        asks_to_confirm = factory.Trait(confirm_within_days=5)

    event = factory.SubFactory(EventFactory)
    admission = Admission.OPEN
    opens_at = NOW - timedelta(days=5)
    closes_at = NOW + timedelta(days=7)
    capacity = 10
    places_limit = factory.SelfAttribute("capacity")
    reply_to = "secretariat@example.org"

    @classmethod
    def _create(cls, model_class: type[Call], *args: Any, **kwargs: Any) -> Call:
        call = super()._create(model_class, *args, **kwargs)
        make_key(call)
        return call

    @factory.post_generation
    def organisers(self, create: bool, extracted: list[User] | None, **kwargs: Any) -> None:
        if create and extracted:
            self.organisers.set(extracted)


class QuestionFactory(DjangoModelFactory):
    class Meta:
        model = Question

    call = factory.SubFactory(CallFactory)
    key = factory.Sequence(lambda n: f"question_{n}")
    kind = QuestionKind.SHORT_TEXT
    label = factory.Sequence(lambda n: f"Question number {n}?")
    position = factory.Sequence(lambda n: n)


class CriterionFactory(DjangoModelFactory):
    class Meta:
        model = Criterion

    call = factory.SubFactory(CallFactory)
    key = factory.Sequence(lambda n: f"criterion-{n}")
    label = factory.Sequence(lambda n: f"Criterion number {n}")


class ReviewAssignmentFactory(DjangoModelFactory):
    class Meta:
        model = ReviewAssignment

    call = factory.SubFactory(CallFactory)
    reviewer = factory.SubFactory(UserFactory, role=Role.REVIEWER)


class RegistrationFactory(DjangoModelFactory):
    """A confirmed registration of a synthetic person with identity and private link; `places_taken` is kept right."""

    class Meta:
        model = Registration
        skip_postgeneration_save = True

    class Params:
        unproven = factory.Trait(state=State.UNPROVEN, proven_at=None)
        submitted = factory.Trait(state=State.SUBMITTED)
        selected = factory.Trait(state=State.SELECTED, answer_by=NOW + timedelta(days=3))
        confirmed = factory.Trait(state=State.CONFIRMED)
        on_list = factory.Trait(state=State.RESERVE, list_position=factory.Sequence(lambda n: n + 1))
        declined = factory.Trait(state=State.DECLINED)
        withdrawn = factory.Trait(state=State.WITHDRAWN)

    call = factory.SubFactory(CallFactory)
    reference = factory.Sequence(lambda n: f"P-{n:05}")
    state = State.CONFIRMED
    country = "LV"
    profession = Profession.PSYCHOLOGY
    address_index = factory.Sequence(lambda n: f"{n:064x}")
    form_digest = factory.Sequence(lambda n: f"{n:064}")
    privacy_version = "test"
    sent_at = NOW - timedelta(days=2)
    proven_at = NOW - timedelta(days=2)
    state_changed_at = NOW - timedelta(days=2)

    @classmethod
    def _create(cls, model_class: type[Registration], *args: Any, **kwargs: Any) -> Registration:
        registration = super()._create(model_class, *args, **kwargs)
        if registration.is_counted and State(registration.state) in HOLDS_PLACE:
            registration.call.places_taken += 1
            registration.call.save(update_fields=["places_taken"])
        return registration

    @factory.post_generation
    def identity(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        """`identity__email=…` and the like override the synthetic person's details."""
        if not create:
            return
        email = kwargs.pop("email", f"person{int(self.form_digest)}@example.org")
        Registration.objects.filter(pk=self.pk).update(address_index=address_index(email))
        self.address_index = address_index(email)
        details = {"given_name": "Jānis", "family_name": "Bērziņš", "display_name": "Psychologist, Latvia"}
        Identity.objects.create(
            registration=self, email=email, **{**details, "organisation": "Example clinic", **kwargs}
        )
        PrivateLink.objects.create(
            registration=self, version=self.version, key_id=links.new_key_id(), created_at=self.sent_at
        )


class AnswerFactory(DjangoModelFactory):
    class Meta:
        model = Answer

    registration = factory.SubFactory(RegistrationFactory)
    question = factory.SubFactory(QuestionFactory, call=factory.SelfAttribute("..registration.call"))
    label = factory.SelfAttribute("question.label")
    value = "An answer"
    text = factory.SelfAttribute("value")
    changed_at = NOW - timedelta(days=2)


class ReviewFactory(DjangoModelFactory):
    class Meta:
        model = Review

    registration = factory.SubFactory(RegistrationFactory, submitted=True)
    reviewer = factory.SubFactory(UserFactory, role=Role.REVIEWER)
    changed_at = NOW - timedelta(days=1)


class DecisionFactory(DjangoModelFactory):
    """A decision to select, staged and not released."""

    class Meta:
        model = Decision

    class Params:
        released = factory.Trait(released_at=NOW, released_by=factory.SelfAttribute("staged_by"))

    registration = factory.SubFactory(RegistrationFactory, submitted=True)
    outcome = Outcome.SELECT
    reason = "Fits the target group."
    staged_at = NOW - timedelta(hours=1)
    staged_by = factory.SubFactory(UserFactory, role=Role.ORGANISER)


class ReviewTaskFactory(DjangoModelFactory):
    class Meta:
        model = ReviewTask

    registration = factory.SubFactory(RegistrationFactory, submitted=True)
    reviewer = factory.SubFactory(UserFactory, role=Role.REVIEWER)
    assigned_at = NOW - timedelta(days=1)
    assigned_by = factory.SubFactory(UserFactory, role=Role.ORGANISER)


class SelectionRuleFactory(DjangoModelFactory):
    """At most three of each country."""

    class Meta:
        model = SelectionRule

    call = factory.SubFactory(CallFactory, selective=True)
    attribute = "country"
    maximum = 3


class PinFactory(DjangoModelFactory):
    """A person whom proposals must have in."""

    class Meta:
        model = Pin

    registration = factory.SubFactory(RegistrationFactory, submitted=True)
    direction = PinDirection.IN
    reason = "Speaks about the pilot."
    pinned_at = NOW - timedelta(hours=2)
    pinned_by = factory.SubFactory(UserFactory, role=Role.ORGANISER)


class ProposalFactory(DjangoModelFactory):
    class Meta:
        model = Proposal

    call = factory.SubFactory(CallFactory, selective=True)
    made_at = NOW - timedelta(hours=1)
    made_by = factory.SubFactory(UserFactory, role=Role.ORGANISER)
    seed = 7
    rules_version = "r-test"
    input_sha256 = "0" * 64
    receipt = factory.LazyFunction(dict)


class ProposalLineFactory(DjangoModelFactory):
    """Somebody who is proposed."""

    class Meta:
        model = ProposalLine

    registration = factory.SubFactory(RegistrationFactory, submitted=True)
    proposal = factory.SubFactory(ProposalFactory, call=factory.SelfAttribute("..registration.call"))
    proposed_as = ProposedAs.SELECTED
    rank = 1
    reason = "1st by score."


class OutgoingMailFactory(DjangoModelFactory):
    """A queued mail that is due, about a confirmed registration."""

    class Meta:
        model = OutgoingMail

    class Params:
        sent = factory.Trait(state=MailState.SENT, sent_at=NOW)
        refused = factory.Trait(state=MailState.REFUSED, last_error="Refused for good (550).", attempts=1)

    registration = factory.SubFactory(RegistrationFactory)
    call = factory.SelfAttribute("registration.call")
    link = factory.LazyAttribute(lambda o: o.registration.links.first() if o.registration else None)
    key = factory.Sequence(lambda n: f"test:{n}")
    kind = MailKind.CONFIRMED
    facts = factory.LazyAttribute(
        lambda o: {
            **DEFAULTS,
            "reference": o.registration.reference if o.registration else "",
            "what": "Online session",
            "when": "Tuesday 29 September 2026, 10:00-11:30 CEST",
        }
    )
    template_version = "test"
    message_id = factory.Sequence(lambda n: f"<{n}@portal.example.org>")
    date = NOW
    due_at = NOW
    created_at = NOW


class AnnouncementFactory(DjangoModelFactory):
    class Meta:
        model = Announcement

    class Params:
        draft = factory.Trait(status=Status.DRAFT, published_at=None)
        scheduled = factory.Trait(published_at=NOW + timedelta(days=2))

    slug = factory.Sequence(lambda n: f"announcement-{n}")
    title = factory.Sequence(lambda n: f"Announcement number {n}")
    status = Status.PUBLISHED
    published_at = NOW - timedelta(days=3)
    department = "Directorate-General for Migration and Home Affairs"
    body = "What is announced."


class PublicationFactory(DjangoModelFactory):
    class Meta:
        model = Publication
        skip_postgeneration_save = True

    class Params:
        draft = factory.Trait(status=Status.DRAFT, published_at=None)

    slug = factory.Sequence(lambda n: f"publication-{n}")
    title = factory.Sequence(lambda n: f"Publication number {n}")
    status = Status.PUBLISHED
    published_at = NOW - timedelta(days=3)
    department = "Directorate-General for Migration and Home Affairs"
    body = "What was found."
    key_points = factory.LazyFunction(lambda: ["The first point.", "The second point."])


def person(number: int = 1, **details: str) -> PersonDetails:
    """What a synthetic person types into a form; the number makes it another person."""
    usual = {
        "given_name": "Jānis",
        "family_name": f"Bērziņš {number}",
        "display_name": "Psychologist, Latvia",
        "email": f"applicant{number}@example.org",
        "country": "LV",
        "organisation": "Example clinic",
        "profession": Profession.PSYCHOLOGY,
    }
    return PersonDetails(**{**usual, **details})
