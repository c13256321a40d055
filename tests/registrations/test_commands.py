"""The commands of the operator: what they say, and that nothing is half done where the input is bad."""

import errno
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.management import CommandError, call_command, get_commands

from accounts.enums import Role
from accounts.models import User
from events.models import Call, Event
from registrations.enums import MailState, State
from registrations.mail import delivery
from registrations.models import MailGate, OutgoingMail, Registration, Release, SelectionSettings
from registrations.services import keeping, releasing, seeding
from tests.factories import NOW, CallFactory, DecisionFactory, OutgoingMailFactory, RegistrationFactory, UserFactory
from tests.registrations.study_visit import STUDY_VISIT

pytestmark = pytest.mark.django_db

NAMES = (
    "import_call",
    "seed_demo",
    "backup",
    "correct_deadline",
    "deliver_mail",
    "hold_mail",
    "restore",
    "pause_mail",
    "resume_mail",
    "handle_deadlines",
    "propose_selection",
    "release_decisions",
    "export_person",
    "erase_person",
    "purge_expired",
    "read_bounces",
)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command(*arguments)
    return capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES)
def test_each_command_says_what_it_does(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert get_commands()[name] == "registrations"

    with pytest.raises(SystemExit) as ended:
        call_command(name, "--help")

    assert ended.value.code == 0
    assert len(capsys.readouterr().out) > 200


def test_import_call_says_what_became_of_each_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "visit.yaml"
    file.write_text(STUDY_VISIT.replace("[an-earlier-visit]", "[]"))

    assert run(capsys, "import_call", str(file)) == "study-visit-riga-2027: new\n"
    assert run(capsys, "import_call", str(file)) == "study-visit-riga-2027: nothing to change\n"
    file.write_text(file.read_text().replace("city: Riga", "city: Jelgava"))
    assert run(capsys, "import_call", str(file)) == "study-visit-riga-2027: changed\n"


def test_import_call_names_file_and_line_of_a_mistake(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(STUDY_VISIT.replace("[an-earlier-visit]", "[]"))
    bad.write_text("event:\n  slug: another\n  kind: webinar\n  titel: A title\n  sessions: [{day: 2027-01-01}]\n")

    with pytest.raises(CommandError) as refused:
        call_command("import_call", str(good), str(bad))

    assert f"{bad} line 4: event has no key “titel”. Did you mean “title”?" in str(refused.value)
    assert not Event.objects.exists()


def test_deliver_mail_drains_the_outbox(mail_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    OutgoingMailFactory.create_batch(3)

    assert run(capsys, "deliver_mail", "--once") == "3 sent\n"

    assert len(list(mail_folder.glob("*.eml"))) == 3
    assert set(OutgoingMail.objects.values_list("state", flat=True)) == {MailState.SENT}
    assert run(capsys, "deliver_mail", "--once") == "0 sent\n"


def test_paused_mail_waits_until_it_is_resumed(mail_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    OutgoingMailFactory()

    run(capsys, "pause_mail", "--reason", "A wrong date")
    assert MailGate.objects.get().reason == "A wrong date"
    call_command("deliver_mail", "--once")
    answer = capsys.readouterr()
    assert answer.out == "0 sent\n"
    assert "Outgoing mail is stopped" in answer.err

    run(capsys, "resume_mail")
    assert delivery.is_gate_open(now=NOW)
    assert run(capsys, "deliver_mail", "--once") == "1 sent\n"


def test_handle_deadlines_acts_as_if_it_were_that_moment(capsys: pytest.CaptureFixture[str]) -> None:
    call = CallFactory(closes_at=datetime(2099, 3, 1, tzinfo=UTC))

    assert "handle deadlines: 0" in run(capsys, "handle_deadlines")
    assert "handle deadlines: 1" in run(capsys, "handle_deadlines", "--now", "2099-03-01T00:00:00Z")
    assert "handle deadlines: 0" in run(capsys, "handle_deadlines", "--now", "2099-03-02")

    call.refresh_from_db()
    assert call.deadline_handled_at == datetime(2099, 3, 1, tzinfo=UTC)


def test_handle_deadlines_refuses_what_is_no_moment() -> None:
    with pytest.raises(CommandError, match="“tomorrow” is not a moment"):
        call_command("handle_deadlines", "--now", "tomorrow")


@pytest.mark.parametrize(
    ("when", "closes_at", "closes_on"),
    [
        ("2026-09-03", datetime(2026, 9, 3, 22, tzinfo=UTC), date(2026, 9, 3)),
        ("2026-09-03T17:00", datetime(2026, 9, 3, 15, tzinfo=UTC), None),
        ("2026-09-03T17:00Z", datetime(2026, 9, 3, 17, tzinfo=UTC), None),
    ],
)
def test_correct_deadline_moves_it_to_an_earlier_moment_and_the_history_says_why(
    capsys: pytest.CaptureFixture[str], when: str, closes_at: datetime, closes_on: date | None
) -> None:
    call = CallFactory(deadline_handled_at=NOW)

    said = run(capsys, "correct_deadline", call.event.slug, when, "--reason", "The extension was for another call")

    call.refresh_from_db()
    assert (call.closes_at, call.closes_on, call.deadline_handled_at) == (closes_at, closes_on, None)
    traced = call.history.latest()
    assert (traced.history_change_reason, traced.history_user) == ("The extension was for another call", None)
    assert said.startswith(f"{call.event.slug}: people can register until ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing", "2026-09-03", "--reason", "x"], "There is no call for an event “nothing”."),
        (["meeting", "soon", "--reason", "x"], "“soon” is neither a day"),
        (["meeting", "2027-03-28T02:30", "--reason", "x"], "does not exist"),
        (["meeting", "2001-01-01", "--reason", "x"], "The call opens on"),
        (["meeting", "2026-09-03", "--reason", "x" * 101], "1 to 100 characters"),
        (["meeting", "2026-09-03"], "--reason"),
    ],
)
def test_correct_deadline_refuses_in_one_line_and_changes_nothing(arguments: list[str], words: str) -> None:
    before = CallFactory(event__slug="meeting").closes_at

    with pytest.raises(CommandError, match=words):
        call_command("correct_deadline", *arguments)

    assert Call.objects.get().closes_at == before


def test_no_deadline_is_corrected_to_a_day_after_that_of_the_promised_answer() -> None:
    call = CallFactory(selective=True, event__slug="meeting")

    with pytest.raises(CommandError, match="Everyone was promised an answer by"):
        call_command("correct_deadline", "meeting", f"{call.decision_by + timedelta(days=1)}", "--reason", "x")


def test_after_the_release_no_deadline_is_corrected() -> None:
    call = CallFactory(selective=True, event__slug="meeting")
    DecisionFactory(registration__call=call, released=True)

    with pytest.raises(CommandError, match="Decisions were released"):
        call_command("correct_deadline", "meeting", "2026-09-03", "--reason", "x")


def test_what_a_restore_holds_is_let_go_and_it_is_said_that_all_mail_is_paused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    OutgoingMailFactory()
    call_command("pause_mail", "--reason", "A wrong date")
    call_command("hold_mail")
    assert "New mail goes" not in capsys.readouterr().out

    call_command("resume_mail", "--held")

    said = capsys.readouterr()
    assert said.out == "1 mails are no longer on hold; each goes with its former Message-ID.\n"
    assert "Outgoing mail is stopped" in said.err


def test_a_folder_that_cannot_be_written_is_named_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "a-file"
    file.touch()

    with pytest.raises(CommandError, match=r"a-file.*Not a directory. No backup was made."):
        call_command("backup", str(file / "backup"))


def test_a_backup_that_cannot_be_read_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    # Root, as whom tests may run, can read everything.
    denied = PermissionError(errno.EACCES, "Permission denied", "/srv/backups/manifest.json")
    monkeypatch.setattr(keeping, "restore", Mock(side_effect=denied))

    with pytest.raises(CommandError, match=r"manifest.json: Permission denied. Mend that and restore again."):
        call_command("restore", "/srv/backups")


def test_release_decisions_says_how_many_of_each(capsys: pytest.CaptureFixture[str]) -> None:
    call = CallFactory(selective=True, closed=True)
    DecisionFactory(registration__call=call)
    DecisionFactory(registration__call=call, outcome="decline")

    said = run(capsys, "release_decisions", call.event.slug)

    assert said == "1 selected, 0 on the reserve list, 1 not selected\n"
    assert Registration.objects.filter(state=State.CONFIRMED).count() == 1


@pytest.mark.parametrize(
    ("traits", "words"), [({}, "after its deadline"), ({"closed": True, "capacity": 1}, "1 places")]
)
def test_release_decisions_refuses_in_one_line(traits: dict[str, object], words: str) -> None:
    call = CallFactory(selective=True, **{"closes_at": datetime(2099, 1, 1, tzinfo=UTC), **traits})
    if "closed" in traits:
        call.closes_at = NOW
        call.save()
    DecisionFactory.create_batch(2, registration__call=call)

    with pytest.raises(CommandError, match=words):
        call_command("release_decisions", call.event.slug)

    assert set(Registration.objects.values_list("state", flat=True)) == {State.SUBMITTED}


def test_release_decisions_wants_a_second_person_where_the_call_does(capsys: pytest.CaptureFixture[str]) -> None:
    call, deputy = CallFactory(selective=True, closed=True), UserFactory()
    SelectionSettings.objects.create(call=call, needs_second_person=True, deputy=deputy)
    DecisionFactory(registration__call=call)
    with pytest.raises(CommandError, match="This call wants a second person to release"):
        call_command("release_decisions", call.event.slug)

    releasing.give(call=call, by=deputy, now=NOW)

    assert run(capsys, "release_decisions", call.event.slug).startswith("1 selected")
    assert Release.objects.get().given_by == deputy


def test_handle_deadlines_carries_out_a_release_whose_hour_has_come(capsys: pytest.CaptureFixture[str]) -> None:
    organiser = UserFactory(role=Role.ORGANISER)
    call = CallFactory(selective=True, closed=True, organisers=[organiser])
    DecisionFactory(registration__call=call)
    release = releasing.give(call=call, by=organiser, now=NOW)

    assert "carry out releases: 0" in run(capsys, "handle_deadlines", "--now", NOW.isoformat())
    assert "carry out releases: 1" in run(capsys, "handle_deadlines", "--now", release.due_at.isoformat())

    assert Registration.objects.get().state == State.CONFIRMED


def test_release_decisions_needs_a_call_that_exists() -> None:
    with pytest.raises(CommandError, match="There is no call for an event “nothing”"):
        call_command("release_decisions", "nothing")


def test_export_person_writes_json(capsys: pytest.CaptureFixture[str]) -> None:
    RegistrationFactory(identity__email="janis@example.org", reference="P-7Q4K2")

    found = json.loads(run(capsys, "export_person", " Janis@EXAMPLE.org "))

    assert [entry["reference"] for entry in found["registrations"]] == ["P-7Q4K2"]


def test_erase_person_says_which_registrations_are_empty_now(capsys: pytest.CaptureFixture[str]) -> None:
    RegistrationFactory(identity__email="janis@example.org", reference="P-7Q4K2")

    assert run(capsys, "erase_person", "janis@example.org") == "Erased: P-7Q4K2. Given up on the way: 1.\n"

    with pytest.raises(CommandError, match="We hold nothing about anybody"):
        call_command("export_person", "janis@example.org")


@pytest.mark.parametrize("name", ["export_person", "erase_person"])
def test_an_unknown_address_is_told(name: str) -> None:
    with pytest.raises(CommandError, match="We hold nothing about anybody"):
        call_command(name, "nobody@example.org")


def test_purge_expired_only_counts_when_asked_to(capsys: pytest.CaptureFixture[str]) -> None:
    RegistrationFactory(
        unproven=True, call__closes_at=datetime(2020, 1, 2, tzinfo=UTC), call__opens_at="2020-01-01T00:00Z"
    )
    Registration.objects.update(state_changed_at=datetime(2020, 1, 1, tzinfo=UTC))

    assert "unproven registrations: 1" in run(capsys, "purge_expired", "--dry-run")
    assert Registration.objects.exists()
    assert "unproven registrations: 1" in run(capsys, "purge_expired")
    assert not Registration.objects.exists()


def test_seed_demo_prints_accounts_and_password(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("seed_demo")

    printed = capsys.readouterr().out
    assert "publisher@example.org" in printed
    assert seeding.PASSWORD in printed


def test_a_real_installation_refuses_the_demo(settings: Any) -> None:
    settings.DEMO = False

    with pytest.raises(CommandError, match="real installation"):
        call_command("seed_demo")
    assert not User.objects.exists()
