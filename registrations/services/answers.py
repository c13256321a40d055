"""Stores what a person said: identity and answers, the wording of each question frozen beside it."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.fields.files import FieldFile

from ranportal.shared.crypto import keyed_digest
from registrations import queries
from registrations.enums import AskedOf, QuestionKind
from registrations.models import Answer, Identity, Question, Registration
from registrations.people import PersonDetails
from registrations.questions import GivenAnswer, fitting

Answers = Mapping[Question, GivenAnswer]
#: By key of the question: the value, and the digest of a file.
Contents = Mapping[str, list[Any]]
_BATCH = 500


def contents_of(answers: Answers) -> Contents:
    """What was said, and the digest of each file: to be read before the files are handed to a store."""
    return {question.key: [given.value, _file_digest(given)] for question, given in answers.items()}


def form_digest(person: PersonDetails, said: Contents) -> str:
    """The keyed digest (64 hex digits) of a whole form: the same form sent twice has the same."""
    return keyed_digest("form", json.dumps([asdict(person), said], sort_keys=True, ensure_ascii=False))


def write_identity(registration: Registration, person: PersonDetails) -> None:
    """Insert the one row that says who this is; `identities.rewrite` changes it."""
    identity = Identity.of(registration, person)
    identity.save()
    registration.identity = identity


def write_answers(registration: Registration, answers: Answers, *, now: datetime) -> None:
    """Insert the answers of a new registration in one statement; files among them are stored already (`uploads`)."""
    _note_sensitive(answers)
    Answer.objects.bulk_create([_row(registration, question, given, now) for question, given in answers.items()])


def replace_answers(
    registration: Registration, answers: Answers, *, now: datetime, asked_of: AskedOf = AskedOf.EVERYONE
) -> None:
    """Put new answers to the questions of this form in place of the old, also of those to an earlier wording.

    A file that was not sent again stays, others are deleted after commit. What is not asked any more stays as it was
    said, and so does what fits no field of the present form until it is answered anew. What was said again word for
    word keeps the moment of its change, and what an organiser hid in an answer stays with it, also when its question
    has another wording now.
    """
    _note_sensitive(answers)
    asked = {question.key: question for question in queries.questions_of(registration.call, asked_of=asked_of)}
    said = {question.key: (question, given) for question, given in answers.items()}
    old = _standing(registration, {question.key: question for question in answers}, asked_of=asked_of)
    gone = [answer for key, answer in old.items() if key not in said and key in asked and _fits(answer, asked[key])]
    changed, replaced = [], [answer.file for answer in gone if answer.file]
    for key in old.keys() & said.keys():
        answer, (question, given) = old[key], said[key]
        if not _says_the_same(answer, question, given):
            replaced += [answer.file] if answer.file else []
            changed.append(_row(registration, question, given, now, pk=answer.pk))
    delete_files_after_commit(replaced)
    Answer.objects.filter(pk__in=[answer.pk for answer in gone]).delete()
    _update(changed, "question", "label", "file", "changed_at")
    new = {question: given for key, (question, given) in said.items() if key not in old}
    Answer.objects.bulk_create([_row(registration, question, given, now) for question, given in new.items()])


def seal_all(questions: Iterable[Question]) -> None:
    """Seal what was answered to these questions before they were sensitive; in the caller's transaction."""
    open_ones = Answer.objects.filter(question__in=questions, question__is_sensitive=True, sealed=b"")
    answers = list(open_ones.select_related("question", "registration__call__key"))
    for answer in answers:
        answer.put_away()
    _update(answers)


def _update(answers: Sequence[Answer], *fields: str) -> None:
    for answer in answers:
        answer.seal()
    Answer.objects.bulk_update(answers, [*fields, "sealed", "plain_value", "plain_text"], batch_size=_BATCH)


def _standing(registration: Registration, answered: Mapping[str, Question], *, asked_of: AskedOf) -> dict[str, Answer]:
    """By key the answers of this form: where a question is answered now, that to it before that to another wording."""
    answers = registration.answers.filter(question__asked_of=asked_of).select_related("question")
    standing: dict[str, Answer] = {}
    for answer in answers.order_by("question__version"):
        key = answer.question.key
        if key not in standing or standing[key].question != answered.get(key):
            standing[key] = answer
    return standing


def _fits(answer: Answer, question: Question) -> bool:
    return fitting(answer.value, answer.question, question) is not None


def has_earlier_wording(registration: Registration) -> bool:
    """Whether an answer of the form stands beside a wording in whose place a newer one is asked now."""
    asked = Question.objects.filter(call=registration.call_id, retired_at=None, asked_of=AskedOf.EVERYONE)
    newer = asked.filter(key=OuterRef("question__key")).exclude(pk=OuterRef("question"))
    return registration.answers.filter(Exists(newer), file="").exists()


def _says_the_same(answer: Answer, question: Question, given: GivenAnswer) -> bool:
    if given.upload is not None:
        return False
    if answer.file and question.kind == QuestionKind.FILE:
        # A file that was not sent again is the one that is there.
        return True
    said = (answer.question_id, answer.value, answer.text, answer.label)
    return said == (question.pk, given.value, given.text, question.label)


def delete_files_after_commit(files: Iterable[FieldFile]) -> None:
    """Delete stored files once the rows that named them are gone for good."""
    for file in files:
        if file.name:
            # What is committed stays so, even if the store is away: the nightly purge finds the file.
            transaction.on_commit(_deletion_of(file), robust=True)


def _deletion_of(file: FieldFile) -> Callable[[], None]:
    storage, name = file.storage, str(file.name)

    def delete() -> None:
        storage.delete(name)

    return delete


def _note_sensitive(answers: Answers) -> None:
    """Bring up to date which of these questions are sensitive: they were read before the call was locked."""
    told = Question.objects.filter(pk__in=[question.pk for question in answers], is_sensitive=True)
    sensitive = set(told.values_list("pk", flat=True))
    for question in answers:
        question.is_sensitive = question.is_sensitive or question.pk in sensitive


def _row(
    registration: Registration, question: Question, given: GivenAnswer, now: datetime, *, pk: int | None = None
) -> Answer:
    answer = Answer(
        pk=pk,
        registration=registration,
        question=question,
        label=question.label,
        file=given.stored_as,
        changed_at=now,
    )
    answer.value, answer.text = given.value, given.text
    return answer


def _file_digest(given: GivenAnswer) -> str:
    if given.upload is None:
        return ""
    digest = hashlib.sha256()
    for chunk in given.upload.chunks():
        digest.update(chunk)
    given.upload.seek(0)
    return digest.hexdigest()
