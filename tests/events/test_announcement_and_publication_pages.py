"""The public pages of announcements and publications, and their documents."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from events.models import WorkingGroup
from tests.events.reading import body_of, in_order, text_of
from tests.factories import AnnouncementFactory, CallFactory, EventFactory, PublicationFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

PDF = b"%PDF-1.4\n" + b"0" * (253_860 - 9)


@pytest.fixture
def paper():
    """A publication with a document of 247.91 KB, out of one event."""
    publication = PublicationFactory(slug="paper", title="A paper", kind="expert_opinion")
    publication.document.save("Müller's draft (v7).pdf", ContentFile(PDF))
    publication.events.add(EventFactory(title="The meeting"))
    publication.working_groups.add(WorkingGroup.objects.get(slug="ran-health"))
    return publication


def stored_file(publication) -> Path:
    return Path(publication.document.path)


# Announcements


def test_an_announcement_page_shows_who_says_what_when(client):
    announcement = AnnouncementFactory(
        title="Registrations now open",
        published_at=datetime(2023, 8, 11, 7, 0, tzinfo=UTC),
        body="## How\n\nSo: [here](https://example.org).",
        event=CallFactory(event__title="The webinar").event,
    )
    page = text_of(client, announcement.get_absolute_url())
    assert in_order(
        page,
        "Registrations now open</h1>",
        "News announcement",
        "11 August 2023",
        "Directorate-General for Migration and Home Affairs",
        "Reading time: 1 minute<",
        "<h2>How</h2>",
        "The event",
        "The webinar",
        "Registration open",
    )


@pytest.mark.parametrize(
    ("words", "minutes"), [(1, "1 minute<"), (200, "1 minute<"), (201, "2 minutes<"), (900, "5 minutes<")]
)
def test_the_reading_time_follows_the_words(client, words, minutes):
    announcement = AnnouncementFactory(body="word " * words)
    assert f"Reading time: {minutes}" in text_of(client, announcement.get_absolute_url())


def test_an_announcement_without_an_event_stands_alone(client):
    assert "The event" not in text_of(client, AnnouncementFactory().get_absolute_url())


def test_the_newest_announcement_stands_first(client):
    AnnouncementFactory(title="Older", published_at=datetime(2026, 1, 1, tzinfo=UTC))
    AnnouncementFactory(title="Newer", published_at=datetime(2026, 2, 1, tzinfo=UTC))
    assert in_order(text_of(client, "/announcements/"), "1 February 2026", "Newer", "1 January 2026", "Older")


@pytest.mark.parametrize("path", ["/announcements/", "/publications/"])
def test_an_empty_list_says_so(client, path):
    assert f"There are no {path.strip('/')} at the moment." in text_of(client, path)


@pytest.mark.parametrize(
    "path", ["/announcements/nothing/", "/publications/nothing/", "/publications/nothing/document/"]
)
def test_an_unknown_page_is_not_found(client, path):
    assert client.get(path).status_code == 404


# Publications


def test_a_publication_page_shows_its_points_text_document_and_origin(client, paper):
    page = text_of(client, "/publications/paper/")
    assert in_order(
        page,
        "A paper</h1>",
        "Expert opinion",
        "29 August 2026",
        "PDF",
        "247.91 KB",
        'href="/publications/paper/document/"',
        "The meeting",
        "RAN HEALTH",
        "Key points</h2>",
        "<li>The first point.</li>",
        "<li>The second point.</li>",
        "<p>What was found.</p>",
    )


def test_the_size_shown_is_the_files_own(client, paper):
    stored_file(paper).write_bytes(b"%PDF-1.4 short")
    assert "14 bytes" in text_of(client, "/publications/paper/")


def test_the_type_shown_is_what_the_file_is(client, paper):
    stored_file(paper).write_bytes(b"<html><script>alert(1)</script>")
    page = text_of(client, "/publications/paper/")
    assert "PDF" not in page
    response = client.get("/publications/paper/document/")
    assert body_of(response).startswith(b"<html>")
    assert response["Content-Type"] == "application/octet-stream"


def test_the_document_is_handed_over_as_it_is_stored(client, paper):
    response = client.get("/publications/paper/document/")
    assert body_of(response) == PDF
    assert {
        name: response[name]
        for name in ("Content-Type", "Content-Length", "Content-Disposition", "X-Content-Type-Options")
    } == {
        "Content-Type": "application/pdf",
        "Content-Length": "253860",
        "Content-Disposition": 'attachment; filename="paper.pdf"',
        "X-Content-Type-Options": "nosniff",
    }
    assert "sandbox" in response["Content-Security-Policy"]


def test_a_missing_file_is_not_found_and_its_page_says_so(client, paper, caplog):
    stored_file(paper).unlink()
    assert client.get("/publications/paper/document/").status_code == 404
    assert "The document is not available at the moment" in text_of(client, "/publications/paper/")
    assert "The document of publication paper cannot be read." in caplog.text


def test_a_publication_without_a_document_offers_none(client):
    publication = PublicationFactory()
    page = text_of(client, publication.get_absolute_url())
    assert "document" not in page.partition("<main")[2].lower()
    assert client.get(f"{publication.get_absolute_url()}document/").status_code == 404


@pytest.mark.parametrize("name", ["../../settings.py", "/etc/passwd"])
def test_a_document_outside_the_folder_is_never_handed_over(client, paper, name):
    type(paper).objects.filter(pk=paper.pk).update(document=name)
    assert client.get("/publications/paper/document/").status_code in (400, 404)


@pytest.mark.parametrize(
    "path", ["/media/publications/", "/publications/paper/document/../../x", "/publications/x.pdf"]
)
def test_stored_files_have_no_other_address(client, paper, path):
    assert client.get(path).status_code == 404
