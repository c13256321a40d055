"""The privacy statement says what the register says, under the ten headings, and its version follows its text."""

import re
from dataclasses import replace

import pytest
import time_machine
from django.test import Client

from registrations import statement
from registrations.enums import Extra
from registrations.field_register import PEOPLE, STAFF, TEXTS
from registrations.models import Registration
from tests.factories import NOW, CallFactory
from tests.registrations.pages import form, text_of

HEADINGS = [
    "1. Introduction",
    "2. Why and how do we process your personal data?",
    "3. On what legal grounds do we process your personal data?",
    "4. Which personal data do we collect and process?",
    "5. How long do we keep your personal data?",
    "6. How do we protect and safeguard your personal data?",
    "7. Who has access to your personal data and to whom are they disclosed?",
    "8. What are your rights and how can you exercise them?",
    "9. Contact information",
    "10. Where to find more detailed information?",
]


def test_it_has_the_ten_headings_of_the_model():
    assert re.findall(r"<h2[^>]*>([^<]+)</h2>", statement.text()) == HEADINGS


def test_it_names_every_entry_with_its_purpose_and_its_end():
    words = text_of(Client().get("/privacy/"))

    for entry in (*PEOPLE, *STAFF):
        assert entry.what in words
        assert entry.purpose in words
        said = entry.kept.said()
        assert said[:1].upper() + said[1:] in words


def test_it_names_extras_counter_cards_looks_and_backups():
    words = text_of(Client().get("/privacy/"))

    assert [text.allows in words for text in TEXTS.values()] == [True] * len(Extra)
    assert "A counter card" in words
    assert "Who looked at your data" in words
    assert "<dt" in words
    assert "Backups" in words


def test_it_names_who_answers_and_who_supervises(settings):
    settings.PRIVACY_CONTROLLER = "the Example Directorate"
    settings.PRIVACY_EMAIL = "data@portal.example.net"
    settings.DPO_EMAIL = "officer@portal.example.net"
    settings.PRIVACY_RECORD = "DPR-EC-01063"

    words = text_of(Client().get("/privacy/"))

    for said in ("the Example Directorate", "data@portal.example.net", "officer@portal.example.net", "DPR-EC-01063"):
        assert said in words
    assert "edps@edps.europa.eu" in words
    assert "Contacts and record numbers on this page are examples" not in words


def test_the_demo_s_contacts_are_told_to_be_examples():
    assert "Contacts and record numbers on this page are examples" in text_of(Client().get("/privacy/"))


# Versions


def test_the_text_in_force_has_its_line_in_the_list_of_versions():
    now = statement.digest(statement.text())

    assert statement.VERSIONS[-1][1] == now, f'The text has changed: add a line with its day and "{now}" to VERSIONS.'


def test_the_versions_are_in_order_and_no_two_are_the_same():
    assert sorted(day for day, _ in statement.VERSIONS) == [day for day, _ in statement.VERSIONS]
    assert len({digest for _, digest in statement.VERSIONS}) == len(statement.VERSIONS)


def test_another_contact_is_another_version(settings):
    before = statement.version()
    settings.DPO_EMAIL = "officer@portal.example.net"

    assert statement.version() != before


def test_another_line_of_the_register_is_another_version(monkeypatch):
    before = statement.version()
    longer = [replace(PEOPLE[0], purpose="To sell it."), *PEOPLE[1:]]
    monkeypatch.setattr(statement, "PEOPLE", longer)
    statement._text.cache_clear()
    after = statement.version()
    monkeypatch.undo()
    statement._text.cache_clear()

    assert after != before
    assert statement.version() == before


def test_lines_broken_elsewhere_are_the_same_version():
    assert statement.digest("<p>One  text\n of it.</p>") == statement.digest("<p>One text of it.</p>")
    assert statement.digest("<p>One text of it.</p>") != statement.digest("<p>One text of them.</p>")


def test_it_fits_the_column_and_says_its_day():
    version = statement.version()

    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}-[0-9a-f]{8}", version)
    assert len(version) <= (Registration._meta.get_field("privacy_version").max_length or 0)
    assert version in text_of(Client().get("/privacy/"))


@pytest.mark.django_db
def test_each_registration_keeps_the_version_that_its_sender_read(client: Client):
    call = CallFactory()

    with time_machine.travel(NOW, tick=False):
        assert client.post(f"/events/{call.event.slug}/register/", form()).status_code == 303
    assert Registration.objects.get().privacy_version == statement.version()


def test_the_page_asks_nothing_of_the_database_and_changes_nothing():
    assert Client().get("/privacy/").status_code == 200
    assert Client().head("/privacy/").status_code == 200
    assert Client().post("/privacy/").status_code == 405
