from django.conf import settings
from django.db import models
from django.db.models import Q

from registrations.enums import Outcome, ReasonCode
from registrations.models.proposal import Proposal
from registrations.models.registration import Registration


class Decision(models.Model):
    """Select, reserve or decline: staged with a reason, without effect until released. `rank` orders the reserve list.

    `released_by` None with a `released_at` means the operator's command line. `proposal` is the newest one at the
    moment of staging; `is_deviation` says that it had said otherwise about this person.
    """

    registration = models.OneToOneField(Registration, on_delete=models.CASCADE, related_name="decision")
    outcome = models.CharField(max_length=8, choices=Outcome)
    rank = models.PositiveIntegerField(null=True, blank=True)
    reason_code = models.CharField(
        "reason", max_length=20, choices=ReasonCode, default=ReasonCode.OTHER, db_default=ReasonCode.OTHER.value
    )
    reason = models.TextField("in words", blank=True)
    proposal = models.ForeignKey(Proposal, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    is_deviation = models.BooleanField("deviates from the proposal", default=False, db_default=False)
    staged_at = models.DateTimeField()
    staged_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(staged_at__isnull=False, staged_by__isnull=False), name="decision_staged_at_and_by_together"
            ),
            models.CheckConstraint(
                condition=Q(released_by__isnull=True) | Q(released_at__isnull=False),
                name="decision_released_at_and_by_together",
            ),
            models.CheckConstraint(
                condition=~Q(outcome=Outcome.RESERVE) | Q(rank__isnull=False), name="decision_reserve_has_rank"
            ),
        )

    def __str__(self) -> str:
        return self.get_outcome_display()
