"""Reads the list `questions` of a call."""

import re
from collections.abc import Callable, Mapping

import yaml

from registrations.call_files.contents import QuestionContent
from registrations.call_files.section import Section, entries
from registrations.call_files.times import NotATime, parse_day
from registrations.countries import COUNTRIES
from registrations.enums import Audience, QuestionKind

QUESTION_KEYS = (
    "key",
    "kind",
    "label",
    "help",
    "required",
    "show_if",
    "audience",
    "sensitive",
    "choices",
    "max_words",
    "max_length",
    "min",
    "max",
    "max_choices",
)
CONDITION_KEYS = ("question", "equals")
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_CHOICE_KINDS = (QuestionKind.SINGLE_CHOICE, QuestionKind.MULTIPLE_CHOICE)
_TEXT_KINDS = (QuestionKind.SHORT_TEXT, QuestionKind.LONG_TEXT)
#: Which kinds of question understand a key that not all do.
_KINDS_OF_KEY: Mapping[str, tuple[QuestionKind, ...]] = {
    "choices": _CHOICE_KINDS,
    "max_words": (QuestionKind.LONG_TEXT,),
    "max_length": _TEXT_KINDS,
    "min": (QuestionKind.NUMBER,),
    "max": (QuestionKind.NUMBER,),
    "max_choices": (QuestionKind.MULTIPLE_CHOICE,),
}


def read_questions(parts: list[Section]) -> tuple[QuestionContent, ...]:
    """Return the questions in their order; what is wrong is noted by the sections."""
    earlier: dict[str, QuestionContent] = {}
    keys = {part.text("key") for part in parts}
    for part in parts:
        question = _read_question(part, earlier, keys)
        if question.key in earlier:
            part.note("key", f"the question “{question.key}” stands twice.")
        earlier[question.key] = question
    return tuple(earlier.values())


def _read_question(part: Section, earlier: Mapping[str, QuestionContent], keys: set[str]) -> QuestionContent:
    kind = part.choice("kind", QuestionKind)
    if kind.value == part.text("kind"):
        _check_keys_of_kind(part, kind)
    condition_key, condition_value = _condition(part, earlier, keys)
    least, most = part.number("min", least=None), part.number("max", least=None)
    if least is not None and most is not None and most < least:
        part.note("max", f"the largest number, {most}, is below the smallest, {least}.")
    return QuestionContent(
        file=part.problems.file,
        line=part.line,
        key=_key(part),
        kind=kind,
        label=part.text("label", required=True, longest=300),
        help=part.text("help"),
        is_required=part.flag("required", default=False),
        condition_key=condition_key,
        condition_value=condition_value,
        audience=part.choice("audience", Audience, default=Audience.ORGANISERS),
        is_sensitive=part.flag("sensitive", default=False),
        choices=_choices(part) if kind in _CHOICE_KINDS else (),
        max_words=part.number("max_words", least=1, most=10_000),
        max_length=part.number("max_length", least=1, most=200_000),
        min_value=least,
        max_value=most,
        max_choices=part.number("max_choices", least=1, most=1_000),
        lines=part.lines,
    )


def _key(part: Section) -> str:
    key = part.text("key", required=True, longest=40)
    if key and not _KEY.fullmatch(key):
        part.note("key", f"“{key}” is not a key: lower-case letters, digits and _, starting with a letter.")
    return key


def _check_keys_of_kind(part: Section, kind: QuestionKind) -> None:
    for key, kinds in _KINDS_OF_KEY.items():
        if part.has(key) and kind not in kinds:
            part.note(key, f"a question of the kind {kind.value} has no “{key}”.")
    if kind in _CHOICE_KINDS and not part.has("choices"):
        part.note("choices", f"a question of the kind {kind.value} needs “choices”.")


def _choices(part: Section) -> tuple[tuple[str, str], ...]:
    node = part.node("choices")
    if node is None:
        return ()
    if not isinstance(node, yaml.MappingNode) or not node.value:
        part.note("choices", "“choices” is a list of the form “value: label”.")
        return ()
    choices: list[tuple[str, str]] = []
    for value, label, line in entries(node, name="choices", problems=part.problems):
        if not isinstance(label, yaml.ScalarNode) or not label.value.strip():
            part.problems.note(line, f"the choice “{value}” needs a label.")
        elif not 0 < len(value.strip()) <= 120 or not value.isprintable():
            part.problems.note(line, f"“{value[:40]}” cannot be the value of a choice.")
        else:
            choices.append((value.strip(), label.value.strip()))
    return tuple(choices)


def _condition(part: Section, earlier: Mapping[str, QuestionContent], keys: set[str]) -> tuple[str, str]:
    condition = part.section("show_if", CONDITION_KEYS)
    if condition is None:
        return "", ""
    key = condition.text("question", required=True)
    value = condition.text("equals", required=True, longest=120)
    question = earlier.get(key)
    if question is None and key:
        where = "stands only after this one" if key in keys else "does not exist"
        condition.note("question", f"the question “{key}” {where}.")
    if question is not None and value and (why := _why_impossible(question, value)):
        condition.note("equals", f"“{key}” is never answered with “{value}”: {why}.")
    return key, value


def _why_impossible(question: QuestionContent, value: str) -> str | None:
    return _WHY_IMPOSSIBLE.get(question.kind, _always_possible)(question, value)


def _not_a_choice(question: QuestionContent, value: str) -> str | None:
    values = [choice for choice, _ in question.choices]
    return None if value in values or not values else f"its choices are {', '.join(values)}"


def _not_yes_or_no(question: QuestionContent, value: str) -> str | None:
    return None if value in ("yes", "no") else "it is answered with yes or no"


def _not_a_number_within(question: QuestionContent, value: str) -> str | None:
    if not re.fullmatch(r"-?(0|[1-9]\d{0,11})", value):
        return "it asks for a number"
    number = int(value)
    is_within = (question.min_value is None or number >= question.min_value) and (
        question.max_value is None or number <= question.max_value
    )
    return None if is_within else "the number is out of its limits"


def _not_a_country(question: QuestionContent, value: str) -> str | None:
    return None if value in COUNTRIES else "it asks for a country, as BE"


def _not_a_day(question: QuestionContent, value: str) -> str | None:
    try:
        parse_day(value)
    except NotATime:
        return "it asks for a date, as 2023-09-06"
    return None


def _not_a_tick(question: QuestionContent, value: str) -> str | None:
    return None if value in ("on", "yes", "true") else "it is ticked (yes) or not answered"


def _never(question: QuestionContent, value: str) -> str:
    return "a file is no value to compare with"


def _always_possible(question: QuestionContent, value: str) -> None:
    return None


_WHY_IMPOSSIBLE: Mapping[QuestionKind, Callable[[QuestionContent, str], str | None]] = {
    QuestionKind.SINGLE_CHOICE: _not_a_choice,
    QuestionKind.MULTIPLE_CHOICE: _not_a_choice,
    QuestionKind.YES_NO: _not_yes_or_no,
    QuestionKind.NUMBER: _not_a_number_within,
    QuestionKind.COUNTRY: _not_a_country,
    QuestionKind.DATE: _not_a_day,
    QuestionKind.CONSENT: _not_a_tick,
    QuestionKind.FILE: _never,
}
