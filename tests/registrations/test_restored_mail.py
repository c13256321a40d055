"""What a restore puts on hold, and how the portal notices a database that somebody turned back by other means."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import call_command

from registrations import jobs
from registrations.enums import MailState
from registrations.mail import outbox, restored
from registrations.models import MailGate, OutgoingMail
from tests.factories import NOW, OutgoingMailFactory

pytestmark = pytest.mark.django_db


def state_of(mail: OutgoingMail) -> tuple[str, bool]:
    mail.refresh_from_db()
    return mail.state, mail.is_maybe_repeated


def test_unfinished_mail_is_held_and_what_may_have_gone_is_marked() -> None:
    due = OutgoingMailFactory()
    later = OutgoingMailFactory(due_at=NOW + timedelta(days=1))
    leased = OutgoingMailFactory(state=MailState.LEASED, lease_until=NOW, lease_token="t")
    going = OutgoingMailFactory(state=MailState.HANDING_OVER, lease_until=NOW, due_at=NOW + timedelta(hours=1))
    sent, refused = OutgoingMailFactory(sent=True), OutgoingMailFactory(refused=True)

    held = restored.hold_unfinished(now=NOW)

    assert held == restored.Held(mails=4, maybe_sent=3)
    assert [state_of(mail) for mail in (due, later, leased, going)] == [
        (MailState.HELD, True),
        (MailState.HELD, False),
        (MailState.HELD, True),
        (MailState.HELD, True),
    ]
    assert (state_of(sent)[0], state_of(refused)[0]) == (MailState.SENT, MailState.REFUSED)
    assert not OutgoingMail.objects.filter(restored.IS_WAITING).exclude(lease_token="").exists()


def test_only_what_the_restore_holds_is_released() -> None:
    by_hand = OutgoingMailFactory(state=MailState.HELD)
    mail = OutgoingMailFactory()
    restored.hold_unfinished(now=NOW)

    assert outbox.release_restored() == 1

    assert (state_of(mail)[0], state_of(by_hand)[0]) == (MailState.QUEUED, MailState.HELD)
    assert outbox.release_restored() == 0


def test_marks_of_two_machines_at_the_same_second_are_both_read_and_both_go() -> None:
    names = {storages["private"].save(f"{restored.MARKS}/20260901T120000Z", ContentFile(b"-")) for _ in range(2)}
    assert len(names) == 2
    MailGate.objects.update_or_create(pk=1, defaults={"seen_at": NOW})

    assert restored.hold_if_turned_back(now=NOW + timedelta(minutes=1)) == 0

    _, marks = storages["private"].listdir(restored.MARKS)
    assert marks == ["20260901T120100Z"]


def test_a_database_that_went_on_is_left_alone() -> None:
    mail = OutgoingMailFactory()

    held = [restored.hold_if_turned_back(now=NOW + timedelta(minutes=minute)) for minute in range(5)]

    assert held == [0] * 5
    assert state_of(mail)[0] == MailState.QUEUED
    _, marks = storages["private"].listdir(restored.MARKS)
    assert marks == ["20260901T120400Z"]


def test_a_database_that_was_turned_back_holds_its_unfinished_mail_once() -> None:
    mail = OutgoingMailFactory()
    restored.hold_if_turned_back(now=NOW + timedelta(hours=3))
    # What a dump of three hours ago brings back.
    MailGate.objects.update(seen_at=NOW)

    assert restored.hold_if_turned_back(now=NOW + timedelta(hours=4)) == 1
    assert state_of(mail) == (MailState.HELD, True)

    fresh = OutgoingMailFactory()
    assert restored.hold_if_turned_back(now=NOW + timedelta(hours=5)) == 0
    assert state_of(fresh)[0] == MailState.QUEUED


def test_without_the_mark_nobody_would_notice() -> None:
    """The control of the test above."""
    mail = OutgoingMailFactory()
    restored.hold_if_turned_back(now=NOW + timedelta(hours=3))
    MailGate.objects.update(seen_at=NOW)
    _, (mark,) = storages["private"].listdir(restored.MARKS)
    storages["private"].delete(f"{restored.MARKS}/{mark}")

    assert restored.hold_if_turned_back(now=NOW + timedelta(hours=4)) == 0
    assert state_of(mail)[0] == MailState.QUEUED


def test_a_mark_of_a_machine_whose_clock_ran_ahead_holds_mail_once() -> None:
    storages["private"].save(f"{restored.MARKS}/20260901T150000Z", ContentFile(b"-"))
    OutgoingMailFactory()
    assert restored.hold_if_turned_back(now=NOW) == 1

    fresh = OutgoingMailFactory()

    assert restored.hold_if_turned_back(now=NOW + timedelta(minutes=1)) == 0
    assert state_of(fresh)[0] == MailState.QUEUED


def test_a_strange_file_among_the_marks_does_not_take_the_net_away() -> None:
    for name in ("20260901T150000Z", "notes.txt"):
        storages["private"].save(f"{restored.MARKS}/{name}", ContentFile(b"-"))
    OutgoingMailFactory()

    assert restored.hold_if_turned_back(now=NOW) == 1


def test_deliver_mail_leaves_marks_for_as_long_as_it_runs(mail_folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[datetime] = []
    monkeypatch.setattr(restored, "hold_if_turned_back", lambda *, now: looks.append(now))
    OutgoingMailFactory()

    call_command("deliver_mail", once=True)

    assert len(looks) == 2


def test_the_sweep_looks_before_it_sends(mail_folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    OutgoingMailFactory()
    storages["private"].save(f"{restored.MARKS}/20990101T000000Z", ContentFile(b"-"))

    assert jobs.sweep_outbox() == 0
    assert OutgoingMail.objects.get().state == MailState.HELD
    assert not mail_folder.exists()


def test_a_storage_that_does_not_answer_stops_no_mail(settings: Any, tmp_path: Any) -> None:
    (tmp_path / "private").write_text("no folder")

    assert restored.hold_if_turned_back(now=NOW) == 0


def test_hold_mail_says_what_it_did_and_resume_mail_lets_it_go(capsys: pytest.CaptureFixture[str]) -> None:
    OutgoingMailFactory.create_batch(2)

    call_command("hold_mail")
    assert "2 unfinished mails are on hold; 2 of them were due" in capsys.readouterr().out
    call_command("resume_mail", held=True)

    assert capsys.readouterr().out == "2 mails are no longer on hold; each goes with its former Message-ID.\n"
    assert set(OutgoingMail.objects.values_list("state", flat=True)) == {MailState.QUEUED}
