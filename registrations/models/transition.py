from django.conf import settings
from django.db import models

from registrations.enums import Act, Channel, State
from registrations.models.registration import Registration


class Transition(models.Model):
    """The append-only record of what was done to a registration: by whom, when, why, how they told us.

    `by` None means the person (channel portal) or a scan (no channel). Acts that change no state have `source` =
    `target`.
    """

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="transitions")
    act = models.CharField(max_length=16, choices=Act)
    source = models.CharField(max_length=12, choices=State, blank=True)
    target = models.CharField(max_length=12, choices=State)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.TextField(blank=True)
    channel = models.CharField("how they told us", max_length=10, choices=Channel, blank=True)

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.get_act_display()}, {self.at:%Y-%m-%d %H:%M} UTC"
