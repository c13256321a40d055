"""THE registry of question kinds: how each makes its form field, reads an answer, shows it and exports it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.html import escape

from registrations import fields
from registrations.countries import COUNTRY_CHOICES, country_name
from registrations.enums import QuestionKind

#: What an answer is as plain JSON: text, number, true/false, an ISO date, choice values, or facts about a file.
Json = str | int | float | bool | list[str] | dict[str, str | int]
#: What an answer is in a cell of a spreadsheet.
Cell = str | int | float | date

NO_CASES = "No names, places or details of a case."
PLEASE_ANSWER = "Please answer this question."
RADIOS_AT_MOST = 9
_TEXTS = {QuestionKind.SHORT_TEXT, QuestionKind.LONG_TEXT}
_FILE_WORDS = {"application/pdf": "PDF", "image/png": "PNG", "image/jpeg": "JPEG"}


class Asked(Protocol):
    """What is needed of a question here; `registrations.models.Question` is one."""

    key: str
    kind: str
    label: str
    help: str
    is_required: bool
    condition_value: str
    choices: list[list[str]]
    max_words: int | None
    max_length: int | None
    min_value: int | None
    max_value: int | None
    max_choices: int | None

    @property
    def condition_question(self) -> "Asked | None": ...


@dataclass(frozen=True)
class GivenAnswer:
    """One answer as given: `value` is plain JSON, `text` is how people read it.

    For a file `value` holds its name, size in bytes and content type, and `upload` is the file itself; None there means
    that the file sent before is kept. `stored_as` is its name in the storage, once it is there.
    """

    value: Json
    text: str
    upload: UploadedFile | None = None
    stored_as: str = ""


class Kind:
    """One kind of question. The base is a line of text; each method's promise holds for all kinds."""

    def field(self, question: Asked) -> forms.Field:
        """Return the form field that asks the question, with its label, help and limits."""
        limit = min(question.max_length or fields.LINE_LENGTH, fields.TEXT_LENGTH)
        return fields.LineField(limit=limit, **common(question))

    def limits(self, question: Asked) -> str:
        """Return a sentence that says what the field takes, or nothing."""
        return ""

    def given(self, question: Asked, cleaned: Any) -> GivenAnswer | None:
        """Return the answer that the field's cleaned value is, or None when nothing was given."""
        return GivenAnswer(cleaned, cleaned) if cleaned else None

    def initial(self, value: Json) -> Any:
        """Return what the field starts with when this answer is changed."""
        return value

    def holds(self, value: Json, wanted: str) -> bool:
        """Whether an answer meets a condition that wants this value."""
        return str(value) == wanted

    def wanted_words(self, question: Asked, wanted: str) -> str:
        """Return the value that a condition wants as people read it."""
        return wanted

    def export(self, value: Json, text: str) -> Cell:
        """Return the answer for a cell of a spreadsheet."""
        return text


class ShortText(Kind):
    def limits(self, question: Asked) -> str:
        return f"At most {question.max_length} characters." if question.max_length else ""


class LongText(ShortText):
    def field(self, question: Asked) -> forms.Field:
        limit = min(question.max_length or fields.TEXT_LENGTH, fields.TEXT_LENGTH)
        widget = forms.Textarea(attrs={"rows": 8})
        return fields.ParagraphsField(limit=limit, words=question.max_words, widget=widget, **common(question))

    def limits(self, question: Asked) -> str:
        words = f"At most {question.max_words} words." if question.max_words else ""
        no_cases = "" if NO_CASES in question.help else NO_CASES
        return " ".join(filter(None, [super().limits(question), words, no_cases]))


class SingleChoice(Kind):
    def field(self, question: Asked) -> forms.Field:
        choices = [(value, label) for value, label in question.choices]
        messages = {"required": PLEASE_ANSWER, "invalid_choice": "Please choose one of the answers in the list."}
        if len(choices) > RADIOS_AT_MOST:
            return forms.ChoiceField(choices=[("", "Please choose"), *choices], **common(question, messages))
        return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **common(question, messages))

    def given(self, question: Asked, cleaned: Any) -> GivenAnswer | None:
        return GivenAnswer(cleaned, _choice_label(question, cleaned)) if cleaned else None

    def wanted_words(self, question: Asked, wanted: str) -> str:
        return _choice_label(question, wanted)


