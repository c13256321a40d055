"""Fills a call with invented applicants, by thousands: for demos, and to measure with."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.models import User
from events.models import Call
from ranportal.shared.refusals import Refused
from registrations import invented, links
from registrations.enums import Act, AskedOf, CheckResult, State
from registrations.invented import Person, Stock
from registrations.models import (
    Answer,
    Check,
    Criterion,
    Identity,
    PrivateLink,
    Question,
    Registration,
    Review,
    Score,
    Transition,
)
from registrations.people import PersonDetails, address_index
from registrations.references import new_reference
from registrations.services import scoring, workflow
from registrations.services.answers import Answers, contents_of, form_digest

#: So many people in one statement.
_BATCH = 500
#: So many reviewers read each application, in turn where there are more.
_READERS = 2
#: So many of those who took part before apply again.
_AGAIN = 0.18


class NoApplications(Refused):
    """The call does not gather applications that people read, or not yet."""


@dataclass(frozen=True)
class _Scene:
    """What all applicants of one call share."""

    call: Call
    questions: Sequence[Question]
    criteria: Sequence[Criterion]
    reviewers: Sequence[User]
    organiser: User | None
    stock: Stock
    now: datetime


@dataclass(frozen=True)
class _Applicant:
    person: Person
    sent_at: datetime
    answers: Answers
    registration: Registration


def make(*, call: Call, count: int, seed: int, now: datetime) -> int:
    """Let invented people number 1 to `count` of this seed apply to a selective call; returns how many are new.

    Who is there already stays as is, so the same twice makes nothing. Each has proven the address between the opening
    and `now`, answered the questions as asked now, is scored by two of the call's reviewers (none: not scored), and
    one in five was checked by its first organiser (none: not checked). Some took part in other calls, where anybody
    invented did. No mail is written. Raises NoApplications.
    """
    with transaction.atomic():
        call = workflow.locked(call)
        if not call.is_selective or now <= call.opens_at:
            raise NoApplications("Applicants are invented for a selective call that has opened.")
        scene = _scene(call, now)
        people = sorted(_people(scene, count=count, seed=seed), key=lambda person: person.share)
        references = set(Registration.objects.values_list("reference", flat=True))
        for start in range(0, len(people), _BATCH):
            _write(scene, [_applicant(scene, person, references) for person in people[start : start + _BATCH]])
        return len(people)


def _scene(call: Call, now: datetime) -> _Scene:
    asked = call.questions.filter(retired_at=None, asked_of=AskedOf.EVERYONE)
    return _Scene(
        call=call,
        questions=list(asked.select_related("condition_question")),
        criteria=list(call.criteria.all()),
        reviewers=list(User.objects.filter(review_assignments__call=call).order_by("pk")),
        organiser=call.organisers.order_by("pk").first(),
        stock=invented.stock(settings.BASE_DIR / "demo" / "applicants.yaml"),
        now=now,
    )


def _people(scene: _Scene, *, count: int, seed: int) -> Iterator[Person]:
    taken = set(scene.call.registrations.values_list("address_index", flat=True))
    earlier = _took_part(scene.call)
    for number in range(1, count + 1):
        person = invented.person(number, seed=seed, stock=scene.stock)
        known = address_index(person.details.email) in taken
        if person.chance.random() < _AGAIN and earlier:
            person = replace(person, details=earlier.pop(person.chance.randrange(len(earlier))))
        index = address_index(person.details.email)
        if not known and index not in taken:
            taken.add(index)
            yield person


def _took_part(call: Call) -> list[PersonDetails]:
    """Invented people who took part in other calls; a real person is never made to apply."""
    rows = Identity.objects.filter(registration__state=State.ATTENDED, email__endswith="@example.org")
    rows = rows.exclude(registration__call=call).select_related("registration").order_by("pk")
    found = {row.email: row for row in rows}
    return [
        PersonDetails(
            row.given_name,
            row.family_name,
            row.display_name,
            row.email,
            row.registration.country,
            row.organisation,
            row.registration.profession,
        )
        for row in found.values()
    ]


def _applicant(scene: _Scene, person: Person, references: set[str]) -> _Applicant:
    call, now = scene.call, scene.now
    sent_at = invented.sent_at(person, opens_at=call.opens_at, closes_at=call.closes_at, now=now)
    said = invented.answers(scene.questions, person, stock=scene.stock, today=now.date())
    answers = {question: given for question, given in said.values() if isinstance(question, Question)}
    details = person.details
    registration = Registration(
        call=call,
        reference=_free_reference(person.chance, references),
        country=details.country,
        profession=details.profession,
        address_index=address_index(details.email),
        form_digest=form_digest(details, contents_of(answers)),
        privacy_version=settings.PRIVACY_VERSION,
        sent_at=sent_at,
        proven_at=_later(person, sent_at, now, most=timedelta(hours=9)),
    )
    return _Applicant(person, sent_at, answers, registration)


def _free_reference(chance: random.Random, references: set[str]) -> str:
    while (reference := new_reference(chance.choice)) in references:
        pass
    references.add(reference)
    return reference


def _later(person: Person, after: datetime, now: datetime, *, most: timedelta) -> datetime:
    return after + min(most, now - after) * person.chance.random() ** 2


def _write(scene: _Scene, applicants: Sequence[_Applicant]) -> None:
    workflow.open_invented(registrations=[one.registration for one in applicants])
    Identity.objects.bulk_create(_identity(one) for one in applicants)
    Answer.objects.bulk_create(answer for one in applicants for answer in _answers(one))
    key_id = links.new_key_id()
    PrivateLink.objects.bulk_create(
        PrivateLink(registration=one.registration, version=1, key_id=key_id, created_at=one.sent_at)
        for one in applicants
    )
    if scene.reviewers and scene.criteria:
        _write_reviews(scene, applicants)
    if scene.organiser is not None:
        _write_checks(scene, applicants, scene.organiser)


def _identity(one: _Applicant) -> Identity:
    details = one.person.details
    return Identity(
        registration=one.registration,
        given_name=details.given_name,
        family_name=details.family_name,
        display_name=details.display_name,
        email=details.email,
        organisation=details.organisation,
    )


def _answers(one: _Applicant) -> Iterator[Answer]:
    for question, given in one.answers.items():
        yield Answer(
            registration=one.registration,
            question=question,
            label=question.label,
            value=given.value,
            text=given.text,
            changed_at=one.sent_at,
        )


def _write_reviews(scene: _Scene, applicants: Sequence[_Applicant]) -> None:
    written = [(one, review) for one in applicants for review in _reviews(scene, one)]
    Review.objects.bulk_create(review for _, review in written)
    scores = [score for one, review in written if not review.has_conflict for score in _scores(scene, one, review)]
    Score.objects.bulk_create(scores)
    told: dict[int, list[str]] = {}
    for score in scores:
        told.setdefault(score.review_id, []).append(f"{score.criterion.label}: {score.value}")
    Transition.objects.bulk_create(_review_trace(review, told.get(review.pk, [])) for _, review in written)
    scoring.refresh(registrations=[one.registration.pk for one in applicants])


def _reviews(scene: _Scene, one: _Applicant) -> Iterator[Review]:
    person = one.person
    first = person.chance.randrange(len(scene.reviewers))
    for place in range(min(_READERS, len(scene.reviewers))):
        has_conflict = person.chance.random() < 0.012
        comment = person.chance.choice(scene.stock.texts["comments"]) if person.chance.random() < 0.15 else ""
        yield Review(
            registration=one.registration,
            reviewer=scene.reviewers[(first + place) % len(scene.reviewers)],
            has_conflict=has_conflict,
            comment="" if has_conflict else comment,
            changed_at=_later(person, one.registration.proven_at or one.sent_at, scene.now, most=timedelta(days=20)),
        )


def _scores(scene: _Scene, one: _Applicant, review: Review) -> Iterator[Score]:
    leaning = 0.06 * (scene.reviewers.index(review.reviewer) % 3 - 1)
    for criterion in scene.criteria:
        # Now and then a reviewer abstains; every score that is given is stored.
        if one.person.chance.random() > 0.02:
            value = invented.points(criterion.max_score, one.person, leaning=leaning)
            yield Score(review=review, criterion=criterion, value=value)


def _review_trace(review: Review, told: Sequence[str]) -> Transition:
    act = Act.DECLARE_CONFLICT if review.has_conflict else Act.SCORE
    return _trace(review.registration, act, at=review.changed_at, by=review.reviewer, reason=", ".join(told))


def _trace(registration: Registration, act: Act, *, at: datetime, by: User, reason: str) -> Transition:
    state = registration.state
    return Transition(registration=registration, act=act, source=state, target=state, at=at, by=by, reason=reason)


def _write_checks(scene: _Scene, applicants: Sequence[_Applicant], organiser: User) -> None:
    checks = [check for one in applicants if (check := _check(scene, one, organiser)) is not None]
    Check.objects.bulk_create(checks)
    Transition.objects.bulk_create(
        _trace(check.registration, Act.CHECK, at=check.checked_at, by=organiser, reason=CheckResult(check.result).label)
        for check in checks
    )
    Registration.objects.bulk_update(
        [check.registration for check in checks], ["check_result", "checked_at", "checked_by"]
    )


def _check(scene: _Scene, one: _Applicant, organiser: User) -> Check | None:
    drawn = one.person.chance.random()
    if drawn > 0.22:
        return None
    result, note = CheckResult.FINE, "The organisation's telephone exchange knows this person."
    if drawn < 0.02:
        result, note = CheckResult.ASK_BACK, "The organisation has no web site; asked for another contact."
    registration = one.registration
    at = _later(one.person, registration.proven_at or one.sent_at, scene.now, most=timedelta(days=10))
    registration.check_result, registration.checked_at, registration.checked_by = result, at, organiser
    return Check(registration=registration, result=result, note=note, checked_at=at, checked_by=organiser)
