"""What the law asks for about one person: all that we hold, its erasure, and an end to all of it by itself.

An erased registration keeps its reference, state, country, profession, scores and what was proposed and decided, so
that numbers stay right; nothing in it says who it was. To which reviewers it was given stays as well: a call of which
nothing is given to anybody is open to all its reviewers. Copies in backups and in mailboxes are out of this module's
reach.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from accounts.models import User
from ranportal.shared.refusals import Refused
from registrations import dossiers, policies
from registrations.enums import Act, Channel, MailState, State
from registrations.mail import outbox
from registrations.models import (
    Answer,
    Check,
    Decision,
    Identity,
    OutgoingMail,
    Pin,
    PrivateLink,
    ProposalLine,
    Reconciliation,
    Redaction,
    Registration,
    Review,
    Transition,
)
from registrations.models.registration import ERASED
from registrations.people import address_index
from registrations.services import places, uploads, workflow
from registrations.services.answers import delete_files_after_commit

#: Sensitive answers are kept so long after the event.
SENSITIVE_KEPT = timedelta(days=14)
#: Who gets no place, or gave it up, is kept so long after that.
WITHOUT_PLACE_KEPT = timedelta(days=90)
#: Everyone else is kept so long after the event.
PERSON_KEPT = timedelta(days=365)
#: The text of a mail is kept so long after it was sent.
MAIL_TEXT_KEPT = timedelta(days=90)

#: What the daily checks found is kept so long.
CHECKS_KEPT = timedelta(days=90)

_WITHOUT_PLACE = (State.DECLINED, State.LAPSED, State.WITHDRAWN, State.CANCELLED)
_CHUNK = 500
_IDENTITY = ("given_name", "family_name", "display_name", "email", "organisation")


class NobodyKnown(Refused):
    """No registration has this address."""


@dataclass(frozen=True)
class Erased:
    """What an erasure did: the references that are empty now, and how many places became free by it."""

    references: tuple[str, ...]
    given_up: int


def export_person(*, email: str) -> dict[str, Any]:
    """Return all that is held about the person with this address, as plain JSON; times are ISO 8601 in UTC.

    Who of the staff did or said something is left out, why a proposal proposed somebody or not, what a reviewer said
    of the own conflict of interest, and in texts of the staff others' references and all addresses: that is about
    others. A name in such a text stays. Raises NobodyKnown.
    """
    registrations = _of_address(email)
    return {"email": email, "registrations": [_exported(registration) for registration in registrations]}


def export_registration(*, registration: Registration) -> dict[str, Any]:
    """Return all that is held about one registration, in the shape in which `export_person` returns each."""
    return _exported(registration)


def erase_registration(*, registration: Registration, by: User | None, now: datetime) -> Erased:
    """Erase one registration and nothing else of the same address; `by` None means the person, on the private page.

    What still runs is given up first, so that the next on the list moves up; no mail about that is sent.
    """
    with transaction.atomic():
        call = workflow.locked(registration.call)
        registration = workflow.again(registration, call=call)
        runs = policies.may_withdraw(registration)
        if runs:
            places.withdraw(registration=registration, now=now, by=by)
        _erase([registration.pk], by=by, now=now)
        return Erased((registration.reference,), int(runs))


def erase_person(*, email: str, by: User | None, now: datetime) -> Erased:
    """Erase the person with this address from every registration, answers' files included.

    What still runs is given up first, so that the next on the list moves up; no mail about that is sent. `by` None
    means the command line. Raises NobodyKnown.
    """
    with transaction.atomic():
        # In the order of the calls: whoever erases somebody else from the same calls takes them in the same order.
        for call in sorted({r.call for r in _of_address(email)}, key=lambda call: call.pk):
            workflow.locked(call)
        registrations = _of_address(email)
        given_up = 0
        for registration in registrations:
            if policies.may_withdraw(registration):
                places.withdraw(registration=registration, now=now, by=by, channel=Channel.LETTER)
                given_up += 1
        _erase([registration.pk for registration in registrations], by=by, now=now)
        return Erased(tuple(registration.reference for registration in registrations), given_up)


def purge_expired(*, now: datetime, is_dry_run: bool = False) -> dict[str, int]:
    """Erase what is kept no longer; returns how many of each kind. A dry run only counts. Safe to run twice."""
    unproven = _expired_unproven(now)
    expired = _expired_people(now)
    sensitive = _expired_sensitive(now)
    texts = OutgoingMail.objects.filter(state=MailState.SENT, sent_at__lte=now - MAIL_TEXT_KEPT, rendered__isnull=False)
    checks = Reconciliation.objects.filter(checked_at__lte=now - CHECKS_KEPT)
    counts = {
        "unproven registrations": unproven.count(),
        "people": expired.count(),
        "sensitive answers": sensitive.count(),
        "texts of mails": texts.count(),
        "daily checks": checks.count(),
    }
    if not is_dry_run:
        with transaction.atomic():
            _delete_answers(Answer.objects.filter(registration__in=unproven))
            Registration.objects.filter(pk__in=_ids(unproven)).delete()
            _delete_answers(sensitive)
            _erase(_ids(expired), by=None, now=now)
            texts.update(rendered=None)
            checks.delete()
    # Last: a store that does not answer keeps nobody from being erased.
    files = len(uploads.unnamed(now=now)) if is_dry_run else uploads.delete_unnamed(now=now)
    return {**counts, "files without an answer": files}


def _of_address(email: str) -> list[Registration]:
    found = Registration.objects.filter(address_index=address_index(email)).select_related("call__event", "identity")
    registrations = list(found.order_by("pk"))
    if not registrations:
        raise NobodyKnown("No registration has this address.")
    return registrations


def _expired_unproven(now: datetime) -> QuerySet[Registration]:
    limit = now - policies.UNPROVEN_KEPT
    asked_since = PrivateLink.objects.filter(registration=OuterRef("pk"), created_at__gt=limit)
    return Registration.objects.filter(~Exists(asked_since), state=State.UNPROVEN, call__closes_at__lte=limit)


def _expired_people(now: datetime) -> QuerySet[Registration]:
    over = Q(over_at__lte=now - PERSON_KEPT)
    without_place = Q(state__in=_WITHOUT_PLACE, state_changed_at__lte=now - WITHOUT_PLACE_KEPT)
    known = Registration.objects.exclude(address_index__startswith=ERASED).exclude(state=State.UNPROVEN)
    return known.annotate(over_at=Max("call__event__sessions__ends_at")).filter(over | without_place)


def _expired_sensitive(now: datetime) -> QuerySet[Answer]:
    answers = Answer.objects.filter(question__is_sensitive=True)
    over_at = Max("registration__call__event__sessions__ends_at")
    return answers.annotate(over_at=over_at).filter(over_at__lte=now - SENSITIVE_KEPT)


def _ids(registrations: QuerySet[Registration]) -> list[int]:
    return list(registrations.values_list("pk", flat=True))


def _erase(ids: Sequence[int], *, by: User | None, now: datetime) -> None:
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        _delete_answers(Answer.objects.filter(registration__in=chunk))
        Identity.objects.filter(registration__in=chunk).update(
            given_name="", family_name="", display_name="(erased)", email="", organisation=""
        )
        Check.objects.filter(registration__in=chunk).update(note="")
        Review.objects.filter(registration__in=chunk).update(comment="")
        Decision.objects.filter(registration__in=chunk).update(reason="(erased)")
        ProposalLine.objects.filter(registration__in=chunk).update(reason="(erased)")
        Pin.objects.filter(registration__in=chunk).delete()
        Transition.objects.filter(registration__in=chunk).update(reason="")
        PrivateLink.objects.filter(registration__in=chunk, revoked_at=None).update(revoked_at=now)
        _end_mails(chunk, now=now)
        Registration.objects.filter(pk__in=chunk).update(
            address_index=Concat(Value(ERASED), F("reference")), form_digest=""
        )
        for registration in Registration.objects.filter(pk__in=chunk):
            workflow.record(registration=registration, act=Act.ERASE, now=now, by=by)


def _end_mails(ids: Sequence[int], *, now: datetime) -> None:
    mails = OutgoingMail.objects.filter(registration__in=ids)
    outbox.cancel_unsent(registrations=Registration.objects.filter(pk__in=ids), now=now)
    mails.update(rendered=None)


def _delete_answers(answers: QuerySet[Answer]) -> None:
    found = list(answers.only("pk", "file"))
    Answer.objects.filter(pk__in=[answer.pk for answer in found]).delete()
    delete_files_after_commit([answer.file for answer in found])


def _exported(registration: Registration) -> dict[str, Any]:
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
        "checks": [
            {"at": _iso(c.checked_at), "result": c.get_result_display(), "note": _told(registration, c.note)}
            for c in registration.checks.all()
        ],
        **_exported_assessment(registration),
        "decision": _exported_decision(registration),
        "history": [
            {
                "at": _iso(t.at),
                "what": t.get_act_display(),
                "state": t.get_target_display(),
                "reason": _told(registration, t.reason),
            }
            for t in registration.transitions.all()
        ],
        "mails": [
            {"at": _iso(m.sent_at), "what": m.get_kind_display(), "state": m.get_state_display()}
            for m in registration.mails.all()
        ],
    }


def _exported_assessment(registration: Registration) -> dict[str, Any]:
    return {
        "reviews": [_exported_review(registration, review) for review in registration.reviews.all()],
        "given_to_reviewers": registration.review_tasks.count(),
        "hidden_from_reviewers": list(
            Redaction.objects.filter(answer__registration=registration).values_list("passage", flat=True)
        ),
        "proposals": [
            {"at": _iso(line.proposal.made_at), "said": line.get_proposed_as_display()}
            for line in registration.proposal_lines.select_related("proposal").order_by("proposal_id")
        ],
        "fixed_for_proposals": _exported_pin(registration),
    }


def _exported_review(registration: Registration, review: Review) -> dict[str, Any]:
    scores = {score.criterion.label: score.value for score in review.scores.select_related("criterion")}
    comment = "" if review.has_conflict else _told(registration, review.comment)
    return {"at": _iso(review.changed_at), "scores": scores, "comment": comment}


def _exported_decision(registration: Registration) -> dict[str, Any] | None:
    decision = Decision.objects.filter(registration=registration).first()
    if decision is None:
        return None
    return {
        "outcome": decision.get_outcome_display(),
        "code": decision.get_reason_code_display(),
        "reason": _told(registration, decision.reason),
        "released_at": _iso(decision.released_at),
    }


def _exported_pin(registration: Registration) -> dict[str, Any] | None:
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
