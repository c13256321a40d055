"""Reads about what rests on consent: extras that a call asks, what its people allowed, and the list for them."""

from collections import defaultdict
from dataclasses import dataclass

from events.models import Call
from registrations import policies
from registrations.countries import country_name
from registrations.enums import CheckResult, Extra, State
from registrations.field_register import LEAST_LISTED, TEXTS, ExtraText, is_free
from registrations.models import Answer, Consent, Question, Registration

_LISTED = (Extra.LISTED_NAME, Extra.LISTED_ORGANISATION, Extra.LISTED_COUNTRY, Extra.LISTED_EMAIL)
_THERE = (State.CONFIRMED, State.ATTENDED)


@dataclass(frozen=True)
class Choice:
    """One extra as its person sees it: what is asked, and what they said to it; None: nothing that stands."""

    extra: Extra
    text: ExtraText
    consent: Consent | None

    @property
    def is_changed(self) -> bool:
        """Whether the text reads otherwise since they said yes: that holds for what it said then."""
        return self.consent is not None and not is_current(self.consent)


@dataclass(frozen=True)
class Listed:
    """What one person lets the others see; "" is what they did not allow."""

    name: str
    organisation: str
    country: str
    email: str


def is_current(consent: Consent) -> bool:
    """Whether a consent was given to the text as it reads now."""
    return consent.wording == TEXTS[Extra(consent.extra)].wording


def offered(call: Call) -> list[Extra]:
    """The extras about which the call asks, in their usual order."""
    asked = set(call.offered_extras.values_list("extra", flat=True))
    return [extra for extra in Extra if extra in asked]


def choices(registration: Registration) -> list[Choice]:
    """All that the person may say yes to now, and what they did; also what is not asked any more and still stands."""
    given = {choice.extra: choice for choice in allowed_by(registration)}
    shown = {*(offered(registration.call) if policies.may_give_extras(registration) else ()), *given}
    return [given.get(extra) or Choice(extra, TEXTS[extra], None) for extra in Extra if extra in shown]


def free_answers(registration: Registration) -> list[Answer]:
    """What the person answered to questions that rest on consent, and may take back; in the order of the form."""
    return [answer for answer in registration.answers.select_related("question") if is_free_question(answer.question)]


def is_free_question(question: Question) -> bool:
    """Whether answers to this question rest on consent."""
    return is_free(is_sensitive=question.is_sensitive, basis=question.legal_basis)


def allowed_by(registration: Registration) -> list[Choice]:
    """What the person said yes to and did not take back."""
    given = {Extra(consent.extra): consent for consent in registration.consents.filter(withdrawn_at=None)}
    return [Choice(extra, TEXTS[extra], given[extra]) for extra in Extra if extra in given]


def participants(call: Call) -> list[Listed]:
    """Those who take part and let the others see something of it; nobody while they are fewer than five (law 5).

    Where the call asks who people are, those alone of whom somebody found it out: the others see no list either.
    """
    found = {"registration__check_result": CheckResult.FINE} if call.join_link_needs_check else {}
    consents = Consent.objects.filter(
        extra__in=_LISTED,
        withdrawn_at=None,
        registration__call=call,
        registration__state__in=_THERE,
        registration__proven_at__isnull=False,
        **found,
    ).select_related("registration__identity")
    items: dict[Registration, set[str]] = defaultdict(set)
    for consent in consents.order_by("registration_id"):
        if is_current(consent):
            items[consent.registration].add(consent.extra)
    if len(items) < LEAST_LISTED:
        return []
    return sorted((_listed(one, allows) for one, allows in items.items()), key=lambda one: one.name.casefold())


def _listed(registration: Registration, allows: set[str]) -> Listed:
    who = registration.identity
    return Listed(
        name=who.display_name if Extra.LISTED_NAME in allows else "",
        organisation=who.organisation if Extra.LISTED_ORGANISATION in allows else "",
        country=country_name(registration.country) if Extra.LISTED_COUNTRY in allows else "",
        email=who.email if Extra.LISTED_EMAIL in allows else "",
    )
