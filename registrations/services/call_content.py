"""Writes what a call file says about a call: the call itself, its questions and criteria."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from accounts.models import User
from events.models import Call, Event
from ranportal.shared.refusals import Refused
from registrations import queries
from registrations.call_files import CallContent, CriterionContent, Problem, QuestionContent
from registrations.conditions import broken_conditions
from registrations.models import Answer, Criterion, Question, Registration, Score
from registrations.models.call_key import make_key
from registrations.services import calls, form_building, workflow


def write(*, event: Event, content: CallContent, by: User | None, now: datetime) -> tuple[bool, list[Problem]]:
    """Make or change the event's call so that it is as the file says; in the caller's transaction.

    Returns whether anything changed, and what is refused (the caller then rolls back). What may not change by itself,
    such as a deadline or a capacity, goes the way that an organiser's change goes.
    """
    known = Call.objects.filter(event=event).first()
    if known is None:
        # A call of the past is an archive: nobody waits to be told that its deadline has passed.
        handled = {"deadline_handled_at": now if content.closes_at <= now else None}
        call = Call.objects.create(
            event=event, **_closing(content), **_capacity(content), **_fields(content), **handled
        )
        make_key(call)
        has_changed, problems = True, []
    else:
        call = workflow.locked(known)
        problems = list(_refusals(call, content))
        has_changed = not problems and _change(call, content, problems, by=by, now=now)
    has_changed |= _write_questions(call, content, problems)
    has_changed |= _write_criteria(call, content, problems)
    return has_changed, problems


def _fields(content: CallContent) -> dict[str, Any]:
    return {
        "admission": content.admission,
        "opens_at": content.opens_at,
        "decision_by": content.decision_by,
        "has_waiting_list": content.has_waiting_list,
        "confirm_within_days": content.confirm_within_days,
        "reply_to": content.reply_to,
    }


def _closing(content: CallContent) -> dict[str, Any]:
    return {"closes_at": content.closes_at, "closes_on": content.closes_on}


def _capacity(content: CallContent) -> dict[str, Any]:
    return {"capacity": content.capacity, "places_limit": content.capacity}


def _refusals(call: Call, content: CallContent) -> Iterator[Problem]:
    applied = Registration.objects.filter(call=call).count()
    if applied and content.admission != call.admission:
        yield content.problem("admission", "people have registered already: open or selective cannot change any more.")
    if applied and content.closes_at < call.closes_at:
        yield content.problem(
            "closes_on" if content.closes_on else "closes_at",
            "people have registered already: the deadline can be extended, not brought forward.",
        )


def _change(call: Call, content: CallContent, problems: list[Problem], *, by: User | None, now: datetime) -> bool:
    fields = _fields(content)
    try:
        calls.refuse_new_promises(call=call, changed=_changed(call, fields))
    except Refused as refusal:
        problems.append(content.problem("confirm_within_days", str(refusal)))
    has_changed = _set(call, fields)
    if content.closes_at > call.closes_at:
        has_changed = True
        try:
            call = calls.extend_deadline(
                call=call, closes_at=content.closes_at, closes_on=content.closes_on, by=by, now=now
            )
        except Refused as refusal:
            problems.append(content.problem("closes_on" if content.closes_on else "closes_at", str(refusal)))
    else:
        has_changed |= _set(call, _closing(content))
    if content.capacity != call.capacity:
        has_changed = True
        try:
            calls.change_capacity(call=call, capacity=content.capacity, by=by, now=now)
        except Refused as refusal:
            problems.append(content.problem("capacity", str(refusal)))
    return has_changed


def _set(row: Any, values: dict[str, Any]) -> bool:
    changed = _changed(row, values)
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        row.save(update_fields=list(changed))
    return bool(changed)


def _changed(row: Any, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if getattr(row, name) != value}


def _write_questions(call: Call, content: CallContent, problems: list[Problem]) -> bool:
    """Make the form ask what the file asks, in its order, and nothing else.

    Once staff have changed the form by hand it is theirs: then a file adds and words questions, but takes none out and
    moves none; what it adds stands at the end.
    """
    known, answered, is_theirs = _newest(call), _answered(call), form_building.is_built_by_hand(call)
    end = 1 + max((question.position for question in known.values()), default=0)
    has_changed = False
    for position, wanted in enumerate(content.questions):
        values = _question_values(wanted, known)
        question = known.get(wanted.key)
        if question is None:
            place = position + end if is_theirs else position
            known[wanted.key] = Question.objects.create(call=call, key=wanted.key, position=place, **values)
            has_changed = True
        elif (why := _why_fixed(question, answered)) and (differing := _differing(question, values)):
            words = f"the question “{wanted.key}” {why} and cannot change: {', '.join(differing)}."
            problems.append(Problem(wanted.file, wanted.line, words))
        else:
            has_changed |= _set(question, values if is_theirs else {**values, "position": position})
    if not is_theirs:
        has_changed |= _delete_questions(content, known, answered, problems)
    problems += [content.problem("questions", words) for words in broken_conditions(queries.current_questions(call))]
    return has_changed


def _answered(call: Call) -> set[str]:
    """The keys of the questions that were answered, in whatever wording."""
    return set(Answer.objects.filter(question__call=call).values_list("question__key", flat=True))


def _newest(call: Call) -> dict[str, Question]:
    """By key the newest wording, also where staff let it be asked no longer: a file does not bring it back."""
    return {
        question.key: question for question in call.questions.select_related("condition_question").order_by("version")
    }


def _why_fixed(question: Question, answered: set[str]) -> str:
    if question.retired_at is not None:
        return "is asked no longer"
    return "has been answered" if question.key in answered else ""


def _question_values(wanted: QuestionContent, known: dict[str, Question]) -> dict[str, Any]:
    return {
        "kind": wanted.kind,
        "label": wanted.label,
        "help": wanted.help,
        "is_required": wanted.is_required,
        "condition_question": known[wanted.condition_key] if wanted.condition_key else None,
        "condition_value": wanted.condition_value,
        "audience": wanted.audience,
        "asked_of": wanted.asked_of,
        "is_sensitive": wanted.is_sensitive,
        "purpose": wanted.purpose,
        "legal_basis": wanted.legal_basis,
        "kept_for": wanted.kept_for,
        "choices": [list(choice) for choice in wanted.choices],
        "max_words": wanted.max_words,
        "max_length": wanted.max_length,
        "min_value": wanted.min_value,
        "max_value": wanted.max_value,
        "max_choices": wanted.max_choices,
    }


def _differing(question: Question, values: dict[str, Any]) -> list[str]:
    fields = {field.name: str(field.verbose_name) for field in Question._meta.fields}
    return [fields[name] for name, value in values.items() if getattr(question, name) != value]


def _delete_questions(
    content: CallContent, known: dict[str, Question], answered: set[str], problems: list[Problem]
) -> bool:
    wanted_keys = {wanted.key for wanted in content.questions}
    gone = [one for key, one in known.items() if key not in wanted_keys and one.retired_at is None]
    for question in gone:
        if question.key in answered:
            words = f"the question “{question.key}” has been answered and cannot be taken out."
            problems.append(content.problem("questions", words))
    Question.objects.filter(condition_question__in=gone).exclude(key__in=answered).update(
        condition_question=None, condition_value=""
    )
    if not problems:
        Question.objects.filter(pk__in=[question.pk for question in gone]).delete()
    return bool(gone)


def _write_criteria(call: Call, content: CallContent, problems: list[Problem]) -> bool:
    known = {criterion.key: criterion for criterion in call.criteria.all()}
    scored = set(Score.objects.filter(criterion__call=call).values_list("criterion_id", flat=True))
    has_changed = False
    for position, wanted in enumerate(content.criteria):
        criterion = known.pop(wanted.key, None)
        values = {name: getattr(wanted, name) for name in ("label", "weight", "max_score", "anchors")}
        if criterion is None:
            Criterion.objects.create(call=call, key=wanted.key, position=position, **values)
            has_changed = True
        elif criterion.pk in scored and any(getattr(criterion, name) != value for name, value in values.items()):
            problems.append(_scored_already(wanted))
        else:
            has_changed |= _set(criterion, {**values, "position": position})
    for criterion in known.values():
        has_changed = True
        if criterion.pk in scored:
            words = f"the criterion “{criterion.key}” has scores and cannot be taken out."
            problems.append(content.problem("criteria", words))
        else:
            criterion.delete()
    return has_changed


def _scored_already(wanted: CriterionContent) -> Problem:
    words = f"the criterion “{wanted.key}” has scores and cannot change."
    return Problem(wanted.file, wanted.line, words)
