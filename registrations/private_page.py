"""What the private page of a registration says: what stands, what was sent, and what its person may do."""

from datetime import datetime
from typing import Any

from events.policies import is_visible
from registrations import extras, policies, queries
from registrations.enums import AskedOf
from registrations.models import PrivateLink, Registration


def shown(held: Registration, link: PrivateLink, *, received_at: datetime, now: datetime) -> dict[str, Any]:
    """All that the page's template needs, but for what was just done; `held` is from `queries.my_registration`."""
    may_send = policies.may_send(held.call, received_at=received_at)
    details = _details(held, now=now)
    return {
        "registration": held,
        "call": held.call,
        "event": held.call.event,
        "position": None if held.call.is_selective else queries.position_of(held),
        "mails": queries.mails_of(held),
        "was_list_closed": queries.was_list_closed(held),
        "may_prove": policies.may_prove(
            held, now=now, is_released=queries.is_released(held.call), asked_at=link.created_at
        ),
        "prove_until": policies.prove_until(held.call, asked_at=link.created_at),
        "is_newest": link.version == held.version,
        "may_change": policies.may_change_answers(held, received_at=received_at),
        "may_close_link": policies.may_close_link(held),
        "may_confirm": policies.may_confirm(held),
        "may_withdraw": policies.may_withdraw(held),
        "may_name_contact": policies.may_name_contact(held),
        "may_see_join_link": policies.may_see_join_link(held),
        "is_public": is_visible(held.call.event, now),
        "may_send": may_send,
        "may_register_beside": may_send and held.proven_at is not None and policies.may_withdraw(held),
        "extras": extras.choices(held),
        "free_answers": [answer for answer in held.answers.all() if extras.is_free_question(answer.question)],
        "participants": extras.participants(held.call) if policies.may_see_join_link(held) else [],
        "may_correct": policies.may_correct(held),
        "holds_place": policies.holds_place(held),
        "details": details,
        "has_answered_details": _is_answered(details, held),
        "answers": _of_form(held, AskedOf.EVERYONE),
        "detail_answers": _of_form(held, AskedOf.SELECTED),
    }


def may_answer_details(registration: Registration, *, now: datetime) -> bool:
    """Whether the person may answer the practical questions now; reads the event's sessions."""
    starts_at = queries.first_session_at(registration.call)
    return policies.may_answer_details(registration, starts_at=starts_at, now=now)


def _details(held: Registration, *, now: datetime) -> list[Any]:
    """The practical questions that wait for this person; none for those without a place."""
    return queries.questions_of(held.call, asked_of=AskedOf.SELECTED) if may_answer_details(held, now=now) else []


def _is_answered(details: list[Any], held: Registration) -> bool:
    """Whether they were sent, and since then no question came that everybody must answer."""
    said = {answer.question.key for answer in _of_form(held, AskedOf.SELECTED)}
    must = {question.key for question in details if question.is_required and question.condition_question is None}
    return bool(details) and must <= said and queries.has_answered_details(held)


def _of_form(held: Registration, asked_of: AskedOf) -> list[Any]:
    return [answer for answer in held.answers.all() if answer.question.asked_of == asked_of]
