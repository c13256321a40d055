"""The admin of working groups, announcements and publications. Events and calls stand with the registrations'."""

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts.models import User
from events import documents, queries, times
from events.enums import PublicationState, Status
from events.forms.pages import MARKDOWN_HELP, AnnouncementForm, PublicationForm
from events.models import Announcement, Event, Page, Publication, WorkingGroup
from events.policies import is_visible, publication_state
from events.services import publishing
from ranportal.shared import clock
from ranportal.shared.admin import HistoryAdmin, NarrowLookups
from ranportal.shared.clock import moment_of
from ranportal.shared.refusals import Refused

DEPARTMENT = "Directorate-General for Migration and Home Affairs"
PREVIEW = "Only staff see this. The page is as its readers will see it; it is not public while it says so in the list."


def _staff(request: HttpRequest) -> User:
    return cast(User, request.user)


class StateFilter(admin.SimpleListFilter):
    """Narrows a list of pages down to those that are in one state now."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [(state.value, str(state.label)) for state in PublicationState]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        out, now = queryset.filter(status=Status.PUBLISHED), moment_of(request)
        match self.value():
            case PublicationState.SCHEDULED:
                return out.filter(published_at__gt=now)
            case PublicationState.PUBLISHED:
                return out.filter(published_at__lte=now)
            case PublicationState.DRAFT | PublicationState.WITHDRAWN as state:
                return queryset.filter(status=state)
        return queryset


class PageAdmin(HistoryAdmin):
    """What announcements and publications share: their state in words, publishing, withdrawing and a preview."""

    list_display: tuple[str, ...] = ("title", "kind", "state", "preview_link")
    list_filter = (StateFilter, "kind")
    search_fields = ("title", "slug")
    ordering = ("-published_at", "slug")
    actions = ("publish_now", "withdraw_now")
    save_on_top = True
    origin_fields: tuple[str, ...] = ()
    preview_template: str

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"department": DEPARTMENT, **super().get_changeform_initial_data(request)}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.now = moment_of(request)
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The address of a page that readers may know stays."""
        return ("state", "preview_link", "slug") if self.is_known(obj) else ("state", "preview_link")

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if self.is_known(obj) else {"slug": ("title",)}

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        known = (*self.origin_fields, "status", "published_at")
        fields = [field for field in self.form._meta.fields or () if field not in known]
        appearing = ("state", "preview_link", "status", "published_at") if obj else ("status", "published_at")
        origin = [("Where it comes from", {"fields": self.origin_fields, "classes": ("collapse",)})]
        return (
            (None, {"fields": fields}),
            *(origin if self.origin_fields else []),
            ("When the public sees it", {"fields": appearing}),
        )

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Events are offered with their dates: editions of one event share a title."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.related_model is Event:
            field.queryset = Event.objects.prefetch_related("sessions").order_by("-pk")
            field.label_from_instance = lambda event: f"{times.event_when(event)}: {event.title}"
        return field

    def view_on_site(self, obj: Any) -> str | None:
        return obj.get_absolute_url() if self.is_public(obj) else None

    @staticmethod
    def is_known(obj: Page | None) -> bool:
        return obj is not None and obj.status != Status.DRAFT

    @staticmethod
    def is_public(obj: Page) -> bool:
        return is_visible(obj, clock.now())

    @admin.display(description="state", ordering="published_at")
    def state(self, obj: Page) -> str:
        """What the page is now, with since or from when."""
        state = publication_state(obj, clock.now())
        if obj.published_at is None:
            return str(state.label)
        local = timezone.localtime(obj.published_at)
        moment = f"{times.long_date(local.date())}, {local:%H:%M}"
        match state:
            case PublicationState.SCHEDULED:
                return f"Scheduled: appears by itself on {moment}"
            case PublicationState.PUBLISHED:
                return f"Published on {moment}"
        return str(state.label)

    @admin.display(description="preview")
    def preview_link(self, obj: Page) -> str:
        """A link to the page as its readers see it, or will."""
        url = reverse(f"admin:{self._url_name('preview')}", args=[obj.pk])
        return format_html('<a href="{}">Preview</a>', url)

    @admin.action(description="Publish now", permissions=["change"])
    def publish_now(self, request: HttpRequest, queryset: QuerySet) -> None:
        now = moment_of(request)
        for page in queryset:
            publishing.publish(page=page, published_at=None, by=_staff(request), now=now)
            self.message_user(request, f"Published: {page}", messages.SUCCESS)

    @admin.action(description="Withdraw from the site", permissions=["change"])
    def withdraw_now(self, request: HttpRequest, queryset: QuerySet) -> None:
        now = moment_of(request)
        for page in queryset:
            try:
                publishing.withdraw(page=page, by=_staff(request), now=now)
            except Refused as refusal:
                self.message_user(request, f"{page}: {refusal}", messages.WARNING)
            else:
                self.message_user(request, f"Withdrawn: {page}", messages.SUCCESS)

    def get_urls(self) -> list[URLPattern]:
        preview = self.admin_site.admin_view(self.preview)
        return [path("<int:pk>/preview/", preview, name=self._url_name("preview")), *super().get_urls()]

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The page as its readers see it, or will; for staff who may see it here."""
        page = self.viewed(request, pk)
        return render(request, self.preview_template, {"preview": PREVIEW, **self.preview_context(request, page)})

    def preview_context(self, request: HttpRequest, page: Any) -> dict[str, Any]:
        raise NotImplementedError

    def viewed(self, request: HttpRequest, pk: int) -> Any:
        """Return the page. Raises Http404, or PermissionDenied for staff who may not see it."""
        page: Model = get_object_or_404(self.model, pk=pk)
        if not self.has_view_permission(request, page):
            raise PermissionDenied
        return page

    def _url_name(self, view: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{view}"


@admin.register(Announcement)
class AnnouncementAdmin(PageAdmin):
    form = AnnouncementForm
    list_display = ("title", "kind", "state", "event", "preview_link")
    list_select_related = ("event",)
    preview_template = "events/announcement-detail.html"

    def preview_context(self, request: HttpRequest, page: Announcement) -> dict[str, Any]:
        now = moment_of(request)
        return {"announcement": queries.without_invisible_event(page, now), "now": now}


@admin.register(Publication)
class PublicationAdmin(PageAdmin):
    form = PublicationForm
    origin_fields = ("events", "working_groups")
    preview_template = "events/publication-detail.html"

    def preview_context(self, request: HttpRequest, page: Publication) -> dict[str, Any]:
        pages = queries.with_visible_events(Publication.objects.filter(pk=page.pk), moment_of(request))
        return {
            "publication": pages.get(),
            "document": documents.document_of(page),
            "document_url": reverse("admin:events_publication_document", args=[page.pk]),
        }

    def get_urls(self) -> list[URLPattern]:
        document = self.admin_site.admin_view(self.document)
        return [path("<int:pk>/document/", document, name=self._url_name("document")), *super().get_urls()]

    def document(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The stored file, also of a publication that is not out."""
        response = documents.download(self.viewed(request, pk))
        if response is None:
            raise Http404("This publication has no document.")
        return response


@admin.register(WorkingGroup)
class WorkingGroupAdmin(NarrowLookups):
    """The groups are known by their addresses: those stay."""

    list_display = ("name", "subject", "slug")
    search_fields = ("name", "subject")
    fields = ("name", "slug", "subject", "description")

    def get_readonly_fields(self, request: HttpRequest, obj: WorkingGroup | None = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name == "description":
            field.help_text = MARKDOWN_HELP
        return field
