from django.db import models

from registrations.models.outgoing_mail import OutgoingMail


class Bounce(models.Model):
    """What came back of a mail that had been sent: one report of a mail server on the way.

    `digest` names the report, so that it counts once however often it is read. Nothing of its text is kept: it quotes
    addresses. `at` is when it was read.
    """

    mail = models.ForeignKey(OutgoingMail, on_delete=models.CASCADE, related_name="bounces")
    digest = models.CharField(max_length=64, unique=True)
    is_permanent = models.BooleanField()
    status = models.CharField("enhanced status code (RFC 3463)", max_length=11, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.status or 'no code'} for mail {self.mail_id}"
