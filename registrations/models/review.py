from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from accounts.models import User
from events.models import Call
from registrations.enums import CheckResult
from registrations.models.registration import Registration
from registrations.models.sealed import SealedField, SealedRow


class Criterion(models.Model):
    """What reviewers score, from 0 to `max_score`, and how much it weighs.

    `anchors` says what scores mean, one a line: "5 = works with radicalised people every week".
    """

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="criteria")
    key = models.SlugField(max_length=40)
    label = models.CharField(max_length=200)
    weight = models.PositiveSmallIntegerField(default=1)
    max_score = models.PositiveSmallIntegerField(default=5)
    anchors = models.TextField("what the scores mean", blank=True, db_default="")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name_plural = "criteria"
        ordering = ("position", "pk")
        constraints = (models.UniqueConstraint(fields=["call", "key"], name="criterion_key_once_per_call"),)

    def __str__(self) -> str:
        return self.label


class ReviewAssignment(models.Model):
    """A reviewer may read and score the applications of this call."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="review_assignments")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="review_assignments")

    _history_user: User | None  # whom the history names for the next save or delete
    _history_date: datetime  # and when that was

    history = HistoricalRecords()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["call", "reviewer"], name="reviewer_once_per_call"),)

    def __str__(self) -> str:
        return f"{self.reviewer} reviews {self.call}"


class ReviewTask(models.Model):
    """This application was given to this reviewer of its call.

    Where a call has tasks, each reviewer reads only those given to them; where it has none, all read all.
    """

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="review_tasks")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="review_tasks")
    assigned_at = models.DateTimeField()
    assigned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["registration", "reviewer"], name="review_task_once_per_reviewer"),
            models.CheckConstraint(
                condition=Q(assigned_at__isnull=False, assigned_by__isnull=False),
                name="review_task_assigned_at_and_by_together",
            ),
        )

    def __str__(self) -> str:
        return f"Review task for {self.registration_id}"


class Review(models.Model):
    """One reviewer's reading of one registration: scores and comment, or a conflict of interest.

    A criterion without a score was abstained from. `changed_at` before the change of an answer makes the review stale.
    """

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviews")
    has_conflict = models.BooleanField("conflict of interest", default=False)
    comment = models.TextField(blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["registration", "reviewer"], name="review_once_per_reviewer"),)

    def __str__(self) -> str:
        return f"Review of {self.registration_id}"


class Score(models.Model):
    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="scores")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="scores")
    value = models.PositiveSmallIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["review", "criterion"], name="score_once_per_criterion"),)

    def __str__(self) -> str:
        return str(self.value)


class Check(SealedRow):
    """What an organiser noted about who a person is; the newest is repeated on the registration for lists."""

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="checks")
    result = models.CharField(max_length=16, choices=CheckResult)
    note: str
    sealed = SealedField(parts=("note",), db_default=b"")
    checked_at = models.DateTimeField()
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-checked_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(checked_at__isnull=False, checked_by__isnull=False), name="check_checked_at_and_by_together"
            ),
        )

    def __str__(self) -> str:
        return self.get_result_display()
