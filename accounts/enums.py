from django.db import models


class Role(models.TextChoices):
    """The four staff roles; each is a Django group of this name, made by a migration."""

    PUBLISHER = "publisher", "Publisher"
    ORGANISER = "organiser", "Organiser"
    REVIEWER = "reviewer", "Reviewer"
    ADMINISTRATOR = "administrator", "Administrator"
