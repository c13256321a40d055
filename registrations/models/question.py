from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from events.models import Call
from registrations.enums import AskedOf, Audience, KeptFor, LegalBasis, QuestionKind


class AbstractQuestion(models.Model):
    """What a question asks and how: shared by the questions of calls and those of the library.

    `choices` is an ordered list of [value, label].
    """

    key = models.CharField(
        max_length=40,
        validators=[RegexValidator(r"^[a-z][a-z0-9_]*$", "Lower-case letters, digits and _, as: motivation.")],
    )
    kind = models.CharField(max_length=20, choices=QuestionKind)
    label = models.CharField(max_length=300)
    help = models.TextField(blank=True)
    is_required = models.BooleanField("required", default=False)
    audience = models.CharField(max_length=12, choices=Audience, default=Audience.ORGANISERS)
    is_sensitive = models.BooleanField("sensitive", default=False)
    purpose = models.CharField("what we need it for", max_length=200, blank=True, db_default="")
    legal_basis = models.CharField(
        max_length=12,
        choices=LegalBasis,
        default=LegalBasis.PUBLIC_TASK,
        db_default=LegalBasis.PUBLIC_TASK.value,
    )
    kept_for = models.CharField(
        "kept", max_length=10, choices=KeptFor, default=KeptFor.OUTCOME, db_default=KeptFor.OUTCOME.value
    )
    choices = models.JSONField(default=list, blank=True)
    max_words = models.PositiveSmallIntegerField(null=True, blank=True)
    max_length = models.PositiveIntegerField("most characters", null=True, blank=True)
    min_value = models.IntegerField("smallest number", null=True, blank=True)
    max_value = models.IntegerField("largest number", null=True, blank=True)
    max_choices = models.PositiveSmallIntegerField("most choices", null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.label


class Question(AbstractQuestion):
    """One question of a call; its field is named `q-<key>`.

    A condition shows the question only if the answer to `condition_question` equals `condition_value` (or, for several
    choices, contains it); yes_no compares with yes or no. A question that was answered is not reworded: a new `version`
    takes its key, and the old one has `retired_at`. Forms ask those that are not retired.
    """

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="questions")
    asked_of = models.CharField(
        "asked of", max_length=10, choices=AskedOf, default=AskedOf.EVERYONE, db_default=AskedOf.EVERYONE.value
    )
    condition_question = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="dependants"
    )
    condition_value = models.CharField(max_length=120, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveSmallIntegerField(default=1, db_default=1, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["call", "key"], condition=Q(retired_at__isnull=True), name="question_key_once_per_call"
            ),
            models.UniqueConstraint(fields=["call", "key", "version"], name="question_version_once_per_key"),
            models.CheckConstraint(
                condition=Q(condition_question__isnull=True, condition_value="")
                | (Q(condition_question__isnull=False) & ~Q(condition_value="")),
                name="question_condition_has_question_and_value",
            ),
        )

    @property
    def field_name(self) -> str:
        return f"q-{self.key}"


class LibraryQuestion(AbstractQuestion):
    """A tried question, to be copied into the form of any call. `note` says what it is good for."""

    note = models.CharField("what it is good for", max_length=300, blank=True)

    class Meta:
        ordering = ("key",)
        verbose_name = "question of the library"
        verbose_name_plural = "library of questions"
        constraints = (models.UniqueConstraint(fields=["key"], name="library_question_key_once"),)
