"""What the law asks for about one person: all that we hold, and its erasure.

An erased registration keeps its reference, state, country, profession, scores and what was proposed and decided, so
that numbers stay right; nothing in it says who it was. To which reviewers it was given stays as well: a call of which
nothing is given to anybody is open to all its reviewers. Copies in backups and in mailboxes are out of this module's
reach; what ends by itself is in `purging`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Concat

from accounts.models import User
from ranportal.shared.refusals import Refused
from registrations import own_data, policies
from registrations.enums import Act, Channel
from registrations.mail import outbox
from registrations.models import (
    Alarm,
    Answer,
    Check,
    Consent,
    CounterCard,
    Decision,
    Identity,
    OutgoingMail,
    Pin,
    PrivateLink,
    ProposalLine,
    Registration,
    Review,
    Transition,
    Vouch,
)
from registrations.models.registration import ERASED
from registrations.people import address_index
from registrations.services import cards, places, workflow
from registrations.services.answers import delete_files_after_commit

_CHUNK = 500


class NobodyKnown(Refused):
    """No registration has this address."""


@dataclass(frozen=True)
class Erased:
    """What an erasure did: the references that are empty now, and how many places became free by it."""

    references: tuple[str, ...]
    given_up: int


def export_person(*, email: str) -> dict[str, Any]:
    """Return all that is held about the person with this address, in all calls, as `own_data` tells it.

    Raises NobodyKnown.
    """
    registrations, card = _of_address(email), _card_of(email)
    told = own_data.of_registrations(registrations, email=email)
    return {**told, "counter_card": own_data.of_card(card)}


def export_registration(*, registration: Registration) -> dict[str, Any]:
    """Return all that is held about one registration, in the shape in which `export_person` returns each."""
    return own_data.of_registration(registration)


def erase_registration(*, registration: Registration, by: User | None, now: datetime) -> Erased:
    """Erase one registration and nothing else of the same address; `by` None means the person, on the private page.

    What still runs is given up first, so that the next on the list moves up; no mail about that is sent. With the last
    registration of an address its counter card goes.
    """
    with transaction.atomic():
        call = workflow.locked(registration.call)
        registration = workflow.again(registration, call=call)
        runs = policies.may_withdraw(registration)
        if runs:
            places.withdraw(registration=registration, now=now, by=by)
        index = registration.address_index
        erase(ids=[registration.pk], by=by, now=now)
        if not Registration.objects.filter(address_index=index).exists():
            cards.forget(address_index=index)
        return Erased((registration.reference,), int(runs))


def erase_person(*, email: str, by: User | None, now: datetime) -> Erased:
    """Erase the person with this address from every registration, files and the counter card included.

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
        erase(ids=[registration.pk for registration in registrations], by=by, now=now)
        cards.forget(address_index=address_index(email))
        return Erased(tuple(registration.reference for registration in registrations), given_up)


def is_known(*, email: str) -> bool:
    """Whether we hold anything about the person with this address."""
    return _people(email).exists() or _card_of(email) is not None


def erase(*, ids: Sequence[int], by: User | None, now: datetime) -> None:
    """Leave nothing in these registrations that says who they were, in the caller's transaction. Gives up no place."""
    for start in range(0, len(ids), _CHUNK):
        _erase_chunk(ids[start : start + _CHUNK], by=by, now=now)


def delete_answers(answers: QuerySet[Answer]) -> int:
    """Delete these answers, and their files after the commit; returns how many."""
    found = list(answers.only("pk", "file"))
    Answer.objects.filter(pk__in=[answer.pk for answer in found]).delete()
    delete_files_after_commit([answer.file for answer in found])
    return len(found)


def delete_admin_history(*, ids: Sequence[int]) -> int:
    """Delete what the administration's log says of these registrations; returns how many lines."""
    of_people = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(Registration))
    return of_people.filter(object_id__in=[str(pk) for pk in ids]).delete()[0]


def _people(email: str) -> QuerySet[Registration]:
    return Registration.objects.filter(address_index=address_index(email))


def _card_of(email: str) -> CounterCard | None:
    return CounterCard.objects.filter(address_index=address_index(email)).first()


def _of_address(email: str) -> list[Registration]:
    registrations = list(_people(email).select_related("call__event", "identity").order_by("pk"))
    if not registrations and _card_of(email) is None:
        raise NobodyKnown("No registration has this address.")
    return registrations


def _erase_chunk(chunk: Sequence[int], *, by: User | None, now: datetime) -> None:
    delete_answers(Answer.objects.filter(registration__in=chunk))
    for model in (Consent, Alarm, Vouch, Pin):
        model._default_manager.filter(registration__in=chunk).delete()
    Identity.objects.filter(registration__in=chunk).update(sealed=b"", organisation_index="")
    Check.objects.filter(registration__in=chunk).update(sealed=b"")
    Review.objects.filter(registration__in=chunk).update(comment="")
    Decision.objects.filter(registration__in=chunk).update(reason="(erased)")
    ProposalLine.objects.filter(registration__in=chunk).update(reason="(erased)")
    Transition.objects.filter(registration__in=chunk).update(reason="")
    PrivateLink.objects.filter(registration__in=chunk, revoked_at=None).update(revoked_at=now)
    delete_admin_history(ids=chunk)
    people = Registration.objects.filter(pk__in=chunk)
    outbox.cancel_unsent(registrations=people, now=now)
    OutgoingMail.objects.filter(registration__in=chunk).update(rendered=None)
    people.update(address_index=Concat(Value(ERASED), F("reference")), form_digest="")
    for registration in people:
        workflow.record(registration=registration, act=Act.ERASE, now=now, by=by)
