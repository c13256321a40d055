"""Criteria in the form of a call; what was scored is read-only."""

from typing import Any

from django import forms
from django.contrib import admin

from registrations.admin.session_inline import name_inputs
from registrations.anchors import wrong_anchors
from registrations.models import Criterion, Score


class CriterionForm(forms.ModelForm):
    class Meta:
        model = Criterion
        fields = ("position", "key", "label", "weight", "max_score", "anchors")
        widgets = {
            "anchors": forms.Textarea(
                attrs={"rows": 3, "placeholder": "5 = works with radicalised people every week\n0 = never met any"}
            )
        }

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        lines = [line.strip() for line in (given.get("anchors") or "").splitlines() if line.strip()]
        if wrong := wrong_anchors(lines, given.get("max_score") or 0):
            self.add_error("anchors", wrong)
        given["anchors"] = "\n".join(lines)
        return given


class CriterionFormSet(forms.BaseInlineFormSet):
    """Rows that reviewers have used cannot change."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scored = Score.objects.filter(criterion__call=self.instance.pk).values_list("criterion_id", flat=True)
        self._scored = set(scored) if self.instance.pk else set()

    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        super().add_fields(form, index)
        name_inputs(form)
        if form.instance.pk in self._scored:
            for name, field in form.fields.items():
                field.disabled = field.disabled or name not in (self._pk_field.name, self.fk.name)


class CriterionInline(admin.TabularInline):
    model = Criterion
    form = CriterionForm
    formset = CriterionFormSet
    extra = 0
    verbose_name_plural = "criteria, by which reviewers score"
