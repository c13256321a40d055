"""Forms about a call: its plain fields, and one small form for each thing that only a service may change."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from accounts.enums import Role
from accounts.models import User
from events import times
from events.models import Call, Event
from ranportal.shared.refusals import Refused
from registrations.admin.moments import MomentField
from registrations.admin.session_inline import DayInput
from registrations.enums import Extra
from registrations.services import calls, form_building

_LOCAL = "Local time of the event."
AFTER_EVENT = "The call would close after the event is over."


class CallForm(forms.ModelForm):
    """The fields of a call. A new one also takes deadline and capacity; later those have acts of their own."""

    opens_at = MomentField(label="Opens", help_text=_LOCAL)
    closes_on = forms.DateField(
        label="Closes on", required=False, widget=DayInput, help_text="The whole day counts. Or give a moment instead."
    )
    closes_at = MomentField(label="Or closes at", required=False, help_text=_LOCAL)
    list_closes_at = MomentField(
        label="The list closes",
        required=False,
        help_text=f"{_LOCAL} Who is still on the list then is told. Empty: 24 hours before the event.",
    )
    decision_by = forms.DateField(label="Everyone hears by", required=False, widget=DayInput)

    class Meta:
        model = Call
        exclude = ("places_limit", "places_taken", "deadline_handled_at")  # noqa: DJ006  # services write these
        widgets = {"organisers": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "organisers" in self.fields:
            self.fields["organisers"].queryset = people_of(Role.ORGANISER)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if self.instance.pk is None:
            self._take_new_call(given)
        if given.get("admission", self.instance.admission) == "selective" and not given.get("decision_by"):
            self.add_error("decision_by", "A selective call says by which day everyone hears.")
        self._compare(given)
        is_moved = bool(self.instance.pk) and "opens_at" in self.changed_data
        if is_moved and (why := form_building.why_not_public(self.instance.event)):
            self.add_error("opens_at", why)
        self._keep_promises()
        return given

    def clean_organisers(self) -> Any:
        """A call that somebody organises is not left without anybody."""
        named = self.cleaned_data["organisers"]
        if not named and self.instance.pk and self.instance.organisers.exists():
            raise forms.ValidationError("Somebody has to organise this call: name somebody else first.")
        return named

    def _keep_promises(self) -> None:
        """Until the page's transaction ends no release is given: validating and saving is one."""
        if self.instance.pk is None:
            return
        try:
            calls.refuse_new_promises(call=self.instance, changed=self.changed_data)
        except Refused as refusal:
            for name in sorted(calls.PROMISED.intersection(self.changed_data)):
                self.add_error(name, str(refusal))

    def _compare(self, given: dict[str, Any]) -> None:
        closes_at = given.get("closes_at") or self.instance.closes_at
        if given.get("opens_at") and closes_at and closes_at <= given["opens_at"]:
            self.add_error("opens_at", "A call opens before it closes.")
        event = given.get("event") or (self.instance.event if self.instance.pk else None)
        if event is None or closes_at is None or (self.instance.pk and "decision_by" not in self.changed_data):
            return
        if self.instance.pk is None and is_after_event(closes_at, event):
            self.add_error("closes_on" if given.get("closes_on") else "closes_at", AFTER_EVENT)
        decision_by, first = given.get("decision_by"), event.sessions.order_by("starts_at").first()
        if decision_by and decision_by < last_day(closes_at, event.zone):
            self.add_error("decision_by", "Everyone would hear before the call has closed.")
        if decision_by and first and decision_by > first.starts_at.astimezone(event.zone).date():
            self.add_error("decision_by", "Everyone would hear after the event has begun.")

    def _take_new_call(self, given: dict[str, Any]) -> None:
        closes_on, closes_at = given.get("closes_on"), given.get("closes_at")
        if bool(closes_on) == bool(closes_at):
            self.add_error("closes_on", "Please give a day or a moment, one of the two.")
        elif closes_on and given.get("event"):
            given["closes_at"] = times.day_end(closes_on, given["event"].zone)
        self.instance.places_limit = given.get("capacity")


class CapacityForm(forms.Form):
    capacity = forms.IntegerField(
        label="Places", min_value=1, max_value=100_000, required=False, help_text="Empty: no limit."
    )


class OverInviteForm(forms.Form):
    more = forms.IntegerField(
        label="Invite so many more than there are places",
        min_value=0,
        max_value=100_000,
        help_text="0: as many people as there are places.",
    )


class SelectionForm(forms.Form):
    """Who releases, and how a free place is given."""

    use_required_attribute = False
    needs_second_person = forms.BooleanField(
        label="A second person releases",
        required=False,
        help_text=(
            "Whoever staged or undid one of the decisions does not release them. Only an administrator can switch this "
            "off again."
        ),
    )
    deputy = forms.ModelChoiceField(
        label="Deputy",
        queryset=User.objects.none(),
        required=False,
        empty_label="Nobody",
        help_text="May see the release page of this call and release, also without organising it.",
    )
    promotes_by_itself = forms.BooleanField(
        label="A free place goes to the next on the list by itself",
        required=False,
        help_text="Otherwise it stays free until an organiser offers it on the page “Free places”.",
    )
    telephone_hours = forms.IntegerField(
        label="Only by telephone in the last hours before the event",
        min_value=0,
        max_value=720,
        help_text="So many hours before it begins. In them nobody is offered a place by mail. 0: never.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["deputy"].queryset = people_of(Role.ORGANISER)


class DeadlineForm(forms.Form):
    """A later deadline: a day that counts whole, or a moment of the event's local time."""

    closes_on = forms.DateField(
        label="New last day", required=False, widget=DayInput, help_text="The whole day counts."
    )
    closes_at = MomentField(label="Or a moment", required=False, help_text=_LOCAL)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not self.errors and bool(given.get("closes_on")) == bool(given.get("closes_at")):
            raise forms.ValidationError("Please give a day or a moment, one of the two.")
        return given

    def deadline(self, zone: ZoneInfo) -> tuple[datetime, date | None]:
        """The first moment that is too late, and the day where a day was given."""
        day = self.cleaned_data["closes_on"]
        return (times.day_end(day, zone), day) if day else (self.cleaned_data["closes_at"], None)


class ReviewersForm(forms.Form):
    reviewers = forms.ModelMultipleChoiceField(
        label="Reviewers",
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="They read the applications of this call without names, and score them.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reviewers"].queryset = people_of(Role.REVIEWER)


class ExtrasForm(forms.Form):
    extras = forms.MultipleChoiceField(
        label="Extras",
        choices=Extra.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Each is asked by itself, on the private page, of those who have proved their address.",
    )


def is_after_event(closes_at: datetime, event: Event) -> bool:
    """Whether a deadline would lie after the end of the event."""
    last = event.sessions.order_by("ends_at").last()
    return last is not None and closes_at > last.ends_at


def last_day(closes_at: datetime, zone: ZoneInfo) -> date:
    """The last day, in the zone, of which some part is before the deadline."""
    return (closes_at.astimezone(zone) - timedelta(microseconds=1)).date()


def people_of(*roles: Role) -> Any:
    """The active accounts that have one of these roles."""
    return User.objects.filter(is_active=True, groups__name__in=roles).distinct().order_by("name", "email")
