"""The practical questions, asked of those who are selected: travel, meals, access."""

from datetime import datetime

from django.db import transaction

from ranportal.shared.refusals import Refused
from registrations import policies, queries
from registrations.enums import Act, AskedOf
from registrations.models import Registration
from registrations.services import uploads, workflow
from registrations.services.answers import Answers, replace_answers


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
