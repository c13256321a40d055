from django.db import models

from events.models import Event, Publication


class ToldEvent(models.Model):
    """Which revision of an event its registered people were last told of, and what it said (see Event.revision)."""

    event = models.OneToOneField(Event, on_delete=models.CASCADE, primary_key=True, related_name="told")
    revision = models.PositiveIntegerField()
    facts = models.JSONField(default=dict)
    told_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Revision {self.revision} told"


class ToldPublication(models.Model):
    """Participants were told that this publication is out."""

    publication = models.OneToOneField(Publication, on_delete=models.CASCADE, primary_key=True, related_name="told")
    told_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Publication {self.publication_id} told"
