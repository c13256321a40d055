"""Reads the list `questions` of a call."""

import re
from collections.abc import Mapping

import yaml

from registrations.call_files.contents import QuestionContent
from registrations.call_files.section import Section, entries
from registrations.conditions import why_impossible
from registrations.enums import AskedOf, Audience, KeptFor, LegalBasis, QuestionKind
from registrations.field_register import is_free, kept_for, legal_basis

QUESTION_KEYS = (
    "key",
    "kind",
    "label",
    "help",
    "required",
    "show_if",
    "audience",
    "asked_of",
    "sensitive",
    "purpose",
    "basis",
    "kept_for",
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
    asked_of = part.choice("asked_of", AskedOf, default=AskedOf.EVERYONE)
    audience = part.choice("audience", Audience, default=Audience.ORGANISERS)
    if asked_of == AskedOf.SELECTED and audience == Audience.REVIEWERS:
        part.note("audience", "who is asked only after the selection is not read by reviewers.")
    condition_key, condition_value = _condition(part, earlier, keys, asked_of)
    least, most = part.number("min", least=None), part.number("max", least=None)
    if least is not None and most is not None and most < least:
        part.note("max", f"the largest number, {most}, is below the smallest, {least}.")
    is_sensitive = part.flag("sensitive", default=False)
    basis = _basis(part, is_sensitive=is_sensitive)
    return QuestionContent(
        file=part.problems.file,
        line=part.line,
        key=_key(part),
        kind=kind,
        label=part.text("label", required=True, longest=300),
        help=part.text("help"),
        is_required=_required(part, is_free=is_free(is_sensitive=is_sensitive, basis=basis)),
        condition_key=condition_key,
        condition_value=condition_value,
        audience=audience,
        asked_of=asked_of,
        is_sensitive=is_sensitive,
        purpose=part.text("purpose", longest=200),
        legal_basis=basis,
        kept_for=_kept_for(part, is_sensitive=is_sensitive),
        choices=_choices(part) if kind in _CHOICE_KINDS else (),
        max_words=part.number("max_words", least=1, most=10_000),
        max_length=part.number("max_length", least=1, most=200_000),
        min_value=least,
        max_value=most,
        max_choices=part.number("max_choices", least=1, most=1_000),
        lines=part.lines,
    )


def _required(part: Section, *, is_free: bool) -> bool:
    said = part.flag("required", default=False)
    if said and is_free:
        part.note("required", "what rests on consent is not required: nobody would be free to leave it out.")
    return said


def _basis(part: Section, *, is_sensitive: bool) -> LegalBasis:
    """What allows us to ask; of what is sensitive nothing less than explicit consent, or a duty by law."""
    usual = legal_basis(is_sensitive=is_sensitive, basis=LegalBasis.PUBLIC_TASK)
    said = part.choice("basis", LegalBasis, default=usual)
    if legal_basis(is_sensitive=is_sensitive, basis=said) != said:
        part.note("basis", f"a sensitive question rests on explicit or legal_duty, not on {said.value}.")
        return usual
    return said


def _kept_for(part: Section, *, is_sensitive: bool) -> KeptFor:
    usual = kept_for(is_sensitive=is_sensitive, kept_for=KeptFor.OUTCOME)
    said = part.choice("kept_for", KeptFor, default=usual)
    if kept_for(is_sensitive=is_sensitive, kept_for=said) != said:
        part.note("kept_for", f"a sensitive answer is kept for sensitive or clearance, not for {said.value}.")
        return usual
    return said


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


def _condition(
    part: Section, earlier: Mapping[str, QuestionContent], keys: set[str], asked_of: AskedOf
) -> tuple[str, str]:
    condition = part.section("show_if", CONDITION_KEYS)
    if condition is None:
        return "", ""
    key = condition.text("question", required=True)
    value = condition.text("equals", required=True, longest=120)
    question = earlier.get(key)
    if question is None and key:
        where = "stands only after this one" if key in keys else "does not exist"
        condition.note("question", f"the question “{key}” {where}.")
    if question is not None and question.asked_of != asked_of:
        condition.note("question", f"the question “{key}” is not asked of the same people as this one.")
    if question is not None and value and (why := why_impossible(question, value)):
        condition.note("equals", f"“{key}” is never answered with “{value}”: {why}.")
    return key, value
