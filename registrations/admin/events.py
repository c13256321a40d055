"""Events in the admin. Saving goes through `events.revise`, so that whoever registered hears of what matters."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.doors import ask_for_proof
from events import queries, times, words
from events.enums import Status
from events.models import Event
from events.policies import may_change_zone, publication_state
from events.services import events
from ranportal.shared import clock
from ranportal.shared.admin import HistoryAdmin
from ranportal.shared.refusals import Refused
from registrations import reports
from registrations.admin import private_fields
from registrations.admin.event_acts import ACTS, offered
from registrations.admin.moments import MomentField
from registrations.admin.session_inline import SessionFormSet, SessionInline
from registrations.countries import COUNTRY_CHOICES
from registrations.services import form_building, protection
from registrations.states import EXPECTING

_TEXTS = ("summary", "target_group", "aim_and_background", "programme", "practical_information")


class EventForm(forms.ModelForm):
    """The fields of an event; its sessions stand below in a form of their own."""

    published_at = MomentField(
        label="Appears on",
        required=False,
        help_text="Brussels time. In the future: it appears by itself at that moment.",
    )

    class Meta:
        model = Event
        exclude = ("is_hidden", "cancelled_at", "cancelled_by", "revision")  # noqa: DJ006  # acts write these
        field_classes = {"join_link": partial(forms.URLField, assume_scheme="https")}
        widgets = {
            "working_groups": forms.CheckboxSelectMultiple,
            "country": forms.Select(choices=[("", "–"), *COUNTRY_CHOICES]),
            "venue": forms.Textarea(attrs={"rows": 2}),
            **{name: forms.Textarea(attrs={"rows": 8}) for name in _TEXTS},
        }

    def clean_timezone(self) -> str:
        zone: str = self.cleaned_data["timezone"]
        call = words.call_of(self.instance) if self.instance.pk else None
        if call and zone != self.initial["timezone"] and not may_change_zone(call, clock.now()):
            raise forms.ValidationError("The call has opened, so the zone of its deadline can no longer change.")
        return zone

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        becomes_public = given.get("status") == Status.PUBLISHED and {"status", "published_at"} & set(self.changed_data)
        if becomes_public and (why := form_building.why_not_public(self.instance)):
            self.add_error("status", why)
        return given


@admin.register(Event)
class EventAdmin(HistoryAdmin):
    """Publishers and administrators see all events, organisers those of their own calls.

    Once people have a place, a publisher neither reads nor changes what only confirmed people see.
    """

    form = EventForm
    inlines = (SessionInline,)
    list_display = ("title", "kind", "when", "public_state", "registration")
    list_filter = ("kind", "working_groups", "status", "format")
    search_fields = ("title", "slug")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    actions = None

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        acts = [
            path(f"<int:event_id>/{name}/", view(partial(self.act, name=name)), name=f"events_event_{name}")
            for name in ACTS
        ]
        preview = path("<int:event_id>/preview/", view(self.preview), name="events_event_preview")
        return [*acts, preview, *super().get_urls()]

    # Who may

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        found = super().get_queryset(request).select_related("call").prefetch_related("sessions")
        if request.user.has_perm("events.add_event"):
            return found
        return found.filter(call__in=reports.calls_of(request.user).order_by().values("pk"))

    def has_view_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return super().has_view_permission(request, obj) and self._is_theirs(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._is_theirs(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        """Events are withdrawn, hidden or cancelled; deleting one would take its people along."""
        return False

    def _is_theirs(self, request: HttpRequest, event: Event | None) -> bool:
        return event is None or event.pk is None or self.get_queryset(request).filter(pk=event.pk).exists()

    # The form

    def get_fieldsets(self, request: HttpRequest, obj: Event | None = None) -> list[tuple[str | None, dict[str, Any]]]:
        return [
            (None, {"fields": ("title", "slug", "kind", "working_groups", "language")}),
            ("On the public site", {"fields": ("status", "published_at")}),
            ("Where", {"fields": ("timezone", "format", "platform", "city", "country")}),
            private_fields.fieldset(request, obj),
            ("Texts (Markdown)", {"fields": _TEXTS}),
            ("See also", {"fields": ("related_events",)}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Event | None = None) -> tuple[str, ...]:
        """The address of an event that people may know stays."""
        veiled = () if private_fields.may_read(request, obj) else private_fields.VEILED
        return ("slug", *veiled) if _is_known(obj) else veiled

    def get_prepopulated_fields(self, request: HttpRequest, obj: Event | None = None) -> dict[str, Any]:
        return {} if _is_known(obj) else {"slug": ("title",)}

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Who sees only the events of their own calls is offered those, what is public, and what they relate to."""
        if db_field.name == "related_events" and not request.user.has_perm("events.add_event"):
            own = self.get_queryset(request).order_by().values("pk")
            public = queries.visible_events(clock.now()).order_by().values("pk")
            offered_events = Q(pk__in=own) | Q(pk__in=public) | Q(related_from__in=own)
            kwargs["queryset"] = Event.objects.filter(offered_events).distinct()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """The stock page. Who changes where the people of an organised call go proves again who they are."""
        if self._moves_people(request, object_id) and (asked := ask_for_proof(request)):
            return asked
        return super().changeform_view(request, object_id, *args, **kwargs)

    def _moves_people(self, request: HttpRequest, object_id: str | None) -> bool:
        event = self.get_object(request, object_id) if request.method == "POST" and object_id is not None else None
        if event is None or not self.has_change_permission(request, event) or not private_fields.is_organised(event):
            return False
        form = self.get_form(request, event, change=True)(request.POST, instance=event)
        return private_fields.are_changed(form.changed_data)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        event = context.get("original")
        context["call"] = words.call_of(event) if event else None
        may_change = event is not None and self.has_change_permission(request, event)
        context["offered"] = offered(event) if may_change else []
        context["may_hide"] = may_change and not event.is_hidden
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Event, form: forms.ModelForm, change: bool) -> None:
        """Wait for the sessions: event and sessions are saved in one go, below."""

    def save_related(
        self, request: HttpRequest, form: forms.ModelForm, formsets: list[BaseInlineFormSet], change: bool
    ) -> None:
        event, stretches = form.instance, []
        for formset in formsets:
            if isinstance(formset, SessionFormSet):
                # Only notes what changed, for the log entry; `revise` writes the rows.
                formset.save(commit=False)
                stretches = formset.stretches()
        by, now = request.user, clock.now()
        is_veiled = set(private_fields.FIELDS).isdisjoint(form.fields)
        is_told = events.revise(event=event, sessions=stretches, by=by, now=now, keeps_private=is_veiled)
        form.save_m2m()
        call = words.call_of(event)
        if call:
            protection.tell(call=call, changed=form.changed_data, by=by, now=now)
        if is_told and call and call.registrations.filter(state__in=EXPECTING).exists():
            messages.info(request, "The people who registered are told of the change by mail within minutes.")

    # Acts

    def act(self, request: HttpRequest, event_id: int, *, name: str) -> HttpResponseBase:
        """Ask whether it is meant, then do it."""
        event, act = get_object_or_404(self.get_queryset(request), pk=event_id), ACTS[name]
        if not self.has_change_permission(request, event):
            raise PermissionDenied
        if request.method == "POST":
            try:
                act.do(event, by=request.user, now=clock.now())
            except Refused as refusal:
                messages.error(request, str(refusal))
            else:
                self.log_change(request, event, f"{act.title}.")
                messages.success(request, act.done)
            return redirect("admin:events_event_change", event.pk)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": act.title}
        return TemplateResponse(
            request, "admin/events/event/act.html", {**context, "event": event, "act": act, "is_popup": False}
        )

    def preview(self, request: HttpRequest, event_id: int) -> HttpResponseBase:
        """The public page as it would look, whatever the event's status."""
        event, now = get_object_or_404(self.get_queryset(request), pk=event_id), clock.now()
        if not self.has_view_permission(request, event):
            raise PermissionDenied
        context = {"event": event, "beside": queries.beside(event, now), "now": now, "preview": "Preview for staff"}
        return render(request, "events/event-detail.html", context)

    def get_historical_record_context_helper(self, request: HttpRequest, historical_record: Any) -> Any:
        """Of what only confirmed people see, the history shows a publisher that it changed and not what it said."""
        if private_fields.may_read(request, historical_record.instance):
            return super().get_historical_record_context_helper(request, historical_record)
        return private_fields.VeilingHelper(self.model, historical_record)

    # Columns

    @admin.display(description="venue")
    def venue_is_set(self, event: Event) -> str:
        return private_fields.set_or_not(event.venue)

    @admin.display(description="join link")
    def join_link_is_set(self, event: Event) -> str:
        return private_fields.set_or_not(event.join_link)

    @admin.display(description="when")
    def when(self, event: Event) -> str:
        return times.event_when(event) if event.sessions.all() else "no date yet"

    @admin.display(description="public", ordering="status")
    def public_state(self, event: Event) -> str:
        if event.is_hidden:
            return "Hidden"
        state = publication_state(event, clock.now()).label
        return f"{state}, cancelled" if event.is_cancelled else state

    @admin.display(description="registration")
    def registration(self, event: Event) -> SafeString | str:
        call = words.call_of(event)
        if call is None:
            return "none"
        address = reverse("admin:events_call_change", args=[call.pk])
        return format_html('<a href="{}">{}</a>', address, call.get_admission_display())


def _is_known(event: Event | None) -> bool:
    return event is not None and event.status != Status.DRAFT