class MultipleChoice(SingleChoice):
    def field(self, question: Asked) -> forms.Field:
        choices = [(value, label) for value, label in question.choices]
        messages = {"required": PLEASE_ANSWER, "invalid_choice": "Please choose only answers in the list."}
        return fields.SeveralField(
            choices=choices,
            most=question.max_choices,
            widget=forms.CheckboxSelectMultiple,
            **common(question, messages),
        )

    def limits(self, question: Asked) -> str:
        return f"Choose at most {question.max_choices}." if question.max_choices else ""

    def given(self, question: Asked, cleaned: Any) -> GivenAnswer | None:
        chosen = [value for value, _ in question.choices if value in (cleaned or ())]
        return GivenAnswer(chosen, "; ".join(_choice_label(question, value) for value in chosen)) if chosen else None

    def holds(self, value: Json, wanted: str) -> bool:
        return isinstance(value, list) and wanted in value


class YesNo(Kind):
    WORDS = {"yes": "Yes", "no": "No"}

    def field(self, question: Asked) -> forms.Field:
        messages = {"required": PLEASE_ANSWER, "invalid_choice": "Please choose yes or no."}
        return forms.ChoiceField(
            choices=list(self.WORDS.items()), widget=forms.RadioSelect, **common(question, messages)
        )

    def given(self, question: Asked, cleaned: Any) -> GivenAnswer | None:
        return GivenAnswer(cleaned == "yes", self.WORDS[cleaned]) if cleaned else None

    def initial(self, value: Json) -> Any:
        return "yes" if value else "no"

    def holds(self, value: Json, wanted: str) -> bool:
        return self.initial(value) == wanted

    def wanted_words(self, question: Asked, wanted: str) -> str:
        return self.WORDS.get(wanted, wanted)


class Number(Kind):
    def field(self, question: Asked) -> forms.Field:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        return fields.NumberField(least=question.min_value, most=question.max_value, widget=widget, **common(question))

    def limits(self, question: Asked) -> str:
        words = fields.bounds_words(question.min_value, question.max_value)
        return f"A number {words}." if words else ""

    def given(self, question: Asked, cleaned: Any) -> GivenAnswer | None:
        if cleaned is None:
            return None
        number = int(cleaned) if cleaned == cleaned.to_integral_value() else float(cleaned)
        return GivenAnswer(number, str(number))

    def holds(self, value: Json, wanted: str) -> bool:
        return isinstance(value, int | float) and Decimal(str(value)) == _number(wanted)

    def export(self, value: Json, text: str) -> Cell:
        return cast(int | float, value)


class Day(Kind):
    def field(self, question: Asked) -> forms.Field:
        return fields.DayField(**common(question))

    def given(self, question: Asked, cleaned: Any) -> GivenAnswer | None:
        return GivenAnswer(cleaned.isoformat(), f"{cleaned.day} {cleaned:%B} {cleaned.year}") if cleaned else None

    def initial(self, value: Json) -> Any:
        return date.fromisoformat(str(value))

    def export(self, value: Json, text: str) -> Cell:
        return date.fromisoformat(str(value))


class CountryName(Kind):
    def field(self, question: Asked) -> forms.Field:
        messages = {"required": PLEASE_ANSWER, "invalid_choice": "Please choose a country in the list."}
        return forms.ChoiceField(choices=[("", "Please choose"), *COUNTRY_CHOICES], **common(question, messages))

    def given(self, question: Asked, cleaned: Any) -> GivenAnswer | None:
        return GivenAnswer(cleaned, country_name(cleaned)) if cleaned else None

    def wanted_words(self, question: Asked, wanted: str) -> str:
        return country_name(wanted)


class Mailbox(Kind):
    def field(self, question: Asked) -> forms.Field:
        return fields.MailboxField(**common(question))


class WebAddress(Kind):
    def field(self, question: Asked) -> forms.Field:
        return fields.WebAddressField(**common(question))


