"""What stands on a reviewer's page about one application: masked texts, marks of what changed, others' opinions."""

from dataclasses import dataclass
from typing import Any

from django import forms

from accounts.models import User
from events.models import Call
from registrations import review_reports
from registrations.admin.act_forms import NO_CASES
from registrations.admin.review_forms import ScoreForm
from registrations.countries import country_name
from registrations.enums import QuestionKind
from registrations.masking import MASK, Masker, find_passage
from registrations.models import Answer, Registration, Review, Score


class ConflictForm(forms.Form):
    """A word about a conflict of interest; nobody has to explain it."""

    comment = forms.CharField(
        label="Comment",
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=f"You need not explain. {NO_CASES}",
    )


@dataclass(frozen=True)
class ShownAnswer:
    """One answer as a reviewer may read it. `file_id` leads to a document, whose name is not shown."""

    label: str
    text: str
    has_changed: bool
    file_id: int | None
    file_facts: Any


@dataclass(frozen=True)
class Opinion:
    """What another reviewer thinks, without the applicant's name where the comment holds it."""

    scores: list[Score]
    comment: str


def conflict_form(data: Any = None) -> ConflictForm:
    """The form of a declaration; its fields carry a prefix, since it stands beside the scores."""
    return ConflictForm(data, prefix="conflict", label_suffix="")


def score_form(call: Call, registration: Registration, review: Review | None, data: Any = None) -> ScoreForm:
    """The scores given so far, to be changed; a criterion that was abstained from says so."""
    return ScoreForm(
        data,
        registration=registration,
        criteria=list(call.criteria.all()),
        review=review,
        initial={"comment": review.comment if review else ""},
    )


def context_of(
    call: Call, registration: Registration, reviewer: User, review: Review | None, form: ScoreForm
) -> dict[str, Any]:
    """What the page shows of an application; of one with a conflict of interest no answer and no opinion."""
    has_conflict = review is not None and review.has_conflict
    masker = review_reports.masker_of(registration)
    before, after = review_reports.beside(call, reviewer, reference=registration.reference)
    return {
        "title": registration.reference,
        "call": call,
        "registration": registration,
        "country": country_name(registration.country),
        "answers": [] if has_conflict else _answers(registration, review, masker),
        "others": [] if has_conflict else _opinions(registration, reviewer, masker),
        "has_conflict": has_conflict,
        "review": review,
        "form": form,
        "mask": MASK,
        "previous": before,
        "next": after,
        "skip_to": review_reports.next_to_review(call, reviewer, after=registration.reference),
    }


@dataclass(frozen=True)
class Seen:
    """One answer for organisers, beside what reviewers read of it: None where they read nothing or the same.

    `passages` are those hidden from reviewers, each with whether it still stands in the answer.
    """

    answer: Answer
    by_reviewers: str | None
    is_for_reviewers: bool
    passages: list[tuple[str, bool]]


def seen_by_reviewers(registration: Registration) -> list[Seen]:
    """All answers of a person, each with what reviewers see of it."""
    masker = review_reports.masker_of(registration)
    readable = {answer.pk: answer for answer in review_reports.answers_for_reviewers(registration)}
    answers = registration.answers.select_related("question")
    return [_seen(readable.get(answer.pk, answer), answer.pk in readable, masker) for answer in answers]


def _seen(answer: Answer, is_for_reviewers: bool, masker: Masker) -> Seen:
    if not is_for_reviewers or answer.file:
        return Seen(answer, None, is_for_reviewers, [])
    passages = [redaction.passage for redaction in answer.redactions.all()]
    read = masker.mask(answer.text, passages=passages)
    hidden = [(passage, bool(find_passage(answer.text, passage))) for passage in passages]
    return Seen(answer, read if read != answer.text else None, is_for_reviewers, hidden)


def _answers(registration: Registration, review: Review | None, masker: Masker) -> list[ShownAnswer]:
    answers = review_reports.answers_for_reviewers(registration)
    return [_shown(answer, review, masker) for answer in answers]


def _shown(answer: Answer, review: Review | None, masker: Masker) -> ShownAnswer:
    is_file = answer.question.kind == QuestionKind.FILE
    passages = [redaction.passage for redaction in answer.redactions.all()]
    return ShownAnswer(
        label=answer.label,
        text="" if is_file else masker.mask(answer.text, passages=passages),
        has_changed=review is not None and answer.changed_at > review.changed_at,
        file_id=answer.pk if answer.file else None,
        file_facts=answer.value if is_file else None,
    )


def _opinions(registration: Registration, reviewer: User, masker: Masker) -> list[Opinion]:
    others = review_reports.reviews_beside(registration, reviewer)
    return [Opinion(list(other.scores.all()), masker.mask(other.comment)) for other in others]
