"""What people may allow besides: the text beside each tick. A changed text is another wording, and asks again."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from registrations.enums import Extra, LegalBasis
from registrations.field_register.people import ALLOWED, NEEDED
from registrations.field_register.shapes import Kept, Reader, joined

#: A list of participants shows nobody before so many people are on it.
LEAST_LISTED = 5


@dataclass(frozen=True)
class ExtraText:
    """What is said beside one tick: what the person allows, what it is for, who sees it, when it goes.

    `asks` is the label of the detail that belongs to it; nothing where a tick says all.
    """

    allows: str
    purpose: str
    readers: tuple[Reader, ...]
    kept: Kept
    basis: LegalBasis
    asks: str = ""

    def sees(self) -> str:
        """Who sees it, in words."""
        return joined([str(reader.label) for reader in self.readers])

    @property
    def wording(self) -> str:
        """The name of this text, 16 hex digits: another for each word that is changed."""
        said = "|".join([self.allows, self.purpose, self.sees(), self.kept.words, self.basis, self.asks])
        return hashlib.sha256(said.encode()).hexdigest()[:16]


_US = (Reader.PERSON, Reader.ORGANISERS)
_CONSENT, _EXPLICIT = LegalBasis.CONSENT, LegalBasis.EXPLICIT_CONSENT
_LIST = "So that those who take part can find each other. The list stands on the private pages of confirmed people."


def _listed(what: str) -> ExtraText:
    allows = f"Confirmed participants may see {what} in the list for participants."
    return ExtraText(allows, _LIST, (*_US, Reader.PARTICIPANTS), ALLOWED, _CONSENT)


TEXTS: Mapping[Extra, ExtraText] = MappingProxyType(
    {
        Extra.DIET: ExtraText(
            "You may use what I write here about food and drink.",
            "To order food that you can eat. The kitchen gets it without your name.",
            (*_US, Reader.LOGISTICS),
            NEEDED,
            _EXPLICIT,
            "What do you not eat or drink?",
        ),
        Extra.ACCESS: ExtraText(
            "You may use what I write here about what I need to take part.",
            "To make it possible for you to take part. You need not say why.",
            (*_US, Reader.LOGISTICS),
            NEEDED,
            _EXPLICIT,
            "What do you need, as step-free access or captions?",
        ),
        Extra.PHOTOGRAPHS: ExtraText(
            "I may be seen in photographs of the event.",
            "To show in reports how the event was. Without it you are in no photograph that we use.",
            (*_US, Reader.LOGISTICS),
            ALLOWED,
            _CONSENT,
        ),
        Extra.LISTED_NAME: _listed("the name that I chose for others to see"),
        Extra.LISTED_ORGANISATION: _listed("my organisation"),
        Extra.LISTED_COUNTRY: _listed("my country"),
        Extra.LISTED_EMAIL: _listed("my e-mail address"),
        Extra.NETWORK_MAIL: ExtraText(
            "You may write to me about other events of the network.",
            "To tell you of events in your field.",
            _US,
            ALLOWED,
            _CONSENT,
        ),
    }
)
