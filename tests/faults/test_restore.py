"""A database that was restored from a backup made in mid-send: nobody is mailed again without a person's word."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from events.models import Call
from ranportal.shared import clock
from registrations.enums import MailKind, MailState
from registrations.mail import delivery, facts, outbox, restored
from registrations.mail.outbox import Letter
from registrations.models import OutgoingMail, Registration
from tests import databases
from tests.faults import invariants, kept, report
from tests.faults.mails import id_of, put_mails, states
from tests.smtp_sink import SmtpSink

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.both_databases]


@pytest.fixture
def size() -> int:
    """How many mails."""
    return 5000 if report.is_full() else 90


@pytest.fixture
def mid_send(worker: Callable[..., Any], smtp_sink: SmtpSink, size: int, tmp_path: Path) -> Path:
    """Real workers send; a backup is made when a third has gone, and the database is lost when two thirds have."""
    put_mails(size)
    smtp_sink.behaviour.delay_seconds = 0.01
    running = worker(concurrency=2, has_beat=True, app="tests.faults.impatient")
    smtp_sink.wait_for_count(size // 3, seconds=180)
    # Mails go on while the backup is made, and not so quickly that none is left for it.
    smtp_sink.behaviour.delay_seconds = 1
    call_command("backup", str(tmp_path / "backup"))
    smtp_sink.behaviour.delay_seconds = 0.01
    smtp_sink.wait_for_count(2 * size // 3, seconds=180)
    running.kill()
    connection.close()
    return tmp_path / "backup"


@contextmanager
def restored_elsewhere(folder: Path, name: str) -> Iterator[None]:
    """The backup, brought back into a database of its own."""
    place = folder.parent / name
    place.mkdir()
    with databases.fresh(place, f"restored_{name}") as database, kept.installation(database, place):
        call_command("restore", str(folder))
        yield


def drained(sink: SmtpSink) -> Counter[str]:
    """Send all that may go; returns how often each mail has come by then."""
    # Leases that were running when the backup was made are over.
    while delivery.drain(clock=lambda: clock.now() + delivery.LEASE, seconds=60):
        pass
    return copies(sink)


def copies(sink: SmtpSink) -> Counter[str]:
    """How often each mail has come."""
    return Counter(map(id_of, sink.messages))


def differing(sink: SmtpSink) -> int:
    """How many mails came in copies that are not the same byte for byte."""
    return len({(id_of(message), message.data) for message in sink.messages}) - len(copies(sink))


def test_a_restore_holds_what_was_unfinished_until_a_person_lets_it_go(mid_send, smtp_sink, size, capsys, monkeypatch):
    with restored_elsewhere(mid_send, "held"):
        sent_at_backup = OutgoingMail.objects.filter(state=MailState.SENT).count()
        held = OutgoingMail.objects.filter(restored.IS_WAITING).count()
        before = copies(smtp_sink)
        put_one_more()
        without_a_word = drained(smtp_sink)
        call_command("resume_mail", held=True)
        after = drained(smtp_sink)
        rows = {mail.message_id: mail for mail in OutgoingMail.objects.all()}
        found, said = states(), capsys.readouterr().out
        invariants.check(now=clock.now())
    loose = mailed_again_without_the_hold(mid_send, smtp_sink, monkeypatch)

    repeats, sent_after = sum(after.values()) - len(after), len(before) - sent_at_backup
    report.add(
        fault=f"database restored from a backup made in mid-send ({size} mails)",
        goal="unfinished mail on hold and shown, new mail goes; released: the same Message-IDs, lost 0,"
        " repeats ≤ mails sent after the backup",
        reached=f"{sent_at_backup} sent before the backup, {sent_after} after it; {held} on hold, repeated without"
        f" a word {without_a_word.total() - before.total() - 1}; released: repeats {repeats}, differing"
        f" {differing(smtp_sink)}, lost {len(set(rows) - set(after))};"
        f" control, without the hold: {loose} repeated",
    )
    assert found == {MailState.SENT: size + 1}
    assert f"{held} unfinished mails are on hold" in said
    assert without_a_word.total() == before.total() + 1
    assert set(after) == set(rows)
    assert repeats <= sent_after
    assert differing(smtp_sink) == 0
    assert all(rows[message_id].is_maybe_repeated for message_id, number in after.items() if number > 1)
    assert loose > 0


def mailed_again_without_the_hold(folder: Path, sink: SmtpSink, monkeypatch: pytest.MonkeyPatch) -> int:
    """The control: the same restore, and nobody holds anything. Returns how many mails come once more."""
    monkeypatch.setattr(restored, "hold_unfinished", lambda *, now: restored.Held(mails=0, maybe_sent=0))
    before = copies(sink).total()
    with restored_elsewhere(folder, "loose"):
        return drained(sink).total() - before


def put_one_more() -> None:
    """Somebody registers after the restore."""
    person, call = Registration.objects.order_by("-pk")[0], Call.objects.get()
    with transaction.atomic():
        outbox.put(Letter(MailKind.LINK_AGAIN, "after", person), about=facts.of_call(call), now=clock.now())
