"""All that is held about one person, as plain JSON: for the person, and for the data protection officer."""

from datetime import datetime
from typing import Any

from registrations import access_reports, dossiers
from registrations.enums import Extra
from registrations.field_register import TEXTS
from registrations.models import CounterCard, Decision, Pin, Redaction, Registration, Review

_IDENTITY = ("given_name", "family_name", "display_name", "email", "organisation")


def of_registrations(registrations: list[Registration], *, email: str) -> dict[str, Any]:
    """Return all that is held about the person of these registrations; times are ISO 8601 in UTC.

    Who of the staff did or said something is left out, why a proposal proposed somebody or not, what a reviewer said
    of the own conflict of interest, and in texts of the staff others' references and all addresses: that is about
    others. A name in such a text stays.
    """
    return {"email": email, "registrations": [of_registration(one) for one in registrations]}


def of_card(card: CounterCard | None) -> dict[str, Any] | None:
    """What the counter card of an address counts."""
    if card is None:
        return None
    counts = {name: getattr(card, name) for name in ("applied", "selected", "attended", "excused")}
    return {**counts, "newest_event": card.last_on.isoformat()}


def of_registration(registration: Registration) -> dict[str, Any]:
    """Return all that is held about one registration."""
    identity = registration.identity
    return {
        "reference": registration.reference,
        "event": registration.call.event.title,
        "state": registration.get_state_display(),
        "role": registration.get_role_display(),
        **{name: getattr(identity, name) for name in _IDENTITY},
        "country": registration.country,
        "profession": registration.get_profession_display(),
        "sent_at": _iso(registration.sent_at),
        "address_confirmed_at": _iso(registration.proven_at),
        "privacy_statement": registration.privacy_version,
        "answers": [{"question": a.label, "answer": a.text} for a in registration.answers.all()],
        "checks": _checks(registration),
        "check": registration.get_check_result_display(),
        **_helped(registration),
        **_assessment(registration),
        "decision": _decision(registration),
        "history": [
            {
                "at": _iso(t.at),
                "what": t.get_act_display(),
                "state": t.get_target_display(),
                "reason": _told(registration, t.reason),
            }
            for t in registration.transitions.all()
        ],
        "looks": [
            {"day": look.day.isoformat(), "role": look.role, "how": look.kind, "times": look.times}
            for look in access_reports.looks_at(registration)
        ],
        "mails": [
            {"at": _iso(m.sent_at), "what": m.get_kind_display(), "state": m.get_state_display()}
            for m in registration.mails.all()
        ],
    }


def _checks(registration: Registration) -> list[dict[str, Any]]:
    return [
        {"at": _iso(check.checked_at), "result": check.get_result_display(), "note": _told(registration, check.note)}
        for check in registration.checks.all()
    ]


def _helped(registration: Registration) -> dict[str, Any]:
    """What the person allowed besides, whom they named, and when they asked for help."""
    return {
        "extras": [
            {
                "allowed": TEXTS[Extra(consent.extra)].allows,
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
                # What was said is promised to the contact point to stay with the organisers.
                "answered_at": _iso(vouch.answered_at),
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
        "reviews": [_review(registration, review) for review in registration.reviews.all()],
        "given_to_reviewers": registration.review_tasks.count(),
        "hidden_from_reviewers": [
            redaction.passage
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
    comment = "" if review.has_conflict else _told(registration, review.comment)
    return {"at": _iso(review.changed_at), "scores": scores, "comment": comment}


def _decision(registration: Registration) -> dict[str, Any] | None:
    decision = Decision.objects.filter(registration=registration).first()
    if decision is None:
        return None
    return {
        "outcome": decision.get_outcome_display(),
        "code": decision.get_reason_code_display(),
        "reason": _told(registration, decision.reason),
        "released_at": _iso(decision.released_at),
    }


def _pin(registration: Registration) -> dict[str, Any] | None:
    pin = Pin.objects.filter(registration=registration).first()
    if pin is None:
        return None
    reason = _told(registration, pin.reason)
    return {"at": _iso(pin.pinned_at), "direction": pin.get_direction_display(), "reason": reason}


def _told(registration: Registration, text: str) -> str:
    """What staff wrote about this person, without what leads to others."""
    return dossiers.without_others(text, own=registration.reference)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
