"""What people add and put right later: the practical questions of those who are selected, and who they are."""

from datetime import datetime

from django.db import transaction

from ranportal.shared.refusals import Refused
from registrations import policies, queries
from registrations.enums import Act, AskedOf, Channel, MailKind
from registrations.mail import facts, outbox
from registrations.mail.outbox import Letter
from registrations.models import Registration
from registrations.services import identities, uploads, workflow
from registrations.services.answers import Answers, replace_answers

#: What of the identity people put right themselves; the address is what was proven, and an organiser corrects it.
CORRECTED = ("given_name", "family_name", "display_name", "organisation")


class NothingLeft(Refused):
    """The registration was erased."""


class DetailsClosed(Refused):
    """The practical questions are not asked of this person, or not any more."""


def answer(*, registration: Registration, answers: Answers, now: datetime) -> Registration:
    """Put these answers to the practical questions in place of the old, until the event starts.

    Raises DetailsClosed.
    """
    with uploads.stored(answers) as answers, transaction.atomic():
        call = workflow.locked(registration.call)
        registration = workflow.again(registration, call=call)
        if not policies.may_answer_details(registration, starts_at=queries.first_session_at(call), now=now):
            raise DetailsClosed(
                "These questions are asked of those who have a place, until the event starts. Write to us if something "
                "changes now."
            )
        replace_answers(registration, answers, now=now, asked_of=AskedOf.SELECTED)
        workflow.record(registration=registration, act=Act.ANSWER_DETAILS, now=now, channel="portal")
        return registration


def correct(
    *,
    registration: Registration,
    given_name: str,
    family_name: str,
    display_name: str,
    organisation: str,
    country: str,
    now: datetime,
) -> Registration:
    """The person puts right who they are, at any time. The same again changes nothing. Raises NothingLeft."""
    wanted = dict(zip(CORRECTED, (given_name, family_name, display_name, organisation), strict=True))
    with transaction.atomic():
        call = workflow.locked(registration.call)
        registration = workflow.again(registration, call=call)
        if not policies.may_correct(registration):
            raise NothingLeft("This registration was erased.")
        changed = identities.rewrite(registration=registration, said=wanted, now=now)
        if not changed and registration.country == country:
            return registration
        # No form says any more what is held, so none that is sent is a form sent twice.
        registration.country, registration.form_digest = country, ""
        registration.save(update_fields=["country", "form_digest"])
        trace = workflow.record(registration=registration, act=Act.CHANGE_ANSWERS, now=now, channel=Channel.PORTAL)
        # Nobody is told until when to change answers that cannot be changed any more.
        says = {} if policies.may_change_answers(registration, received_at=now) else {"deadline": ""}
        letter = Letter(MailKind.ANSWERS_CHANGED, f"t{trace.pk}", registration, says)
        outbox.put(letter, about=facts.of_call(call), now=now)
        return registration


def note_download(*, registration: Registration, now: datetime) -> None:
    """Leave the trace that the person took along what is held."""
    with transaction.atomic():
        workflow.record(registration=registration, act=Act.DOWNLOAD, now=now, channel=Channel.PORTAL)
