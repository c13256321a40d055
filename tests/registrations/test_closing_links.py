"""A private link that others may have is closed: it opens nothing any more, and a new one goes to its person alone."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.enums import Role
from events import times
from registrations import links, own_data
from registrations.enums import Act, Channel, MailKind, MailState, State
from registrations.mail import delivery, facts, leases, lines, outbox
from registrations.mail.outbox import Letter
from registrations.models import Bounce, OutgoingMail, Registration
from registrations.people import address_index
from registrations.services import addresses, notices, places
from tests.factories import NOW, CallFactory, OutgoingMailFactory, RegistrationFactory, UserFactory
from tests.registrations.mail.test_delivery import FakeRelay
from tests.registrations.pages import follow, mine_url, text_of
from tests.registrations.people_story import act_page, change_page, signed_in

pytestmark = pytest.mark.django_db

EMAIL = "applicant1@example.org"
BUTTON = "Close my link and send me a new one"
LATER = NOW + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def relay(monkeypatch: pytest.MonkeyPatch) -> FakeRelay:
    fake = FakeRelay()
    monkeypatch.setattr(lines, "open_relay", lambda: fake)
    return fake


def registered(**given: Any) -> Registration:
    return RegistrationFactory(identity__email=EMAIL, **given)


def token(registration: Registration) -> str:
    return links.token_of(registration.links.get(revoked_at=None))


def opened(token: str) -> Any:
    return Client().get(f"/registrations/p/{token}/")


def press(client: Client, registration: Registration) -> Any:
    return client.post(mine_url(registration), {"action": "close-link"})


def close(registration: Registration, *, now: datetime = NOW, **details: Any) -> Any:
    return addresses.close_link(link=registration.links.get(revoked_at=None), now=now, **details)


def put(kind: MailKind, registration: Registration, version: str = "x") -> OutgoingMail:
    mail = outbox.put(Letter(kind, version, registration), about=facts.of_call(registration.call), now=NOW)
    assert mail is not None
    return mail


def fill_the_mailbox(number: int) -> None:
    """As many mails as strangers can cause went to the address, for another registration."""
    other = registered()
    for one in range(number):
        OutgoingMailFactory(registration=other, kind=MailKind.LINK_AGAIN, key=f"f{one}", due_at=NOW, created_at=NOW)


def again_mails(registration: Registration) -> list[OutgoingMail]:
    return list(registration.mails.filter(kind=MailKind.LINK_AGAIN))


# On the private page


def test_the_private_page_offers_to_close_the_link_and_send_a_new_one(client: Client) -> None:
    registration = registered()
    follow(client, registration)

    page = text_of(client.get(mine_url(registration)))

    assert BUTTON in page
    assert "write to" in page


def test_the_page_of_an_address_that_is_not_proven_offers_it_not(client: Client) -> None:
    registration = registered(unproven=True)
    follow(client, registration)

    assert BUTTON not in text_of(client.get(mine_url(registration)))
    answer = press(client, registration)

    assert answer.status_code == 409
    assert "nowhere to send a new link" in text_of(answer)
    assert registration.links.get().revoked_at is None
    assert not OutgoingMail.objects.exists()


def test_a_closed_link_opens_the_same_neutral_page_as_every_link_that_opens_nothing(client: Client) -> None:
    registration = registered()
    old = token(registration)
    follow(client, registration)

    press(client, registration)

    closed, made_up = opened(old), opened("1-" + "A" * 27)
    assert (closed.status_code, made_up.status_code) == (404, 404)
    assert closed.content == made_up.content
    assert opened(token(registration)).status_code == 303


def test_the_browser_is_led_to_a_page_that_says_what_was_done(client: Client) -> None:
    registration = registered()
    follow(client, registration)

    answer = press(client, registration)
    page = text_of(client.get(answer["Location"]))

    assert (answer.status_code, answer["Location"]) == (303, "/registrations/mine/?closed=1")
    assert "Your link is closed, and a new one is on its way" in page
    assert "Please open the link in our newest mail" in page
    assert "Your link is closed" not in text_of(client.get("/registrations/mine/"))


def test_every_visit_that_came_by_the_link_is_over(client: Client) -> None:
    registration, stranger = registered(), Client()
    follow(stranger, registration)
    follow(client, registration)

    press(client, registration)

    for browser in (stranger, client):
        assert browser.get(mine_url(registration)).status_code == 404
        assert browser.get(f"{mine_url(registration)}data/").status_code == 404
        assert press(browser, registration).status_code == 404
    assert len(again_mails(registration)) == 1


def test_links_of_earlier_versions_of_the_form_are_closed_too() -> None:
    registration = registered(version=2)
    registration.links.create(version=1, key_id=links.new_key_id(), created_at=NOW - timedelta(days=3))
    tokens = [links.token_of(link) for link in registration.links.all()]

    addresses.close_link(link=registration.links.get(version=2), now=NOW)

    assert [opened(one).status_code for one in tokens] == [404, 404]
    assert [(link.version, link.revoked_at) for link in registration.links.order_by("pk")] == [
        (2, NOW),
        (1, NOW),
        (2, None),
    ]


def test_other_registrations_of_the_same_person_keep_their_links_and_their_visit(client: Client) -> None:
    registration, other = registered(), registered()
    follow(client, registration)
    follow(client, other)

    answer = press(client, registration)

    assert client.get(mine_url(other)).status_code == 200
    assert other.call.event.title in text_of(client.get(answer["Location"]))
    assert opened(token(other)).status_code == 303
    assert (other.links.get().revoked_at, other.mails.count()) == (None, 0)


def test_that_it_was_closed_stands_in_the_history_and_among_the_own_data() -> None:
    registration = registered()

    close(registration)

    trace = registration.transitions.get()
    assert (trace.act, trace.by, trace.channel) == (Act.CLOSE_LINK, None, Channel.PORTAL)
    assert (trace.source, trace.target) == (State.CONFIRMED, State.CONFIRMED)
    assert "Private link closed" in str(own_data.for_person(Registration.objects.get(pk=registration.pk)))


# The mails


def test_the_new_link_is_mailed_at_once_and_the_mail_says_that_the_earlier_ones_are_closed(relay: FakeRelay) -> None:
    registration = registered()

    new = close(registration)
    delivery.drain(clock=lambda: NOW, seconds=5)

    [(recipient, message)] = relay.kept
    assert recipient == EMAIL
    assert links.token_of(new).encode() in message
    assert b"Your earlier link is closed, as you asked" in message


def test_it_is_mailed_also_when_the_link_was_sent_again_a_moment_ago() -> None:
    registration = registered()
    addresses.send_link_again(email=EMAIL, now=NOW)

    new = close(registration)

    assert [mail.link for mail in again_mails(registration)] == [new, new]


def test_a_link_that_was_sent_again_says_nothing_of_a_closed_one(relay: FakeRelay) -> None:
    registered()
    addresses.send_link_again(email=EMAIL, now=NOW)
    delivery.drain(clock=lambda: NOW, seconds=5)

    assert b"Your earlier link is closed" not in relay.kept[0][1]


def test_what_waits_to_be_sent_carries_the_new_link(relay: FakeRelay) -> None:
    registration = registered()
    old = token(registration)
    put(MailKind.EVENT_CHANGED, registration)

    new = close(registration)
    delivery.drain(clock=lambda: NOW, seconds=5)

    assert len(relay.kept) == 2
    for _, message in relay.kept:
        assert links.token_of(new).encode() in message
        assert old.encode() not in message


def test_what_a_worker_has_prepared_goes_out_by_the_next_with_the_new_link(relay: FakeRelay) -> None:
    registration = registered()
    put(MailKind.EVENT_CHANGED, registration)
    [prepared] = delivery.claim(now=NOW)

    new = close(registration)
    is_sent = delivery.Batch([prepared], relay=relay, clock=lambda: NOW).hand_over(prepared)

    assert (is_sent, relay.kept) == (False, [])
    delivery.drain(clock=lambda: NOW, seconds=5)
    assert all(links.token_of(new).encode() in message for _, message in relay.kept)
    assert len(relay.kept) == 2


def test_what_was_left_behind_on_its_way_is_repeated_with_the_new_link(relay: FakeRelay) -> None:
    registration = registered()
    mail = put(MailKind.EVENT_CHANGED, registration)
    [taken] = delivery.claim(now=NOW)
    leases.hand_over(taken, rendered=b"a {link}", sent=None, now=NOW, until=NOW)

    new = close(registration)

    assert OutgoingMail.objects.get(pk=mail.pk).link == new


def test_a_mail_that_came_back_may_be_sent_again_with_the_new_link() -> None:
    registration = registered()
    mail = put(MailKind.EVENT_CHANGED, registration)
    OutgoingMail.objects.filter(pk=mail.pk).update(state=MailState.SENT, sent_at=NOW)
    Bounce.objects.create(mail=mail, at=NOW, is_permanent=True, digest="x")

    new = close(registration)

    assert outbox.may_retry(mail=mail)
    assert OutgoingMail.objects.get(pk=mail.pk).link == new


def test_a_mail_to_an_earlier_address_keeps_its_link() -> None:
    registration = registered()
    before = put(MailKind.EVENT_CHANGED, registration)
    organiser = UserFactory(role=Role.ORGANISER)
    addresses.correct_address(registration=registration, email="new@example.org", by=organiser, channel="mail", now=NOW)
    Registration.objects.update(proven_at=NOW)

    close(registration)

    assert OutgoingMail.objects.get(pk=before.pk).link.version == 1


def test_nobody_is_reminded_a_second_time_because_the_link_was_closed() -> None:
    soon = [(NOW + timedelta(hours=20), NOW + timedelta(hours=22))]
    registration = registered(call=CallFactory(closed=True, event__sessions=soon))
    assert notices.remind_of_events(now=NOW) == 1

    close(registration)

    assert notices.remind_of_events(now=LATER) == 0


def test_the_next_correction_of_the_address_closes_the_new_link() -> None:
    registration = registered()
    new = close(registration)

    addresses.correct_address(
        registration=registration, email="new@example.org", by=UserFactory(), channel="mail", now=LATER
    )

    new.refresh_from_db()
    assert new.revoked_at == LATER
    assert registration.links.get(revoked_at=None).version == 2


# The limits


@pytest.mark.parametrize(("number", "hours"), [(3, 1), (6, 24)])
def test_where_no_mail_may_go_to_the_address_now_nothing_is_changed_and_the_page_says_so(
    client: Client, number: int, hours: int
) -> None:
    registration = registered()
    fill_the_mailbox(number)
    old = token(registration)
    waiting = put(MailKind.EVENT_CHANGED, registration)
    follow(client, registration)

    answer = press(client, registration)

    page = text_of(answer)
    assert answer.status_code == 409
    again_at = times.moment_words(NOW + timedelta(hours=hours), registration.call.event.zone)
    assert f"your link still works. Please try again after {again_at}" in page
    assert f"{registration.call.reply_to}: an organiser can close it at once" in page
    assert opened(old).status_code == 303
    assert client.get(mine_url(registration)).status_code == 200
    assert list(registration.mails.values_list("pk", "link")) == [(waiting.pk, registration.links.get().pk)]
    assert not registration.transitions.exists()


def test_mails_to_other_addresses_take_nobody_s_turn() -> None:
    fill_the_mailbox(6)
    registration = RegistrationFactory()

    assert close(registration) is not None


def test_the_mail_takes_a_turn_as_every_link_that_is_sent_again() -> None:
    registration = registered()

    for minutes in range(3):
        close(registration, now=NOW + timedelta(minutes=minutes))

    with pytest.raises(addresses.LinkStays):
        close(registration, now=NOW + timedelta(minutes=3))
    assert address_index(EMAIL) == registration.address_index


def test_links_that_have_ended_by_themselves_are_not_closed() -> None:
    registration = registered()
    end = links.expires_at(registration.links.get())

    with pytest.raises(addresses.LinkStays):
        close(registration, now=end)
    assert not OutgoingMail.objects.exists()


def test_who_has_given_up_may_close_the_link_too() -> None:
    registration = registered()
    places.withdraw(registration=registration, now=NOW)

    new = close(registration)

    assert [mail.link for mail in again_mails(registration)] == [new]


# By an organiser, for somebody who telephones


def staff_press(organiser: Any, registration: Registration, page: Any, channel: str = "telephone") -> Any:
    """Send the act's form as it stood on the page."""
    text = page.content.decode()
    shown = text.partition('name="close-link-shown" value="')[2].partition('"')[0]
    data = {"close-link-channel": channel, "close-link-shown": shown}
    return signed_in(organiser).post(act_page(registration, "close-link"), data, follow=True)


