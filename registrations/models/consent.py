from django.db import models
from django.db.models import F, Q

from registrations.enums import Extra
from registrations.models.registration import Registration
from registrations.models.sealed import SealedField, SealedRow


class Consent(SealedRow):
    """A person's consent to one extra: given, perhaps withdrawn. `detail` is what they said with it, as a diet.

    `wording` names the text that was consented to (see the field register): where it reads otherwise now, the person
    is asked again, and the old consent allows what it said.
    """

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="consents")
    extra = models.CharField(max_length=16, choices=Extra)
    wording = models.CharField(max_length=16)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    detail: str
    sealed = SealedField(parts=("detail",))

    class Meta:
        ordering = ("given_at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["registration", "extra"], condition=Q(withdrawn_at__isnull=True), name="consent_once_per_extra"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gte=F("given_at")),
                name="consent_withdrawn_after_given",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_extra_display()}, {self.registration_id}"

    @property
    def sealed_as(self) -> str:
        return f"consent-{self.extra}"


class OfferedExtra(models.Model):
    """An extra that people of this call are asked about on their private page."""

    call = models.ForeignKey("events.Call", on_delete=models.CASCADE, related_name="offered_extras")
    extra = models.CharField(max_length=16, choices=Extra)

    class Meta:
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=["call", "extra"], name="extra_once_per_call"),)

    def __str__(self) -> str:
        return self.get_extra_display()
