"""Reads about reviews: what a reviewer is given to read and score, and what organisers see of all reviews."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import (
    Count,
    Exists,
    F,
    FloatField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Cast, Coalesce

from accounts.models import User
from events.models import Call
from registrations.enums import Act, AskedOf, Audience, QuestionKind, State
from registrations.masking import Applicant, Masker
from registrations.masking.affiliation import is_one_house
from registrations.models import (
    Answer,
    Criterion,
    Identity,
    Question,
    Redaction,
    Registration,
    Review,
    ReviewTask,
    Score,
    Transition,
)

#: Reviewers who differ by so many points on one criterion should talk.
DIFFERENCE = 2
#: So many reviews an application should have where nobody said how many.
FEW_REVIEWS = 2


# What a reviewer sees


def review_calls(reviewer: User) -> QuerySet[Call]:
    """The calls that this person was assigned to review.

    Each has `total` applications that are in and given to them, of which they have `done` and find `stale` so many.
    """
    if not reviewer.is_active:
        return Call.objects.none()
    theirs = _with_own_review(_given_to(Registration.objects.filter(call=OuterRef("pk")), reviewer), reviewer)
    return (
        Call.objects.filter(review_assignments__reviewer=reviewer)
        .select_related("event")
        .annotate(
            total=_number(theirs),
            done=_number(theirs.filter(my_review__isnull=False)),
            stale=_number(theirs.filter(is_stale=True)),
        )
        .order_by("-closes_at", "pk")
    )


def applications_for(call: Call, reviewer: User) -> QuerySet[Registration]:
    """The applications to review, without identity, ordered by reference so that nobody is read first for being quick.

    Where applications of the call were given to reviewers, each sees those given to them and those that they reviewed
    before; otherwise all see all. `my_review` is the id of this reviewer's review or None, `my_conflict` whether it
    declares a conflict of interest, `is_stale` whether an answer changed since.
    """
    found = _given_to(Registration.objects.filter(call=call), reviewer)
    return _with_own_review(found, reviewer).order_by("reference")


def may_read(registration: Registration, reviewer: User) -> bool:
    """Whether a reviewer of the call has this application to read, whatever has become of it."""
    return Registration.objects.filter(_is_given_to(reviewer), pk=registration.pk).exists()


def next_to_review(call: Call, reviewer: User, *, after: str = "") -> str | None:
    """The reference of the next application to score, from `after` on and round, or None.

    First those without a review by this person, then those whose answers changed since.
    """
    left = (
        applications_for(call, reviewer).exclude(reference=after).filter(Q(my_review__isnull=True) | Q(is_stale=True))
    )
    in_turn = left.annotate(is_again=Q(my_review__isnull=False), is_behind=Q(reference__lt=after))
    return in_turn.order_by("is_again", "is_behind", "reference").values_list("reference", flat=True).first()


def beside(call: Call, reviewer: User, *, reference: str) -> tuple[str | None, str | None]:
    """The references before and after this one among the reviewer's applications."""
    references = applications_for(call, reviewer).values_list("reference", flat=True)
    before = references.filter(reference__lt=reference).order_by("-reference").first()
    return before, references.filter(reference__gt=reference).first()


def review_by(registration: Registration, reviewer: User) -> Review | None:
    """This person's own review of the registration with its scores, or None."""
    return registration.reviews.filter(reviewer=reviewer).prefetch_related("scores__criterion").first()


def answers_for_reviewers(registration: Registration) -> QuerySet[Answer]:
    """The answers whose questions reviewers may read, in order, with question and redactions."""
    answers = registration.answers.filter(_for_reviewers("question__"))
    return answers.select_related("question").prefetch_related("redactions")


def masker_of(registration: Registration) -> Masker:
    """What masks this person's strings in a text that a reviewer reads."""
    return Masker(Applicant(**{name: getattr(_identity(registration), name, "") for name in _IDENTITY}))


def reviews_beside(registration: Registration, reviewer: User) -> list[Review]:
    """What others think of it; empty until one has scored (in a call without criteria: written), to lean on nobody."""
    mine = registration.reviews.filter(reviewer=reviewer, has_conflict=False)
    is_unscored = ~Exists(Criterion.objects.filter(call=registration.call_id))
    if not mine.filter(is_unscored | Exists(Score.objects.filter(review=OuterRef("pk")))).exists():
        return []
    others = registration.reviews.exclude(reviewer=reviewer).filter(has_conflict=False)
    return list(others.order_by("pk").prefetch_related("scores__criterion"))