def of_organiser(**given: Any) -> tuple[Any, Registration]:
    organiser = UserFactory(role=Role.ORGANISER)
    return organiser, registered(call=CallFactory(organisers=[organiser]), **given)


def test_an_organiser_closes_the_link_of_somebody_who_telephones() -> None:
    organiser, registration = of_organiser()
    old = token(registration)
    page = signed_in(organiser).get(change_page(registration))
    assert "Close the link and send a new one" in page.content.decode()

    answer = staff_press(organiser, registration, page)

    assert "The link is closed. A new one is on its way." in answer.content.decode()
    trace = registration.transitions.get()
    assert (trace.act, trace.by, trace.channel) == (Act.CLOSE_LINK, organiser, Channel.TELEPHONE)
    assert "Private link closed, a new one sent" in answer.content.decode()
    assert opened(old).status_code == 404
    assert [links.token_of(mail.link) for mail in again_mails(registration)] == [token(registration)]


def test_pressing_twice_on_one_page_closes_one_link_and_sends_one_mail() -> None:
    organiser, registration = of_organiser()
    page = signed_in(organiser).get(change_page(registration))

    staff_press(organiser, registration, page)
    answer = staff_press(organiser, registration, page)

    assert "was closed already" in answer.content.decode()
    assert len(again_mails(registration)) == 1
    assert opened(token(registration)).status_code == 303


