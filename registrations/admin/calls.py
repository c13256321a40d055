"""Calls in the admin: plain fields in the form; capacity, deadline and reviewers through acts that call services."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.doors import ask_for_proof
from accounts.queries import is_administrator
from events import times
from events.models import Call, Event
from events.policies import call_state
from ranportal.shared import clock
from ranportal.shared.admin import HistoryAdmin
from ranportal.shared.refusals import Refused
from registrations import queries, reports
from registrations.admin import form_building, form_copying, trying
from registrations.admin.call_acts import ACTS, offered
from registrations.admin.call_forms import CallForm
from registrations.admin.criterion_inline import CriterionInline
from registrations.models.call_key import make_key
from registrations.services import protection

_ACTS_ONLY = ("event", "admission", "capacity", "places_limit", "places_taken", "deadline")
_PROTECTING = ("reply_to", "join_link_needs_check")
_NOT_YOURS = (
    "This call has organisers, so only they, their deputy and administrators change it, since it protects people."
)
_IS_TOLD = "To change it you show again who you are, and every organiser of the call hears of it by mail."


@admin.register(Call)
class CallAdmin(HistoryAdmin):
    """Publishers and administrators see all calls, organisers their own.

    What touches people (capacity, deadline, reviewers) is for the organisers of the call alone, and so is what
    protects them, beside administrators. Who organises is said by whoever makes the call, and afterwards by
    administrators only.
    """

    form = CallForm
    inlines = (CriterionInline,)
    list_display = ("title", "admission", "state", "deadline", "places", "people")
    list_filter = ("admission",)
    list_select_related = ("event",)
    search_fields = ("event__title", "event__slug")
    ordering = ("-closes_at",)
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    actions = None

    def get_urls(self) -> list[URLPattern]:
        acts = [
            path(
                f"<int:call_id>/{name}/",
                self.admin_site.admin_view(partial(self.act, name=name)),
                name=f"events_call_{name.replace('-', '_')}",
            )
            for name in ACTS
        ]
        return [*acts, *form_building.urls(self), *form_copying.urls(self), *trying.urls(self), *super().get_urls()]

    # Who may

    def get_queryset(self, request: HttpRequest) -> QuerySet[Call]:
        found = super().get_queryset(request).select_related("event")
        if request.user.has_perm("events.add_call"):
            return found
        return found.filter(pk__in=reports.calls_of(request.user).order_by().values("pk"))

    def has_view_permission(self, request: HttpRequest, obj: Call | None = None) -> bool:
        return super().has_view_permission(request, obj) and self._is_theirs(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Call | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._is_theirs(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Call | None = None) -> bool:
        """People hang on it: an event is cancelled, its call is not deleted."""
        return False

    def _is_theirs(self, request: HttpRequest, call: Call | None) -> bool:
        return call is None or call.pk is None or self.get_queryset(request).filter(pk=call.pk).exists()

    # The form

    def get_fieldsets(self, request: HttpRequest, obj: Call | None = None) -> list[tuple[str | None, dict[str, Any]]]:
        when = ("opens_at", "deadline", "decision_by", "list_closes_at")
        if obj is None:
            when = ("opens_at", "closes_on", "closes_at", "decision_by", "list_closes_at")
        places: tuple[str, ...] = ("capacity", "places_limit", "places_taken") if obj else ("capacity",)
        people: tuple[str, ...] = ("organisers",) if request.user.has_perm("events.add_call") else ()
        return [
            (None, {"fields": ("event", "admission")}),
            ("What protects people", {"fields": (*_PROTECTING, *people), "description": _why(request, obj)}),
            ("When (local time of the event)", {"fields": when}),
            ("Places", {"fields": (*places, "has_waiting_list", "confirm_within_days", "gives_on_unanswered")}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Call | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        named = () if is_administrator(request.user) else ("organisers",)
        kept = () if queries.may_change_protection(user=request.user, call=obj) else _PROTECTING
        return (*_ACTS_ONLY, *named, *kept)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "event":
            kwargs["queryset"] = Event.objects.filter(call__isnull=True).order_by("title")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """The stock page, on the clocks of the event. Who changes what protects people proves again who they are."""
        if self._changes_protection(request, object_id) and (asked := ask_for_proof(request)):
            return asked
        with timezone.override(_zone_of(object_id, request.POST.get("event"))):
            response = super().changeform_view(request, object_id, *args, **kwargs)
            return response.render() if isinstance(response, TemplateResponse) else response

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        call = context.get("original")
        is_own = call is not None and _is_own(request, call)
        may_act = is_own and self.has_change_permission(request, call)
        context["offered"] = offered(call) if call and may_act else []
        context["may_hide"] = may_act and request.user.has_perm("events.change_event") and not call.event.is_hidden
        context["balance"] = reports.balance(call) if call and is_own else None
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Call, form: forms.ModelForm, change: bool) -> None:
        """Write what the form changed and nothing else: places are counted by others at the same moment."""
        obj._history_user = request.user
        if not change:
            obj.save()
            make_key(obj)
            return
        own = {field.name for field in Call._meta.concrete_fields}
        changed = [name for name in form.changed_data if name in own]
        if changed:
            obj.save(update_fields=changed)

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: Any, change: bool) -> None:
        """Save; who organises from now on, or no longer, stands in the history by name, and organisers are told."""
        before = set(form.instance.organisers.all()) if change else set()
        super().save_related(request, form, formsets, change)
        if before:
            protection.tell(
                call=form.instance, changed=form.changed_data, by=request.user, now=clock.now(), former=before
            )
        if "organisers" not in form.changed_data:
            return
        after = set(form.cleaned_data["organisers"])
        words = [f"{user.email} organises it from now on." for user in after - before]
        words += [f"{user.email} organises it no longer." for user in before - after]
        self.log_change(request, form.instance, " ".join(sorted(words)))

    def _changes_protection(self, request: HttpRequest, object_id: str | None) -> bool:
        call = self.get_object(request, object_id) if request.method == "POST" and object_id is not None else None
        if call is None or not self.has_change_permission(request, call):
            return False
        form = self.get_form(request, call, change=True)(request.POST, instance=call)
        return not set(protection.OF_CALL).isdisjoint(form.changed_data)

    # Acts

    def act(self, request: HttpRequest, call_id: int, *, name: str) -> HttpResponseBase:
        """One small form; the service's refusal is shown above it in words."""
        call, act = get_object_or_404(self.get_queryset(request), pk=call_id), ACTS[name]
        if not (self.has_change_permission(request, call) and _is_own(request, call)):
            raise PermissionDenied
        with timezone.override(call.event.zone):
            form = act.form(request.POST if request.method == "POST" else None, initial=act.initial(call))
            if request.method == "POST" and form.is_valid():
                try:
                    done = act.run(call, form, request.user, clock.now())
                except Refused as refusal:
                    form.add_error(None, str(refusal))
                else:
                    self.log_change(request, call, f"{act.title}. {done}")
                    messages.success(request, done)
                    return redirect("admin:events_call_change", call.pk)
            frame = {**self.admin_site.each_context(request), "opts": self.opts, "title": act.title, "is_popup": False}
            context = {**frame, "call": call, "act": act, "words": act.words(call), "form": form}
            status = 422 if form.is_bound else 200
            return TemplateResponse(request, "admin/events/call/act.html", context, status=status).render()

    # Columns

    @admin.display(description="event", ordering="event__title")
    def title(self, call: Call) -> str:
        return call.event.title

    @admin.display(description="state")
    def state(self, call: Call) -> str:
        return call_state(call, call.event, clock.now()).label

    @admin.display(description="deadline", ordering="closes_at")
    def deadline(self, call: Call) -> str:
        return times.short_deadline(call)

    @admin.display(description="places taken")
    def places(self, call: Call) -> str:
        return (
            f"{call.places_taken} of {call.capacity}" if call.capacity is not None else f"{call.places_taken}, no limit"
        )

    @admin.display(description="people")
    def people(self, call: Call) -> SafeString:
        address = f"{reverse('admin:registrations_registration_changelist')}?call={call.pk}"
        return format_html('<a href="{}">Registrations</a>', address)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        sees_people = request.user.has_perm("registrations.view_registration")
        return tuple(name for name in self.list_display if sees_people or name != "people")


def _why(request: HttpRequest, call: Call | None) -> str:
    """What stands above the fields that protect people."""
    if call is None or not call.organisers.exists():
        return ""
    return _IS_TOLD if queries.may_change_protection(user=request.user, call=call) else _NOT_YOURS


def _is_own(request: HttpRequest, call: Model) -> bool:
    return reports.calls_of(request.user).filter(pk=call.pk).exists()


def _zone_of(call_id: str | None, event_id: str | None) -> Any:
    key = {"call": call_id} if call_id else {"pk": event_id}
    if not str(next(iter(key.values()))).isdigit():
        return timezone.get_default_timezone()
    event = Event.objects.filter(**key).first()
    return event.zone if event else timezone.get_default_timezone()
