"""All that is held about one person, as plain JSON: whole for the data protection officer, and cut for the person.

Times are ISO 8601 in UTC. Who of the staff did or said something is left out of both, why a proposal proposed somebody
or not, what a reviewer said of the own conflict of interest, and in texts of the staff others' references and all
addresses: that is about others. A name in such a text stays, so somebody reads it before the person gets it. The cut
for the person therefore holds nothing that staff wrote, scored, proposed or have not released yet.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings

from registrations import access_reports, queries, shared_addresses
from registrations.dossiers import without_others
from registrations.enums import Act, CheckResult, Extra, Outcome, State
from registrations.field_register import TEXTS
from registrations.models import (
    CounterCard,
    Decision,
    OutgoingMail,
    Pin,
    Redaction,
    Registration,
    Review,
    Transition,
    Vouch,
)

_IDENTITY = ("given_name", "family_name", "display_name", "email", "organisation")
#: What is done in view of the person, and what the person does; all else is told by the officer alone.
_IN_VIEW = frozenset(
    {
        *(Act.SEND, Act.PROVE, Act.RELEASE, Act.CONFIRM, Act.LAPSE, Act.PROMOTE, Act.CLOSE_LIST, Act.RECONSIDER),
        *(Act.ATTENDANCE, Act.WITHDRAW, Act.CANCEL, Act.SEND_AGAIN, Act.CHANGE_ANSWERS, Act.CORRECT_ADDRESS),
        *(Act.CHANGE_ROLE, Act.ANSWER_DETAILS, Act.ERASE, Act.GIVE_CONSENT, Act.WITHDRAW_CONSENT),
        *(Act.ASK_VOUCH, Act.VOUCH, Act.UNSAFE, Act.CALLED_BACK, Act.DOWNLOAD, Act.CLOSE_LINK),
    }
)
#: What the mail about a released decision says first.
_DECIDED = {
    Outcome.SELECT: "We offer you a place.",
    Outcome.RESERVE: "You are on the reserve list.",
    Outcome.DECLINE: "We cannot offer you a place this time.",
}

_CARD_OF_SEVERAL = (
    "It counts for all who registered with your address, so the data protection officer tells it to you all together."
)

#: How a label of the staff is told.
_Words = Callable[[str], str]


def of_registration(registration: Registration) -> dict[str, Any]:
    """Return all that is held about one registration, for the data protection officer."""
    return {
        **_application(registration, str),
        **_standing(registration),
        **_check(registration),
        **_helped(registration),
        **_assessment(registration),
        "decision": _decision(registration),
        "history": [_step(registration, step) for step in registration.transitions.all()],
        "looks": _looks(registration),
        "mails": [_mail(mail) for mail in registration.mails.defer("rendered").prefetch_related("bounces")],
        "found_by_daily_checks": [
            {"mail": one.get_kind_display(), "found": one.get_finding_display()} for one in registration.untold.all()
        ],
        "private_links": [
            {
                "version": link.version,
                "made_at": _iso(link.created_at),
                "ended_at": _iso(link.revoked_at),
                "wrong_codes": link.code_tries,
            }
            for link in registration.links.all()
        ],
    }


def for_person(registration: Registration) -> dict[str, Any]:
    """Return what is held about one registration as its person may see it at any moment, before a release too.

    Of checks it says when somebody looked, and the result only once it is fine; of a decision, only of a released one,
    what the mail about it said. Of the counter card the address must be proven; where others registered with it, too,
    the card is about them as well, and is not in this copy.
    """
    is_fine = registration.check_result == CheckResult.FINE
    return {
        "not_in_this_copy": not_in_copy(),
        **_application(registration, _kindly),
        **({"who_you_are": registration.get_check_result_display()} if is_fine else {}),
        "looked_at_who_you_are": [{"at": _iso(check.checked_at)} for check in registration.checks.all()],
        **_helped(registration),
        "decision": _released(registration),
        "history": [
            {"at": _iso(step.at), "what": step.get_act_display(), "state": _kindly(step.get_target_display())}
            for step in registration.transitions.filter(act__in=_IN_VIEW)
        ],
        "looks": _looks(registration),
        "mails": [
            {"at": _iso(mail.sent_at), "what": _kindly(mail.get_kind_display()), "state": mail.get_state_display()}
            for mail in registration.mails.defer("rendered")
        ],
        "counter_card": _own_card(registration),
    }


def not_in_copy() -> str:
    """The one sentence about what the copy for the person leaves out, and who gives it."""
    return (
        "What staff wrote about you, or have not released yet, is given by the data protection officer, who first "
        f"takes out what would tell of others: {settings.DPO_EMAIL}"
    )


def of_contact(vouch: Vouch) -> dict[str, Any]:
    """Return what is held about a contact point in one question to it; nothing of the person who named it."""
    return {
        "name": vouch.name,
        "email": vouch.email,
        "asked_at": _iso(vouch.asked_at),
        "to_answer_until": _iso(vouch.expires_at),
        "answer": vouch.get_answer_display(),
        "answered_at": _iso(vouch.answered_at),
        "ended_at": _iso(vouch.revoked_at),
        "mails": [
            {"at": _iso(mail.sent_at), "state": mail.get_state_display()} for mail in vouch.mails.defer("rendered")
        ],
    }


def of_card(card: CounterCard | None) -> dict[str, Any] | None:
    """What a counter card counts."""
    if card is None:
        return None
    counts = {name: getattr(card, name) for name in ("applied", "selected", "attended", "excused")}
    return {**counts, "newest_event": card.last_on.isoformat()}


def card_of(address_index: str) -> CounterCard | None:
    """The counter card of an address."""
    return CounterCard.objects.filter(address_index=address_index).first()


def _own_card(registration: Registration) -> dict[str, Any] | None:
    card = card_of(registration.address_index) if registration.proven_at else None
    if card is None:
        return None
    # A stranger who only typed the address is counted in no card, and keeps none back.
    counted = shared_addresses.proven_like(registration)
    return {"not_in_this_copy": _CARD_OF_SEVERAL} if shared_addresses.is_shared(counted) else of_card(card)


def _application(registration: Registration, words: _Words) -> dict[str, Any]:
    identity = registration.identity
    return {
        "reference": registration.reference,
        "event": registration.call.event.title,
        "state": words(registration.get_state_display()),
        "role": registration.get_role_display(),
        **{name: getattr(identity, name) for name in _IDENTITY},
        "country": registration.country,
        "profession": registration.get_profession_display(),
        "sent_at": _iso(registration.sent_at),
        "address_confirmed_at": _iso(registration.proven_at),
        "state_since": _iso(registration.state_changed_at),
        "answer_expected_by": _iso(registration.answer_by),
        "is_excused": registration.is_excused,
        "privacy_statement": registration.privacy_version,
        "answers": [
            {"question": answer.label, "answer": answer.text, "changed_at": _iso(answer.changed_at)}
            for answer in registration.answers.all()
        ],
    }


def _standing(registration: Registration) -> dict[str, Any]:
    return {"counts_as_place": registration.is_counted, "position_on_list": registration.list_position}


def _check(registration: Registration) -> dict[str, Any]:
    return {
        "check": registration.get_check_result_display(),
        "checked_at": _iso(registration.checked_at),
        "checks": [
            {
                "at": _iso(check.checked_at),
                "result": check.get_result_display(),
                "note": without_others(check.note, own=registration.reference),
            }
            for check in registration.checks.all()
        ],
    }


def _helped(registration: Registration) -> dict[str, Any]:
    """What the person allowed besides, whom they named, and when they asked for help."""
    return {
        "extras": [
            {
                "allowed": TEXTS[Extra(consent.extra)].allows,
                "wording": consent.wording,
                "said": consent.detail,
                "given_at": _iso(consent.given_at),
                "taken_back_at": _iso(consent.withdrawn_at),
            }
            for consent in registration.consents.all()
        ],
        "contact_points": [
            {
                "name": vouch.name,
                "email": vouch.email,
                "asked_at": _iso(vouch.asked_at),
                "to_answer_until": _iso(vouch.expires_at),
                # What was said is promised to the contact point to stay with the organisers.
                "answered_at": _iso(vouch.answered_at),
                "ended_at": _iso(vouch.revoked_at),
            }
            for vouch in registration.vouches.all()
        ],
        "calls_for_help": [
            {
                "telephone": alarm.telephone,
                "when_to_call": alarm.words,
                "asked_at": _iso(alarm.raised_at),
                "called_at": _iso(alarm.handled_at),
            }
            for alarm in registration.alarms.all()
        ],
    }


def _assessment(registration: Registration) -> dict[str, Any]:
    return {
        "score": {
            "mean_per_cent": registration.score,
            "spread": registration.score_spread,
            "reviews": registration.review_count,
        },
        "reviews": [_review(registration, review) for review in registration.reviews.all()],
        "given_to_reviewers": [_iso(task.assigned_at) for task in registration.review_tasks.all()],
        "hidden_from_reviewers": [
            {"passage": redaction.passage, "at": _iso(redaction.redacted_at)}
            for redaction in Redaction.objects.filter(answer__registration=registration).select_related("answer")
        ],
        "proposals": [
            {"at": _iso(line.proposal.made_at), "said": line.get_proposed_as_display()}
            for line in registration.proposal_lines.select_related("proposal").order_by("proposal_id")
        ],
        "fixed_for_proposals": _pin(registration),
    }


def _review(registration: Registration, review: Review) -> dict[str, Any]:
    scores = {score.criterion.label: score.value for score in review.scores.select_related("criterion")}
    comment = "" if review.has_conflict else without_others(review.comment, own=registration.reference)
    return {"at": _iso(review.changed_at), "scores": scores, "comment": comment}


def _pin(registration: Registration) -> dict[str, Any] | None:
    pin = Pin.objects.filter(registration=registration).first()
    if pin is None:
        return None
    reason = without_others(pin.reason, own=registration.reference)
    return {"at": _iso(pin.pinned_at), "direction": pin.get_direction_display(), "reason": reason}


def _decision(registration: Registration) -> dict[str, Any] | None:
    decision = Decision.objects.filter(registration=registration).first()
    if decision is None:
        return None
    return {
        "outcome": decision.get_outcome_display(),
        "code": decision.get_reason_code_display(),
        "reason": without_others(decision.reason, own=registration.reference),
        "deviates_from_proposal": decision.is_deviation,
        "staged_at": _iso(decision.staged_at),
        "released_at": _iso(decision.released_at),
    }


def _released(registration: Registration) -> dict[str, Any] | None:
    decision = Decision.objects.filter(registration=registration, released_at__isnull=False).first()
    if decision is None:
        return None
    told: dict[str, Any] = {"told": _DECIDED[Outcome(decision.outcome)], "released_at": _iso(decision.released_at)}
    if decision.outcome == Outcome.DECLINE:
        told["criteria"] = "; ".join(queries.criteria_words(registration.call))
    return told


def _step(registration: Registration, step: Transition) -> dict[str, Any]:
    return {
        "at": _iso(step.at),
        "what": step.get_act_display(),
        "before": step.get_source_display(),
        "state": step.get_target_display(),
        "reason": without_others(step.reason, own=registration.reference),
        "how_told": step.get_channel_display(),
    }


def _looks(registration: Registration) -> list[dict[str, Any]]:
    return [
        {"day": look.day.isoformat(), "role": look.role, "how": look.kind, "times": look.times}
        for look in access_reports.looks_at(registration)
    ]


def _mail(mail: OutgoingMail) -> dict[str, Any]:
    return {
        "at": _iso(mail.sent_at),
        "what": mail.get_kind_display(),
        "state": mail.get_state_display(),
        "dated": _iso(mail.date),
        "due_at": _iso(mail.due_at),
        "tries": mail.attempts,
        "may_have_arrived_twice": mail.is_maybe_repeated,
        "message_id": mail.message_id,
        "came_back": [
            {"at": _iso(bounce.at), "for_good": bounce.is_permanent, "status": bounce.status}
            for bounce in mail.bounces.all()
        ],
    }


def _kindly(label: str) -> str:
    """The label of a state or a mail as its person reads it."""
    return "No place this time" if label == State.DECLINED.label else label


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
