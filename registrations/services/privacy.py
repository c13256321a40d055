"""What the law asks for about one person: all that we hold, and its erasure.

An erased registration keeps its reference, state, country, profession, scores and what was proposed and decided, so
that numbers stay right, until `purging` has counted its call and deletes it; nothing in it says who it was. To which
reviewers it was given stays as well: a call of which nothing is given to anybody is open to all its reviewers. Copies
in backups and in mailboxes are out of this module's reach; what ends by itself is in `purging`.
"""

from collections.abc import Collection, Sequence
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
from registrations import own_data, policies, shared_addresses
from registrations.enums import Act, Channel
from registrations.mail import outbox
from registrations.models import (
    Alarm,
    Answer,
    Check,
    Consent,
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
from registrations.services import cards, places, vouching, workflow
from registrations.services.answers import delete_files_after_commit

_CHUNK = 500
#: What a copy says that leaves out what no single registration is: it would tell of others.
LEFT_OUT = (
    "What hangs on the address itself (the counter card, and what is held of it as a contact point), since not all "
    "registrations of this address were chosen."
)
#: What an erasure says that leaves it.
ADDRESS_STAYS = (
    "What hangs on the address itself stays (the counter card, and what is held of it as a contact point), since not "
    "all its registrations were chosen."
)


class NobodyKnown(Refused):
    """We hold nothing about anybody with this address."""


class AddressShared(Refused):
    """Several people registered with this address, and nobody said which of them is meant."""


class NotOfAddress(Refused):
    """A registration that was named is none of this address."""


@dataclass(frozen=True)
class Erased:
    """What an erasure did: the references that are empty now, how many places became free by it, and in how many
    questions to a contact point of this address nothing stands any more. `is_address_kept` says that what hangs on the
    address itself stays, since not all its registrations were chosen.
    """

    references: tuple[str, ...]
    given_up: int
    questions: int = 0
    is_address_kept: bool = False


def export_person(*, email: str, references: Collection[str] = ()) -> dict[str, Any]:
    """Return all that is held about the person with this address, in all calls, as `own_data` tells it.

    Of an address that several people share, `references` says which registrations are meant. The counter card, and
    that somebody named the address as a contact point, are told where these are all of the address; else `left_out`
    says that they are not. Raises NobodyKnown, AddressShared, NotOfAddress.
    """
    meant, is_all = _meant(email, references)
    told = {"email": email, "registrations": [own_data.of_registration(one) for one in meant]}
    if not is_all:
        return told | {"left_out": LEFT_OUT}
    return told | {
        "named_as_contact_point": [own_data.of_contact(vouch) for vouch in _questions_to(email)],
        "counter_card": own_data.of_card(own_data.card_of(address_index(email))),
    }


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


def erase_person(*, email: str, by: User | None, now: datetime, references: Collection[str] = ()) -> Erased:
    """Erase the person with this address from every registration, files and the counter card included, and from every
    question to it as a contact point.

    Of an address that several people share, `references` says which registrations are meant; where these are not all
    of the address, its counter card and the questions stay. What still runs is given up first, so that the next on the
    list moves up; no mail about that is sent. `by` None means the command line. Raises NobodyKnown, AddressShared,
    NotOfAddress.
    """
    with transaction.atomic():
        # In the order of the calls: whoever erases somebody else from the same calls takes them in the same order.
        named_in = {vouch.registration.call for vouch in _questions_to(email)}
        for call in sorted({r.call for r in _of_address(email)} | named_in, key=lambda call: call.pk):
            workflow.locked(call)
        registrations, is_all = _meant(email, references)
        given_up = 0
        for registration in registrations:
            if policies.may_withdraw(registration):
                places.withdraw(registration=registration, now=now, by=by, channel=Channel.LETTER)
                given_up += 1
        erase(ids=[registration.pk for registration in registrations], by=by, now=now)
        questions = list(_questions_to(email)) if is_all else []
        vouching.forget(vouches=questions, now=now)
        if is_all:
            cards.forget(address_index=address_index(email))
        told = tuple(one.reference for one in registrations)
        return Erased(told, given_up, len(questions), is_address_kept=not is_all)


def is_known(*, email: str) -> bool:
    """Whether we hold anything about the person with this address."""
    return _people(email).exists() or own_data.card_of(address_index(email)) is not None or times_named(email=email) > 0


def times_named(*, email: str) -> int:
    """How often somebody named this address as a contact point, as far as it is still held."""
    return _questions_to(email).count()


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


def _questions_to(email: str) -> QuerySet[Vouch]:
    asked = Vouch.objects.filter(address_index=address_index(email))
    return asked.select_related("registration__call__event").order_by("pk")


def _meant(email: str, references: Collection[str]) -> tuple[list[Registration], bool]:
    """The registrations that are meant, and whether they are all of the address."""
    registrations = _of_address(email)
    if not references:
        if shared_addresses.is_shared(registrations):
            raise AddressShared("Several people registered with this address. Say which registrations are meant.")
        return registrations, True
    meant = [one for one in registrations if one.reference in references]
    if strange := sorted(set(references) - {one.reference for one in meant}):
        raise NotOfAddress(f"Not registered with this address: {', '.join(strange)}. Nothing was done.")
    return meant, len(meant) == len(registrations)


def _of_address(email: str) -> list[Registration]:
    registrations = shared_addresses.with_address(email)
    if not registrations and not is_known(email=email):
        raise NobodyKnown("We hold nothing about anybody with this address.")
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