def may_know(registration: Registration, reviewer: User) -> bool:
    """Whether the reviewer writes the same organisation, or has an address at the same domain, as the applicant."""
    identity = _identity(registration)
    return identity is not None and is_one_house(
        organisation=reviewer.organisation,
        email=reviewer.email,
        other_organisation=identity.organisation,
        other_email=identity.email,
    )


def was_warned(registration: Registration, reviewer: User) -> bool:
    """Whether the reviewer was warned of a likely conflict of interest and read all the same."""
    return Transition.objects.filter(registration=registration, by=reviewer, act=Act.READ_ANYWAY).exists()


# What organisers see


@dataclass(frozen=True)
class ReviewerLoad:
    """How far one reviewer of a call has got. `given` counts what the reviewer has to read."""

    reviewer: User
    given: int
    done: int
    stale: int
    conflicts: int


def has_tasks(call: Call) -> bool:
    """Whether applications of this call were given to single reviewers."""
    return ReviewTask.objects.filter(registration__call=call).exists()


def reviewer_loads(call: Call) -> list[ReviewerLoad]:
    """The call's reviewers by name, with what each has to read and has done, in three queries."""
    is_split = has_tasks(call)
    reviewers = User.objects.filter(review_assignments__call=call).order_by("name", "email")
    submitted = Registration.objects.filter(call=call, state=State.SUBMITTED)
    of_reviewer = Review.objects.filter(registration__in=submitted, reviewer=OuterRef("pk"))
    without_review = ReviewTask.objects.filter(registration__in=submitted, reviewer=OuterRef("pk")).exclude(
        Exists(Review.objects.filter(registration=OuterRef("registration"), reviewer=OuterRef("reviewer")))
    )
    counted = reviewers.annotate(
        waiting=_number(without_review, by="reviewer"),
        reviewed=_number(of_reviewer, by="reviewer"),
        conflicts=_number(of_reviewer.filter(has_conflict=True), by="reviewer"),
        stale=_number(of_reviewer.filter(is_stale_review()), by="reviewer"),
    )
    everything = 0 if is_split else submitted.count()
    return [
        ReviewerLoad(
            reviewer=one,
            given=one.waiting + one.reviewed if is_split else everything,
            done=one.reviewed - one.conflicts,
            stale=one.stale,
            conflicts=one.conflicts,
        )
        for one in counted
    ]


class Showing(StrEnum):
    """What the table of reviews can be limited to."""

    ALL = "all"
    DIFFERENT = "different"
    STALE = "stale"
    FEW = "few"
    CONFLICT = "conflict"


def hides_passages(registration: Registration) -> bool:
    """Whether passages of this person's answers are hidden from reviewers."""
    return Redaction.objects.filter(answer__registration=registration).exists()


def reviews_of(registration: Registration) -> QuerySet[Review]:
    """All reviews of one person with their reviewers; `is_stale` says that an answer changed since."""
    reviews = Review.objects.filter(registration=registration).select_related("reviewer")
    return reviews.annotate(is_stale=is_stale_review())


def reviewed_applications(call: Call, *, showing: Showing = Showing.ALL) -> QuerySet[Registration]:
    """The call's applications that are in or were decided, by reference.

    With `given` (to how many reviewers), `stale_reviews` and `conflicts` (how many); their reviews with scores and
    reviewers, and to whom they were given, are fetched in bulk.
    """
    of_person = Review.objects.filter(registration=OuterRef("pk"))
    people = (
        Registration.objects.filter(call=call, proven_at__isnull=False)
        .exclude(state__in=(State.UNPROVEN, State.WITHDRAWN, State.CANCELLED))
        .annotate(
            given=_number(ReviewTask.objects.filter(registration=OuterRef("pk")), by="registration"),
            stale_reviews=_number(of_person.filter(is_stale_review()), by="registration"),
            conflicts=_number(of_person.filter(has_conflict=True), by="registration"),
        )
    )
    scores = Prefetch("scores", queryset=Score.objects.select_related("criterion"))
    theirs = Review.objects.select_related("reviewer").annotate(is_stale=is_stale_review()).order_by("reviewer__name")
    limited = _limited(people, showing)
    tasks = Prefetch("review_tasks", ReviewTask.objects.select_related("reviewer").order_by("reviewer__name"))
    reviews = Prefetch("reviews", theirs.prefetch_related(scores))
    return limited.order_by("reference").prefetch_related(reviews, tasks)


