"""Reviews, conflicts of interest, what is hidden from reviewers, and checks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from events.models import Call
from ranportal.shared.refusals import Refused
from registrations import identity_checks, masking, policies, queries, review_reports
from registrations.enums import Act, CheckResult
from registrations.models import (
    Answer,
    Check,
    Criterion,
    Redaction,
    Registration,
    Review,
    ReviewAssignment,
    ReviewTask,
    Score,
    Transition,
)
from registrations.services import scoring, workflow


class NotYours(Refused):
    """The reviewer was not assigned to this call, or this application was given to others."""


class HasConflict(Refused):
    """The reviewer has declared a conflict of interest about this person."""


class ReleaseGiven(Refused):
    """The decisions that rest on the scores are being released."""


class NotInAnyMore(Refused):
    """The application was decided or given up since the reviewer's page was read."""


class LastReader(Refused):
    """All that is given to single reviewers is given to those who would be taken out."""


class ScoreOutOfRange(Refused):
    """A score is not between 0 and the criterion's most."""


class NothingLeft(Refused):
    """The registration was erased: there is nobody to look at."""


class Overtaken(Refused):
    """Somebody else noted a check meanwhile, or it is not the same name, organisation and address any more."""


class NotInAnswer(Refused):
    """The passage to be hidden does not stand in the answer."""


def score(
    *, registration: Registration, reviewer: User, scores: Mapping[Criterion, int], comment: str, now: datetime
) -> Review:
    """Save one reviewer's scores and comment, in the place of earlier ones, which the trace still tells.

    A criterion that is not among the scores was abstained from. Raises NotYours, NotInAnyMore, ScoreOutOfRange,
    ReleaseGiven, and HasConflict after this reviewer's conflict of interest: that stays.
    """
    for criterion, value in scores.items():
        if not 0 <= value <= criterion.max_score or criterion.call_id != registration.call_id:
            raise ScoreOutOfRange(f"“{criterion.label}” is scored from 0 to {criterion.max_score}.")
    with transaction.atomic():
        call = workflow.locked(registration.call)
        if Review.objects.filter(registration=registration, reviewer=reviewer, has_conflict=True).exists():
            raise HasConflict("You have declared a conflict of interest here, so others score this application.")
        if queries.waiting_release(call):
            raise ReleaseGiven("The decisions of this call are being released, so scores stay as they are.")
        review = _review(registration, call, reviewer, has_conflict=False, comment=comment, now=now)
        review.scores.all().delete()
        Score.objects.bulk_create(
            [Score(review=review, criterion=criterion, value=value) for criterion, value in scores.items()]
        )
        scoring.refresh(registrations=[registration.pk])
        told = ", ".join(f"{criterion.label}: {value}" for criterion, value in scores.items()) or "No scores."
        _trace(registration, call, act=Act.SCORE, by=reviewer, reason=told, now=now)
        return review


def declare_conflict(*, registration: Registration, reviewer: User, comment: str, now: datetime) -> Review:
    """Record that the reviewer should not judge this person; scores given before go. Raises NotYours, NotInAnyMore."""
    with transaction.atomic():
        call = workflow.locked(registration.call)
        review = _review(registration, call, reviewer, has_conflict=True, comment=comment, now=now)
        review.scores.all().delete()
        scoring.refresh(registrations=[registration.pk])
        _trace(registration, call, act=Act.DECLARE_CONFLICT, by=reviewer, reason="", now=now)
        return review


def read_anyway(*, registration: Registration, reviewer: User, now: datetime) -> None:
    """Leave the trace of a reviewer who was warned of a likely conflict of interest and reads all the same.

    Raises NotYours.
    """
    with transaction.atomic():
        call = workflow.locked(registration.call)
        _require_given(registration, call, reviewer)
        if not review_reports.was_warned(registration, reviewer):
            _trace(registration, call, act=Act.READ_ANYWAY, by=reviewer, reason="", now=now)


def redact(*, answer: Answer, passage: str, by: User, now: datetime) -> Redaction:
    """Hide a passage of an answer from reviewers, wherever it stands there. Raises NotInAnswer."""
    passage = passage.strip()
    if len(passage) < 2 or not masking.find_passage(answer.text, passage):
        raise NotInAnswer("The answer does not hold this passage. Please copy it as it stands there.")
    with transaction.atomic():
        call = workflow.locked(answer.registration.call)
        # Sent twice, it is hidden once.
        for known in Redaction.objects.filter(answer=answer).select_related("answer"):
            if known.passage == passage:
                return known
        _trace(answer.registration, call, act=Act.REDACT, by=by, reason=f"In “{answer.label}”.", now=now)
        redaction = Redaction(answer=answer, redacted_at=now, redacted_by=by)
        redaction.passage = passage
        redaction.save()
        return redaction


def show_again(*, redaction: Redaction, by: User, now: datetime) -> None:
    """Let reviewers read a passage again that was hidden from them."""
    answer = redaction.answer
    with transaction.atomic():
        call = workflow.locked(answer.registration.call)
        deleted, _ = Redaction.objects.filter(pk=redaction.pk).delete()
        if deleted:
            told = f"In “{answer.label}”, shown again."
            _trace(answer.registration, call, act=Act.REDACT, by=by, reason=told, now=now)


