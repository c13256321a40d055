"""Claims, leases and what comes of them, with a relay that does what the test says."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Event, Thread

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, IntegrityError, connection, transaction

from registrations import links
from registrations.enums import MailKind, MailState
from registrations.mail import catalogue, delivery, leases, lines, outbox, shapes
from registrations.mail.relay import Postponed, Rejected, RelayClosed
from registrations.models import MailGate, OutgoingMail
from tests import sealed
from tests.factories import NOW, CallFactory, OutgoingMailFactory, RegistrationFactory

pytestmark = pytest.mark.django_db
PRIORITY = OutgoingMail.Priority


class FakeRelay:
    """Keeps what it is given; `answers` are raised, one a message, before the rest is taken."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.kept: list[tuple[str, bytes]] = []
        self.during: Callable[[], object] = lambda: None

    def hang_up(self) -> None:
        """Nothing is open."""

    cut = hang_up
    is_connected = False

    def hand_over(self, envelope, *, before_data, meanwhile) -> None:
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        before_data()
        self.during()
        meanwhile()
        self.kept.append((envelope.recipient, envelope.message))


@pytest.fixture
def relay(monkeypatch):
    fake = FakeRelay()
    monkeypatch.setattr(lines, "open_relay", lambda: fake)
    return fake


def drain(now=NOW):
    return delivery.drain(clock=lambda: now, seconds=5)


def hand_over(mail, relay, clock):
    batch = delivery.Batch([mail], relay=relay, clock=clock)
    try:
        return batch.hand_over(mail)
    finally:
        batch.settle()


def state_of(mail):
    return OutgoingMail.objects.get(pk=mail.pk).state


def test_the_most_urgent_and_then_the_oldest_are_claimed_first():
    bulk = OutgoingMailFactory(priority=PRIORITY.BULK, due_at=NOW - timedelta(hours=9))
    news_late = OutgoingMailFactory(priority=PRIORITY.NEWS, due_at=NOW)
    news_early = OutgoingMailFactory(priority=PRIORITY.NEWS, due_at=NOW - timedelta(hours=1))
    at_once = OutgoingMailFactory(priority=PRIORITY.AT_ONCE, due_at=NOW)
    assert delivery.claim(now=NOW) == [at_once, news_early, news_late, bulk]


def test_what_is_not_due_yet_waits():
    mail = OutgoingMailFactory(due_at=NOW + timedelta(seconds=1))
    assert delivery.claim(now=NOW) == []
    assert delivery.claim(now=NOW + timedelta(seconds=1)) == [mail]


@pytest.mark.parametrize(
    "state",
    [
        MailState.SENT,
        MailState.REFUSED,
        MailState.CANCELLED,
        MailState.HELD,
        MailState.TOO_LATE,
        MailState.UNRENDERABLE,
    ],
)
def test_what_has_ended_is_claimed_by_nobody(state):
    OutgoingMailFactory(state=state, sent_at=NOW)
    assert delivery.claim(now=NOW) == []


def test_a_lease_keeps_a_mail_from_others_until_it_ends():
    mail = OutgoingMailFactory()
    assert delivery.claim(now=NOW) == [mail]
    assert delivery.claim(now=NOW + delivery.LEASE - timedelta(microseconds=1)) == []
    assert delivery.claim(now=NOW + delivery.LEASE) == [mail]
    assert timedelta(seconds=60) >= delivery.LEASE


def test_a_mail_left_in_the_middle_of_its_hand_over_is_repeated_and_marked():
    mail = OutgoingMailFactory(state=MailState.HANDING_OVER, lease_token="dead", lease_until=NOW)
    delivery.claim(now=NOW)
    mail.refresh_from_db()
    assert (mail.state, mail.is_maybe_repeated) == (MailState.LEASED, True)


