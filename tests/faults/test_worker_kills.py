"""Law 3: workers are killed and the broker forgets everything while mails go out. None is lost, few come twice."""

import os
import time
from collections import defaultdict
from email import message_from_bytes

import pytest
from celery import current_app
from django.db import transaction

from ranportal.shared import clock
from registrations import links
from registrations.enums import MailKind, MailState
from registrations.mail import facts, outbox
from registrations.mail.outbox import Letter
from registrations.models import Identity, OutgoingMail, PrivateLink, Registration
from tests.factories import CallFactory, RegistrationFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
CONCURRENCY = 2


@pytest.fixture
def size() -> tuple[int, int]:
    """How many mails and how many kills."""
    return (1000, 10) if os.environ.get("FAULTS") == "full" else (200, 3)


def test_killed_workers_and_a_forgetful_broker_lose_no_mail(worker, smtp_sink, size, capsys):
    mails, kills = size
    put_mails(mails)
    forget_everything()
    smtp_sink.behaviour.delay_seconds = 0.02
    start = time.monotonic()

    for number in range(1, kills + 1):
        running = worker(concurrency=CONCURRENCY, has_beat=True, app="tests.faults.impatient")
        smtp_sink.wait_for_count(mails * number // (kills + 1), seconds=120)
        running.kill()
        forget_everything()
    last = worker(concurrency=CONCURRENCY, has_beat=True, app="tests.faults.impatient")
    wait_until_nothing_is_open(seconds=180)
    last.stop()

    copies = defaultdict(list)
    for message in smtp_sink.messages:
        copies[id_of(message)].append(message)
    repeated = {message_id: same for message_id, same in copies.items() if len(same) > 1}
    repeats = sum(len(same) - 1 for same in repeated.values())
    with capsys.disabled():
        print(
            f"\n  {mails} mails, {kills} kills of a worker with {CONCURRENCY} processes, broker emptied each time:"
            f" lost {mails - len(copies)}, repeats {repeats}, {time.monotonic() - start:.0f} s"
        )
    assert set(OutgoingMail.objects.order_by().values_list("state", flat=True)) == {MailState.SENT}
    assert set(copies) == set(OutgoingMail.objects.values_list("message_id", flat=True))
    assert repeats <= kills * CONCURRENCY
    assert all(len(set(same)) == 1 for same in repeated.values())
    doubtful = set(OutgoingMail.objects.filter(is_maybe_repeated=True).values_list("message_id", flat=True))
    assert set(repeated) <= doubtful


def put_mails(count: int) -> None:
    """So many mails in the outbox, each to another person, with private links and codes; each rings the doorbell."""
    now = clock.now()
    call = CallFactory(unlimited=True)
    people = Registration.objects.bulk_create(RegistrationFactory.build_batch(count, unproven=True, call=call))
    Identity.objects.bulk_create(
        Identity(registration=person, given_name="A", family_name="B", display_name="C", email=f"to{n}@example.org")
        for n, person in enumerate(people)
    )
    PrivateLink.objects.bulk_create(
        PrivateLink(registration=person, version=1, key_id=links.new_key_id(), created_at=now) for person in people
    )
    letters = [Letter(MailKind.PROVE_ADDRESS, "v1", person, says={"has_code": True}) for person in people]
    with transaction.atomic():
        outbox.put_many(letters, about=facts.of_call(call), now=now)


def forget_everything() -> None:
    """The broker loses all that it holds."""
    with current_app.connection_for_write() as connection:
        connection.default_channel.client.flushall()


def wait_until_nothing_is_open(*, seconds: float) -> None:
    """Until each row has its end; what a killed worker held has to wait for the end of its lease."""
    ended = (MailState.SENT, MailState.REFUSED, MailState.UNRENDERABLE)
    end = time.monotonic() + seconds
    while (open_mails := OutgoingMail.objects.exclude(state__in=ended).count()) and time.monotonic() < end:
        time.sleep(0.2)
    assert open_mails == 0


def id_of(message) -> str:
    return message_from_bytes(message.data)["Message-ID"]
