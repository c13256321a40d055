"""What is filled in about reviews: scores, passages to hide, and who reads an application."""

from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.models import User
from registrations import review_reports
from registrations.admin.act_forms import NO_CASES, ActForm
from registrations.models import Criterion, Redaction, Review

ABSTAIN = "abstain"
_SHOWN = 60


class ScoreForm(ActForm):
    """One number for each criterion of the call, or none, and a comment. `review` is what was said before."""

    def __init__(self, *args: Any, criteria: list[Criterion], review: Review | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.criteria = criteria
        scores = {score.criterion_id: str(score.value) for score in review.scores.all()} if review else {}
        usual = ABSTAIN if review and not review.has_conflict else None
        for criterion in criteria:
            self.fields[f"criterion-{criterion.pk}"] = _criterion_field(criterion, scores.get(criterion.pk, usual))
        self.fields["comment"] = forms.CharField(
            label="Comment",
            max_length=5000,
            required=False,
            widget=forms.Textarea(attrs={"rows": 4}),
            help_text=NO_CASES,
        )

    def scores(self) -> dict[Criterion, int]:
        """The cleaned numbers by criterion, without those that one abstains from."""
        given = {criterion: self.cleaned_data[f"criterion-{criterion.pk}"] for criterion in self.criteria}
        return {criterion: int(value) for criterion, value in given.items() if value != ABSTAIN}


class RedactForm(ActForm):
    """A passage of one answer that reviewers should not read."""

    answer = forms.ModelChoiceField(queryset=None, label="Answer", empty_label=None)
    passage = forms.CharField(
        label="Passage",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Copy it from the answer. Case and spaces do not matter.",
        error_messages={"required": "Please copy the passage from the answer."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        answers = review_reports.answers_for_reviewers(self.registration).filter(file="")
        self.fields["answer"].queryset = answers
        self.fields["answer"].label_from_instance = lambda answer: _short(answer.label)


class ShowAgainForm(ActForm):
    """A passage that was hidden and may be read again."""

    redaction = forms.ModelChoiceField(queryset=None, label="Passage", empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hidden = Redaction.objects.filter(answer__registration=self.registration).select_related("answer__registration")
        self.fields["redaction"].queryset = hidden.order_by("pk")
        self.fields["redaction"].label_from_instance = lambda redaction: _short(redaction.passage)


class ReadersForm(ActForm):
    """Who of the call's reviewers reads this application."""

    reviewers = forms.ModelMultipleChoiceField(
        queryset=None, label="Reviewers", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        readers = User.objects.filter(review_assignments__call=self.registration.call_id, is_active=True)
        self.fields["reviewers"].queryset = readers.order_by("name", "email")
        self.initial["reviewers"] = [task.reviewer_id for task in self.registration.review_tasks.all()]


def _criterion_field(criterion: Criterion, initial: str | None) -> forms.ChoiceField:
    numbers = [(str(number), str(number)) for number in range(criterion.max_score + 1)]
    return forms.ChoiceField(
        label=criterion.label,
        choices=[*numbers, (ABSTAIN, "No score")],
        widget=forms.RadioSelect,
        initial=initial,
        help_text=_help(criterion),
        error_messages={"required": "Please choose a number."},
    )


def _help(criterion: Criterion) -> SafeString:
    anchors = [line.strip() for line in criterion.anchors.splitlines() if line.strip()]
    lines = format_html_join("", '<br><span class="review-anchor">{}</span>', ((line,) for line in anchors))
    return format_html("0 to {}; weight {}{}", criterion.max_score, criterion.weight, lines)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