def test_it_is_noted_when_the_relay_last_took_a_mail_once_a_minute(relay):
    relay.answers = [Postponed("Not now (451).")]
    OutgoingMailFactory()
    moments = []
    for seconds in (0, 200, 230, 261):
        if seconds:
            OutgoingMailFactory()
        drain(NOW + timedelta(seconds=seconds))
        moments.append(MailGate.objects.get().taken_at)
    assert moments == [None, NOW + timedelta(seconds=200), NOW + timedelta(seconds=200), NOW + timedelta(seconds=261)]


def test_a_refusal_of_the_repeat_does_not_take_the_mark_away(relay):
    relay.answers = [Postponed("Not now (451).")]
    mail = OutgoingMailFactory(state=MailState.HANDING_OVER, lease_token="dead", lease_until=NOW)
    assert drain() == 0
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.is_maybe_repeated) == (MailState.QUEUED, 1, True)


def test_a_mail_that_was_only_prepared_is_not_marked_as_repeated():
    mail = OutgoingMailFactory(state=MailState.LEASED, lease_token="dead", lease_until=NOW)
    delivery.claim(now=NOW)
    mail.refresh_from_db()
    assert not mail.is_maybe_repeated


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_databases
def test_two_workers_that_claim_at_once_share_no_mail():
    OutgoingMailFactory.create_batch(30, registration=RegistrationFactory())
    barrier, claimed = Barrier(4), []

    def work():
        try:
            barrier.wait()
            claimed.extend(mail.pk for mail in delivery.claim(now=NOW))
        finally:
            connection.close()

    workers = [Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(claimed) == len(set(claimed)) == 30


@pytest.mark.django_db(transaction=True)
def test_a_worker_neither_waits_for_another_s_claim_nor_takes_from_it():
    """On PostgreSQL; on SQLite there is one writer at a time."""
    OutgoingMailFactory.create_batch(delivery.BATCH + 5, registration=RegistrationFactory())
    is_claimed, may_end, first = Event(), Event(), []

    def claims_and_dawdles():
        try:
            with transaction.atomic():
                first.extend(delivery.claim(now=NOW))
                is_claimed.set()
                may_end.wait(5)
        finally:
            connection.close()

    worker = Thread(target=claims_and_dawdles)
    worker.start()
    is_claimed.wait(5)
    if connection.vendor == "sqlite":
        may_end.set()
    second = delivery.claim(now=NOW)
    may_end.set()
    worker.join()
    assert (len(first), len(second)) == (delivery.BATCH, 5)
    assert not {mail.pk for mail in first} & {mail.pk for mail in second}


def test_a_sent_mail_is_written_down_without_its_bytes(relay):
    mails = OutgoingMailFactory.create_batch(3)
    assert drain() == 3
    for mail in mails:
        mail.refresh_from_db()
        assert (mail.state, mail.sent_at, mail.attempts) == (MailState.SENT, NOW, 1)
        assert (mail.lease_token, mail.lease_until) == ("", None)
        assert mail.rendered is None


def test_the_bytes_of_a_mail_stay_until_it_is_sent(relay):
    mail, seen = OutgoingMailFactory(), []
    relay.during = lambda: seen.append(bytes(OutgoingMail.objects.get(pk=mail.pk).rendered))
    drain()
    assert len(seen[0]) > 100


def test_the_hand_over_is_committed_before_the_message_goes(relay):
    mail, seen = OutgoingMailFactory(), []
    relay.during = lambda: seen.append(state_of(mail))
    drain()
    assert seen == [MailState.HANDING_OVER]


def test_a_zombie_does_not_hand_over_what_another_worker_has_by_now(relay):
    mail = OutgoingMailFactory()
    (zombie,) = delivery.claim(now=NOW)
    later = NOW + delivery.LEASE
    delivery.claim(now=later)
    assert hand_over(zombie, relay, lambda: later) is False
    assert relay.kept == []
    assert state_of(mail) == MailState.LEASED


def test_a_zombie_does_not_overwrite_what_another_worker_wrote(relay):
    """It slept between the message and its answer; meanwhile the mail was claimed and sent again."""
    mail = OutgoingMailFactory()
    (zombie,) = delivery.claim(now=NOW)
    later = NOW + delivery.LEASE

    def others_take_it():
        relay.during = lambda: None
        drain(now=later)
        OutgoingMail.objects.filter(pk=mail.pk).update(last_error="written by the other")

    relay.during = others_take_it
    hand_over(zombie, relay, lambda: NOW)
    mail.refresh_from_db()
    assert (mail.state, mail.sent_at, mail.last_error) == (MailState.SENT, later, "written by the other")
    assert mail.is_maybe_repeated
    assert len({message for _, message in relay.kept}) == 1


def test_without_the_fence_the_zombie_would_overwrite(relay, monkeypatch):
    """The control."""
    mail = OutgoingMailFactory()
    (zombie,) = delivery.claim(now=NOW)
    later = NOW + delivery.LEASE
    delivery.claim(now=later)
    zombie.lease_token = OutgoingMail.objects.get(pk=mail.pk).lease_token
    assert hand_over(zombie, relay, lambda: NOW) is True


def test_a_mail_whose_lease_ended_on_the_way_is_left_to_the_next_worker(relay):
    mail = OutgoingMailFactory()
    (slow,) = delivery.claim(now=NOW)
    assert hand_over(slow, relay, lambda: NOW + delivery.LEASE) is False
    assert relay.kept == []
    assert drain(now=NOW + delivery.LEASE) == 1
    assert state_of(mail) == MailState.SENT


def test_a_mail_that_was_undone_after_it_was_claimed_is_not_handed_over(relay):
    mail = OutgoingMailFactory()
    (claimed,) = delivery.claim(now=NOW)
    outbox.cancel_unsent(registrations=[mail.registration], now=NOW)
    assert hand_over(claimed, relay, lambda: NOW) is False
    assert (state_of(mail), relay.kept) == (MailState.CANCELLED, [])


def test_a_mail_that_is_no_longer_useful_is_not_sent(relay):
    mail = OutgoingMailFactory(kind=MailKind.EVENT_REMINDER, useless_after=NOW)
    other = OutgoingMailFactory(useless_after=NOW + timedelta(microseconds=1))
    assert drain() == 1
    assert (state_of(mail), state_of(other)) == (MailState.TOO_LATE, MailState.SENT)


def test_a_postponed_mail_is_tried_again_later_and_later_with_jitter(relay):
    mail = OutgoingMailFactory()
    waits, now = [], NOW
    for _ in range(9):
        relay.answers = [Postponed("Not now (451).")]
        assert drain(now) == 0
        mail.refresh_from_db()
        assert mail.state == MailState.QUEUED
        waits.append((mail.due_at - now) / timedelta(minutes=1))
        now = mail.due_at
    expected = [*delivery.RETRY_MINUTES, 60, 60]
    assert all(0.8 * minutes <= wait <= 1.2 * minutes for wait, minutes in zip(waits, expected, strict=True))
    assert (mail.attempts, mail.last_error, mail.is_maybe_repeated) == (9, "Not now (451).", False)
    assert drain(now) == 1


def test_after_72_hours_it_is_given_up_and_shown(relay):
    relay.answers = [Postponed("Not now (451).")]
    mail = OutgoingMailFactory(tried_since=NOW - timedelta(hours=72))
    drain()
    mail.refresh_from_db()
    assert (mail.state, mail.last_error) == (MailState.REFUSED, "Given up: Not now (451).")


def test_the_72_hours_count_from_the_first_try_not_from_the_making(relay):
    relay.answers = [Postponed("Not now (451).")]
    mail = OutgoingMailFactory(created_at=NOW - timedelta(days=9))
    drain()
    mail.refresh_from_db()
    assert (mail.state, mail.tried_since) == (MailState.QUEUED, NOW)


def test_an_undone_mail_that_was_on_its_way_does_not_come_back(relay):
    relay.answers = [Postponed("Not now (451).")]
    mail = OutgoingMailFactory(is_undone=True)
    drain()
    mail.refresh_from_db()
    assert mail.state == MailState.CANCELLED


def test_no_answer_after_the_message_means_that_it_may_come_twice(relay):
    relay.answers = [Postponed("No answer.", is_uncertain=True)]
    mail = OutgoingMailFactory()
    drain()
    mail.refresh_from_db()
    assert (mail.state, mail.is_maybe_repeated) == (MailState.QUEUED, True)


def test_a_refusal_ends_at_once_and_the_others_go_on(relay):
    relay.answers = [Rejected("Refused for good (550).")]
    refused, other = OutgoingMailFactory(), OutgoingMailFactory()
    assert drain() == 1
    refused.refresh_from_db()
    assert (refused.state, refused.attempts, refused.last_error) == (MailState.REFUSED, 1, "Refused for good (550).")
    assert state_of(other) == MailState.SENT
    assert drain(NOW + timedelta(days=1)) == 0


def test_a_relay_that_lets_nobody_in_closes_the_gate_and_spends_no_attempts(relay, caplog):
    relay.answers = [None, RelayClosed("The relay does not let us in (535).")]
    _, *waiting = OutgoingMailFactory.create_batch(3)
    assert drain() == 1
    for mail in waiting:
        mail.refresh_from_db()
        assert (mail.state, mail.attempts, mail.lease_token, mail.lease_until) == (MailState.QUEUED, 0, "", None)
    gate = MailGate.objects.get()
    assert (gate.reason, gate.paused_at) == ("The relay does not let us in (535).", None)
    assert gate.closed_until == NOW + timedelta(seconds=30)
    assert caplog.messages == ["The relay does not let us in (535). All mail waits for 30 s; no attempt is spent."]
    assert drain(NOW + timedelta(seconds=29)) == 0
    assert drain(NOW + timedelta(seconds=30)) == 2
    gate.refresh_from_db()
    assert (gate.failures, gate.closed_until, gate.reason) == (0, None, "")


def test_a_relay_that_stays_closed_is_asked_less_and_less_often(relay):
    OutgoingMailFactory()
    now, waits = NOW, []
    for _ in range(6):
        relay.answers = [RelayClosed("no")]
        drain(now)
        closed_until = MailGate.objects.get().closed_until
        waits.append((closed_until - now).total_seconds())
        now = closed_until
    assert waits == [30, 60, 120, 300, 300, 300]


def test_who_pauses_stops_also_what_a_worker_has_claimed_already(relay):
    mails = OutgoingMailFactory.create_batch(3)
    relay.during = lambda: outbox.pause(now=NOW)
    assert drain() == 1
    assert [state_of(mail) for mail in mails] == [MailState.SENT, MailState.QUEUED, MailState.QUEUED]


def test_a_mail_that_cannot_be_rendered_is_shown_and_does_not_stop_the_others(relay):
    broken = OutgoingMailFactory(kind=MailKind.CONFIRMED, facts={"calendar": {"uid": "of no event"}})
    other = OutgoingMailFactory()
    assert drain() == 1
    broken.refresh_from_db()
    assert (broken.state, broken.attempts) == (MailState.UNRENDERABLE, 0)
    assert broken.last_error.endswith("while rendering.")
    assert state_of(other) == MailState.SENT


@pytest.mark.parametrize(
    "address",
    [
        "a@example.org\r\nBcc: victim@example.org",
        "a\r\nBcc: victim@example.org\r\n@example.org",
        "a@example.org\n",
        "a b@example.org",
        "<a>@example.org",
        "ä@example.org",
        "a@-.invalid..",
        "no-at-sign",
        "",
        "a,victim@example.org",
    ],
)
def test_an_address_that_is_none_ends_its_mail_alone_and_goes_into_no_header(relay, address):
    mail, other = OutgoingMailFactory(), OutgoingMailFactory()
    sealed.write(mail.registration, email=address)
    assert drain() == 1
    assert (state_of(mail), state_of(other)) == (MailState.UNRENDERABLE, MailState.SENT)
    assert not any(b"victim" in message for _, message in relay.kept)


def test_a_domain_with_accents_is_written_as_mail_servers_read_it(relay):
    mail = OutgoingMailFactory()
    sealed.write(mail.registration, email="Ana@Bücher.example.org")
    drain()
    ((recipient, message),) = relay.kept
    assert recipient == "Ana@xn--bcher-kva.example.org"
    assert b"To: Ana@xn--bcher-kva.example.org\r\n" in message


def test_an_address_that_looks_like_a_mark_gets_no_link_into_its_header(relay):
    mail = OutgoingMailFactory()
    marked = f"{catalogue.LINK_MARK}@example.org"
    sealed.write(mail.registration, email=marked)
    drain()
    ((recipient, message),) = relay.kept
    assert recipient == marked
    assert f"To: {marked}\r\n".encode() in message


def test_a_mail_to_the_organisers_goes_to_the_call_s_mailbox(relay):
    OutgoingMailFactory(
        registration=None,
        call=CallFactory(reply_to="desk@example.org"),
        kind=MailKind.CALL_CLOSED,
        link=None,
    )
    assert drain() == 1
    assert relay.kept[0][0] == "desk@example.org"


def test_a_repeat_is_byte_identical_even_when_words_and_keys_changed_in_between(relay, settings, monkeypatch):
    mail = OutgoingMailFactory(kind=MailKind.PROVE_ADDRESS)
    OutgoingMail.objects.update(facts=mail.facts | {"has_code": True})
    token = links.token_of(mail.link)
    relay.during = lambda: (_ for _ in ()).throw(Postponed("cut", is_uncertain=True))
    taken = []
    original = relay.hand_over

    def noting(envelope, **details):
        taken.append(envelope.message)
        original(envelope, **details)

    relay.hand_over = noting
    drain()
    relay.during = lambda: None
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the-new-one" * 6
    settings.SITE_URL = "https://moved.example.org"
    settings.MAIL_FROM = "Somebody Else <else@example.org>"
    monkeypatch.setattr(shapes, "render", lambda mail: b"other words")
    assert drain(NOW + timedelta(hours=2)) == 1
    first, second = taken
    assert first == second
    assert token.encode() in first


def test_a_mail_without_a_place_to_send_it_from_waits_for_the_folder(settings, tmp_path):
    """The demo's folder cannot be made: a fault of the machine, not of the mail."""
    (tmp_path / "file").write_text("")
    settings.EMAIL_FILE_PATH = str(tmp_path / "file" / "mail")
    mail = OutgoingMailFactory()
    assert drain() == 0
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == (MailState.QUEUED, 0)
    assert not delivery.is_gate_open(now=NOW)


def test_each_mail_is_one_file_in_the_demo_and_a_repeat_replaces_it(mail_folder):
    mail = OutgoingMailFactory()
    drain()
    (file,) = mail_folder.iterdir()
    first = file.read_bytes()
    OutgoingMail.objects.filter(pk=mail.pk).update(state=MailState.QUEUED, sent_at=None)
    drain()
    assert [path.read_bytes() for path in mail_folder.iterdir()] == [first]


@pytest.mark.parametrize(
    "values", [{"state": MailState.SENT}, {"state": MailState.LEASED}, {"state": MailState.HANDING_OVER}], ids=str
)
def test_the_database_refuses_a_mail_that_cannot_be(values):
    mail = OutgoingMailFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        OutgoingMail.objects.filter(pk=mail.pk).update(**values)


def test_there_is_one_gate():
    with pytest.raises(IntegrityError), transaction.atomic():
        MailGate.objects.create(pk=2)


def test_what_was_undone_on_its_way_is_not_repeated_by_the_next_worker(relay):
    mail = OutgoingMailFactory(state=MailState.HANDING_OVER, lease_token="dead", lease_until=NOW, is_undone=True)
    assert drain() == 0
    assert (state_of(mail), relay.kept) == (MailState.CANCELLED, [])


def test_each_mail_costs_one_statement_and_a_batch_a_few(relay, django_assert_max_num_queries):
    OutgoingMailFactory.create_batch(40)
    with django_assert_max_num_queries(40 + 25):
        assert drain() == 40


def test_that_a_mail_is_sent_is_written_with_the_next_hand_over(relay):
    first, second = OutgoingMailFactory.create_batch(2)
    seen = []
    relay.during = lambda: seen.append((state_of(first), state_of(second)))
    drain()
    assert seen == [(MailState.HANDING_OVER, MailState.LEASED), (MailState.SENT, MailState.HANDING_OVER)]
    assert state_of(second) == MailState.SENT


def test_a_result_does_not_wait_for_a_next_mail_that_takes_long_to_refuse(relay):
    first, second = OutgoingMailFactory.create_batch(2)
    relay.answers = [None, Postponed("Not now (451).")]
    drain()
    assert (state_of(first), state_of(second)) == (MailState.SENT, MailState.QUEUED)


@pytest.mark.parametrize("fault", [SoftTimeLimitExceeded(), DatabaseError("gone")], ids=repr)
def test_a_fault_of_the_moment_while_rendering_says_nothing_about_the_mail(relay, monkeypatch, fault):
    """Celery ends what takes too long, in the middle of whatever it does."""

    def breaks(mail):
        raise fault

    monkeypatch.setattr(shapes, "render", breaks)
    mails = OutgoingMailFactory.create_batch(2)
    with pytest.raises(type(fault)):
        drain()
    for mail in mails:
        mail.refresh_from_db()
        assert (mail.state, mail.attempts, mail.lease_token, mail.last_error) == (MailState.QUEUED, 0, "", "")
    monkeypatch.undo()


def test_what_went_before_a_fault_is_written_down(relay):
    """A soft time limit strikes at the second mail: the first one's result is not lost."""
    first, second = OutgoingMailFactory.create_batch(2)
    relay.answers = [None, SoftTimeLimitExceeded()]
    with pytest.raises(SoftTimeLimitExceeded):
        drain()
    assert (state_of(first), state_of(second)) == (MailState.SENT, MailState.QUEUED)


def test_after_a_turn_the_rest_is_put_back_so_that_what_is_urgent_comes_first(relay):
    OutgoingMailFactory.create_batch(3, priority=PRIORITY.BULK)
    moments = [NOW]
    urgent = []

    def takes_long():
        moments[0] += delivery.TURN
        if not urgent:
            urgent.append(OutgoingMailFactory(priority=PRIORITY.AT_ONCE))

    relay.during = takes_long
    delivery.drain(clock=lambda: moments[0], seconds=1000)
    recipients = [recipient for recipient, _ in relay.kept]
    assert recipients.index(urgent[0].registration.identity.email) == 1
    assert len(recipients) == len(set(recipients)) == 4


@pytest.mark.django_db(transaction=True)
def test_who_undoes_a_mail_and_who_hands_it_over_do_not_wait_for_each_other():
    """The one holds the next mail and wants the last one, the other the reverse: waiting would be for ever."""
    OutgoingMailFactory.create_batch(2)
    first, second = delivery.claim(now=NOW)
    assert leases.hand_over(first, rendered=b"", sent=None, now=NOW, until=NOW + delivery.LEASE) == (True, True)
    first.sent_at = NOW
    is_held, may_end = Event(), Event()

    def undoes():
        try:
            with transaction.atomic():
                OutgoingMail.objects.filter(pk=second.pk).update(is_undone=True)
                is_held.set()
                may_end.wait(10)
        finally:
            connection.close()

    other = Thread(target=undoes)
    other.start()
    is_held.wait(10)
    if connection.vendor == "sqlite":
        may_end.set()
    may_go, is_written = leases.hand_over(second, rendered=b"", sent=first, now=NOW, until=NOW + delivery.LEASE)
    may_end.set()
    other.join()
    assert (may_go, is_written) == (False, True)
    assert [state_of(mail) for mail in (first, second)] == [MailState.SENT, MailState.LEASED]
