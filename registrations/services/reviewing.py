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
from registrations.services import scoring, workflow


class NotYours(Refused):
    """The reviewer was not assigned to this call."""


class HasConflict(Refused):
    """The reviewer has declared a conflict of interest about this person."""


class ScoreOutOfRange(Refused):
    """A score is not between 0 and the criterion's most."""


def score(
    *, registration: Registration, reviewer: User, scores: Mapping[Criterion, int], comment: str, now: datetime
) -> Review:
    """Save one reviewer's scores and comment, in the place of earlier ones, which the trace still tells.

    Raises NotYours, ScoreOutOfRange, and HasConflict after this reviewer's conflict of interest: that stays.
    """
    for criterion, value in scores.items():
        if not 0 <= value <= criterion.max_score or criterion.call_id != registration.call_id:
            raise ScoreOutOfRange(f"“{criterion.label}” is scored from 0 to {criterion.max_score}.")
    with transaction.atomic():
        call = workflow.locked(registration.call)
        if Review.objects.filter(registration=registration, reviewer=reviewer, has_conflict=True).exists():
            raise HasConflict("You have declared a conflict of interest here, so others score this application.")
        review = _review(registration, call, reviewer, has_conflict=False, comment=comment, now=now)
        review.scores.all().delete()
        Score.objects.bulk_create(
            [Score(review=review, criterion=criterion, value=value) for criterion, value in scores.items()]
        )
        scoring.refresh(registrations=[registration.pk])
        told = ", ".join(f"{criterion.label}: {value}" for criterion, value in scores.items())
        _trace(registration, call, act=Act.SCORE, by=reviewer, reason=told, now=now)
        return review


def declare_conflict(*, registration: Registration, reviewer: User, comment: str, now: datetime) -> Review:
    """Record that the reviewer should not judge this person; scores given before go. Raises NotYours."""
    with transaction.atomic():
        call = workflow.locked(registration.call)
        review = _review(registration, call, reviewer, has_conflict=True, comment=comment, now=now)
        review.scores.all().delete()
        scoring.refresh(registrations=[registration.pk])
        _trace(registration, call, act=Act.DECLARE_CONFLICT, by=reviewer, reason="", now=now)
        return review


def note_check(*, registration: Registration, result: CheckResult, note: str, by: User, now: datetime) -> Check:
    """Note what was found out about who this is; earlier notes stay."""
    with transaction.atomic():
        call = workflow.locked(registration.call)
        check = Check.objects.create(registration=registration, result=result, note=note, checked_at=now, checked_by=by)
        Registration.objects.filter(pk=registration.pk).update(check_result=result, checked_at=now, checked_by=by)
        registration.check_result, registration.checked_at, registration.checked_by = result, now, by
        _trace(registration, call, act=Act.CHECK, by=by, reason=result.label, now=now)
        return check


def assign(*, call: Call, reviewers: Iterable[User], by: User, now: datetime) -> int:
    """Make these users the call's reviewers, and nobody else; reviews that exist stay. Returns how many there are.

    The history of the assignments tells who came and went, when, and by whom.
    """
    chosen = {reviewer.pk: reviewer for reviewer in reviewers}
    with transaction.atomic():
        call = workflow.locked(call)
        there = {assignment.reviewer_id: assignment for assignment in call.review_assignments.all()}
        for reviewer_id in there.keys() - chosen.keys():
            _signed(there[reviewer_id], by=by, now=now).delete()
        for reviewer_id in [one for one in chosen if one not in there]:
            _signed(ReviewAssignment(call=call, reviewer=chosen[reviewer_id]), by=by, now=now).save()
    return len(chosen)


def _signed(assignment: ReviewAssignment, *, by: User, now: datetime) -> ReviewAssignment:
    assignment._history_user, assignment._history_date = by, now
    return assignment


def _trace(registration: Registration, call: Call, *, act: Act, by: User, reason: str, now: datetime) -> None:
    # The state as it is under the lock, which may not be what the caller's page showed.
    workflow.record(registration=workflow.again(registration, call=call), act=act, now=now, by=by, reason=reason)


def _review(
    registration: Registration, call: Call, reviewer: User, *, has_conflict: bool, comment: str, now: datetime
) -> Review:
    if not queries.reviews(user=reviewer, call=call) and not queries.organises(user=reviewer, call=call):
        raise NotYours("You were not assigned to this call.")
    review, _ = Review.objects.update_or_create(
        registration=registration,
        reviewer=reviewer,
        defaults={"has_conflict": has_conflict, "comment": comment, "changed_at": now},
    )
    return review
