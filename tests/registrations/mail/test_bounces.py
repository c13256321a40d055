"""Mails that came back: from the mailbox, a folder or an IMAP server, to the row that they are about."""

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.management import CommandError, call_command

from ranportal import env
from registrations import jobs, returned
from registrations.enums import MailState
from registrations.mail import bounces, failures, outbox
from registrations.mail.bounces import Read
from registrations.mail.mailboxes import MailboxAway, Maildir
from registrations.models import Bounce, OutgoingMail
from registrations.services import addresses, places
from tests.factories import NOW, OutgoingMailFactory, RegistrationFactory, UserFactory
from tests.imap_server import PASSWORD, USER, ImapServer
from tests.registrations.mail.test_failures import sample

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=5)


class Box:
    """A mailbox of one kind, as mail servers and people see it."""

    def __init__(self, folder: Path | None, server: ImapServer | None) -> None:
        self._folder = folder
        self._server = server

    def put(self, content: bytes) -> None:
        if self._server is not None:
            self._server.put(content)
        elif self._folder is not None:
            (self._folder / "new" / f"178826430{len(self.all())}.M1.mx1").write_bytes(content)

    def all(self) -> dict[bytes, bool]:
        """Every mail, and whether it is marked as seen."""
        if self._server is not None:
            return {letter.content: "\\Seen" in letter.flags for letter in self._server.letters.values()}
        assert self._folder is not None
        return {path.read_bytes(): path.name.endswith(":2,S") for path in self._folder.glob("*/*")}


@pytest.fixture
def imap() -> Iterator[ImapServer]:
    server = ImapServer()
    yield server
    server.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (tmp_path / "box" / name).mkdir(parents=True)
    return tmp_path / "box"


@pytest.fixture(params=["maildir", "imap"])
def box(request: pytest.FixtureRequest, settings: Any) -> Box:
    if request.param == "maildir":
        found: Path = request.getfixturevalue("folder")
        settings.BOUNCES = env.mailbox(f"maildir://{found}")
        return Box(found, None)
    server: ImapServer = request.getfixturevalue("imap")
    settings.BOUNCES = imap_settings(server)
    return Box(None, server)


def imap_settings(server: ImapServer, password: str = PASSWORD) -> dict[str, Any] | None:
    return env.mailbox(f"imap://{quote(USER)}:{quote(password)}@127.0.0.1:{server.port}/INBOX")


def read(now: Any = LATER) -> Read | None:
    return bounces.read(clock=lambda: now, seconds=60)


def a_sent_mail(**traits: Any) -> OutgoingMail:
    mail: OutgoingMail = OutgoingMailFactory(sent=True, **traits)
    return mail


def told(mail: OutgoingMail) -> list[tuple[bool, str]]:
    return list(mail.bounces.values_list("is_permanent", "status"))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("postfix", (True, "5.1.1")),
        ("exchange", (True, "5.2.2")),
        ("exim", (True, "5.0.0")),
        ("gmail", (True, "5.1.1")),
        ("sendmail", (True, "5.7.1")),
        ("delayed", (False, "4.4.1")),
    ],
)
def test_a_report_is_noted_at_its_mail_and_marked_as_seen(box, name, found):
    mail, other = a_sent_mail(), a_sent_mail()
    report = sample(name, mail.message_id)
    box.put(report)

    assert read() == Read(returned=int(found[0]), delayed=int(not found[0]))
    assert (told(mail), told(other)) == ([found], [])
    assert box.all() == {report: True}


def test_what_is_not_about_our_mail_stays_as_it_is_for_people_to_read(box):
    mail = a_sent_mail()
    forged = sample("postfix", "<ffffffffffffffffffffffffffffffffffffffff@portal.example.org>")
    question = EmailMessage()
    question["Subject"], question["From"] = "Where is the venue?", "janis@example.org"
    question.set_content(f"About {mail.message_id}\nStatus: 5.1.1")
    kept = [forged, sample("vacation", mail.message_id), sample("receipt", mail.message_id), question.as_bytes()]
    for content in kept:
        box.put(content)

    found = read()

    assert (found.returned, found.delayed) == (0, 0)
    assert Bounce.objects.count() == 0
    assert box.all() == dict.fromkeys(kept, False)


