"""What stands on a reviewer's page about one application: masked texts, marks of what changed, others' opinions."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django import forms

from accounts.models import User
from events.models import Call
from registrations import review_reports
from registrations.admin.act_forms import FOR_STAFF
from registrations.admin.review_forms import ScoreForm
from registrations.countries import country_name
from registrations.enums import QuestionKind
from registrations.masking import MASK, find_passage
from registrations.models import Answer, Registration, Review, Score

Mask = Callable[[str], str]


class ConflictForm(forms.Form):
    """A word about a conflict of interest; nobody has to explain it."""

    comment = forms.CharField(
        label="Comment",
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=f"You need not explain. {FOR_STAFF}",
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
    answers = list(review_reports.answers_for_reviewers(registration))
    mask = _mask_of(registration, answers)
    before, after = review_reports.beside(call, reviewer, reference=registration.reference)
    return {
        "title": registration.reference,
        "call": call,
        "registration": registration,
        "country": country_name(registration.country),
        "answers": [] if has_conflict else [_shown(answer, review, mask) for answer in answers],
        "others": [] if has_conflict else _opinions(registration, reviewer, mask),
        "has_conflict": has_conflict,
        "waits_for_scores": review is None or (not has_conflict and form.criteria and not review.scores.all()),
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
    readable = {answer.pk: answer for answer in review_reports.answers_for_reviewers(registration)}
    mask = _mask_of(registration, readable.values())
    answers = registration.answers.select_related("question")
    return [_seen(readable.get(answer.pk, answer), answer.pk in readable, mask) for answer in answers]


def _mask_of(registration: Registration, answers: Iterable[Answer]) -> Mask:
    """What is hidden of this person's texts: what says who it is, and passages hidden by hand, wherever they stand."""
    masker = review_reports.masker_of(registration)
    passages = [redaction.passage for answer in answers for redaction in answer.redactions.all()]
    return partial(masker.mask, passages=passages)


def _seen(answer: Answer, is_for_reviewers: bool, mask: Mask) -> Seen:
    if not is_for_reviewers or answer.file:
        return Seen(answer, None, is_for_reviewers, [])
    read = mask(answer.text)
    passages = [redaction.passage for redaction in answer.redactions.all()]
    hidden = [(passage, bool(find_passage(answer.text, passage))) for passage in passages]
    return Seen(answer, read if read != answer.text else None, is_for_reviewers, hidden)


def _shown(answer: Answer, review: Review | None, mask: Mask) -> ShownAnswer:
    is_file = answer.question.kind == QuestionKind.FILE
    return ShownAnswer(
        label=answer.label,
        text="" if is_file else mask(answer.text),
        has_changed=review is not None and answer.changed_at > review.changed_at,
        file_id=answer.pk if answer.file else None,
        file_facts=answer.value if is_file else None,
    )


def _opinions(registration: Registration, reviewer: User, mask: Mask) -> list[Opinion]:
    others = review_reports.reviews_beside(registration, reviewer)
    return [Opinion(list(other.scores.all()), mask(other.comment)) for other in others]
