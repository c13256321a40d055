from django.conf import settings
from django.db import models

from events.models import Call


class LogisticsAssignment(models.Model):
    """Somebody who sees what confirmed people of this call need: rooms, food, access. Nothing else, nobody else."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="logistics")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="logistics_calls")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["call", "user"], name="logistics_once_per_call"),)

    def __str__(self) -> str:
        return f"Logistics of call {self.call_id}"
