"""Conditions of questions: which answers they can wait for, and which of them can never hold. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from registrations.countries import COUNTRIES
from registrations.enums import QuestionKind


class Answerable(Protocol):
    """What is needed to know how a question can be answered; `choices` are pairs of value and label."""

    @property
    def kind(self) -> str: ...

    @property
    def choices(self) -> Sequence[Sequence[str]]: ...

    @property
    def min_value(self) -> int | None: ...

    @property
    def max_value(self) -> int | None: ...


class Conditional(Answerable, Protocol):
    """A question that may stand under a condition; `registrations.models.Question` is one."""

    @property
    def key(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def asked_of(self) -> str: ...

    @property
    def retired_at(self) -> datetime | None: ...

    @property
    def condition_value(self) -> str: ...

    @property
    def condition_question(self) -> "Conditional | None": ...


def why_impossible(question: Answerable, value: str) -> str | None:
    """Return why the question is never answered with this value, as half a sentence; None where it can be."""
    return _WHY_IMPOSSIBLE.get(question.kind, _always_possible)(question, value)


def label_of(question: Answerable, value: str) -> str:
    """Return what people read for a value that an answer can have."""
    labels = {choice[0]: choice[1] for choice in question.choices}
    if question.kind in (QuestionKind.YES_NO, QuestionKind.CONSENT):
        return "No" if value == "no" else "Yes"
    return labels.get(value, value)


def broken_conditions(questions: Sequence[Conditional]) -> list[str]:
    """Return a sentence for each question that can never be asked; `questions` are the current ones, in order.

    A condition is broken when its question is not asked (any more), stands later, is asked of others, is never answered
    with the value, or when its own condition is broken.
    """
    places = {question.key: place for place, question in enumerate(questions)}
    broken: dict[str, str] = {}
    for question in questions:
        condition = question.condition_question
        if condition is None:
            continue
        if why := _why_broken(question, condition, questions, places, broken):
            wanted = label_of(condition, question.condition_value)
            broken[question.key] = f"“{question.label}” is asked only if “{condition.label}” is “{wanted}”, but {why}."
    return list(broken.values())


def _why_broken(
    question: Conditional,
    condition: Conditional,
    questions: Sequence[Conditional],
    places: Mapping[str, int],
    broken: Mapping[str, str],
) -> str | None:
    if condition.retired_at is not None or condition.key not in places:
        return "that question is not asked any more"
    if condition.key == question.key:
        return "a question cannot wait for its own answer"
    if _is_circle(question, questions):
        return "the two wait for each other"
    if condition.asked_of != question.asked_of:
        return "the two are not asked of the same people"
    if places[condition.key] > places[question.key]:
        return "that question stands only after it"
    if condition.key in broken:
        return "that question can never be asked itself"
    if impossible := why_impossible(condition, question.condition_value):
        return f"it is never answered so: {impossible}"
    return None


def _is_circle(question: Conditional, questions: Sequence[Conditional]) -> bool:
    waits_for = {one.key: one.condition_question.key for one in questions if one.condition_question is not None}
    seen, key = set(), waits_for.get(question.key)
    while key is not None and key not in seen:
        if key == question.key:
            return True
        seen.add(key)
        key = waits_for.get(key)
    return False


def _not_a_choice(question: Answerable, value: str) -> str | None:
    values = [choice[0] for choice in question.choices]
    return None if value in values or not values else f"its choices are {', '.join(values)}"


def _not_yes_or_no(question: Answerable, value: str) -> str | None:
    return None if value in ("yes", "no") else "it is answered with yes or no"


def _not_a_number_within(question: Answerable, value: str) -> str | None:
    if not re.fullmatch(r"-?(0|[1-9]\d{0,11})", value):
        return "it asks for a number"
    number = int(value)
    is_within = (question.min_value is None or number >= question.min_value) and (
        question.max_value is None or number <= question.max_value
    )
    return None if is_within else "the number is out of its limits"


def _not_a_country(question: Answerable, value: str) -> str | None:
    return None if value in COUNTRIES else "it asks for a country, as BE"


def _not_a_day(question: Answerable, value: str) -> str | None:
    try:
        is_day = bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) and date.fromisoformat(value))
    except ValueError:
        is_day = False
    return None if is_day else "it asks for a date, as 2023-09-06"


def _not_a_tick(question: Answerable, value: str) -> str | None:
    return None if value in ("on", "yes", "true") else "it is ticked (yes) or not answered"


def _never(question: Answerable, value: str) -> str:
    return "a file is no value to compare with"


def _always_possible(question: Answerable, value: str) -> None:
    return None


_WHY_IMPOSSIBLE: Mapping[str, Callable[[Answerable, str], str | None]] = {
    QuestionKind.SINGLE_CHOICE: _not_a_choice,
    QuestionKind.MULTIPLE_CHOICE: _not_a_choice,
    QuestionKind.YES_NO: _not_yes_or_no,
    QuestionKind.NUMBER: _not_a_number_within,
    QuestionKind.COUNTRY: _not_a_country,
    QuestionKind.DATE: _not_a_day,
    QuestionKind.CONSENT: _not_a_tick,
    QuestionKind.FILE: _never,
}
