"""What publishers fill in for announcements and publications."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminFileWidget, AdminTextareaWidget, AdminTextInputWidget
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.urls import reverse

from events.documents import is_pdf
from events.enums import Status
from events.models import Announcement, Publication
from ranportal.shared import cleaning

MARKDOWN_HELP = (
    "Markdown: an empty line starts a new paragraph; ## Heading; **bold**; - a list; [words](https://address). "
    "See the preview before you publish."
)
PDF = "application/pdf"
MOST_DOCUMENT_BYTES = 20 * 1024 * 1024


class LongInput(AdminTextInputWidget):
    """A line of text as wide as titles are long."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"class": "vLargeTextField", **(attrs or {})})


class LinesField(forms.CharField):
    """A list of sentences, one on each line."""

    widget = AdminTextareaWidget

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return [line.strip() for line in (super().to_python(value) or "").splitlines() if line.strip()]

    def has_changed(self, initial: Sequence[str] | None, data: str | None) -> bool:
        return list(initial or []) != self.to_python(data)


class StoredFile:
    """A stored file as the admin's widget shows it: its name, with the address where staff get it."""

    def __init__(self, name: str, url: str) -> None:
        self.name, self.url = name, url

    def __str__(self) -> str:
        return self.name


class StoredFileInput(AdminFileWidget):
    """A file that has no address of its own: `url` is where staff get it."""

    url = ""

    def is_initial(self, value: Any) -> bool:
        return bool(value and getattr(value, "name", ""))

    def format_value(self, value: Any) -> StoredFile | None:  # type: ignore[override]
        return StoredFile(value.name.rpartition("/")[2], self.url) if self.is_initial(value) else None


class PageForm(forms.ModelForm):
    """A page of staff. Published without a date means: from now on (`now` is set by the admin, aware)."""

    now: datetime
    published_at = forms.DateTimeField(
        label="Appears on",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Brussels time. In the future: the page appears by itself then. Empty: when you publish it.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("status") == Status.PUBLISHED and "published_at" in cleaned and not cleaned["published_at"]:
            cleaned["published_at"] = self.now
        return cleaned


class AnnouncementForm(PageForm):
    class Meta:
        model = Announcement
        fields = ("title", "slug", "kind", "department", "event", "body", "status", "published_at")
        help_texts = {"body": MARKDOWN_HELP, "event": "Its page links to this announcement."}
        widgets = {"title": LongInput, "department": LongInput, "body": AdminTextareaWidget(attrs={"rows": 20})}


class PublicationForm(PageForm):
    """A publication; its document is judged by its content, not by its name."""

    key_points = LinesField(required=False, help_text="One on each line.")

    class Meta:
        model = Publication
        fields = (
            "title",
            "slug",
            "kind",
            "department",
            "key_points",
            "body",
            "document",
            "document_title",
            "events",
            "working_groups",
            "status",
            "published_at",
        )
        help_texts = {
            "body": MARKDOWN_HELP,
            "document": "A PDF file of at most 20 MB. Its size and type are read from the file.",
            "document_title": "Empty: the title of the publication.",
        }
        widgets = {
            "title": LongInput,
            "department": LongInput,
            "document_title": LongInput,
            "body": AdminTextareaWidget(attrs={"rows": 20}),
            "document": StoredFileInput,
            "events": forms.CheckboxSelectMultiple,
            "working_groups": forms.CheckboxSelectMultiple,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "document" in self.fields:
            widget = self.fields["document"].widget
            widget.url = reverse("admin:events_publication_document", args=[self.instance.pk])

    def clean_document(self) -> Any:
        file = self.cleaned_data["document"]
        if not isinstance(file, UploadedFile):
            return file
        if file.size is not None and file.size > MOST_DOCUMENT_BYTES:
            raise forms.ValidationError("This file is larger than 20 MB. Please make it smaller.")
        content = file.read()
        if not is_pdf(content[:1024]):
            raise forms.ValidationError("This is not a PDF file, whatever its name says. Please choose a PDF.")
        try:
            harmless = cleaning.cleaned(content, PDF)
        except cleaning.FileRefused as refused:
            raise forms.ValidationError(str(refused)) from refused
        # Not the name that it had on somebody's computer.
        return SimpleUploadedFile(f"{self.cleaned_data.get('slug') or 'paper'}.pdf", harmless, PDF)