def note_check(
    *, registration: Registration, result: CheckResult, note: str, shown: str, by: User, now: datetime
) -> Check:
    """Note what was found out about who this is; earlier notes stay.

    `shown` is `identity_checks.seen` of what whoever says so has looked at. Raises NothingLeft, Overtaken.
    """
    with transaction.atomic():
        call = workflow.locked(registration.call)
        current = workflow.again(registration, call=call)
        if current.is_erased:
            raise NothingLeft("This registration was erased, so there is nobody to check.")
        if identity_checks.seen(current) != shown:
            raise Overtaken(
                "Somebody else checked this person meanwhile, or the name, organisation or address changed. "
                "Nothing was saved; please look again."
            )
        check = _check(registration, result, note, by=by, now=now)
        check.save()
        Registration.objects.filter(pk=registration.pk).update(check_result=result, checked_at=now, checked_by=by)
        registration.check_result, registration.checked_at, registration.checked_by = result, now, by
        _trace(registration, call, act=Act.CHECK, by=by, reason=result.label, now=now)
        return check


@dataclass(frozen=True)
class Tick:
    """What an organiser ticked about one person of a page; `seen` is `identity_checks.seen` as the page showed them.

    `is_for_all` marks one tick for all the others of the page, which nobody made about this person alone.
    """

    registration_id: int
    result: CheckResult
    note: str
    seen: str
    is_for_all: bool = False


@dataclass(frozen=True)
class Noted:
    """What came of many ticks: how many were noted, and about whom nothing was written.

    `overtaken` are not any more as the page showed them; `left_out` need a tick of their own.
    """

    number: int
    overtaken: list[Registration]
    left_out: list[Registration]


def note_checks(*, call: Call, ticks: Iterable[Tick], by: User, now: datetime) -> Noted:
    """Note the checks of people of one call who are in.

    One tick for all holds only for those at whom nobody has looked yet and whom nothing likens to somebody else.
    """
    wanted = {tick.registration_id: tick for tick in ticks}
    with transaction.atomic():
        call = workflow.locked(call)
        people = list(identity_checks.everybody(call).filter(pk__in=wanted).prefetch_related(None))
        overtaken = [person for person in people if identity_checks.seen(person) != wanted[person.pk].seen]
        for_all = [person for person in people if wanted[person.pk].is_for_all and person not in overtaken]
        left_out = _in_doubt(call, for_all)
        noted = [person for person in people if person not in overtaken and person not in left_out]
        for person in noted:
            tick, person.call = wanted[person.pk], call
            person.check_result, person.checked_at, person.checked_by = tick.result, now, by
        Check.objects.bulk_create(_check(p, wanted[p.pk].result, wanted[p.pk].note, by=by, now=now) for p in noted)
        Registration.objects.bulk_update(noted, ["check_result", "checked_at", "checked_by"])
        trace = {"act": Act.CHECK, "at": now, "by": by}
        Transition.objects.bulk_create(
            Transition(registration=p, source=p.state, target=p.state, reason=p.get_check_result_display(), **trace)
            for p in noted
        )
        return Noted(len(noted), overtaken, left_out)


def _in_doubt(call: Call, people: list[Registration]) -> list[Registration]:
    """Those of them whom no tick for all finds fine."""
    hints = identity_checks.hints_about(call, people) if people else {}
    return [
        person for person in people if person.check_result != CheckResult.NOT_LOOKED_AT or hints[person.pk].is_doubtful
    ]


def _check(registration: Registration, result: CheckResult, note: str, *, by: User, now: datetime) -> Check:
    check = Check(registration=registration, result=result, checked_at=now, checked_by=by)
    # Nothing is sealed where nothing was said.
    if note:
        check.note = note
    return check


def assign(*, call: Call, reviewers: Iterable[User], by: User, now: datetime) -> int:
    """Make these users the call's reviewers, and nobody else; reviews that exist stay. Returns how many there are.

    What was given to somebody who is taken out and not read is free to be given to others. The history of the
    assignments tells who came and went, when, and by whom. Raises LastReader where nothing would be given to single
    reviewers any more, since those who stay would then read all applications.
    """
    chosen = {reviewer.pk: reviewer for reviewer in reviewers}
    with transaction.atomic():
        call = workflow.locked(call)
        there = {assignment.reviewer_id: assignment for assignment in call.review_assignments.all()}
        for reviewer_id in there.keys() - chosen.keys():
            _signed(there[reviewer_id], by=by, now=now).delete()
        freed, _ = ReviewTask.objects.filter(registration__call=call).exclude(reviewer__in=chosen).delete()
        if freed and chosen and not review_reports.has_tasks(call):
            raise LastReader(
                "Applications are given only to the reviewers whom you take out; without them, the others would read "
                "all applications. Give the applications to others first."
            )
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
    _require_given(registration, call, reviewer)
    if not policies.may_stage(workflow.again(registration, call=call)):
        raise NotInAnyMore("This application is not in any more: it was decided or given up. Nothing was changed.")
    review, _ = Review.objects.update_or_create(
        registration=registration,
        reviewer=reviewer,
        defaults={"has_conflict": has_conflict, "comment": comment, "changed_at": now},
    )
    return review


def _require_given(registration: Registration, call: Call, reviewer: User) -> None:
    if queries.organises(user=reviewer, call=call):
        return
    if not queries.reviews(user=reviewer, call=call):
        raise NotYours("You were not assigned to this call.")
    if not review_reports.may_read(registration, reviewer):
        raise NotYours("This application was given to other reviewers.")
