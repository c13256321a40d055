from typing import ClassVar

from django.db import models

from accounts.models import User
from events.enums import Status


class Page(models.Model):
    """What an event, an announcement and a publication share: a title, a slug and when the public sees it.

    The public sees a page while `status` is published and `published_at` (aware) has passed: a comparison, never a job.
    """

    slug = models.SlugField(max_length=120, unique=True)
    title = models.CharField(max_length=250)
    status = models.CharField(max_length=12, choices=Status, default=Status.DRAFT)
    published_at = models.DateTimeField(
        "appears on", null=True, blank=True, help_text="In the future: the page appears by itself at that moment."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    _history_user: User | None  # whom the history names for the next save

    class Meta:
        abstract = True
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            models.CheckConstraint(
                condition=~models.Q(status=Status.PUBLISHED) | models.Q(published_at__isnull=False),
                name="%(class)s_published_has_a_date",
                violation_error_message="A published page needs the moment at which it appears.",
            ),
        )

    def __str__(self) -> str:
        return self.title
