"""Writes on the form of a call: its questions, their order and conditions, and the library of tried questions.

What was answered keeps its wording: it is asked in other words by a new version, or no longer. A published form never
gets a condition that cannot hold. What protects a question from now on (fewer readers, sensitive) protects what was
answered to its earlier versions as well. Every change stands in the history of the call.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts.models import User
from events.enums import Status
from events.models import Call, Event
from ranportal.shared.refusals import Refused
from registrations import queries
from registrations.conditions import broken_conditions
from registrations.enums import AskedOf, Audience, LegalBasis
from registrations.field_register import is_free, kept_for, legal_basis
from registrations.models import Answer, LibraryQuestion, Question
from registrations.models.question import AbstractQuestion
from registrations.services import answers, workflow

#: What a question asks, by field; beside these a question of a call has who is asked and its condition.
ASKING = tuple(field.name for field in AbstractQuestion._meta.fields)
_OF_CALL = ("asked_of", "condition_question", "condition_value")
#: What changes nothing about how people understood what they answered.
_MINOR = ("help",)
#: How each line about a change of the form begins in the history of its call.
_LINE = "Question"

Values = Mapping[str, Any]


class BrokenCondition(Refused):
    """A form that people can see would get a condition that can never hold."""


class KeyTaken(Refused):
    """The call, or the library, has a question with this key."""


class AlreadyAnswered(Refused):
    """People have answered the question as it stands."""


class WiderAudience(Refused):
    """More people would read what was answered for fewer."""


class NotFree(Refused):
    """People would have to answer what rests on their consent."""


class AskedElsewhere(Refused):
    """Another question waits for the answer to this one."""


class OtherOrder(Refused):
    """The order does not name each question of the form once."""


@dataclass(frozen=True)
class Copied:
    """What came of copying, by key: made, left out because the key is there, and made without its condition."""

    made: tuple[str, ...]
    skipped: tuple[str, ...]
    without_condition: tuple[str, ...] = ()


def add(*, call: Call, values: Values, by: User, now: datetime) -> Question:
    """Put a question at the end of the form. Raises KeyTaken, WiderAudience, BrokenCondition."""
    with _changed(call, f"Question “{values['key']}” added", by=by, now=now) as call:
        if values["key"] in {question.key for question in queries.current_questions(call)}:
            raise KeyTaken(f"The form has a question “{values['key']}” already. Choose another key.")
        return _insert(call, {**_asking(values), **_placing(values)})


def change(*, question: Question, values: Values, by: User, now: datetime) -> Question:
    """Change a question: all of it while nobody has answered, else its help, and who reads it to fewer people.

    Raises AlreadyAnswered, WiderAudience, NotFree, KeyTaken, BrokenCondition.
    """
    with _changed(question.call, f"Question “{question.key}” changed", by=by, now=now) as call:
        question = _current(question)
        wanted = {**_asking(values), **_placing(values)}
        differing = {name for name, value in wanted.items() if getattr(question, name) != value}
        _refuse_breach(call, {"key": question.key, **wanted}, current=question)
        if _is_answered(question):
            if others := differing - {*_MINOR, "audience", *_stricter(question, wanted)}:
                words = {field.name: str(field.verbose_name) for field in Question._meta.fields}
                names = ", ".join(sorted(words[name] for name in others))
                raise AlreadyAnswered(
                    f"People have answered this question, so this stays: {names}. Ask it in other words instead."
                )
        elif "key" in differing and wanted["key"] in {other.key for other in queries.current_questions(call)}:
            raise KeyTaken(f"The form has a question “{wanted['key']}” already. Choose another key.")
        if "key" in differing:
            wanted["version"] = _next_version(call, wanted["key"])
        Question.objects.filter(pk=question.pk).update(**wanted)
        question.refresh_from_db()
        _protect_earlier(question)
    return question


def reword(*, question: Question, values: Values, by: User, now: datetime) -> Question:
    """Ask a question in other words from now on: a new version of its key takes its place and the conditions on it.

    Answers keep the wording to which they were given; what protects the new ones protects them too.
    Raises WiderAudience, BrokenCondition.
    """
    with _changed(question.call, f"Question “{question.key}” reworded", by=by, now=now) as call:
        question = _current(question)
        wanted = {**_asking(values), **_placing(values), "key": question.key, "asked_of": question.asked_of}
        Question.objects.filter(pk=question.pk).update(retired_at=now)
        newer = _insert(call, {**wanted, "position": question.position})
        Question.objects.filter(condition_question=question, retired_at=None).update(condition_question=newer)
        return newer


def order(*, call: Call, keys: Sequence[str], by: User, now: datetime) -> None:
    """Ask the questions in the order of these keys. Raises OtherOrder, BrokenCondition."""
    with _changed(call, "Questions in another order", by=by, now=now) as call:
        for position, question in enumerate(ordered(queries.current_questions(call), keys)):
            Question.objects.filter(pk=question.pk).update(position=position)


def ordered(questions: Sequence[Question], keys: Sequence[str]) -> list[Question]:
    """The questions in the order of their keys. Raises OtherOrder."""
    by_key = {question.key: question for question in questions}
    if sorted(keys) != sorted(by_key):
        raise OtherOrder("The form has changed since you opened this page. Please look at it again.")
    return [by_key[key] for key in keys]


def move(*, question: Question, is_up: bool, by: User, now: datetime) -> None:
    """Let the question change places with its neighbour of the same form; the first and the last stay.

    Raises BrokenCondition.
    """
    questions = queries.current_questions(question.call)
    form = [one.key for one in questions if one.asked_of == question.asked_of]
    others = [one.key for one in questions if one.asked_of != question.asked_of]
    place = form.index(question.key)
    other = place - 1 if is_up else place + 1
    if not 0 <= other < len(form):
        return
    form[place], form[other] = form[other], form[place]
    order(call=question.call, keys=[*form, *others], by=by, now=now)


def remove(*, question: Question, by: User, now: datetime) -> None:
    """Take a question out that nobody has answered. Raises AlreadyAnswered, AskedElsewhere."""
    with _changed(question.call, f"Question “{question.key}” removed", by=by, now=now) as call:
        question = _current(question)
        if _is_answered(question):
            raise AlreadyAnswered("People have answered this question. Ask it no longer: what they said stays.")
        _refuse_waited_for(question, question.dependants.filter(retired_at=None))
        if question.dependants.exists() or (call.event.status == Status.PUBLISHED and now >= call.opens_at):
            # What is asked no longer names it, or somebody has the form with it open and sends it in a moment.
            Question.objects.filter(pk=question.pk).update(retired_at=now)
        else:
            question.delete()


def retire(*, question: Question, by: User, now: datetime) -> None:
    """Ask a question no longer; what people said stays readable beside its wording. Raises AskedElsewhere."""
    with _changed(question.call, f"Question “{question.key}” asked no longer", by=by, now=now):
        question = _current(question)
        _refuse_waited_for(question, question.dependants.filter(retired_at=None))
        Question.objects.filter(pk=question.pk).update(retired_at=now)


def copy(*, call: Call, questions: Iterable[Question], by: User, now: datetime) -> Copied:
    """Copy questions of another call to the end of the form, with their conditions; keys that exist are left out.

    A condition on a question that this form has not is left off. Raises KeyTaken, WiderAudience, BrokenCondition.
    """
    with _changed(call, "Questions copied from another call", by=by, now=now) as call:
        here = {question.key: question for question in queries.current_questions(call)}
        made, skipped, without = [], [], []
        for source in sorted(questions, key=lambda one: (one.position, one.pk)):
            if source.key in here:
                skipped.append(source.key)
                continue
            values = {**_asking_of(source), "asked_of": source.asked_of}
            condition = source.condition_question
            if condition is not None and condition.key in here:
                values |= {"condition_question": here[condition.key], "condition_value": source.condition_value}
            elif condition is not None:
                without.append(source.key)
            here[source.key] = _insert(call, values)
            made.append(source.key)
        return Copied(tuple(made), tuple(skipped), tuple(without))


def take_from_library(
    *, call: Call, entries: Iterable[LibraryQuestion], asked_of: AskedOf, by: User, now: datetime
) -> Copied:
    """Put questions of the library at the end of the form; keys that exist are left out.

    Raises KeyTaken, WiderAudience.
    """
    with _changed(call, "Questions taken from the library", by=by, now=now) as call:
        here = {question.key for question in queries.current_questions(call)}
        entries = list(entries)
        fresh = [entry for entry in entries if entry.key not in here]
        for entry in fresh:
            audience = Audience.ORGANISERS if asked_of == AskedOf.SELECTED else entry.audience
            _insert(call, {**_asking_of(entry), "asked_of": asked_of, "audience": audience})
        skipped = tuple(entry.key for entry in entries if entry.key in here)
        return Copied(tuple(entry.key for entry in fresh), skipped)


def put_into_library(*, question: Question, note: str, now: datetime) -> LibraryQuestion:
    """Keep a copy of the question in the library, for other calls. Raises KeyTaken."""
    with transaction.atomic():
        if LibraryQuestion.objects.filter(key=question.key).exists():
            raise KeyTaken(f"The library has a question “{question.key}” already.")
        return LibraryQuestion.objects.create(**_asking_of(question), note=note)


def fill_library(*, entries: Iterable[Values], now: datetime) -> int:
    """Put these questions into the library, each with the values of its fields; keys that exist are left alone."""
    with transaction.atomic():
        here = set(LibraryQuestion.objects.values_list("key", flat=True))
        fresh = [LibraryQuestion(**entry) for entry in entries if entry["key"] not in here]
        return len(LibraryQuestion.objects.bulk_create(fresh))


def is_built_by_hand(call: Call) -> bool:
    """Whether staff have ever changed the form of this call here, rather than by a call file."""
    return call.history.filter(history_change_reason__startswith=_LINE).exists()


def why_not_public(event: Event) -> str:
    """Return why the form of the event's call cannot be shown to people, in words; nothing where it can."""
    call = Call.objects.filter(event=event).first() if event.pk else None
    broken = broken_conditions(queries.current_questions(call)) if call else []
    return f"The form of its call is not ready. {' '.join(broken)}" if broken else ""


