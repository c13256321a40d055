"""What mails are made of: text and HTML of every kind, frozen bytes, neutral calendars, nothing that was typed."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP
from types import SimpleNamespace

import icalendar
import pytest

from registrations.enums import MailKind, MailState
from registrations.mail import catalogue, delivery, facts, outbox
from registrations.mail.outbox import Letter
from registrations.models import OutgoingMail
from tests.factories import NOW, CallFactory, OutgoingMailFactory, RegistrationFactory

pytestmark = pytest.mark.django_db
TO_ORGANISERS = {MailKind.CALL_CLOSED, MailKind.JOIN_LINK_MISSING}
HOSTILE = '<script>alert(1)</script> https://evil.example {{ secret }} {% now "Y" %} =1+1 \r\nBcc: victim@example.org'


def put(kind: MailKind, registration=None, **says) -> OutgoingMail:
    registration = registration or RegistrationFactory()
    about = facts.of_call(registration.call)
    letter = Letter(kind, "1", None if kind in TO_ORGANISERS else registration, says=says)
    return outbox.put(letter, about=about, now=NOW)


def parsed(mail: OutgoingMail):
    return message_from_bytes(catalogue.render(mail), policy=SMTP)


@pytest.mark.parametrize("kind", MailKind)
def test_every_kind_is_made_from_real_facts_as_text_and_html(kind):
    message = parsed(put(kind))
    text, html = (message.get_body((part,)).get_content() for part in ("plain", "html"))
    assert message["Subject"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Reply-To"] == "secretariat@example.org"
    assert len(text.split()) > 20
    assert "<html" in html
    assert "style=" in html
    assert "{{" not in text + html
    assert "None" not in text


@pytest.mark.parametrize("kind", MailKind)
def test_no_line_is_longer_than_mail_servers_take(kind):
    lines = catalogue.render(put(kind)).split(b"\r\n")
    assert max(len(line) for line in lines) <= 998
    assert not any(b"\n" in line or b"\r" in line for line in lines)


@pytest.mark.parametrize("kind", MailKind)
def test_the_same_row_gives_the_same_bytes(kind):
    mail = put(kind)
    first = catalogue.render(mail)
    assert catalogue.render(OutgoingMail.objects.get(pk=mail.pk)) == first


@pytest.mark.parametrize("kind", sorted(set(MailKind) - TO_ORGANISERS))
def test_what_people_typed_is_in_no_mail(kind):
    call = CallFactory(event__title=HOSTILE, event__summary=HOSTILE, event__platform=HOSTILE[:60])
    registration = RegistrationFactory(
        call=call,
        identity__given_name=HOSTILE[:100],
        identity__family_name=HOSTILE[:100],
        identity__display_name=HOSTILE[:100],
        identity__organisation=HOSTILE,
    )
    rendered = catalogue.render(put(kind, registration))
    assert not any(word in rendered for word in (b"script", b"evil", b"victim", b"secret "))


def test_the_mail_about_a_known_address_names_nobody_and_no_event():
    """It may be read over a shoulder, and a stranger may have asked for it."""
    registration = RegistrationFactory()
    message = parsed(put(MailKind.SAME_ADDRESS, registration))
    event, identity = registration.call.event, registration.identity
    text = "".join(message.get_body((part,)).get_content() for part in ("plain", "html")) + message["Subject"]
    told = [event.title, event.slug, event.platform, "29 September", identity.given_name, identity.family_name]
    assert [word for word in told if word in text] == []


def test_what_staff_wrote_as_criteria_is_text_in_the_mail():
    message = parsed(put(MailKind.NOT_SELECTED, criteria=[HOSTILE], applied=9, why_until="29 September"))
    assert "<script>" not in message.get_body(("html",)).get_content()
    assert message["Bcc"] is None


@pytest.mark.parametrize("fact", ["reference", "event_date", "answer_day", "reply_to"])
def test_no_fact_writes_a_header(fact):
    """Whatever a row says: its mail has the headers that we gave it, or is not made at all."""
    kinds = {"event_date": MailKind.EVENT_REMINDER, "answer_day": MailKind.ANSWER_REMINDER}
    mail = put(kinds.get(fact, MailKind.CONFIRMED))
    mail.facts[fact] = "x\r\nBcc: victim@example.org\r\n\r\nbody"
    try:
        message = parsed(mail)
    except ValueError:
        return
    assert message["Bcc"] is None
    assert set(message.keys()) <= {
        "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
    }  # fmt: skip


def test_a_sender_name_with_special_letters_is_written_as_mail_programs_read_it(settings):
    settings.MAIL_FROM = '"Sekretariāts, RAN" <secretariat@example.org>'
    assert parsed(put(MailKind.CONFIRMED))["From"].addresses[0].display_name == "Sekretariāts, RAN"


def test_the_preview_shows_the_mail_without_its_link_and_code():
    mail = put(MailKind.PROVE_ADDRESS, has_code=True)
    before = catalogue.preview(mail)
    delivery.drain(clock=lambda: NOW, seconds=5)
    mail.refresh_from_db()
    after = catalogue.preview(mail)
    assert before == after
    assert f"/registrations/p/{catalogue.LINK_SHOWN}/" in after.text
    assert "•••• ••••" in after.text
    assert not any(mark in after.text + after.html for mark in (catalogue.LINK_MARK, catalogue.CODE_MARK))


def test_a_mail_without_a_code_shows_none():
    assert "••••" not in catalogue.preview(put(MailKind.PROVE_ADDRESS, has_code=False)).text


def calendar_of(mail):
    (attachment,) = list(parsed(mail).iter_attachments())
    assert attachment.get_filename() == "calendar.ics"
    return icalendar.Calendar.from_ical(attachment.get_payload(decode=True))


def test_a_confirmed_place_comes_with_a_neutral_calendar_entry_in_utc():
    registration = RegistrationFactory(call=CallFactory(event__title="Mental health and extremism"))
    calendar = calendar_of(put(MailKind.CONFIRMED, registration))
    (entry,) = calendar.walk("VEVENT")
    assert entry["SUMMARY"] == f"Online session {registration.reference}"
    assert (entry["DTSTART"].dt, entry["DTEND"].dt) == (
        datetime(2026, 9, 29, 8, 0, tzinfo=UTC),
        datetime(2026, 9, 29, 9, 30, tzinfo=UTC),
    )
    assert entry["CLASS"] == "PRIVATE"
    assert not {"LOCATION", "URL", "DESCRIPTION", "ATTENDEE", "ORGANIZER"} & set(entry)


def test_two_days_are_two_entries_and_a_change_updates_the_same_ones():
    first = NOW + timedelta(days=28)
    sessions = [(first, first + timedelta(hours=2)), (first + timedelta(days=1), first + timedelta(days=1, hours=2))]
    registration = RegistrationFactory(call=CallFactory(event__sessions=sessions))
    entries = calendar_of(put(MailKind.CONFIRMED, registration)).walk("VEVENT")
    registration.call.event.revision = 2
    changed = calendar_of(put(MailKind.EVENT_CHANGED, registration)).walk("VEVENT")
    assert [entry["UID"] for entry in entries] == [entry["UID"] for entry in changed]
    assert len({str(entry["UID"]) for entry in entries}) == 2
    assert {int(entry["SEQUENCE"]) for entry in changed} == {2}


def test_a_day_without_hours_is_a_date_in_the_calendar():
    midnight = datetime(2026, 9, 28, 22, 0, tzinfo=UTC)
    registration = RegistrationFactory(call=CallFactory(event__sessions=[(midnight, midnight + timedelta(days=1))]))
    registration.call.event.sessions.update(is_whole_day=True)
    (entry,) = calendar_of(put(MailKind.CONFIRMED, registration)).walk("VEVENT")
    assert str(entry["DTSTART"].dt) == "2026-09-29"
    assert str(entry["DTEND"].dt) == "2026-09-30"


@pytest.mark.parametrize("trait", ["selected", "on_list", "declined"])
def test_who_has_no_confirmed_place_gets_no_calendar_entry(trait):
    registration = RegistrationFactory(**{trait: True})
    assert list(parsed(put(MailKind.SELECTED, registration)).iter_attachments()) == []


def test_a_changed_word_of_a_template_changes_its_version(monkeypatch):
    catalogue.template_version.cache_clear()
    before = catalogue.template_version(MailKind.CONFIRMED)
    assert before != catalogue.template_version(MailKind.GIVEN_UP)
    template = SimpleNamespace(template=SimpleNamespace(source="other words"))
    monkeypatch.setattr(catalogue, "get_template", lambda name: template)
    catalogue.template_version.cache_clear()
    assert catalogue.template_version(MailKind.CONFIRMED) != before
    catalogue.template_version.cache_clear()


def test_a_template_that_changes_after_the_first_claim_does_not_change_the_repeat(mail_folder, monkeypatch):
    mail = OutgoingMailFactory()
    delivery.drain(clock=lambda: NOW, seconds=5)
    first = next(mail_folder.iterdir()).read_bytes()
    OutgoingMail.objects.filter(pk=mail.pk).update(state=MailState.QUEUED, sent_at=None)
    monkeypatch.setattr(catalogue, "render_to_string", lambda *args: "other words")
    delivery.drain(clock=lambda: NOW, seconds=5)
    assert next(mail_folder.iterdir()).read_bytes() == first
