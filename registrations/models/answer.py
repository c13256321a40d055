from uuid import uuid4

from django.core.files.storage import Storage, storages
from django.db import models

from registrations.models.question import Question
from registrations.models.registration import Registration

#: Where in the private storage the files of answers lie.
FOLDER = "answers"


def private_storage() -> Storage:
    """Where registrants' files lie: outside everything that is served."""
    return storages["private"]


def upload_name(answer: "Answer | None" = None, filename: str = "") -> str:
    """A name that says nothing about the person or the file."""
    return f"{FOLDER}/{uuid4().hex}"


class Answer(models.Model):
    """One answer, with the wording of its question frozen beside it.

    `value` is plain JSON: text, number, true/false, ISO date, or a list of choice values; for a file its name, size
    in bytes and content type. `text` is how people read it.
    """

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="answers")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="answers")
    label = models.CharField(max_length=300)
    value = models.JSONField()
    text = models.TextField(blank=True)
    file = models.FileField(storage=private_storage, upload_to=upload_name, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ("question__position", "question_id")
        constraints = (models.UniqueConstraint(fields=["registration", "question"], name="answer_once_per_question"),)

    def __str__(self) -> str:
        return f"Answer of {self.registration_id} to {self.question_id}"
