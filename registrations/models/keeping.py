from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from events.models import Call


def _days(label: str, *, usual: int, least: int, most: int) -> models.PositiveSmallIntegerField:
    limits = [MinValueValidator(least), MaxValueValidator(most)]
    help_text = f"Days: usually {usual}, from {least} to {most}."
    return models.PositiveSmallIntegerField(label, default=usual, validators=limits, help_text=help_text)


class KeepingRules(models.Model):
    """How many days the people of one call are kept; a call without a row has the defaults."""

    call = models.OneToOneField(Call, on_delete=models.CASCADE, related_name="keeping_rules")
    unproven_days = _days("unproven, after the deadline", usual=7, least=1, most=14)
    clearance_days = _days("for entering a building, after the event", usual=1, least=1, most=3)
    sensitive_days = _days("sensitive needs, after the event", usual=14, least=1, most=30)
    declined_days = _days("not selected, after the release", usual=90, least=28, most=180)
    selected_days = _days("selected, after the event", usual=365, least=30, most=730)

    class Meta:
        verbose_name_plural = "keeping rules"

    def __str__(self) -> str:
        return f"Keeping rules of call {self.call_id}"


class CounterCard(models.Model):
    """How often one address applied, was selected, took part and excused itself: what fairness needs, and no more.

    It grows when a registration is erased because its time is over, and goes 24 months after `last_on`, or with the
    person. `last_on` is the day of the newest event that it counts.
    """

    address_index = models.CharField(max_length=64, unique=True)
    applied = models.PositiveSmallIntegerField(default=0)
    selected = models.PositiveSmallIntegerField(default=0)
    attended = models.PositiveSmallIntegerField(default=0)
    excused = models.PositiveSmallIntegerField(default=0)
    last_on = models.DateField()

    def __str__(self) -> str:
        return f"Counter card {self.pk}"


class DeletionCertificate(models.Model):
    """What one purge deleted: counts of each kind and of each store, nobody's name or reference.

    `finished_at` None: it was broken off, and the next goes on. `digest` covers all that stands here.
    """

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict)
    keys_destroyed = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("-started_at", "-pk")

    def __str__(self) -> str:
        return f"Deletion certificate {self.pk}"


class CallNumbers(models.Model):
    """What is left of a call's people when their time is over: whether it was released, and counts of five and more."""

    call = models.OneToOneField(Call, on_delete=models.CASCADE, related_name="numbers")
    counts = models.JSONField(default=dict)
    counted_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "numbers of calls"

    def __str__(self) -> str:
        return f"Numbers of call {self.call_id}"
