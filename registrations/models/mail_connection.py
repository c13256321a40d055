from django.db import models


class MailConnection(models.Model):
    """One connection to the relay that a process of ours holds, or held until it was killed.

    Rows whose time is over count for nothing: whoever opens the next connection deletes them.
    """

    token = models.CharField(max_length=32, unique=True)
    held_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"Connection until {self.held_until:%H:%M:%S}"
