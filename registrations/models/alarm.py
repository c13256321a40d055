from django.conf import settings
from django.db import models
from django.db.models import Q

from registrations.models.registration import Registration
from registrations.models.sealed import SealedField, SealedRow


class Alarm(SealedRow):
    """A person who feels unsafe asked to be called, at this number and these times, and whether somebody did."""

    telephone: str
    words: str

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="alarms")
    sealed = SealedField(parts=("telephone", "words"))
    number = models.PositiveSmallIntegerField()
    raised_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("-raised_at", "-pk")
        constraints = (
            models.UniqueConstraint(fields=["registration", "number"], name="alarm_once_per_number"),
            models.CheckConstraint(
                condition=Q(handled_at__isnull=True, handled_by__isnull=True)
                | Q(handled_at__isnull=False, handled_by__isnull=False),
                name="alarm_handled_at_and_by_together",
            ),
        )

    def __str__(self) -> str:
        return f"Alarm {self.pk}"

    @property
    def sealed_as(self) -> str:
        return f"alarm-{self.number}"