def _limited(people: QuerySet[Any], showing: Showing) -> QuerySet[Registration]:
    if showing == Showing.DIFFERENT:
        return people.filter(score_spread__gte=DIFFERENCE)
    if showing == Showing.STALE:
        return people.filter(stale_reviews__gt=0)
    if showing == Showing.FEW:
        return people.filter(Q(given=0, review_count__lt=FEW_REVIEWS) | Q(given__gt=F("review_count")))
    if showing == Showing.CONFLICT:
        return people.filter(conflicts__gt=0)
    return people


def is_stale_review() -> Q:
    """What a review meets after which an answer changed that reviewers see; one that declares a conflict does not."""
    changed = Answer.objects.filter(
        _for_reviewers("question__"),
        registration=OuterRef("registration"),
        changed_at__gt=OuterRef("changed_at"),
    )
    return Q(Exists(changed), has_conflict=False)


def share_of(scores: Iterable[Score]) -> float | None:
    """One reviewer's scores as a share of the best possible, in per cent; None for who abstained from all."""
    counted = [score for score in scores if score.criterion.max_score]
    weight = sum(score.criterion.weight for score in counted)
    if not weight:
        return None
    return sum(s.value * 100 / s.criterion.max_score * s.criterion.weight for s in counted) / weight


def files_for_reviewers(call: Call) -> list[Question]:
    """Questions for documents that reviewers may open, those of retired ones included; no document can be masked."""
    is_answered = Exists(Answer.objects.filter(question=OuterRef("pk")))
    documents = call.questions.filter(_for_reviewers(), kind=QuestionKind.FILE)
    return list(documents.filter(Q(retired_at=None) | is_answered))


def criterion_means(registrations: Iterable[Registration]) -> dict[tuple[int, int], float]:
    """The mean score by (registration id, criterion id), without declared conflicts of interest, in one query."""
    rows = (
        Score.objects.filter(review__registration__in=[r.pk for r in registrations], review__has_conflict=False)
        .order_by()
        .values_list("review__registration_id", "criterion_id")
        .annotate(mean=Sum(Cast(F("value"), FloatField())) / Count("pk"))
    )
    return {(registration, criterion): mean for registration, criterion, mean in rows}


# How they are found

_IDENTITY = ("given_name", "family_name", "display_name", "email", "organisation")


def _identity(registration: Registration) -> Identity | None:
    # Fetched once, whoever asks for it on the same page.
    return getattr(registration, "identity", None)


def _for_reviewers(path: str = "") -> Q:
    return Q(**{f"{path}audience": Audience.REVIEWERS, f"{path}asked_of": AskedOf.EVERYONE})


def _is_given_to(reviewer: User) -> Q:
    anybodys = ReviewTask.objects.filter(registration__call=OuterRef("call"))
    mine = ReviewTask.objects.filter(registration=OuterRef("pk"), reviewer=reviewer)
    read = Review.objects.filter(registration=OuterRef("pk"), reviewer=reviewer)
    return ~Q(Exists(anybodys)) | Q(Exists(mine)) | Q(Exists(read))


def _given_to(registrations: QuerySet[Registration], reviewer: User) -> QuerySet[Registration]:
    return registrations.filter(_is_given_to(reviewer), state=State.SUBMITTED)


def _with_own_review(registrations: QuerySet[Registration], reviewer: User) -> QuerySet[Any]:
    mine = Review.objects.filter(registration=OuterRef("pk"), reviewer=reviewer)
    return registrations.annotate(
        my_review=Subquery(mine.values("pk")[:1]),
        my_conflict=Subquery(mine.values("has_conflict")[:1]),
        is_stale=Exists(mine.filter(is_stale_review())),
    )


def _number(rows: QuerySet, *, by: str = "call") -> Coalesce:
    return Coalesce(Subquery(rows.order_by().values(by).annotate(number=Count("pk")).values("number")), 0)
