from django.core.validators import FileExtensionValidator
from django.db import models
from django.urls import reverse
from simple_history.models import HistoricalRecords

from events.enums import PublicationKind
from events.models.event import Event
from events.models.page import Page
from events.models.working_group import WorkingGroup


class Publication(Page):
    """An outcome of one or more events: a text, key points and a document whose real size and type the page shows."""

    kind = models.CharField(max_length=20, choices=PublicationKind, default=PublicationKind.EXPERT_OPINION)
    department = models.CharField(max_length=150)
    body = models.TextField("text (Markdown)")
    key_points = models.JSONField(default=list, blank=True, help_text="A list of sentences.")
    document = models.FileField(
        upload_to="publications/", blank=True, validators=[FileExtensionValidator(["pdf"])], help_text="A PDF file."
    )
    document_title = models.CharField(max_length=200, blank=True)
    events = models.ManyToManyField(Event, blank=True, related_name="publications")
    working_groups = models.ManyToManyField(WorkingGroup, blank=True, related_name="publications")

    history = HistoricalRecords(m2m_fields=[events, working_groups])

    class Meta(Page.Meta):
        ordering = ("-published_at", "slug")

    def get_absolute_url(self) -> str:
        return reverse("events:publication-detail", args=[self.slug])