@contextmanager
def _changed(call: Call, words: str, *, by: User, now: datetime) -> Iterator[Call]:
    """One change of the form, under the call's lock, with its line in the call's history."""
    with transaction.atomic():
        call = workflow.locked(call)
        before = broken_conditions(queries.current_questions(call))
        yield call
        after = broken_conditions(queries.current_questions(call))
        if call.event.status == Status.PUBLISHED and (new := [words for words in after if words not in before]):
            raise BrokenCondition(f"Nothing was changed, since the event is public or will be. {' '.join(new)}")
        call._history_user, call._change_reason, call._history_date = by, words[:100], now
        call.save()


def _asking(values: Values) -> dict[str, Any]:
    return {name: values[name] for name in ASKING if name in values}


def _asking_of(source: AbstractQuestion) -> dict[str, Any]:
    return {name: getattr(source, name) for name in ASKING}


def _placing(values: Values) -> dict[str, Any]:
    return {name: values[name] for name in _OF_CALL if name in values}


def _insert(call: Call, values: dict[str, Any]) -> Question:
    _refuse_breach(call, values)
    last = call.questions.filter(retired_at=None).aggregate(last=Max("position"))["last"]
    placed = {"position": 0 if last is None else last + 1, **values}
    question = Question.objects.create(call=call, version=_next_version(call, values["key"]), **placed)
    _protect_earlier(question)
    return question


