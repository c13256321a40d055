from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from events.models import Call
from registrations.enums import Audience, QuestionKind


class Question(models.Model):
    """One question of a call's form; its field is named `q-<key>`.

    `choices` is an ordered list of [value, label]. A condition shows the question only if the answer to
    `condition_question` equals `condition_value` (or, for several choices, contains it); yes_no compares with yes or
    no.
    """

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="questions")
    key = models.CharField(
        max_length=40,
        validators=[RegexValidator(r"^[a-z][a-z0-9_]*$", "Lower-case letters, digits and _, as: motivation.")],
    )
    kind = models.CharField(max_length=20, choices=QuestionKind)
    label = models.CharField(max_length=300)
    help = models.TextField(blank=True)
    is_required = models.BooleanField("required", default=False)
    condition_question = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="dependants"
    )
    condition_value = models.CharField(max_length=120, blank=True)
    audience = models.CharField(max_length=12, choices=Audience, default=Audience.ORGANISERS)
    is_sensitive = models.BooleanField("sensitive", default=False)
    choices = models.JSONField(default=list, blank=True)
    max_words = models.PositiveSmallIntegerField(null=True, blank=True)
    max_length = models.PositiveIntegerField("most characters", null=True, blank=True)
    min_value = models.IntegerField("smallest number", null=True, blank=True)
    max_value = models.IntegerField("largest number", null=True, blank=True)
    max_choices = models.PositiveSmallIntegerField("most choices", null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(fields=["call", "key"], name="question_key_once_per_call"),
            models.CheckConstraint(
                condition=Q(condition_question__isnull=True, condition_value="")
                | (Q(condition_question__isnull=False) & ~Q(condition_value="")),
                name="question_condition_has_question_and_value",
            ),
        )

    def __str__(self) -> str:
        return self.label

    @property
    def field_name(self) -> str:
        return f"q-{self.key}"