@pytest.mark.parametrize("shown", ["", "x", "0", "99999999999999999999"])
def test_a_page_that_names_no_link_of_the_person_closes_none(shown: str) -> None:
    organiser, registration = of_organiser()
    other = registered()
    for said in (shown, str(other.links.get().pk)):
        data = {"close-link-channel": "telephone", "close-link-shown": said}
        answer = signed_in(organiser).post(act_page(registration, "close-link"), data)
        assert answer.status_code == 302
    assert {link.revoked_at for one in (registration, other) for link in one.links.all()} == {None}


def test_how_the_person_told_must_be_said() -> None:
    organiser, registration = of_organiser()
    page = signed_in(organiser).get(change_page(registration))

    assert staff_press(organiser, registration, page, channel="").status_code == 422
    assert registration.links.get().revoked_at is None


def test_an_organiser_s_goes_at_once_whatever_strangers_have_asked_for() -> None:
    organiser, registration = of_organiser()
    fill_the_mailbox(6)

    close(registration, by=organiser, channel=Channel.TELEPHONE)

    assert len(again_mails(registration)) == 1


def test_it_is_not_offered_where_the_address_is_not_proven() -> None:
    organiser, registration = of_organiser(unproven=True)

    page = signed_in(organiser).get(change_page(registration))

    assert "Close the link and send a new one" not in page.content.decode()
    answer = staff_press(organiser, registration, page)
    assert answer.status_code == 409
    assert registration.links.get().revoked_at is None
