"""A word for each field of fifty people, looked for everywhere, from the form to the last trace two years later."""

import logging
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from email import message_from_bytes
from email.policy import default
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from ranportal.shared import sealing
from registrations import own_data
from registrations.models import CallKey, CallNumbers, CounterCard, OutgoingMail, Registration
from registrations.services import left_behind, privacy, purging
from tests.journeys.canaries import nets
from tests.journeys.canaries.birds import Canary, fields, in_bytes, in_text
from tests.journeys.canaries.life import OVER, WORDS_OF_STAFF, Life
from tests.smtp_sink import SmtpSink
from tests.workers import Worker

pytestmark = [pytest.mark.both_databases, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

UNPROVEN_GONE = 14.1
#: The days after the event on which something is due: clearance; sensitive; withdrawn; declined; list; selected; cards.
DAYS = (29.1, 42.1, 91.1, 98.1, 117.2, 393.1, OVER + 731)


@pytest.fixture
def log() -> Iterator[nets.Log]:
    """All that is logged meanwhile."""
    handler = nets.Log()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """The present moment; temporary files go where they are looked for."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return timezone.now()


def test_fifty_people_leave_no_word_where_none_may_be(
    now: datetime, log: nets.Log, smtp_sink: SmtpSink, worker: Callable[..., Worker]
) -> None:
    life = Life(born=now, people=range(50))
    working = worker()
    life.send()
    smtp_sink.wait_for_count(50, seconds=60)
    working.stop()
    look_everywhere(life, log, smtp_sink)
    assert in_text(working.log.read_text()) == set()
    unproven_go = partial(life.purge, UNPROVEN_GONE)
    for step in (life.prove, life.withdraw, life.read, life.release, unproven_go, life.close_list, life.attend):
        step()
        life.deliver()
        look_everywhere(life, log, smtp_sink)
    for day in DAYS:
        life.purge(day)
        look_everywhere(life, log, smtp_sink)
    check_that_nothing_is_left(life)


def look_everywhere(life: Life, log: nets.Log, sink: SmtpSink) -> None:
    """Find what may be there at this moment, and nothing anywhere else."""
    expected = life.expected()
    of_staff = {canary for canary in expected if canary.field in WORDS_OF_STAFF}
    assert nets.with_keys() == expected - of_staff, life.day
    # One for each way in which it can end.
    some = list(life.registrations.values())[:10]
    assert in_text(str([exported(registration) for registration in some])) <= expected
    assert nets.in_rows() == of_staff, life.day
    assert mine(nets.in_database_files(), life) <= may_lie_in_files(life, of_staff), life.day
    assert nets.in_folders() == set()
    assert nets.in_broker() == set()
    assert nets.in_cache() == set()
    assert in_text("\n".join(log.lines)) == set()
    assert in_mails(sink) == set()


def may_lie_in_files(life: Life, of_staff: set[Canary]) -> set[Canary]:
    """PostgreSQL overwrites what staff wrote, unsealed, when it needs the space; SQLite at once."""
    if connection.vendor == "sqlite":
        return of_staff
    return {Canary(name, number) for name in WORDS_OF_STAFF for number in life.people}


def mine(found: set[Canary], life: Life) -> set[Canary]:
    """Without what tests before this one left in the server's files."""
    return {canary for canary in found if canary.person in life.people}


def exported(registration: Registration) -> Any:
    found = Registration.objects.filter(pk=registration.pk).select_related("call__event", "identity").first()
    return own_data.of_registration(found) if found else None


def in_mails(sink: SmtpSink) -> set[Canary]:
    """What stands in mails, but for the address in the line To of its own mail."""
    found: set[Canary] = set()
    for received in sink.messages:
        mail = message_from_bytes(received.data, policy=default)
        assert [mail["To"].lower()] == [address.lower() for address in received.recipients]
        del mail["To"]
        found |= in_bytes(mail.as_bytes())
        for part in mail.walk():
            if not part.is_multipart():
                found |= in_bytes(part.get_payload(decode=True))
    return found


def check_that_nothing_is_left(life: Life) -> None:
    """Two years later only numbers are there, and nothing opens what old copies of the database hold."""
    assert not OutgoingMail.objects.exists()
    assert not CounterCard.objects.exists()
    assert not Registration.objects.exists()
    assert not CallKey.objects.get(call=life.call).wrapped
    assert CallNumbers.objects.get(call=life.call).counts["attended"] == 10
    life.call.refresh_from_db()
    assert life.call.places_taken == 15


@pytest.fixture
def small(now: datetime, log: nets.Log, smtp_sink: SmtpSink) -> Callable[[float], Life]:
    """A life of ten people, from the form to a day."""

    def lived_until(day: float) -> Life:
        life = Life(born=now, people=range(500, 510))
        for step in (life.send, life.prove, life.withdraw, life.read, life.release, life.close_list, life.attend):
            step()
        life.deliver()
        life.purge(day)
        return life

    return lived_until


def test_control_the_ten_people_of_the_controls_leave_nothing_either(
    small: Callable[[float], Life], log: nets.Log, smtp_sink: SmtpSink
) -> None:
    look_everywhere(small(42.1), log, smtp_sink)


RULES = {
    "sensitive answers": "sensitive",
    "answers for entering a building": "clearance",
    "details of food and access": "diet",
    "calls for help": "telephone",
    "contact points": "vouchname",
}


@pytest.mark.parametrize(("rule", "field"), RULES.items())
def test_control_a_rule_that_is_taken_away_is_missed(
    rule: str, field: str, small: Callable[[float], Life], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "KINDS", tuple(kind for kind in purging.KINDS if kind.name != rule))

    life = small(42.1)

    assert field in fields(nets.with_keys() - life.expected())


def test_control_words_that_nothing_seals_are_found_in_the_rows_and_in_the_files(
    small: Callable[[float], Life], monkeypatch: pytest.MonkeyPatch
) -> None:
    header = sealing._SEALED.start
    seal = sealing.seal
    monkeypatch.setattr(sealing, "seal", lambda plain, **how: seal(b"", **how)[:header] + plain)
    monkeypatch.setattr(sealing, "opened", lambda sealed, **how: bytes(sealed[header:]))

    life = small(OVER + 0.1)

    assert "given" in fields(nets.in_rows() & life.expected())
    assert "given" in fields(nets.in_database_files())


def test_control_a_person_who_is_not_erased_is_found(
    small: Callable[[float], Life], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privacy, "erase", lambda **how: None)

    life = small(393.1)

    assert {"given", "motive"} <= fields(nets.with_keys() - life.expected())
    assert fields(nets.in_rows() - life.expected()) == WORDS_OF_STAFF


def test_control_a_mail_that_is_kept_is_missed(small: Callable[[float], Life], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(left_behind, "KINDS", [kind for kind in left_behind.KINDS if kind.name != "mails"])

    small(OVER + 731)

    assert OutgoingMail.objects.exists()


def test_control_a_name_in_a_log_a_mail_the_broker_or_the_cache_is_found(
    now: datetime, log: nets.Log, smtp_sink: SmtpSink
) -> None:
    life = Life(born=now, people=range(500, 501))
    life.send()
    name = Canary("given", 500)
    logging.getLogger("anything").warning("Sent to %s", name)
    nets.caches["default"].set("somebody", str(name))
    with nets.Connection(nets.settings.CELERY_BROKER_URL) as line:
        line.default_channel.client.set("somebody", str(name))
        assert nets.in_broker() == {name}
        line.default_channel.client.delete("somebody")
    OutgoingMail.objects.update(facts={**OutgoingMail.objects.get().facts, "prove_by": str(name)})
    life.deliver()

    assert in_text("\n".join(log.lines)) == {name}
    assert nets.in_cache() == {name}
    assert in_mails(smtp_sink) == {name}
