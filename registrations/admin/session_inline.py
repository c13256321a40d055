"""The sessions of an event in its form: a day with hours, or a day without, on the clocks of the event's zone."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from events import times
from events.models import Event, Session
from events.models.event import validate_timezone
from events.services.events import Stretch


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class HourInput(forms.TimeInput):
    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%H:%M")


class SessionForm(forms.ModelForm):
    """One session. The formset tells `zone`; `stretch` is what came of valid input, None for an empty row."""

    day = forms.DateField(widget=DayInput)
    starts = forms.TimeField(label="from", required=False, widget=HourInput, help_text="Empty: a day without hours.")
    ends = forms.TimeField(label="to", required=False, widget=HourInput)
    ends_on = forms.DateField(label="ends on another day", required=False, widget=DayInput)

    class Meta:
        model = Session
        fields: tuple[str, ...] = ()

    zone: ZoneInfo
    stretch: Stretch | None = None

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        day, starts, ends = given.get("day"), given.get("starts"), given.get("ends")
        if day is None or self.errors:
            return given
        if (starts is None) != (ends is None):
            self.add_error("ends", "A session has a start and an end, or neither: then it is a day without hours.")
        elif starts is None or ends is None:
            self.stretch = Stretch(times.day_start(day, self.zone), times.day_end(day, self.zone), is_whole_day=True)
        else:
            self._take_hours(day, starts, given.get("ends_on") or day, ends)
        if self.stretch is not None:
            # For the words of the admin's log; `events.revise` writes the row.
            self.instance.starts_at, self.instance.ends_at = self.stretch.starts_at, self.stretch.ends_at
        return given

    def _take_hours(self, day: date, starts: time, ends_on: date, ends: time) -> None:
        try:
            starts_at = times.instant_of(datetime.combine(day, starts), self.zone)
            ends_at = times.instant_of(datetime.combine(ends_on, ends), self.zone)
        except times.ImpossibleTime as error:
            self.add_error("starts", str(error))
            return
        if ends_at <= starts_at:
            self.add_error("ends", "The session ends before it starts.")
            return
        self.stretch = Stretch(starts_at, ends_at)


class SessionFormSet(forms.BaseInlineFormSet):
    """At least one session; its rows are not saved here but handed to `events.revise` whole."""

    def add_fields(self, form: SessionForm, index: int | None) -> None:
        super().add_fields(form, index)
        form.zone = zone_of(self.instance)
        name_inputs(form)
        if form.instance.pk:
            form.initial.update(_local(form.instance, form.zone))

    def stretches(self) -> list[Stretch]:
        """The sessions as they stand in the form, without those that were ticked for deletion."""
        rows = [form for form in self.forms if form not in self.deleted_forms]
        return [form.stretch for form in rows if form.stretch is not None]


class SessionInline(admin.TabularInline):
    model = Session
    form = SessionForm
    formset = SessionFormSet
    fields = ("day", "starts", "ends", "ends_on")
    extra = 0
    min_num = 1
    verbose_name_plural = "sessions (local times of the event's time zone)"

    def get_formset(self, request: Any, obj: Any = None, **kwargs: Any) -> Any:
        return super().get_formset(request, obj, validate_min=True, **kwargs)


def name_inputs(form: forms.BaseForm) -> None:
    """Give each input of a table's row the name of its column, for those who do not see the column."""
    for field in form.fields.values():
        if not field.widget.is_hidden:
            field.widget.attrs.setdefault("aria-label", field.label)


def zone_of(event: Event) -> ZoneInfo:
    """The event's zone, or the portal's while its form names one that does not exist."""
    try:
        validate_timezone(event.timezone)
    except ValidationError:
        return ZoneInfo("Europe/Brussels")
    return event.zone


def _local(session: Session, zone: ZoneInfo) -> dict[str, date | time | None]:
    starts, ends = session.starts_at.astimezone(zone), session.ends_at.astimezone(zone)
    if session.is_whole_day:
        return {"day": starts.date()}
    is_same_day = ends.date() == starts.date()
    return {
        "day": starts.date(),
        "starts": starts.time(),
        "ends": ends.time(),
        "ends_on": None if is_same_day else ends.date(),
    }
