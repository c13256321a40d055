from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from events.models import Call


class SelectionSettings(models.Model):
    """How the people of one call are selected; a call without a row has the defaults.

    With `needs_second_person`, whoever staged something does not release; another organiser or the `deputy` does.
    Within `telephone_hours` before the event nobody is promoted by itself or by mail alone.
    """

    call = models.OneToOneField(Call, on_delete=models.CASCADE, related_name="selection_settings")
    needs_second_person = models.BooleanField("a second person releases", default=False)
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="deputy_of"
    )
    promotes_by_itself = models.BooleanField("a free place goes to the next on the list by itself", default=True)
    telephone_hours = models.PositiveSmallIntegerField(
        "only by telephone in the last hours before the event", default=0, validators=[MaxValueValidator(720)]
    )

    class Meta:
        verbose_name_plural = "selection settings"

    def __str__(self) -> str:
        return f"Selection settings of call {self.call_id}"


class Release(models.Model):
    """One release of a call's staged decisions: given, recalled or carried out.

    From `given_at` until `due_at` it can be recalled and nothing staged can change; then states and mails follow
    together, at `done_at`. `given_by` None means the operator's command line.
    """

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="releases")
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    due_at = models.DateTimeField()
    recalled_at = models.DateTimeField(null=True, blank=True)
    recalled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    done_at = models.DateTimeField(null=True, blank=True)
    refusal = models.TextField(blank=True)
    selected = models.PositiveIntegerField(default=0)
    reserve = models.PositiveIntegerField(default=0)
    declined = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("-given_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=["call"],
                condition=Q(recalled_at__isnull=True, done_at__isnull=True),
                name="release_one_open_per_call",
            ),
            models.CheckConstraint(
                condition=Q(given_by__isnull=True) | Q(given_at__isnull=False), name="release_given_at_and_by_together"
            ),
            models.CheckConstraint(
                condition=Q(recalled_at__isnull=True, recalled_by__isnull=True)
                | Q(recalled_at__isnull=False, recalled_by__isnull=False),
                name="release_recalled_at_and_by_together",
            ),
            models.CheckConstraint(
                condition=Q(recalled_at__isnull=True) | Q(done_at__isnull=True), name="release_recalled_or_done"
            ),
        )

    def __str__(self) -> str:
        return f"Release {self.pk} of call {self.call_id}"


class BoardView(models.Model):
    """Filters, columns and order of the selection board that an organiser keeps under a name."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="board_views")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=["call", "owner", "name"], name="board_view_name_once_per_owner"),
        )

    def __str__(self) -> str:
        return self.name