def _next_version(call: Call, key: str) -> int:
    newest = call.questions.filter(key=key).aggregate(newest=Max("version"))["newest"]
    return (newest or 0) + 1


def _current(question: Question) -> Question:
    """The question as it is now, under its call's lock."""
    return Question.objects.select_related("call__event").get(pk=question.pk, retired_at=None)


def _is_answered(question: Question) -> bool:
    return Answer.objects.filter(question=question).exists()


def _stricter(question: Question, wanted: Values) -> set[str]:
    """What may change since it only protects more: an answer that becomes sensitive, and what follows from that."""
    if not wanted.get("is_sensitive"):
        return set()
    follows: dict[str, object] = {
        "legal_basis": legal_basis(is_sensitive=True, basis=question.legal_basis),
        "kept_for": kept_for(is_sensitive=True, kept_for=question.kept_for),
        "is_required": False,
    }
    return {"is_sensitive", *(name for name, value in follows.items() if wanted.get(name) == value)}


def _refuse_breach(call: Call, wanted: Values, *, current: Question | None = None) -> None:
    """Refuse what would break what was promised with a version of the key other than the `current` one.

    The answers to all versions of a key are one: more people than were told would read them, or the form that others
    send would replace them.
    """
    said = {name: wanted.get(name, getattr(current, name, None)) for name in ("is_required", "is_sensitive")}
    basis = wanted.get("legal_basis", current.legal_basis if current else LegalBasis.PUBLIC_TASK)
    if said["is_required"] and is_free(is_sensitive=bool(said["is_sensitive"]), basis=basis):
        raise NotFree(
            f"“{wanted['key']}” rests on consent, so nobody must answer it: people are free to leave it out. Let it be "
            "answered by whoever wants to."
        )
    versions = call.questions.filter(key=wanted["key"])
    answered = Answer.objects.filter(question__in=versions, question__audience=Audience.ORGANISERS)
    if wanted.get("audience") == Audience.REVIEWERS and answered.exists():
        raise WiderAudience(
            f"People answered “{wanted['key']}” for organisers only, so reviewers cannot be let in. Choose another key."
        )
    asked_of = wanted.get("asked_of", current.asked_of if current else AskedOf.EVERYONE)
    if any(other.asked_of != asked_of and other != current for other in versions):
        raise KeyTaken(f"A question “{wanted['key']}” was asked of other people before. Choose another key.")


def _protect_earlier(question: Question) -> None:
    """Keep what was answered to other versions of the key from whom, and as long, as what is answered to this one.

    What is sensitive from now on is sealed, and this one's answers with it.
    """
    others = Question.objects.filter(call=question.call_id, key=question.key).exclude(pk=question.pk)
    if question.audience == Audience.ORGANISERS:
        others.update(audience=Audience.ORGANISERS)
    if question.is_sensitive:
        others.update(
            is_sensitive=True,
            legal_basis=question.legal_basis,
            kept_for=question.kept_for,
            is_required=question.is_required,
        )
        answers.seal_all([question, *others])


def _refuse_waited_for(question: Question, dependants: Iterable[Question]) -> None:
    if labels := [f"“{dependant.label}”" for dependant in dependants]:
        raise AskedElsewhere(
            f"Another question waits for a certain answer to this one: {', '.join(labels)}. Change that one first."
        )
