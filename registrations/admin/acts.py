"""What an organiser can do to one registration: when it is offered, what is asked, which service does it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from registrations import policies, review_reports
from registrations.admin import act_forms as forms
from registrations.admin import review_forms
from registrations.enums import CheckResult, Outcome, ParticipantRole, State
from registrations.models import Criterion, Registration
from registrations.services import addresses, assigning, intake, places, reviewing, selection


@dataclass(frozen=True)
class Act:
    """One act. `run` calls one service and returns what to say afterwards; refusals come from the service."""

    name: str
    title: str
    button: str
    form: type[forms.ActForm]
    is_offered: Callable[[Registration], bool]
    run: Callable[[Registration, Any, User, datetime], str]
    hint: str = ""


def _check(registration: Registration, form: forms.CheckForm, by: User, now: datetime) -> str:
    given = form.cleaned_data
    result, note, shown = CheckResult(given["result"]), given["note"], given["shown"]
    reviewing.note_check(registration=registration, result=result, note=note, shown=shown, by=by, now=now)
    return "Check noted."


def _score(registration: Registration, form: review_forms.ScoreForm, by: User, now: datetime) -> str:
    comment = form.cleaned_data["comment"]
    reviewing.score(registration=registration, reviewer=by, scores=form.scores(), comment=comment, now=now)
    return "Your scores are saved."


def _redact(registration: Registration, form: review_forms.RedactForm, by: User, now: datetime) -> str:
    given = form.cleaned_data
    given["answer"].registration = registration
    reviewing.redact(answer=given["answer"], passage=given["passage"], by=by, now=now)
    return "Reviewers do not see this passage."


def _show_again(registration: Registration, form: review_forms.ShowAgainForm, by: User, now: datetime) -> str:
    reviewing.show_again(redaction=form.cleaned_data["redaction"], by=by, now=now)
    return "Reviewers see this passage again."


def _choose_readers(registration: Registration, form: review_forms.ReadersForm, by: User, now: datetime) -> str:
    number = assigning.choose(registration=registration, reviewers=form.cleaned_data["reviewers"], by=by, now=now)
    return f"Given to {number} reviewer{'' if number == 1 else 's'}."


def _stage(registration: Registration, form: forms.StageForm, by: User, now: datetime) -> str:
    given = form.cleaned_data
    selection.stage(
        registrations=[registration],
        outcome=Outcome(given["outcome"]),
        code=given["code"],
        reason=given["reason"],
        by=by,
        now=now,
    )
    return "Decision staged. Nobody is told before you release."


def _unstage(registration: Registration, form: forms.PlainForm, by: User, now: datetime) -> str:
    selection.unstage(registrations=[registration], by=by, now=now)
    return "The staged decision is undone."


def _prove(registration: Registration, form: forms.ChannelForm, by: User, now: datetime) -> str:
    intake.prove_by_hand(registration=registration, by=by, channel=form.cleaned_data["channel"], now=now)
    return "The address counts as confirmed."


def _correct_address(registration: Registration, form: forms.AddressForm, by: User, now: datetime) -> str:
    given = form.cleaned_data
    addresses.correct_address(registration=registration, email=given["email"], by=by, channel=given["channel"], now=now)
    return "Address corrected. A mail asks to confirm it."


def _close_link(registration: Registration, form: forms.CloseLinkForm, by: User, now: datetime) -> str:
    channel, link = form.cleaned_data["channel"], form.link()
    if link is None or addresses.close_link(link=link, by=by, channel=channel, now=now) is None:
        return "The link that this page showed was closed already: the newest one stands."
    return "The link is closed. A new one is on its way."


def _confirm(registration: Registration, form: forms.ChannelForm, by: User, now: datetime) -> str:
    places.confirm(registration=registration, by=by, channel=form.cleaned_data["channel"], now=now)
    return "The place is confirmed."


def _give_up(registration: Registration, form: forms.ChannelForm, by: User, now: datetime) -> str:
    places.withdraw(registration=registration, by=by, channel=form.cleaned_data["channel"], now=now)
    return "The registration is given up."


def _give_on(registration: Registration, form: forms.GiveOnForm, by: User, now: datetime) -> str:
    reason = form.cleaned_data["reason"]
    selection.reconsider(registration=registration, target=State.LAPSED, reason=reason, by=by, channel="", now=now)
    return "The place is given on; a mail is on its way."


def _reconsider(registration: Registration, form: forms.ReconsiderForm, by: User, now: datetime) -> str:
    given = form.cleaned_data
    selection.reconsider(
        registration=registration,
        target=State(given["target"]),
        reason=given["reason"],
        by=by,
        channel=given["channel"],
        now=now,
    )
    return "Decided again; a mail is on its way."


def _change_role(registration: Registration, form: forms.RoleForm, by: User, now: datetime) -> str:
    given = form.cleaned_data
    places.change_role(
        registration=registration,
        role=ParticipantRole(given["role"]),
        is_counted=given["is_counted"],
        by=by,
        now=now,
    )
    return "Role changed."


def _mark_attendance(registration: Registration, form: forms.AttendanceForm, by: User, now: datetime) -> str:
    state, is_excused, _ = forms.ATTENDANCE[form.cleaned_data["mark"]]
    places.mark_attendance(registrations=[registration], state=state, is_excused=is_excused, by=by, now=now)
    return "Attendance marked."


def _has_unreleased_decision(registration: Registration) -> bool:
    decision = getattr(registration, "decision", None)
    return decision is not None and decision.released_at is None and policies.may_stage(registration)


_GONE = (State.WITHDRAWN, State.CANCELLED)

ACTS: tuple[Act, ...] = (
    Act("check", "Note the check", "Save the check", forms.CheckForm, lambda r: r.state != State.WITHDRAWN, _check),
    Act("score", "Score", "Save my scores", review_forms.ScoreForm, policies.may_stage, _score),
    Act(
        "readers",
        "Choose who reviews this",
        "Save",
        review_forms.ReadersForm,
        lambda r: r.call.is_selective and policies.may_stage(r),
        _choose_readers,
        "As soon as one application of the call is given to somebody, each reviewer sees only those given to them.",
    ),
    Act(
        "redact",
        "Hide a passage from reviewers",
        "Hide",
        review_forms.RedactForm,
        lambda r: r.call.is_selective and policies.may_stage(r),
        _redact,
        "The answer stays as it is; reviewers see a mask instead, also where somebody repeats the passage.",
    ),
    Act(
        "show-again",
        "Show a hidden passage again",
        "Show again",
        review_forms.ShowAgainForm,
        lambda r: policies.may_stage(r) and review_reports.hides_passages(r),
        _show_again,
    ),
    Act(
        "stage",
        "Stage a decision",
        "Stage",
        forms.StageForm,
        policies.may_stage,
        _stage,
        "Has no effect, and nobody is told, until the decisions of the call are released.",
    ),
    Act("unstage", "Undo the staged decision", "Undo", forms.PlainForm, _has_unreleased_decision, _unstage),
    Act(
        "prove",
        "Confirm the address for them",
        "The address is right",
        forms.ChannelForm,
        lambda r: r.proven_at is None and r.state not in (State.WITHDRAWN, State.CANCELLED),
        _prove,
        "Only when you have spoken to the person.",
    ),
    Act("confirm", "Confirm the place for them", "They will come", forms.ChannelForm, policies.may_confirm, _confirm),
    Act(
        "give-on",
        "Give the place on",
        "Give on",
        forms.GiveOnForm,
        lambda r: r.state == State.SELECTED,
        _give_on,
        "For people who do not answer. They get a mail, and the place goes to the next on the list.",
    ),
    Act(
        "reconsider",
        "Decide again",
        "Decide again",
        forms.ReconsiderForm,
        lambda r: bool(forms.targets_of(r)),
        _reconsider,
        "Takes effect at once: the person gets a mail.",
    ),
    Act(
        "attendance",
        "Attendance",
        "Mark",
        forms.AttendanceForm,
        lambda r: r.state in (State.CONFIRMED, State.ATTENDED, State.ABSENT),
        _mark_attendance,
    ),
    Act("role", "Change the role", "Change", forms.RoleForm, lambda r: r.state not in _GONE, _change_role),
    Act(
        "address",
        "Correct the address",
        "Correct",
        forms.AddressForm,
        lambda r: r.state not in _GONE,
        _correct_address,
    ),
    Act(
        "close-link",
        "Close the link and send a new one",
        "Close and send",
        forms.CloseLinkForm,
        policies.may_close_link,
        _close_link,
        "For somebody whose link others may have. Every link so far opens nothing any more, and a new one goes to the "
        "confirmed address. If others read that mailbox, correct the address instead.",
    ),
    Act(
        "give-up",
        "Give up for them",
        "They will not come",
        forms.ChannelForm,
        policies.may_withdraw,
        _give_up,
        "A place that becomes free goes to the next on the list.",
    ),
)
BY_NAME: Mapping[str, Act] = {act.name: act for act in ACTS}


def offered(registration: Registration, *, criteria: list[Criterion]) -> list[Act]:
    """The acts that make sense for the registration as it is: scoring only with criteria, and none once erased."""
    if registration.is_erased:
        return []
    return [act for act in ACTS if act.is_offered(registration) and (act.name != "score" or criteria)]
