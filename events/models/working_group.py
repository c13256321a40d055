from django.db import models


class WorkingGroup(models.Model):
    """One of the network's working groups, as RAN HEALTH. They exist after the first migration."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=60, unique=True)
    subject = models.CharField(max_length=120, help_text="What the group works on, as: mental health.")
    description = models.TextField("description (Markdown)", blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
