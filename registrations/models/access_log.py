from django.conf import settings
from django.db import models

from events.models import Call
from registrations.enums import LookKind


class AccessEntry(models.Model):
    """One look of staff at people: who, when, at whom (keyed digests of references), and for an export why.

    `user` None is the command line. Rows are only ever added: the database refuses to change one, and to delete one
    that no checkpoint covers. Each `digest` covers the row and the `digest` before it, in the order of `number`.
    """

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(max_length=12, choices=LookKind)
    page = models.CharField(max_length=100)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    subjects = models.JSONField(default=list)
    purpose = models.CharField(max_length=300, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ("-number",)
        verbose_name_plural = "access log"
        indexes = (
            models.Index(fields=["at"], name="access_entry_at"),
            models.Index(fields=["user", "at"], name="access_entry_user_at"),
        )

    def __str__(self) -> str:
        return f"Look {self.number}"


class AccessCheckpoint(models.Model):
    """Where the log was cut because its oldest looks are kept no longer: all up to `up_to` are gone.

    `digest` is that of the last one that went, so the chain goes on from here.
    """

    up_to = models.BigIntegerField(unique=True)
    digest = models.CharField(max_length=64)
    entries = models.PositiveIntegerField()
    cut_at = models.DateTimeField()

    class Meta:
        ordering = ("-up_to",)

    def __str__(self) -> str:
        return f"Access log cut at {self.up_to}"
