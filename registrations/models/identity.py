from django.db import models

from registrations.models.registration import Registration


class Identity(models.Model):
    """Who a registration is: the only place that holds a name, an address or an organisation."""

    registration = models.OneToOneField(
        Registration, on_delete=models.CASCADE, primary_key=True, related_name="identity"
    )
    given_name = models.CharField(max_length=100)
    family_name = models.CharField(max_length=100)
    display_name = models.CharField("name that others will see", max_length=120)
    email = models.EmailField("e-mail address")
    organisation = models.CharField(max_length=200)

    class Meta:
        verbose_name_plural = "identities"

    def __str__(self) -> str:
        return self.registration.reference
