from django.db import models
from django.urls import reverse
from simple_history.models import HistoricalRecords

from events.enums import AnnouncementKind
from events.models.event import Event
from events.models.page import Page


class Announcement(Page):
    """A dated page issued by a department, usually about an event."""

    kind = models.CharField(max_length=24, choices=AnnouncementKind, default=AnnouncementKind.NEWS)
    department = models.CharField(max_length=150)
    body = models.TextField("text (Markdown)")
    event = models.ForeignKey(Event, on_delete=models.SET_NULL, null=True, blank=True, related_name="announcements")

    history = HistoricalRecords()

    class Meta(Page.Meta):
        ordering = ("-published_at", "slug")

    def get_absolute_url(self) -> str:
        return reverse("events:announcement-detail", args=[self.slug])