def test_an_address_alone_says_nothing(box):
    mail = a_sent_mail(registration=RegistrationFactory(identity__email="janis@example.org"))
    box.put(sample("postfix", "<somebody-elses@list.example.org>"))
    read()
    assert told(mail) == []


def test_the_same_report_twice_counts_once(box):
    mail = a_sent_mail()
    report = sample("postfix", mail.message_id)
    box.put(report)
    box.put(b"Received: by another way\n" + report)
    assert read() == Read(returned=1)
    assert read() == Read()
    assert told(mail) == [(True, "5.1.1")]


def test_a_crash_between_the_note_and_the_mark_changes_nothing(box, monkeypatch):
    mail = a_sent_mail()
    report = sample("postfix", mail.message_id)
    box.put(report)
    note = bounces.note

    def note_and_die(**values: Any) -> None:
        note(**values)
        raise KeyboardInterrupt

    monkeypatch.setattr(bounces, "note", note_and_die)
    with pytest.raises(KeyboardInterrupt):
        read()
    assert (told(mail), box.all()) == ([(True, "5.1.1")], {report: False})
    monkeypatch.setattr(bounces, "note", note)

    assert read() == Read()
    assert (told(mail), box.all()) == ([(True, "5.1.1")], {report: True})


def test_a_delay_and_then_the_end_are_both_known(box):
    mail = a_sent_mail()
    box.put(sample("delayed", mail.message_id))
    assert read() == Read(delayed=1)
    assert not returned.came_back(OutgoingMail.objects.all()).exists()
    box.put(sample("postfix", mail.message_id))
    assert read() == Read(returned=1)
    assert list(returned.came_back(OutgoingMail.objects.all())) == [mail]


# Sending again


def a_returned_mail(**traits: Any) -> OutgoingMail:
    mail = a_sent_mail(created_at=NOW, **traits)
    bounces.note(failure=failures.read(sample("postfix", mail.message_id)), now=LATER)
    return mail


def test_a_mail_that_came_back_can_be_sent_again_and_is_hopeful_until_it_comes_back_again():
    mail = a_returned_mail()
    assert outbox.may_retry(mail=mail)
    assert outbox.retry(mail=mail, now=LATER, by=UserFactory())
    mail.refresh_from_db()
    assert (mail.state, mail.bounces.count()) == (MailState.QUEUED, 1)
    assert not outbox.retry(mail=mail, now=LATER, by=UserFactory())

    OutgoingMail.objects.update(state=MailState.SENT, sent_at=LATER + timedelta(minutes=1))
    assert not returned.came_back(OutgoingMail.objects.all()).exists()
    second = sample("postfix", mail.message_id).replace(b"6B3D21C0E7", b"7C4E32D1F8")
    bounces.note(failure=failures.read(second), now=LATER + timedelta(hours=1))
    assert returned.came_back(OutgoingMail.objects.all()).exists()


def test_a_mail_that_arrived_is_not_sent_again():
    mail = a_sent_mail()
    assert not outbox.may_retry(mail=mail)
    assert not outbox.retry(mail=mail, now=LATER, by=UserFactory())


def test_a_mail_that_came_back_is_not_sent_again_once_something_else_is_so():
    mail = a_returned_mail()
    places.withdraw(registration=mail.registration, now=LATER)
    assert not outbox.retry(mail=mail, now=LATER, by=UserFactory())


def test_once_the_address_is_corrected_the_old_mail_stays_where_it_is_and_a_new_one_goes():
    mail = a_returned_mail()
    assert is_unreachable(mail)
    addresses.correct_address(
        registration=mail.registration, email="jana@example.org", by=UserFactory(), channel="telephone", now=LATER
    )
    assert not outbox.retry(mail=mail, now=LATER, by=UserFactory())
    assert not is_unreachable(mail)
    assert OutgoingMail.objects.filter(state=MailState.QUEUED).count() == 1


def is_unreachable(mail: OutgoingMail) -> bool:
    people = type(mail.registration).objects.annotate(is_unreachable=returned.to_present_address())
    return bool(people.get(pk=mail.registration_id).is_unreachable)


# The mailbox


