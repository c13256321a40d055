from django.conf import settings
from django.db import models
from django.db.models import Q

from registrations.models.answer import Answer
from registrations.models.registration import Registration
from registrations.models.sealed import SealedField, SealedRow


class Redaction(SealedRow):
    """A passage of an answer that reviewers do not see, since it gives the person away."""

    path_to_call = "answer__registration__call"

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="redactions")
    passage: str
    sealed = SealedField(parts=("passage",), db_default=b"")
    redacted_at = models.DateTimeField()
    redacted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(redacted_at__isnull=False, redacted_by__isnull=False),
                name="redaction_redacted_at_and_by_together",
            ),
        )

    @property
    def registration(self) -> Registration:
        return self.answer.registration

    @property
    def registration_id(self) -> int:
        return self.answer.registration_id

    @property
    def sealed_as(self) -> str:
        return f"redaction-{self.answer_id}"

    def __str__(self) -> str:
        return f"Redaction of answer {self.answer_id}"
