"""Reviews, conflicts of interest and checks."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from accounts.models import User
from events.models import Call
from ranportal.shared.refusals import Refused
from registrations import queries
from registrations.enums import Act, CheckResult
from registrations.models import Check, Criterion, Registration, Review, ReviewAssignment, Score
from registrations.services import workflow


class NotYours(Refused):
    """The reviewer was not assigned to this call."""


class ScoreOutOfRange(Refused):
    """A score is not between 0 and the criterion's most."""


def score(
    *, registration: Registration, reviewer: User, scores: Mapping[Criterion, int], comment: str, now: datetime
) -> Review:
    """Save one reviewer's scores and comment, in the place of earlier ones. Raises NotYours, ScoreOutOfRange."""
    for criterion, value in scores.items():
        if not 0 <= value <= criterion.max_score or criterion.call_id != registration.call_id:
            raise ScoreOutOfRange(f"“{criterion.label}” is scored from 0 to {criterion.max_score}.")
    with transaction.atomic():
        review = _review(registration, reviewer, has_conflict=False, comment=comment, now=now)
        review.scores.all().delete()
        Score.objects.bulk_create(
            [Score(review=review, criterion=criterion, value=value) for criterion, value in scores.items()]
        )
        return review


def declare_conflict(*, registration: Registration, reviewer: User, comment: str, now: datetime) -> Review:
    """Record that the reviewer should not judge this person; scores given before go. Raises NotYours."""
    with transaction.atomic():
        review = _review(registration, reviewer, has_conflict=True, comment=comment, now=now)
        review.scores.all().delete()
        return review


def note_check(*, registration: Registration, result: CheckResult, note: str, by: User, now: datetime) -> Check:
    """Note what was found out about who this is; earlier notes stay."""
    with transaction.atomic():
        check = Check.objects.create(registration=registration, result=result, note=note, checked_at=now, checked_by=by)
        Registration.objects.filter(pk=registration.pk).update(check_result=result, checked_at=now, checked_by=by)
        registration.check_result, registration.checked_at, registration.checked_by = result, now, by
        workflow.record(registration=registration, act=Act.CHECK, now=now, by=by, reason=result.label)
        return check


def assign(*, call: Call, reviewers: Iterable[User], by: User, now: datetime) -> int:
    """Make these users the call's reviewers, and nobody else; reviews that exist stay. Returns how many there are."""
    chosen = list(dict.fromkeys(reviewers))
    with transaction.atomic():
        call.review_assignments.exclude(reviewer__in=chosen).delete()
        ReviewAssignment.objects.bulk_create(
            [ReviewAssignment(call=call, reviewer=reviewer) for reviewer in chosen], ignore_conflicts=True
        )
    return len(chosen)


def _review(registration: Registration, reviewer: User, *, has_conflict: bool, comment: str, now: datetime) -> Review:
    call = registration.call
    if not queries.reviews(user=reviewer, call=call) and not queries.organises(user=reviewer, call=call):
        raise NotYours("You were not assigned to this call.")
    review, _ = Review.objects.update_or_create(
        registration=registration,
        reviewer=reviewer,
        defaults={"has_conflict": has_conflict, "comment": comment, "changed_at": now},
    )
    return review
