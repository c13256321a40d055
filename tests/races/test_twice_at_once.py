"""What people and clocks do twice at the same moment is done once."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from events.models import Call
from registrations.enums import MailKind, Outcome, State
from registrations.models import OutgoingMail, Registration, Release, Transition
from registrations.services import addresses, intake, notices, places, privacy, releasing, selection, workflow
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


def while_held(call: Call, act: Callable[[], Any], *, then: Callable[[], Any]) -> list[Any]:
    """Hold the call's lock, let another thread act until it waits for us, and go on; what it returned, or raised."""
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(act())
        except Exception as error:
            results.append(error)
        finally:
            connection.close()

    other = threading.Thread(target=run)
    with transaction.atomic():
        workflow.locked(call)
        other.start()
        wait_until_somebody_waits()
        then()
    other.join()
    return results


def wait_until_somebody_waits() -> None:
    """Until another connection waits for a lock. SQLite's only lock is ours: whoever comes waits."""
    end = time.monotonic() + 60
    while connection.vendor == "postgresql" and time.monotonic() < end:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return


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


def given_release(number: int = 8) -> tuple[Call, Any]:
    """A release of so many that waits."""
    organiser = UserFactory()
    call = CallFactory(selective=True, closed=True, organisers=[organiser])
    people = RegistrationFactory.create_batch(number, call=call, submitted=True)
    selection.stage(registrations=people, outcome=Outcome.DECLINE, reason="why", by=organiser, now=NOW)
    releasing.give(call=call, by=organiser, now=NOW)
    return call, organiser


def test_a_release_given_by_several_at_once_is_one():
    call, organiser = given_release()
    Release.objects.all().delete()
    results = threads(lambda: releasing.give(call=call, by=organiser, now=NOW).pk)
    assert failures(results) == []
    assert Release.objects.get().pk in results


def test_a_release_that_is_due_is_carried_out_by_one_of_several_scans():
    given_release()
    results = threads(lambda: releasing.carry_out(now=NOW + releasing.RECALL))
    assert sorted(results) == [0] * (TIMES - 1) + [1]
    assert kinds() == [MailKind.NOT_SELECTED] * 8


def test_a_release_taken_back_in_the_last_moment_is_taken_back_or_carried_out():
    call, organiser = given_release()
    due = NOW + releasing.RECALL
    *scans, recalled = threads(
        lambda: releasing.carry_out(now=due), lambda: releasing.recall(call=call, by=organiser, now=due)
    )
    release = Release.objects.get()
    assert sum(scans) == (release.done_at is not None)
    assert isinstance(recalled, releasing.TooLateToRecall) == (release.done_at is not None)
    assert (release.done_at is None) == (release.recalled_at is not None)
    assert len(kinds()) == 8 * sum(scans)


def test_one_who_takes_it_back_while_it_is_being_written_hears_that_it_is_too_late():
    call, organiser = given_release()
    due = NOW + releasing.RECALL
    results = while_held(
        call,
        lambda: releasing.recall(call=call, by=organiser, now=due),
        then=lambda: releasing.carry_out(now=due),
    )
    assert isinstance(results[0], releasing.TooLateToRecall)
    assert len(kinds()) == 8


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


def test_a_link_closed_several_times_at_once_is_closed_once_and_one_mail_brings_the_new_one():
    registration = RegistrationFactory()
    link = registration.links.get()
    results = threads(lambda: addresses.close_link(link=link, now=NOW))
    new = registration.links.get(revoked_at=None)
    assert sorted(results, key=bool) == [None] * (TIMES - 1) + [new]
    assert (kinds(), OutgoingMail.objects.get().link) == ([MailKind.LINK_AGAIN], new)
    assert registration.links.count() == 2


def test_a_mail_put_while_the_link_is_closed_carries_the_new_link():
    registration = RegistrationFactory()
    results = while_held(
        registration.call,
        lambda: places.withdraw(registration=registration, now=NOW).state,
        then=lambda: addresses.close_link(link=registration.links.get(), now=NOW),
    )
    new = registration.links.get(revoked_at=None)
    assert (results, kinds()) == ([State.WITHDRAWN], [MailKind.GIVEN_UP, MailKind.LINK_AGAIN])
    assert {mail.link for mail in OutgoingMail.objects.exclude(state="cancelled")} == {new}


def test_a_link_asked_for_while_the_place_is_given_up_stands_in_nobodys_way():
    registration = RegistrationFactory()
    email = registration.identity.email
    results = while_held(
        registration.call,
        lambda: addresses.send_link_again(email=email, now=NOW),
        then=lambda: places.withdraw(registration=registration, now=NOW),
    )
    assert (results, kinds()) == ([None], [MailKind.GIVEN_UP])


def test_two_people_are_erased_at_once_from_the_same_calls_whatever_the_order_in_which_they_came():
    calls, people = CallFactory.create_batch(2), ("one@example.org", "two@example.org")
    for email, order in zip(people, (calls, calls[::-1]), strict=True):
        for call in order:
            RegistrationFactory(call=call, identity__email=email)
    first, second = people

    results = while_held(
        calls[0],
        lambda: privacy.erase_person(email=second, by=None, now=NOW).given_up,
        then=lambda: privacy.erase_person(email=first, by=None, now=NOW),
    )
    assert (results, Registration.objects.filter(state=State.WITHDRAWN).count()) == ([2], 4)


def test_an_erasure_knows_what_became_of_the_person_in_the_meantime():
    call = CallFactory(capacity=1)
    declined = RegistrationFactory(call=call, declined=True)
    results = while_held(
        call,
        lambda: privacy.erase_person(email=declined.identity.email, by=None, now=NOW).given_up,
        then=lambda: selection.reconsider(
            registration=declined, target=State.CONFIRMED, reason="why", by=UserFactory(), channel="mail", now=NOW
        ),
    )
    call.refresh_from_db()
    assert (results, call.places_taken) == ([1], 0)


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
