from django.db import models

from events.models import Call
from ranportal.shared import sealing
from registrations.masking.affiliation import one_spelling
from registrations.models.call_key import key_for
from registrations.models.registration import Registration
from registrations.models.sealed import SealedField, SealedRow
from registrations.people import PersonDetails

#: The most characters of each part that is written in one line.
LENGTHS = {"given_name": 100, "family_name": 100, "display_name": 120, "email": 254, "organisation": 200}


class Identity(SealedRow):
    """Who a registration is: the only place that holds a name, an address or an organisation, sealed.

    `organisation_index` is the same for people of one call who name the same organisation, and "" for those who name
    none; it says nothing to who has not the call's key.
    """

    registration = models.OneToOneField(
        Registration, on_delete=models.CASCADE, primary_key=True, related_name="identity"
    )
    given_name: str
    family_name: str
    display_name: str
    email: str
    organisation: str
    sealed = SealedField(parts=("given_name", "family_name", "display_name", "email", "organisation"), db_default=b"")
    # After `sealed`: sealing the row brings it up to date, field by field.
    organisation_index = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)

    class Meta:
        verbose_name_plural = "identities"

    def __str__(self) -> str:
        return self.registration.reference

    @classmethod
    def of(cls, registration: Registration, person: PersonDetails) -> "Identity":
        """The unsaved row that says who this is."""
        return cls(registration=registration, **{part: getattr(person, part) for part in LENGTHS})

    def _sealed_anew(self) -> None:
        self.organisation_index = organisation_index(self.registration.call, self.organisation)


def organisation_index(call: Call, name: str) -> str:
    """What stands for this organisation among the people of this call; "" where the name names none."""
    said = one_spelling(name)
    return sealing.index(said, key=key_for(call)[1], purpose="organisation") if said else ""
