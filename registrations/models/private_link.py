from django.db import models
from django.db.models import Q

from registrations.models.registration import Registration


class PrivateLink(models.Model):
    """What a private link stands for. Its token and code are computed when a mail is handed over, and stored nowhere.

    `key_id` names the key that signs it, so a repeat after a rotation is still byte-identical. `version` is that of the
    form and address for which it was made; of those made for one version, one stands at most.
    """

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="links")
    version = models.PositiveIntegerField()
    key_id = models.CharField(max_length=16)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    code_tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["registration", "version"], condition=Q(revoked_at=None), name="private_link_one_stands"
            ),
        )

    def __str__(self) -> str:
        return f"Link {self.pk}, version {self.version}"
