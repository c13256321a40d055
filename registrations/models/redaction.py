from django.conf import settings
from django.db import models
from django.db.models import Q

from registrations.models.answer import Answer


class Redaction(models.Model):
    """A passage of an answer that reviewers do not see, since it gives the person away."""

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="redactions")
    passage = models.TextField()
    redacted_at = models.DateTimeField()
    redacted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(redacted_at__isnull=False, redacted_by__isnull=False),
                name="redaction_redacted_at_and_by_together",
            ),
        )

    def __str__(self) -> str:
        return f"Redaction of answer {self.answer_id}"