class Document(Kind):
    def field(self, question: Asked) -> forms.Field:
        return fields.DocumentField(**common(question, {"required": "Please choose a file."}))

    def limits(self, question: Asked) -> str:
        return "A PDF, PNG or JPEG file of at most 5 MB."

    def given(self, question: Asked, cleaned: Any) -> GivenAnswer | None:
        if not cleaned:
            return None
        if isinstance(cleaned, dict):
            return GivenAnswer(cleaned, _file_words(cleaned))
        name = fields.clean_line(cleaned.name)[-fields.FILE_NAME_LENGTH :]
        value: dict[str, str | int] = {"name": name, "size": cleaned.size, "content_type": cleaned.content_type}
        return GivenAnswer(value, _file_words(value), cleaned)

    def holds(self, value: Json, wanted: str) -> bool:
        return False


class Consent(Kind):
    def field(self, question: Asked) -> forms.Field:
        messages = {"required": "Please tick this box: without it we cannot take your registration."}
        return forms.BooleanField(widget=fields.OnCheckbox, **common(question, messages))

    def given(self, question: Asked, cleaned: Any) -> GivenAnswer | None:
        return GivenAnswer(True, "Yes") if cleaned else None

    def holds(self, value: Json, wanted: str) -> bool:
        return value is True and wanted in {"on", "yes", "true"}

    def wanted_words(self, question: Asked, wanted: str) -> str:
        return "Yes"


KINDS: Mapping[str, Kind] = {
    QuestionKind.SHORT_TEXT: ShortText(),
    QuestionKind.LONG_TEXT: LongText(),
    QuestionKind.SINGLE_CHOICE: SingleChoice(),
    QuestionKind.MULTIPLE_CHOICE: MultipleChoice(),
    QuestionKind.YES_NO: YesNo(),
    QuestionKind.NUMBER: Number(),
    QuestionKind.DATE: Day(),
    QuestionKind.COUNTRY: CountryName(),
    QuestionKind.EMAIL: Mailbox(),
    QuestionKind.URL: WebAddress(),
    QuestionKind.FILE: Document(),
    QuestionKind.CONSENT: Consent(),
}


def common(question: Asked, messages: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the options that every field has: label, help with condition and limits, required, and its messages."""
    helps = [condition_words(question), question.help, KINDS[question.kind].limits(question)]
    return {
        "label": question.label,
        # Django's own templates call a help text safe, whoever wrote it.
        "help_text": escape(" ".join(filter(None, helps))),
        "required": question.is_required,
        "error_messages": dict(messages or {"required": PLEASE_ANSWER}),
    }


def condition_words(question: Asked) -> str:
    """Return a sentence that says when the question is asked; nothing when it always is."""
    condition = question.condition_question
    if condition is None:
        return ""
    wanted = KINDS[condition.kind].wanted_words(condition, question.condition_value)
    return f"Only if you answered “{wanted}” to “{condition.label}”."


def is_shown(question: Asked, given: Mapping[str, Json]) -> bool:
    """Whether the question is asked when these are the values by key of the answers to shown questions."""
    condition = question.condition_question
    if condition is None:
        return True
    return condition.key in given and KINDS[condition.kind].holds(given[condition.key], question.condition_value)


def shown_keys(questions: Iterable[Asked], given: Mapping[str, Json]) -> set[str]:
    """Return the keys of the questions that are asked; a condition may stand anywhere, a circle of them asks none."""
    waiting = list(questions)
    shown: set[str] = set()
    while True:
        values = {key: value for key, value in given.items() if key in shown}
        asked = {question.key for question in waiting if is_shown(question, values)}
        if asked <= shown:
            return shown
        shown |= asked


def fitting(value: Json, was: Asked, now: Asked) -> Json | None:
    """Return what of an answer to one wording answers another, or None where nothing does: kind and choices decide."""
    if was.kind != now.kind and not {was.kind, now.kind} <= _TEXTS:
        return None
    offered = {choice for choice, _ in now.choices}
    if now.kind == QuestionKind.SINGLE_CHOICE:
        return value if value in offered else None
    if now.kind == QuestionKind.MULTIPLE_CHOICE and isinstance(value, list):
        return [choice for choice in value if choice in offered] or None
    return value


def _choice_label(question: Asked, wanted: str) -> str:
    return next((label for value, label in question.choices if value == wanted), wanted)


def _file_words(value: Mapping[str, str | int]) -> str:
    kind = _FILE_WORDS.get(str(value["content_type"]), "file")
    return f"{value['name']} ({kind}, {filesizeformat(value['size'])})"


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except ArithmeticError:
        return None
