"""Questions and criteria in the form of a call; what was answered or scored is read-only."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from events.models import Call
from registrations.admin.session_inline import name_inputs
from registrations.enums import QuestionKind
from registrations.models import Answer, Criterion, Question, Score

_WITH_CHOICES = (QuestionKind.SINGLE_CHOICE, QuestionKind.MULTIPLE_CHOICE)


class ChoicesField(forms.CharField):
    """Choices as lines “value: label”; the value is what conditions and exports name."""

    widget = forms.Textarea(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return "\n".join(f"{name}: {label}" for name, label in value)
        return value

    def to_python(self, value: Any) -> list[list[str]]:
        pairs = [_pair(line) for line in (super().to_python(value) or "").splitlines() if line.strip()]
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValidationError("Each value may stand once.")
        return pairs

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(data) != (initial or [])
        except ValidationError:
            return True


class QuestionForm(forms.ModelForm):
    choices = ChoicesField(required=False, help_text="For one or several of several: one a line, as “police: Police”.")

    class Meta:
        model = Question
        fields = "__all__"  # noqa: DJ007  # the call comes from the page
        widgets = {"help": forms.Textarea(attrs={"rows": 2}), "label": forms.Textarea(attrs={"rows": 2})}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("kind") in _WITH_CHOICES and not given.get("choices") and not self.errors:
            self.add_error("choices", "This kind of question needs choices.")
        if bool(given.get("condition_question")) != bool(given.get("condition_value")):
            self.add_error("condition_value", "A condition has a question and a value.")
        return given


class FrozenFormSet(forms.BaseInlineFormSet):
    """Rows that people have used cannot change; `used` says which."""

    def used(self) -> Iterable[int]:
        raise NotImplementedError

    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        super().add_fields(form, index)
        if form.instance.pk in self._used:
            for name, field in form.fields.items():
                field.disabled = field.disabled or name not in (self._pk_field.name, self.fk.name)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._used = set(self.used()) if self.instance.pk else set()


class QuestionFormSet(FrozenFormSet):
    def used(self) -> Iterable[int]:
        return Answer.objects.filter(question__call=self.instance).values_list("question_id", flat=True)

    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        super().add_fields(form, index)
        others = [("", "–"), *((question.pk, question.label) for question in self._questions)]
        form.fields["condition_question"].queryset = Question.objects.filter(call=self.instance.pk)
        form.fields["condition_question"].choices = [choice for choice in others if choice[0] != form.instance.pk]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._questions = list(self.instance.questions.all()) if self.instance.pk else []


class CriterionFormSet(FrozenFormSet):
    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        super().add_fields(form, index)
        name_inputs(form)

    def used(self) -> Iterable[int]:
        return Score.objects.filter(criterion__call=self.instance).values_list("criterion_id", flat=True)


class QuestionInline(admin.StackedInline):
    model = Question
    form = QuestionForm
    formset = QuestionFormSet
    fk_name = "call"
    extra = 0
    show_change_link = False
    classes = ("collapse",)
    fieldsets = (
        (None, {"fields": ("position", "key", "kind", "label", "help", "is_required", "choices")}),
        ("Who reads it", {"fields": ("audience", "is_sensitive")}),
        ("Only if", {"fields": ("condition_question", "condition_value")}),
        ("Limits", {"fields": ("max_words", "max_length", "min_value", "max_value", "max_choices")}),
    )


class CriterionInline(admin.TabularInline):
    model = Criterion
    formset = CriterionFormSet
    extra = 0
    fields = ("position", "key", "label", "weight", "max_score")


def is_selective(call: Call | None) -> bool:
    """Whether the call has applications to score; a new one may."""
    return call is None or call.is_selective


def _pair(line: str) -> list[str]:
    value, colon, label = line.partition(":")
    if not colon or not value.strip() or not label.strip():
        raise ValidationError(f"“{line.strip()[:60]}” is not of the form “value: label”.")
    return [value.strip(), label.strip()]
