from django.db import models


class Role(models.TextChoices):
    """The six staff roles; each is a Django group of this name, made by a migration."""

    PUBLISHER = "publisher", "Publisher"
    ORGANISER = "organiser", "Organiser"
    REVIEWER = "reviewer", "Reviewer"
    LOGISTICS = "logistics", "Logistics"
    DATA_PROTECTION = "data_protection", "Data protection officer"
    ADMINISTRATOR = "administrator", "Administrator"
