from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from events.models import Call
from registrations import looks
from registrations.enums import CheckResult, ParticipantRole, Profession, State
from registrations.states import NOT_LIVE

#: What stands before the reference where an address was erased.
ERASED = "erased:"


class Registration(models.Model):
    """One person's part in one call, known to everybody by its `reference` alone.

    `state` is written only by `services.workflow`. `version` grows with each form sent again before the proof and
    with each corrected address; a private link proves only the version that it was made for. `sent_at` is the stamp
    of law 1. `list_position` orders the reserve or waiting list. `form_digest` recognises the same form sent twice.

    What the reviews say is repeated here for lists of thousands, by `services.scoring` alone: `score` is the weighted
    mean of all scores as a share of the best possible, in per cent; `score_spread` the most points by which two
    reviewers differ on one criterion; `review_count` how many reviewers gave scores.
    """

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="registrations")
    reference = models.CharField(max_length=12, unique=True)
    state = models.CharField(max_length=12, choices=State)
    role = models.CharField(max_length=12, choices=ParticipantRole, default=ParticipantRole.PARTICIPANT)
    is_counted = models.BooleanField("counts as a place", default=True)
    country = models.CharField(max_length=2)
    profession = models.CharField(max_length=20, choices=Profession)
    address_index = models.CharField(max_length=64, db_index=True, editable=False)
    same_address_number = models.PositiveSmallIntegerField(default=0, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    form_digest = models.CharField(max_length=64, editable=False)
    privacy_version = models.CharField(max_length=20, editable=False)
    sent_at = models.DateTimeField()
    proven_at = models.DateTimeField(null=True, blank=True)
    state_changed_at = models.DateTimeField()
    answer_by = models.DateTimeField("answer expected by", null=True, blank=True)
    list_position = models.PositiveIntegerField(null=True, blank=True)
    is_excused = models.BooleanField("excused", default=False)
    check_result = models.CharField("check", max_length=16, choices=CheckResult, default=CheckResult.NOT_LOOKED_AT)
    checked_at = models.DateTimeField(null=True, blank=True)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    score = models.FloatField(null=True, blank=True, editable=False)
    score_spread = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    review_count = models.PositiveSmallIntegerField("reviews", default=0, db_default=0, editable=False)

    class Meta:
        ordering = ("pk",)
        indexes = (
            models.Index(fields=["call", "state", "list_position"], name="registration_call_state"),
            models.Index(fields=["state", "answer_by"], name="registration_answer_due"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["call", "address_index", "same_address_number"],
                condition=~Q(state__in=sorted(NOT_LIVE)),
                name="registration_one_live_per_call_and_address",
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="registration_state_is_known"),
            models.CheckConstraint(
                condition=~Q(state=State.UNPROVEN) | Q(proven_at__isnull=True),
                name="registration_unproven_has_no_proof",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.RESERVE) | Q(list_position__isnull=False),
                name="registration_reserve_has_position",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.SELECTED) | Q(answer_by__isnull=False),
                name="registration_selected_has_answer_by",
            ),
            models.CheckConstraint(
                condition=Q(checked_at__isnull=True, checked_by__isnull=True)
                | Q(checked_at__isnull=False, checked_by__isnull=False),
                name="registration_checked_at_and_by_together",
            ),
        )

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any) -> Self:
        """Read the row, and note it for the access log, so that no page about people can forget to."""
        registration = super().from_db(db, field_names, values)
        known = registration.__dict__
        if "reference" in known and "call_id" in known:
            looks.note_row(registration.pk, reference=known["reference"], call_id=known["call_id"])
        else:
            looks.note(registration.pk)
        return registration

    def __str__(self) -> str:
        return self.reference

    @property
    def is_erased(self) -> bool:
        """Whether nothing is left of who this was."""
        return self.address_index.startswith(ERASED)
