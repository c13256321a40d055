from typing import Any
from uuid import uuid4

from django.core.files.storage import Storage, storages
from django.db import models

from registrations.enums import QuestionKind
from registrations.models.question import Question
from registrations.models.registration import Registration
from registrations.models.sealed import SealedField, SealedRow

#: Where in the private storage the files of answers lie.
FOLDER = "answers"
#: Kinds of questions that people answer in words of their own.
FREE = frozenset(
    {
        QuestionKind.SHORT_TEXT,
        QuestionKind.LONG_TEXT,
        QuestionKind.DATE,
        QuestionKind.EMAIL,
        QuestionKind.URL,
        QuestionKind.FILE,
    }
)


def private_storage() -> Storage:
    """Where registrants' files lie: outside everything that is served."""
    return storages["private"]


def upload_name(answer: "Answer | None" = None, filename: str = "") -> str:
    """A name that says nothing about the person or the file."""
    return f"{FOLDER}/{uuid4().hex}"


def is_sealed(question: Question) -> bool:
    """Whether answers to this question are sealed: sensitive ones, and all that are in words of one's own."""
    return question.is_sensitive or question.kind in FREE


class Answer(SealedRow):
    """One answer, with the wording of its question frozen beside it.

    `value` is plain JSON: text, number, true/false, ISO date, or a list of choice values; for a file its name, size
    in bytes and content type. `text` is how people read it. Both are attributes like any other; the columns
    `plain_value` and `plain_text` hold what the database counts by, and nothing where the answer is sealed.
    """

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="answers")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="answers")
    label = models.CharField(max_length=300)
    sealed = SealedField(parts=("value", "text"), db_default=b"")
    plain_value = models.JSONField(default=str, db_default="")
    plain_text = models.TextField(blank=True, default="", db_default="")
    file = models.FileField(storage=private_storage, upload_to=upload_name, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ("question__position", "question_id")
        constraints = (models.UniqueConstraint(fields=["registration", "question"], name="answer_once_per_question"),)

    def __str__(self) -> str:
        return f"Answer of {self.registration_id} to {self.question_id}"

    @property
    def sealed_as(self) -> str:
        return f"answer-{self.question_id}"

    @property
    def value(self) -> Any:
        """What was answered, as plain JSON."""
        return self._read("value")

    @value.setter
    def value(self, value: Any) -> None:
        self._write("value", value)

    @property
    def text(self) -> str:
        """What was answered, as people read it."""
        return str(self._read("text"))

    @text.setter
    def text(self, text: str) -> None:
        self._write("text", text)

    def put_away(self) -> None:
        """Move what was answered to where the question has it now: it may have become sensitive since."""
        value, text = self.value, self.text
        self.value, self.text = value, text

    def _read(self, part: str) -> Any:
        return self.shown(part) if self.sealed or self.is_open else getattr(self, f"plain_{part}")

    def _write(self, part: str, said: Any) -> None:
        if is_sealed(self.question):
            self.say(part, said)
            said = ""
        setattr(self, f"plain_{part}", said)
