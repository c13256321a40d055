"""The form of one question, in words: kind, wording, who is asked, who reads it, and the answer it waits for."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from registrations.conditions import label_of, why_impossible
from registrations.enums import AskedOf, Audience, KeptFor, LegalBasis, QuestionKind
from registrations.field_register import is_free, kept_for, legal_basis
from registrations.models import LibraryQuestion, Question

_WITH_CHOICES = (QuestionKind.SINGLE_CHOICE, QuestionKind.MULTIPLE_CHOICE)
_TICKED = {QuestionKind.YES_NO: ("yes", "no"), QuestionKind.CONSENT: ("yes",)}
#: Which kinds understand a limit; it is forgotten for others.
_KINDS_OF: Mapping[str, tuple[QuestionKind, ...]] = {
    "choices": _WITH_CHOICES,
    "max_words": (QuestionKind.LONG_TEXT,),
    "max_length": (QuestionKind.SHORT_TEXT, QuestionKind.LONG_TEXT),
    "min_value": (QuestionKind.NUMBER,),
    "max_value": (QuestionKind.NUMBER,),
    "max_choices": (QuestionKind.MULTIPLE_CHOICE,),
}
#: What people are told about the answers.
_CARE = ("purpose", "legal_basis", "kept_for")
_ASKING = ("kind", "choices", "help", "is_required", "audience", "is_sensitive", *_CARE)
_LIMITS = ("max_words", "max_length", "min_value", "max_value", "max_choices")
#: Why nobody must answer what rests on consent.
NOT_FREE = (
    "What is sensitive, or rests on consent otherwise, cannot be required: a consent counts only where people are free "
    "to leave the question out. Take the tick away, or choose a duty by law."
)
#: What may change after people have answered.
_FREE = ("help", "audience", "is_sensitive")


class ChoicesField(forms.CharField):
    """Choices as lines “value: label”; the value is what conditions and exports name."""

    widget = forms.Textarea(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return "\n".join(f"{name}: {label}" for name, label in value)
        return value

    def to_python(self, value: Any) -> list[list[str]]:
        if isinstance(value, list):
            # What a disabled field starts with is what it says.
            return value
        pairs = [_pair(line) for line in (super().to_python(value) or "").splitlines() if line.strip()]
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValidationError("Each value may stand once.")
        return pairs

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(data) != (initial or [])
        except ValidationError:
            return True


class LibraryQuestionForm(forms.ModelForm):
    """What a question asks, without a call."""

    choices = ChoicesField(required=False, help_text="For one or several of several: one a line, as “police: Police”.")

    class Meta:
        model = LibraryQuestion
        fields = ("label", "key", *_ASKING, *_LIMITS, "note")
        widgets = {"help": forms.Textarea(attrs={"rows": 2}), "label": forms.Textarea(attrs={"rows": 2})}
        labels = {
            "label": "Question",
            "key": "Short name",
            "is_required": "An answer is required",
            "audience": "Who reads the answers",
            "is_sensitive": "Sensitive: the answers are deleted soon after the event",
            "purpose": "What we need it for",
            "legal_basis": "By what right we ask",
            "kept_for": "How long the answers are kept",
            "max_words": "Most words",
        }
        help_texts = {
            "key": "For exports and rules: small letters, digits and _, as motivation.",
            "purpose": "One sentence; people read it in the form. Empty: to select and to prepare the event.",
            "legal_basis": "What is sensitive rests on explicit consent, or on a duty by law.",
            "kept_for": "What is sensitive goes soon after the event at the latest.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in _CARE:
            # What is left out is as usual.
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        kind = given.get("kind")
        for name, kinds in _KINDS_OF.items():
            if kind and kind not in kinds and name in given and not self.fields[name].disabled:
                given[name] = [] if name == "choices" else None
        self._take_care(given)
        if kind in _WITH_CHOICES and not given.get("choices") and not self.errors:
            self.add_error("choices", "This kind of question needs choices.")
        least, most = given.get("min_value"), given.get("max_value")
        if least is not None and most is not None and most < least:
            self.add_error("max_value", f"The largest number is below the smallest, {least}.")
        return given

    def _take_care(self, given: dict[str, Any]) -> None:
        """What is sensitive rests on nothing less than explicit consent and goes early; nobody need know to choose."""
        is_sensitive = bool(given.get("is_sensitive"))
        given["purpose"] = given.get("purpose") or ""
        given["legal_basis"] = legal_basis(
            is_sensitive=is_sensitive, basis=given.get("legal_basis") or LegalBasis.PUBLIC_TASK
        )
        given["kept_for"] = kept_for(is_sensitive=is_sensitive, kept_for=given.get("kept_for") or KeptFor.OUTCOME)
        if not given.get("is_required") or not is_free(is_sensitive=is_sensitive, basis=given["legal_basis"]):
            return
        if self.fields["is_required"].disabled:
            given["is_required"] = False
        else:
            self.add_error("is_required", NOT_FREE)


class QuestionForm(LibraryQuestionForm):
    """One question of a call. `questions` are those that the call asks; `values()` is what came of valid input."""

    condition = forms.ChoiceField(
        label="Asked only if",
        required=False,
        help_text="The question appears after this answer to an earlier one. Empty: it is always asked.",
    )
    other = forms.ChoiceField(
        label="Or only if the answer to", required=False, help_text="A question without choices, as a number."
    )
    other_value = forms.CharField(label="is exactly", required=False, max_length=120)

    class Meta(LibraryQuestionForm.Meta):
        model = Question
        fields = ("label", "key", *_ASKING, "asked_of", *_LIMITS)
        labels = {**LibraryQuestionForm.Meta.labels, "asked_of": "Who is asked"}

    field_order = ("label", "key", *_ASKING[:4], "asked_of", *_ASKING[4:], "condition", "other", "other_value")

    def __init__(
        self,
        data: Any = None,
        *,
        questions: Sequence[Question],
        instance: Question | None = None,
        is_fixed: bool = False,
        is_rewording: bool = False,
    ) -> None:
        super().__init__(data, instance=instance, label_suffix="")
        self._others = {str(one.pk): one for one in questions if instance is None or one.pk != instance.pk}
        self._offer_conditions()
        for name, field in self.fields.items():
            field.disabled = (is_fixed and name not in _FREE) or (is_rewording and name in ("key", "asked_of"))

    def main_fields(self) -> list[forms.BoundField]:
        """All fields that can be changed, but the limits."""
        return [field for field in self if field.name not in _LIMITS and not field.field.disabled]

    def limits(self) -> list[forms.BoundField]:
        """The fields that few questions need."""
        return [field for field in self if field.name in _LIMITS and not field.field.disabled]

    def has_limits(self) -> bool:
        """Whether one of them says something, or is wrong."""
        return any(field.errors or field.value() not in (None, "") for field in self.limits())

    def values(self) -> dict[str, Any]:
        """What the services are told: the fields of a question, its condition among them."""
        given = {name: value for name, value in self.cleaned_data.items() if name in self._meta.fields}
        return {**given, "condition_question": self._waits_for[0], "condition_value": self._waits_for[1]}

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("asked_of") == AskedOf.SELECTED and given.get("audience") == Audience.REVIEWERS:
            self.add_error("audience", "Reviewers are done when these questions are asked: choose organisers only.")
        self._waits_for = self._condition(given)
        return given

    def _condition(self, given: dict[str, Any]) -> tuple[Question | None, str]:
        chosen, other, value = given.get("condition"), given.get("other"), given.get("other_value") or ""
        if chosen and other:
            self.add_error("other", "A question waits for one answer: choose it in one of the two places.")
        elif bool(other) != bool(value):
            self.add_error("other_value", "Please choose the question and give the answer.")
        elif chosen:
            pk, _, wanted = chosen.partition("|")
            return self._others[pk], wanted
        elif other:
            if why := why_impossible(self._others[other], value):
                self.add_error("other_value", f"It is never answered so: {why}.")
            return self._others[other], value
        return None, ""

    def _offer_conditions(self) -> None:
        groups = [(one.label[:80], _answers_of(one)) for one in self._others.values() if _answers_of(one)]
        rest = {pk: one.label[:80] for pk, one in self._others.items() if _is_typed(one)}
        waits_for, value = str(self.instance.condition_question_id), self.instance.condition_value
        if waits_for in rest:
            self.initial |= {"other": waits_for, "other_value": value}
        elif waits_for in self._others:
            self.initial["condition"] = f"{waits_for}|{value}"
            if f"{waits_for}|{value}" not in {key for _, offered in groups for key, _ in offered}:
                groups.append(("No longer possible", [(f"{waits_for}|{value}", f"As it is now: {value}")]))
        self.fields["condition"].choices = [("", "Always asked"), *groups]
        self.fields["other"].choices = [("", "–"), *rest.items()]
        if not rest:
            for name in ("other", "other_value"):
                del self.fields[name]


def _answers_of(question: Question) -> list[tuple[str, str]]:
    """What can be answered by choosing, as choices of a condition."""
    values = _TICKED.get(QuestionKind(question.kind)) or [value for value, _ in question.choices]
    return [(f"{question.pk}|{value}", f"{question.label[:60]}: {label_of(question, value)}") for value in values]


def _is_typed(question: Question) -> bool:
    return question.kind != QuestionKind.FILE and not _answers_of(question)


def _pair(line: str) -> list[str]:
    value, colon, label = line.partition(":")
    if not colon or not value.strip() or not label.strip():
        raise ValidationError(f"“{line.strip()[:60]}” is not of the form “value: label”.")
    return [value.strip(), label.strip()]
