"""Counter cards: what is left of people's registrations for fairness when their time is over, by keyed address."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import F, Q
from django.db.models.functions import Greatest

from registrations import retention, tallies
from registrations.enums import State
from registrations.models import CounterCard, Registration
from registrations.models.registration import ERASED


def count(*, registrations: Sequence[int], last_on: date) -> int:
    """Add these registrations (ids) to the cards of their addresses; returns how many.

    In the caller's transaction, which erases them: so each counts once. Who never proved the address counts for
    nobody, since a stranger may have typed it.
    """
    proven = Registration.objects.filter(pk__in=registrations, proven_at__isnull=False)
    people = proven.exclude(address_index__startswith=ERASED)
    rows = people.annotate(got=tallies.has_got_place()).values_list("address_index", "got", "state", "is_excused")
    for address_index, got, state, is_excused in rows:
        _grow(
            address_index,
            selected=int(got),
            attended=int(state == State.ATTENDED),
            excused=int(state == State.ABSENT and is_excused),
            last_on=last_on,
        )
    return len(rows)


def _grow(address_index: str, *, last_on: date, **more: int) -> None:
    CounterCard.objects.get_or_create(address_index=address_index, defaults={"last_on": last_on})
    CounterCard.objects.filter(address_index=address_index).update(
        applied=F("applied") + 1,
        last_on=Greatest(F("last_on"), last_on),
        **{name: F(name) + number for name, number in more.items()},
    )


def expired(*, now: datetime) -> Q:
    """Which cards are kept no longer."""
    return Q(last_on__lte=(now - retention.CARDS_KEPT).date())


def forget(*, address_index: str) -> int:
    """Delete the card of this address, as its person asks; returns how many there were."""
    return CounterCard.objects.filter(address_index=address_index).delete()[0]
