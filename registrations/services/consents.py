"""Extras: which of them a call asks about, and what its people allow and take back, each by itself."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from accounts.models import User
from events.models import Call
from ranportal.shared.refusals import Refused
from registrations import extras, policies
from registrations.enums import Act, Channel, Extra
from registrations.field_register import TEXTS
from registrations.models import Answer, Consent, OfferedExtra, Registration
from registrations.services import workflow
from registrations.services.answers import delete_files_after_commit


class NotAsked(Refused):
    """The call does not ask about this extra, or not of this person."""


class NothingSaid(Refused):
    """A tick alone says nothing here: what it is about is missing."""


def offer(*, call: Call, extras: Iterable[Extra], by: User, now: datetime) -> Call:
    """Ask the people of a call about exactly these extras. What somebody allowed stands until they take it back."""
    wanted = set(extras)
    with transaction.atomic():
        call = workflow.locked(call)
        call.offered_extras.exclude(extra__in=wanted).delete()
        known = set(call.offered_extras.values_list("extra", flat=True))
        OfferedExtra.objects.bulk_create(
            OfferedExtra(call=call, extra=extra) for extra in Extra if extra in wanted - known
        )
        return call


def give(*, registration: Registration, extra: Extra, detail: str = "", now: datetime) -> Consent:
    """The person allows one extra, to the text as it reads now; `detail` is what belongs to it, and replaces the old.

    The same said twice is said once. Raises NotAsked, NothingSaid.
    """
    text = TEXTS[extra]
    with transaction.atomic():
        registration = _locked(registration)
        if extra not in extras.offered(registration.call) or not policies.may_give_extras(registration):
            raise NotAsked("This is not asked of you any more.")
        if text.asks and not detail:
            raise NothingSaid(f"Please tell us: {text.asks}")
        standing = registration.consents.filter(extra=extra, withdrawn_at=None).first()
        if standing is not None and extras.is_current(standing) and standing.detail == detail:
            return standing
        _end(registration, extra, now=now)
        consent = Consent(registration=registration, extra=extra, wording=text.wording, given_at=now)
        if text.asks:
            consent.detail = detail
        consent.save()
        _trace(registration, Act.GIVE_CONSENT, extra, now=now)
        return consent


def withdraw(*, registration: Registration, extra: Extra, now: datetime) -> None:
    """The person takes one extra back, at any time: what they wrote with it is erased at once. Twice is once."""
    with transaction.atomic():
        registration = _locked(registration)
        if _end(registration, extra, now=now):
            _trace(registration, Act.WITHDRAW_CONSENT, extra, now=now)


def take_back(*, registration: Registration, key: str, now: datetime) -> None:
    """The person takes back an answer that rests on consent, at any time: it is erased at once. Twice is once.

    Nothing else of the registration changes. Answers that rest on anything else stay.
    """
    with transaction.atomic():
        registration = _locked(registration)
        said = [answer for answer in extras.free_answers(registration) if answer.question.key == key]
        if not said:
            return
        Answer.objects.filter(pk__in=[answer.pk for answer in said]).delete()
        delete_files_after_commit([answer.file for answer in said])
        # The form as it was sent is held no more, so it can be sent again.
        registration.form_digest = ""
        registration.save(update_fields=["form_digest"])
        label = said[-1].label
        workflow.record(
            registration=registration, act=Act.WITHDRAW_CONSENT, now=now, channel=Channel.PORTAL, reason=label
        )


def _locked(registration: Registration) -> Registration:
    return workflow.again(registration, call=workflow.locked(registration.call))


def _end(registration: Registration, extra: Extra, *, now: datetime) -> int:
    standing = registration.consents.filter(extra=extra, withdrawn_at=None)
    return standing.update(withdrawn_at=now, sealed=b"")


def _trace(registration: Registration, act: Act, extra: Extra, *, now: datetime) -> None:
    workflow.record(registration=registration, act=act, now=now, channel=Channel.PORTAL, reason=str(extra.label))
