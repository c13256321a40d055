from django.db import models

from events.models import Event


class ToldEvent(models.Model):
    """Which revision of an event its registered people were last told of, and what it said (see Event.revision)."""

    event = models.OneToOneField(Event, on_delete=models.CASCADE, primary_key=True, related_name="told")
    revision = models.PositiveIntegerField()
    facts = models.JSONField(default=dict)
    told_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Revision {self.revision} told"
