"""What an organiser fills in for each act on one registration."""

from typing import Any

from django import forms

from registrations import identity_checks, queries
from registrations.enums import Act, Channel, CheckResult, Outcome, ParticipantRole, ReasonCode, State
from registrations.models import PrivateLink, Registration
from registrations.states import MOVES

NO_CASES = "The person may read it on request. No names, places or details of a case."
#: What reviewers say of their own conflicts of interest is about themselves, so the person is not told.
FOR_STAFF = "For staff only. No names, places or details of a case."
_BY_STAFF = [choice for choice in Channel.choices if choice[0] != Channel.PORTAL]
ATTENDANCE = {
    "attended": (State.ATTENDED, False, "Took part"),
    "absent": (State.ABSENT, False, "Did not take part"),
    "excused": (State.ABSENT, True, "Did not take part, excused"),
    "open": (State.CONFIRMED, False, "Not marked"),
}


class ActForm(forms.Form):
    """A form about one registration; its fields carry the act's name as prefix, since several stand on one page."""

    def __init__(self, *args: Any, registration: Registration, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        self.registration = registration


def reason_field(label: str = "Reason", **options: Any) -> forms.CharField:
    """Why something is decided; no page and no mail shows it to the person, the copy of the dossier does."""
    return forms.CharField(
        label=label,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=NO_CASES,
        error_messages={"required": "Please give a reason."},
        **options,
    )


class ReasonForm(forms.Form):
    """Why a decision is staged: a reason that can be counted, and words; “another reason” says nothing without them."""

    code = forms.ChoiceField(label="Reason", choices=ReasonCode.choices, initial=ReasonCode.OTHER, required=False)
    reason = reason_field("In words", required=False)

    def clean_code(self) -> ReasonCode:
        return ReasonCode(self.cleaned_data["code"] or ReasonCode.OTHER)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("code") == ReasonCode.OTHER and not given.get("reason") and "reason" not in self.errors:
            self.add_error("reason", "Please give a reason.")
        return given


class PlainForm(ActForm):
    """Nothing to fill in."""


class ChannelForm(ActForm):
    channel = forms.ChoiceField(label="How they told us", choices=_BY_STAFF)


class ShownField(forms.CharField):
    """Stands for what the page shows: on a page that comes back, for what it shows then, not for what was sent."""

    widget = forms.HiddenInput

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial


class CheckForm(ActForm):
    result = forms.ChoiceField(label="Result", choices=CheckResult.choices)
    note = forms.CharField(
        label="Why", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text=NO_CASES
    )
    shown = ShownField(required=False, strip=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("result", self.registration.check_result)
        self.initial["shown"] = identity_checks.seen(self.registration)


class StageForm(ReasonForm, ActForm):
    outcome = forms.ChoiceField(label="Decision", choices=Outcome.choices)

    field_order = ("outcome", "code", "reason")


class AddressForm(ChannelForm):
    email = forms.EmailField(
        label="Right address",
        error_messages={"required": "Enter the right address."},
        help_text="A new mail asks to confirm it. Links sent to the old address stop working.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    field_order = ("email", "channel")


class CloseLinkForm(ChannelForm):
    """Names the link that the page showed, so that pressing twice closes one."""

    shown = ShownField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = queries.newest_link(self.registration)
        self.initial["shown"] = newest.pk if newest else ""

    def link(self) -> PrivateLink | None:
        """The link that was shown, where it is one of this registration."""
        theirs = self.registration.links.select_related("registration__call__event")
        return next((link for link in theirs if str(link.pk) == self.cleaned_data["shown"]), None)


class GiveOnForm(ActForm):
    reason = reason_field(initial="No answer in time.")


class ReconsiderForm(ActForm):
    target = forms.ChoiceField(label="New decision")
    reason = reason_field()

    channel = forms.ChoiceField(
        label="How they told us", choices=[("", "Nobody asked: we decided"), *_BY_STAFF], required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target"].choices = [(state.value, state.label) for state in targets_of(self.registration)]


class RoleForm(ActForm):
    role = forms.ChoiceField(label="Role", choices=ParticipantRole.choices)
    is_counted = forms.BooleanField(label="Takes one of the places", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("role", self.registration.role)
        self.initial.setdefault("is_counted", self.registration.is_counted)


class AttendanceForm(ActForm):
    mark = forms.ChoiceField(label="At the event", choices=[(key, words[2]) for key, words in ATTENDANCE.items()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("mark", attendance_of(self.registration))


def attendance_of(registration: Registration) -> str:
    """The key in ATTENDANCE that says what was marked."""
    if registration.state == State.ABSENT:
        return "excused" if registration.is_excused else "absent"
    return "attended" if registration.state == State.ATTENDED else "open"


def targets_of(registration: Registration) -> list[State]:
    """What an organiser may make of this registration by deciding again, as the table of moves and the call say."""
    given = State.CONFIRMED if registration.call.confirm_within_days is None else State.SELECTED
    holds = {State.SELECTED, State.CONFIRMED}
    lines = [move for move in MOVES if move.act == Act.RECONSIDER and move.source == registration.state]
    return [line.target for line in lines if line.target not in holds or line.target == given]
