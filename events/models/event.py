from typing import ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from simple_history.models import HistoricalRecords

from events.enums import EventFormat, EventKind
from events.models.page import Page
from events.models.working_group import WorkingGroup


def validate_timezone(name: str) -> None:
    """Raise ValidationError when `name` is no IANA time zone."""
    if name not in available_timezones():
        raise ValidationError("“%(name)s” is not a time zone, as Europe/Brussels.", params={"name": name})


class Event(Page):
    """What takes place: one or more sessions in one time zone, with what the public may read about it.

    `venue` and `join_link` are private: they are shown only on the private page of confirmed people.
    `revision` grows when something changes that registered people must be told (see `events.services.events`).
    """

    kind = models.CharField(max_length=24, choices=EventKind)
    language = models.CharField(max_length=10, default="en", help_text="Two letters, as en.")
    format = models.CharField(max_length=8, choices=EventFormat, default=EventFormat.ONLINE)
    platform = models.CharField(max_length=60, blank=True, help_text="As WebEx. Public.")
    city = models.CharField(max_length=80, blank=True, help_text="Public.")
    country = models.CharField(max_length=2, blank=True, help_text="Two letters, as BE. Public.")
    venue = models.TextField(blank=True, help_text="The address. Shown only to confirmed people.")
    join_link = models.URLField(blank=True, max_length=500, help_text="Shown only to confirmed people.")
    timezone = models.CharField(max_length=40, default="Europe/Brussels", validators=[validate_timezone])
    working_groups = models.ManyToManyField(WorkingGroup, blank=True, related_name="events")
    related_events = models.ManyToManyField("self", blank=True, symmetrical=False, related_name="related_from")
    summary = models.TextField("summary (Markdown)", blank=True)
    target_group = models.TextField("target group (Markdown)", blank=True)
    aim_and_background = models.TextField("aim and background (Markdown)", blank=True)
    programme = models.TextField("programme (Markdown)", blank=True)
    practical_information = models.TextField("practical information (Markdown)", blank=True)
    is_hidden = models.BooleanField(
        "hidden at once", default=False, help_text="In an emergency: every public trace of the event disappears now."
    )
    cancelled_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancelled_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    revision = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords(m2m_fields=[working_groups])

    class Meta(Page.Meta):
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            *Page.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(cancelled_at__isnull=True, cancelled_by__isnull=True)
                | models.Q(cancelled_at__isnull=False, cancelled_by__isnull=False),
                name="event_cancelled_at_and_by_together",
            ),
        )

    def get_absolute_url(self) -> str:
        return reverse("events:event-detail", args=[self.slug])

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def is_cancelled(self) -> bool:
        return self.cancelled_at is not None


class Session(models.Model):
    """One stretch of an event. A day without hours runs from its local midnight to the next and says so."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="sessions")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    is_whole_day = models.BooleanField("a day without hours", default=False)

    class Meta:
        ordering = ("starts_at",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="session_ends_after_it_starts",
                violation_error_message="A session ends after it starts.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} UTC"