def test_a_maildir_is_read_past_links_pipes_and_hidden_files(folder, settings):
    settings.BOUNCES = env.mailbox(f"maildir://{folder}")
    mail = a_sent_mail()
    (folder / "secret").write_bytes(sample("postfix", mail.message_id))
    (folder / "new" / "link").symlink_to(folder / "secret")
    (folder / "new" / ".hidden").write_bytes(sample("postfix", mail.message_id))
    os.mkfifo(folder / "new" / "pipe")
    (folder / "cur" / "folder").mkdir()
    assert read() == Read()


def test_flags_that_people_set_stay(folder, settings):
    settings.BOUNCES = env.mailbox(f"maildir://{folder}")
    mail = a_sent_mail()
    (folder / "cur" / "1.a:2,FR").write_bytes(sample("postfix", mail.message_id))
    assert read() == Read(returned=1)
    assert [path.name for path in (folder / "cur").iterdir()] == ["1.a:2,FRS"]


def test_a_report_that_somebody_moved_meanwhile_is_no_fault(folder):
    with Maildir(folder) as box:
        box.mark_seen("new/gone")


def test_a_folder_that_is_no_maildir_is_said(tmp_path, settings):
    settings.BOUNCES = env.mailbox(f"maildir://{tmp_path}")
    with pytest.raises(MailboxAway, match="names no Maildir"):
        read()


def test_a_wrong_password_is_said_without_it(imap, settings):
    settings.BOUNCES = imap_settings(imap, password="wrong")
    with pytest.raises(MailboxAway) as caught:
        read()
    assert str(caught.value) == "The mailbox of BOUNCES_URL lets us not in (error)."


@pytest.mark.parametrize("command", ["LOGIN", "SELECT", "UID SEARCH", "UID FETCH", "UID STORE"])
def test_a_line_that_breaks_is_said_and_the_next_run_goes_on(imap, settings, command):
    settings.BOUNCES = imap_settings(imap)
    mail = a_sent_mail()
    uid = imap.put(sample("postfix", mail.message_id))
    imap.cuts_before = command
    with pytest.raises(MailboxAway):
        read()
    imap.cuts_before = ""
    read()
    assert (told(mail), imap.letters[uid].flags) == ([(True, "5.1.1")], {"\\Seen"})


def test_nothing_is_deleted_and_nothing_else_is_asked(imap, settings):
    settings.BOUNCES = imap_settings(imap)
    imap.put(sample("postfix", a_sent_mail().message_id))
    read()
    verbs = {re.sub(r"^(UID \w+|\w+).*", r"\1", command) for command in imap.asked}
    assert verbs == {"CAPABILITY", "LOGIN", "SELECT", "UID SEARCH", "UID FETCH", "UID STORE", "LOGOUT"}


# The entry points


def test_the_command_says_what_it_found(folder, settings, capsys):
    settings.BOUNCES = env.mailbox(f"maildir://{folder}")
    (folder / "new" / "1").write_bytes(sample("postfix", a_sent_mail().message_id))
    (folder / "new" / "2").write_bytes(sample("postfix", "<another@list.example.org>"))
    call_command("read_bounces")
    assert capsys.readouterr().out == "1 came back, 0 delayed, 1 about other mail\n"


def test_the_command_says_what_is_wrong(tmp_path, settings):
    settings.BOUNCES = None
    with pytest.raises(CommandError, match="BOUNCES_URL names no mailbox"):
        call_command("read_bounces")
    settings.BOUNCES = env.mailbox(f"maildir://{tmp_path}")
    with pytest.raises(CommandError, match="names no Maildir"):
        call_command("read_bounces")


def test_the_job_does_nothing_without_a_mailbox_and_warns_of_one_that_is_away(tmp_path, settings, caplog):
    settings.BOUNCES = None
    jobs.read_bounces()
    assert caplog.text == ""
    settings.BOUNCES = env.mailbox(f"maildir://{tmp_path}")
    jobs.read_bounces()
    assert "The mailbox" in caplog.text or "Maildir" in caplog.text


def test_a_run_ends_when_its_time_is_over(folder, settings):
    settings.BOUNCES = env.mailbox(f"maildir://{folder}")
    for number in range(3):
        (folder / "new" / str(number)).write_bytes(sample("postfix", a_sent_mail().message_id))
    assert bounces.read(clock=lambda: LATER, seconds=0) == Read(returned=1)
    assert read() == Read(returned=2)
