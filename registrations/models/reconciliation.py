from django.db import models

from events.models import Call
from registrations.enums import Finding, MailKind
from registrations.models.outgoing_mail import OutgoingMail
from registrations.models.registration import Registration


class Reconciliation(models.Model):
    """What one day's look at a call found: was everyone told once of what happened to their registration?

    `promised` mails are those that `told`, wait, were `replaced` by newer news before they left, did not go out or came
    back (`stopped`), or are `missing`: the five make the sum. `doubled` mails tell what another tells already; of those
    that told, `repeated` may have arrived twice.
    """

    day = models.DateField()
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="reconciliations")
    checked_at = models.DateTimeField()
    promised = models.PositiveIntegerField()
    told = models.PositiveIntegerField()
    waiting = models.PositiveIntegerField()
    replaced = models.PositiveIntegerField()
    stopped = models.PositiveIntegerField()
    missing = models.PositiveIntegerField()
    doubled = models.PositiveIntegerField()
    repeated = models.PositiveIntegerField()

    class Meta:
        ordering = ("-day", "call")
        verbose_name = "daily check"
        verbose_name_plural = "was everyone told?"
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=["day", "call"], name="reconciliation_once_a_day_and_call"),
            models.CheckConstraint(
                condition=models.Q(
                    promised=models.F("told")
                    + models.F("waiting")
                    + models.F("replaced")
                    + models.F("stopped")
                    + models.F("missing")
                ),
                name="reconciliation_parts_make_the_sum",
            ),
        )

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}, call {self.call_id}"


class NotTold(models.Model):
    """One mail of the newest daily check of its call that somebody should look at. Ids only: no names here."""

    reconciliation = models.ForeignKey(Reconciliation, on_delete=models.CASCADE, related_name="findings")
    registration = models.ForeignKey(
        Registration, on_delete=models.CASCADE, null=True, blank=True, related_name="untold"
    )
    mail = models.ForeignKey(OutgoingMail, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=20, choices=MailKind)
    finding = models.CharField(max_length=8, choices=Finding)

    class Meta:
        ordering = ("finding", "pk")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_finding_display()}"
