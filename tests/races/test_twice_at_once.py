"""What people and clocks do twice at the same moment is done once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from registrations.enums import MailKind, Outcome, State
from registrations.models import OutgoingMail, Registration, Transition
from registrations.services import addresses, intake, notices, places, selection
from tests.factories import NOW, CallFactory, RegistrationFactory, UserFactory
from tests.races.web import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
TIMES = 6


def threads(act: Callable[[], Any], *others: Callable[[], Any]) -> list[Any]:
    """Do the act several times at once, and the others once each, every one on a connection of its own."""

    def closing(do: Callable[[], Any]) -> Callable[[], Any]:
        def run() -> Any:
            try:
                return do()
            finally:
                connection.close()

        return run

    return at_once([closing(do) for do in [act] * TIMES + list(others)])


def failures(results: list[Any]) -> list[Any]:
    return [result for result in results if isinstance(result, Exception)]


def kinds() -> list[str]:
    return sorted(OutgoingMail.objects.values_list("kind", flat=True))


def test_a_release_pressed_by_several_at_once_is_one_release():
    call, organiser = CallFactory(selective=True, closed=True), UserFactory()
    people = RegistrationFactory.create_batch(8, call=call, submitted=True)
    selection.stage(registrations=people, outcome=Outcome.DECLINE, reason="why", by=organiser, now=NOW)
    results = threads(lambda: selection.release(call=call, by=organiser, now=NOW).total)
    assert sorted(results) == [0] * (TIMES - 1) + [8]
    assert kinds() == [MailKind.NOT_SELECTED] * 8


def test_an_undoing_at_the_moment_of_the_release_comes_before_it_or_after_it():
    call, organiser = CallFactory(selective=True, closed=True), UserFactory()
    people = RegistrationFactory.create_batch(8, call=call, submitted=True)
    selection.stage(registrations=people, outcome=Outcome.SELECT, reason="why", by=organiser, now=NOW)
    results = threads(
        lambda: selection.unstage(registrations=people, by=organiser, now=NOW),
        lambda: selection.release(call=call, by=organiser, now=NOW).total,
    )
    assert failures(results) == []
    released = results[-1]
    assert sorted([*results[:-1], released]) == [0] * TIMES + [8]
    assert Registration.objects.filter(state=State.CONFIRMED).count() == released == len(kinds())


def test_a_place_given_up_several_times_at_once_moves_one_person_up():
    call = CallFactory(capacity=1)
    holder = RegistrationFactory(call=call)
    RegistrationFactory.create_batch(4, call=call, on_list=True)
    assert failures(threads(lambda: places.withdraw(registration=holder, now=NOW))) == []
    assert kinds() == [MailKind.GIVEN_UP, MailKind.PROMOTED]
    call.refresh_from_db()
    assert call.places_taken == 1


def test_a_link_asked_for_several_times_at_once_is_one_mail():
    email = RegistrationFactory().identity.email
    assert failures(threads(lambda: addresses.send_link_again(email=email, now=NOW))) == []
    assert kinds() == [MailKind.LINK_AGAIN]


def test_proving_with_several_tabs_at_once_is_proving_once():
    registration = RegistrationFactory(unproven=True)
    results = threads(lambda: intake.prove(registration=registration, version=1, now=NOW).state)
    assert results == [State.CONFIRMED] * TIMES
    assert (kinds(), Transition.objects.count()) == ([MailKind.CONFIRMED], 1)


def test_scans_of_several_clocks_at_once_say_everything_once():
    starts_at = NOW + timedelta(hours=20)
    soon = [(starts_at, starts_at + timedelta(hours=2))]
    RegistrationFactory(call=CallFactory(closed=True, event__sessions=soon))
    RegistrationFactory(call=CallFactory(closed=True, event__sessions=soon, event__join_link=""))
    RegistrationFactory(call=CallFactory(closed=True, list_closes_at=NOW), on_list=True)
    RegistrationFactory(call=CallFactory(asks_to_confirm=True), selected=True, answer_by=NOW + timedelta(hours=3))
    RegistrationFactory(unproven=True)
    assert failures(threads(lambda: notices.run_scans(now=NOW))) == []
    assert kinds() == sorted(
        [
            *[MailKind.CALL_CLOSED] * 3,
            MailKind.EVENT_REMINDER,
            MailKind.JOIN_LINK_MISSING,
            MailKind.LIST_CLOSED,
            MailKind.ANSWER_REMINDER,
            MailKind.PROVE_REMINDER,
        ]
    )
