from django.db import models
from django.db.models import Q

from registrations.enums import VouchAnswer
from registrations.models.registration import Registration
from registrations.models.sealed import SealedField, SealedRow
from registrations.people import address_index


class Vouch(SealedRow):
    """A contact point whom a person named, and whether it knows the person.

    Its link opens until it has answered, was withdrawn (`revoked_at`) or `expires_at` has come; the token is computed
    when the mail is handed over, and stored nowhere. `key_id` names the key that signs it. By `address_index` a contact
    point is found, as a person by that of a Registration.
    """

    name: str
    email: str

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="vouches")
    sealed = SealedField(parts=("name", "email"))
    # After `sealed`: sealing the row brings it up to date, field by field.
    address_index = models.CharField(
        max_length=64, db_index=True, blank=True, default="", db_default="", editable=False
    )
    number = models.PositiveSmallIntegerField()
    key_id = models.CharField(max_length=16)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answer = models.CharField(max_length=10, choices=VouchAnswer, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-asked_at", "-pk")
        constraints = (
            models.UniqueConstraint(fields=["registration", "number"], name="vouch_once_per_number"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True) | (~Q(answer="") & Q(answered_at__isnull=False)),
                name="vouch_answer_and_moment_together",
            ),
        )

    def __str__(self) -> str:
        return f"Vouch {self.pk}"

    @property
    def sealed_as(self) -> str:
        return f"vouch-{self.number}"

    def _sealed_anew(self) -> None:
        self.address_index = address_index(self.email)
