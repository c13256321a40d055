"""Contact points whom a person names: asking them, what they answer, and taking the question back.

What they answer is shown to organisers and decides nothing (law 9).
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from events import times
from ranportal.shared.refusals import Refused
from registrations import policies, vouch_links
from registrations.enums import Act, Channel, MailKind, VouchAnswer
from registrations.mail import facts, outbox
from registrations.mail.outbox import Letter
from registrations.models import OutgoingMail, Registration, Vouch
from registrations.people import canonical_address
from registrations.services import addresses, workflow

#: How many people one registration may name, whatever became of the questions.
AT_MOST = 3


class NotAsked(Refused):
    """Nobody needs to say who this person is, or not any more."""


class OwnAddress(Refused):
    """The person named the own address."""


class NamedAlready(Refused):
    """This address was named before."""


class EnoughNamed(Refused):
    """The person has named as many people as one may."""


class QuestionOver(Refused):
    """The question was answered or taken back, or its time is over."""


def ask(*, registration: Registration, name: str, email: str, now: datetime) -> Vouch:
    """Ask this contact point by mail whether it knows the person.

    The mail waits where the address had as many mails as one may get; who names an address does not learn that.
    Raises NotAsked, OwnAddress, NamedAlready, EnoughNamed.
    """
    with transaction.atomic():
        call = workflow.locked(registration.call)
        registration = workflow.again(registration, call=call)
        named = list(registration.vouches.order_by("number"))
        _refuse(registration, named, email)
        vouch = Vouch(
            registration=registration,
            number=len(named) + 1,
            key_id=vouch_links.new_key_id(),
            asked_at=now,
            expires_at=now + vouch_links.LIFETIME,
        )
        vouch.name, vouch.email = name, email
        vouch.save()
        workflow.record(registration=registration, act=Act.ASK_VOUCH, now=now, channel=Channel.PORTAL)
        _mail(vouch, now=now)
        return vouch


def answer(*, vouch: Vouch, answer: VouchAnswer, now: datetime) -> Vouch:
    """Note what the contact point says. The same answer twice is one answer. Raises QuestionOver."""
    with transaction.atomic():
        call = workflow.locked(vouch.registration.call)
        vouch = _again(vouch)
        vouch.registration = workflow.again(vouch.registration, call=call)
        if vouch.answer == answer:
            return vouch
        if not vouch_links.is_open(vouch, now=now):
            raise QuestionOver("This question is not open any more. Thank you for looking.")
        vouch.answer, vouch.answered_at = answer, now
        vouch.save(update_fields=["answer", "answered_at"])
        # What was answered is the contact point's own word: it stands in its row, and not in the person's history.
        workflow.record(registration=vouch.registration, act=Act.VOUCH, now=now, channel=Channel.PORTAL)
        return vouch


def withdraw(*, vouch: Vouch, now: datetime) -> Vouch:
    """Take the question back: its link ends, and its mail does not go out if it has not. Raises QuestionOver."""
    with transaction.atomic():
        call = workflow.locked(vouch.registration.call)
        vouch = _again(vouch)
        if vouch.revoked_at is not None:
            return vouch
        vouch.registration = workflow.again(vouch.registration, call=call)
        if not vouch_links.is_open(vouch, now=now):
            raise QuestionOver("This person has answered already, or the time to answer is over.")
        vouch.revoked_at = now
        vouch.save(update_fields=["revoked_at"])
        outbox.cancel_question(vouch=vouch, now=now)
        told = "Taken back."
        workflow.record(
            registration=vouch.registration, act=Act.ASK_VOUCH, now=now, reason=told, channel=Channel.PORTAL
        )
        return vouch


def forget(*, vouches: Sequence[Vouch], now: datetime) -> None:
    """Leave nothing in these questions that says who was asked, in the caller's transaction; their links end.

    What was answered stays: it is about the person who asked, and says of nobody who said it.
    """
    for vouch in vouches:
        outbox.cancel_question(vouch=vouch, now=now)
    asked = Vouch.objects.filter(pk__in=[vouch.pk for vouch in vouches])
    OutgoingMail.objects.filter(vouch__in=asked).update(rendered=None, last_error="")
    asked.filter(answer="", revoked_at=None).update(revoked_at=now)
    asked.update(sealed=b"", address_index="")


def _refuse(registration: Registration, named: list[Vouch], email: str) -> None:
    if not policies.may_name_contact(registration):
        raise NotAsked("Nobody needs to be asked for this registration, or not any more.")
    if canonical_address(email) == canonical_address(registration.identity.email):
        raise OwnAddress("This is your own address. Please name somebody else who knows your work.")
    if any(canonical_address(vouch.email) == canonical_address(email) for vouch in named):
        raise NamedAlready("You have named this person already.")
    if len(named) >= AT_MOST:
        raise EnoughNamed(f"You have named {AT_MOST} people, which is as many as we ask. Please write to us instead.")


def _mail(vouch: Vouch, *, now: datetime) -> None:
    about = facts.of_call(vouch.registration.call)
    until = times.short_date(vouch.expires_at.astimezone(about.call.event.zone).date())
    letter = Letter(
        MailKind.VOUCH_ASKED,
        str(vouch.number),
        vouch=vouch,
        says={"answer_day": until},
        due_at=addresses.next_mail_at(address_index=vouch.address_index, now=now),
        useless_after=vouch.expires_at,
    )
    outbox.put(letter, about=about, now=now)


def _again(vouch: Vouch) -> Vouch:
    return Vouch.objects.select_related("registration__call").get(pk=vouch.pk)
