from django.db import models
from django.db.models import Q


class BeatPulse(models.Model):
    """When beat was last heard: one row, written by its task, so that beat, the broker and a worker were alive."""

    at = models.DateTimeField()

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(pk=1), name="beat_pulse_is_one"),)

    def __str__(self) -> str:
        return "Beat pulse"
