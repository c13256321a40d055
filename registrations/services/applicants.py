"""Fills a call with invented applicants, by thousands: for demos, and to measure with."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from accounts.models import User
from events.models import Call
from ranportal.shared.refusals import Refused
from registrations import invented, links, statement
from registrations.enums import Act, AskedOf, CheckResult, Outcome, ReasonCode, State
from registrations.invented import Person, Stock
from registrations.models import (
    Answer,
    Check,
    Criterion,
    Decision,
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
from registrations.services import workflow
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
    """One applicant with all rows about them, none of which is in the database yet."""

    person: Person
    registration: Registration
    answers: Answers
    reviews: Sequence[tuple[Review, Sequence[Score]]]
    check: Check | None


def make(*, call: Call, count: int, seed: int, now: datetime) -> int:
    """Let invented people number 1 to `count` of this seed apply to a selective call; returns how many are new.

    Who is there already stays as is, so the same twice makes nothing. Each has proven the address between the opening
    and `now`, answered the questions as asked now, is scored by two of the call's reviewers (none: not scored), and
    one in five was checked by its first organiser (none: not checked). Some took part in other calls, where anybody
    invented did. Where the event is over, those with most merit have been there. No mail is written. Raises
    NoApplications.
    """
    with transaction.atomic():
        call = workflow.locked(call)
        if not call.is_selective or now <= call.opens_at:
            raise NoApplications("Applicants are invented for a selective call that has opened.")
        scene = _scene(call, now)
        people = sorted(_people(scene, count=count, seed=seed), key=lambda person: person.share)
        references = set(Registration.objects.values_list("reference", flat=True))
        over_at = call.event.sessions.aggregate(last=Max("ends_at"))["last"]
        for start in range(0, len(people), _BATCH):
            applicants = [_applicant(scene, person, references) for person in people[start : start + _BATCH]]
            _write(scene, applicants)
            if over_at is not None and over_at < now:
                _end(scene, applicants, over_at=over_at)
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
    rows = Identity.objects.filter(registration__state=State.ATTENDED).exclude(registration__call=call)
    found = {row.email: row for row in rows.select_related("registration").order_by("pk")}
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
        for email, row in found.items()
        if email.endswith("@example.org")
    ]


def _applicant(scene: _Scene, person: Person, references: set[str]) -> _Applicant:
    said = invented.answers(scene.questions, person, stock=scene.stock, today=scene.now.date())
    answers = {question: given for question, given in said.values() if isinstance(question, Question)}
    registration = _registration(scene, person, answers, references)
    reviews = [(review, list(_scores(scene, person, review))) for review in _reviews(scene, person, registration)]
    _repeat_scores(registration, [score for _, scores in reviews for score in scores])
    return _Applicant(person, registration, answers, reviews, _check(scene, person, registration))


def _registration(scene: _Scene, person: Person, answers: Answers, references: set[str]) -> Registration:
    call, now, details = scene.call, scene.now, person.details
    sent_at = invented.sent_at(person, opens_at=call.opens_at, closes_at=call.closes_at, now=now)
    return Registration(
        call=call,
        reference=_free_reference(person.chance, references),
        country=details.country,
        profession=details.profession,
        address_index=address_index(details.email),
        form_digest=form_digest(details, contents_of(answers)),
        privacy_version=statement.version(),
        sent_at=sent_at,
        proven_at=_later(person, sent_at, now, most=timedelta(hours=9)),
    )


def _repeat_scores(registration: Registration, scores: Sequence[Score]) -> None:
    """What `scoring.refresh` would write, without a statement for each batch (a test compares them)."""
    weights = sum(score.criterion.weight for score in scores)
    if weights:
        shares = [score.value * 100 / score.criterion.max_score * score.criterion.weight for score in scores]
        registration.score = sum(shares) / weights
        registration.score_spread = max(_spread(scores, criterion) for criterion in {s.criterion for s in scores})
        registration.review_count = len({score.review.reviewer_id for score in scores})


def _spread(scores: Sequence[Score], criterion: Criterion) -> int:
    values = [score.value for score in scores if score.criterion == criterion]
    return max(values) - min(values)


def _free_reference(chance: random.Random, references: set[str]) -> str:
    while (reference := new_reference(chance.choice)) in references:
        pass
    references.add(reference)
    return reference


def _later(person: Person, after: datetime, now: datetime, *, most: timedelta) -> datetime:
    return after + min(most, now - after) * person.chance.random() ** 2


def _write(scene: _Scene, applicants: Sequence[_Applicant]) -> None:
    workflow.open_invented(registrations=[one.registration for one in applicants])
    Identity.objects.bulk_create(Identity.of(one.registration, one.person.details) for one in applicants)
    Answer.objects.bulk_create(answer for one in applicants for answer in _answers(one))
    key_id = links.new_key_id()
    PrivateLink.objects.bulk_create(
        PrivateLink(registration=one.registration, version=1, key_id=key_id, created_at=one.registration.sent_at)
        for one in applicants
    )
    reviews = [reviewed for one in applicants for reviewed in one.reviews]
    Review.objects.bulk_create(review for review, _ in reviews)
    Score.objects.bulk_create(score for _, scores in reviews for score in scores)
    checks = [one.check for one in applicants if one.check is not None]
    Check.objects.bulk_create(checks)
    traces = [_review_trace(review, scores) for review, scores in reviews]
    Transition.objects.bulk_create([*traces, *(_check_trace(check) for check in checks)])


def _answers(one: _Applicant) -> Iterator[Answer]:
    for question, given in one.answers.items():
        answer = Answer(
            registration=one.registration, question=question, label=question.label, changed_at=one.registration.sent_at
        )
        answer.value, answer.text = given.value, given.text
        yield answer


def _reviews(scene: _Scene, person: Person, registration: Registration) -> Iterator[Review]:
    if not scene.reviewers or not scene.criteria:
        return
    first = person.chance.randrange(len(scene.reviewers))
    for place in range(min(_READERS, len(scene.reviewers))):
        has_conflict = person.chance.random() < 0.012
        comment = person.chance.choice(scene.stock.texts["comments"]) if person.chance.random() < 0.15 else ""
        yield Review(
            registration=registration,
            reviewer=scene.reviewers[(first + place) % len(scene.reviewers)],
            has_conflict=has_conflict,
            comment="" if has_conflict else comment,
            changed_at=_later(person, _proven_at(registration), scene.now, most=timedelta(days=20)),
        )


def _scores(scene: _Scene, person: Person, review: Review) -> Iterator[Score]:
    leaning = 0.06 * (scene.reviewers.index(review.reviewer) % 3 - 1)
    for criterion in [] if review.has_conflict else scene.criteria:
        # Now and then a reviewer abstains from a criterion.
        if person.chance.random() > 0.02:
            value = invented.points(criterion.max_score, person, leaning=leaning)
            yield Score(review=review, criterion=criterion, value=value)


def _check(scene: _Scene, person: Person, registration: Registration) -> Check | None:
    drawn = person.chance.random()
    if drawn > 0.22 or scene.organiser is None:
        return None
    result, note = CheckResult.FINE, "The organisation's telephone exchange knows this person."
    if drawn < 0.02:
        result, note = CheckResult.ASK_BACK, "The organisation has no web site; asked for another contact."
    at = _later(person, _proven_at(registration), scene.now, most=timedelta(days=10))
    registration.check_result, registration.checked_at, registration.checked_by = result, at, scene.organiser
    check = Check(registration=registration, result=result, checked_at=at, checked_by=scene.organiser)
    check.note = note
    return check


def _proven_at(registration: Registration) -> datetime:
    return registration.proven_at or registration.sent_at


def _review_trace(review: Review, scores: Sequence[Score]) -> Transition:
    act = Act.DECLARE_CONFLICT if review.has_conflict else Act.SCORE
    told = ", ".join(f"{score.criterion.label}: {score.value}" for score in scores)
    return _trace(review.registration, act, at=review.changed_at, by=review.reviewer, reason=told)


def _check_trace(check: Check) -> Transition:
    words = str(CheckResult(check.result).label)
    return _trace(check.registration, Act.CHECK, at=check.checked_at, by=check.checked_by, reason=words)


def _trace(registration: Registration, act: Act, *, at: datetime, by: User, reason: str) -> Transition:
    state = registration.state
    return Transition(registration=registration, act=act, source=state, target=state, at=at, by=by, reason=reason)


def _end(scene: _Scene, applicants: Sequence[_Applicant], *, over_at: datetime) -> None:
    call, released_at = scene.call, scene.call.closes_at + (over_at - scene.call.closes_at) / 3
    ordered = [one.registration for one in sorted(applicants, key=lambda one: -one.person.merit)]
    free = len(ordered) if call.places_limit is None else max(0, call.places_limit - call.places_taken)
    places, others = ordered[:free], ordered[free:]
    ended = {State.ATTENDED: places[: -len(places) // 9], State.ABSENT: places[-len(places) // 9 :]}
    ended = {**ended, State.DECLINED: others}
    given = {state: some for state, some in ended.items() if some}
    workflow.end_invented(ended=given, released_at=released_at, over_at=over_at, by=scene.organiser)
    if scene.organiser is not None:
        decided = [(one, Outcome.SELECT, ReasonCode.SCORE) for one in places]
        decided += [(one, Outcome.DECLINE, ReasonCode.NO_PLACE) for one in others]
        Decision.objects.bulk_create(_decision(*one, at=released_at, by=scene.organiser) for one in decided)


def _decision(registration: Registration, outcome: Outcome, code: ReasonCode, *, at: datetime, by: User) -> Decision:
    return Decision(
        registration=registration,
        outcome=outcome,
        reason_code=code,
        staged_at=at,
        staged_by=by,
        released_at=at,
        released_by=by,
    )
