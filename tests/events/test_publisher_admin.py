"""What publishers do in the admin: write, preview, schedule, publish and withdraw pages."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.enums import Role
from events.enums import Status
from events.forms import pages
from events.models import Announcement, Publication, WorkingGroup
from tests import papers
from tests.events.reading import body_of, in_order, text_of
from tests.factories import NOW, AnnouncementFactory, EventFactory, PublicationFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

PDF = papers.pdf()


@pytest.fixture
def publisher(client):
    user = UserFactory(role=Role.PUBLISHER)
    client.force_login(user)
    return user


def typed(**changes) -> dict:
    """What a publisher types for a page, with its date and time in Brussels."""
    usual = {
        "title": "A title",
        "slug": "a-title",
        "department": "DG HOME",
        "body": "Some text.",
        "status": "draft",
        "published_at": "",
    }
    return {**usual, **changes}


def announcement(**changes) -> dict:
    return typed(**{"kind": "news_announcement", "event": "", **changes})


def publication(**changes) -> dict:
    return typed(kind="expert_opinion", key_points="One.\n\n  Two. \n", document_title="", **changes)


def add(client, model: str, data: dict) -> str:
    """Send the form and return what the page says of it; nothing when it was taken."""
    response = client.post(reverse(f"admin:events_{model}_add"), data)
    return "" if response.status_code == 302 else " ".join(response.content.decode().split())


# Writing


def test_a_publisher_writes_a_draft(client, publisher):
    event = EventFactory()
    assert add(client, "announcement", announcement(event=event.pk)) == ""
    page = Announcement.objects.get()
    assert (page.title, page.status, page.published_at, page.event) == ("A title", Status.DRAFT, None, event)
    assert page.history.get().history_user == publisher


def test_published_without_a_date_means_from_now_on(client, publisher):
    assert add(client, "announcement", announcement(status="published")) == ""
    assert Announcement.objects.get().published_at == NOW


def test_published_with_a_date_to_come_waits_for_it(client, publisher):
    data = announcement(status="published", published_at="2026-09-03T17:00")
    assert add(client, "announcement", data) == ""
    page = Announcement.objects.get()
    assert page.published_at == NOW + timedelta(days=2, hours=3)
    assert client.get(page.get_absolute_url()).status_code == 404
    assert "Scheduled: appears by itself on 3 September 2026, 17:00" in text_of(client, list_of("announcement"))


def test_a_date_that_is_not_one_is_said_at_its_field(client, publisher):
    page = add(client, "announcement", announcement(status="published", published_at="2026-02-31T09:00"))
    assert "Enter a valid date/time." in page


def test_key_points_are_written_one_on_each_line(client, publisher):
    assert add(client, "publication", publication()) == ""
    page = Publication.objects.get()
    assert page.key_points == ["One.", "Two."]
    assert "One.\nTwo.</textarea>" in client.get(change_of(page)).content.decode()


def test_the_events_to_choose_from_carry_their_dates(client, publisher):
    EventFactory(title="The webinar")
    page = text_of(client, reverse("admin:events_announcement_add"))
    assert "29 September 2026, 10:00-11:30 CEST: The webinar" in page


def test_the_address_of_a_published_page_stays(client, publisher):
    page = AnnouncementFactory(slug="known")
    assert client.post(change_of(page), announcement(slug="other", status="published")).status_code == 302
    page.refresh_from_db()
    assert (page.title, page.slug) == ("A title", "known")


def test_a_draft_may_still_get_another_address(client, publisher):
    page = AnnouncementFactory(draft=True)
    client.post(change_of(page), announcement(slug="other"))
    page.refresh_from_db()
    assert page.slug == "other"


# Documents


def upload(content: bytes, name: str = "paper.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="application/pdf")


def test_a_pdf_is_taken(client, publisher):
    assert add(client, "publication", publication(document=upload(PDF))) == ""
    page = Publication.objects.get()
    assert page.document.read() == PDF
    page.document.close()


@pytest.mark.parametrize("content", [b"<html>", b"\x89PNG", b"MZ", b" %PDF-1.4", b"GIF89a%PDF-1.4"])
def test_what_is_no_pdf_is_refused_whatever_its_name(client, publisher, content):
    page = add(client, "publication", publication(document=upload(content)))
    assert "This is not a PDF file, whatever its name says." in page
    assert not Publication.objects.exists()


def test_a_pdf_with_another_ending_is_stored_as_what_it_is(client, publisher):
    assert add(client, "publication", publication(document=upload(PDF, "paper.html"))) == ""
    assert Publication.objects.get().document.name.endswith(".pdf")


def test_a_pdf_that_is_too_large_is_refused(client, publisher, monkeypatch):
    monkeypatch.setattr(pages, "MOST_DOCUMENT_BYTES", len(PDF))
    assert "larger than 20 MB" in add(client, "publication", publication(document=upload(PDF + b"\n")))
    assert add(client, "publication", publication(document=upload(PDF))) == ""


def test_saving_again_keeps_the_document(client, publisher):
    page = PublicationFactory(draft=True)
    page.document.save("paper.pdf", ContentFile(PDF))
    assert client.post(change_of(page), publication()).status_code == 302
    page.refresh_from_db()
    assert page.document.name == "publications/paper.pdf"


def test_staff_get_the_document_of_a_draft_and_the_public_does_not(client, publisher):
    page = PublicationFactory(draft=True, slug="paper")
    page.document.save("paper.pdf", ContentFile(PDF))
    address = reverse("admin:events_publication_document", args=[page.pk])
    assert f'href="{address}"' in client.get(change_of(page)).content.decode()
    assert body_of(client.get(address)) == PDF
    client.logout()
    assert client.get(address).status_code == 302
    assert client.get("/publications/paper/document/").status_code == 404


def test_a_publication_without_a_document_has_none_to_get(client, publisher):
    address = reverse("admin:events_publication_document", args=[PublicationFactory().pk])
    assert client.get(address).status_code == 404


# Preview


def preview_of(page) -> str:
    return reverse(f"admin:events_{page._meta.model_name}_preview", args=[page.pk])


def test_a_draft_is_previewed_as_its_readers_will_see_it(client, publisher):
    page = AnnouncementFactory(draft=True, title="Soon", body="**Bold**", event=EventFactory(title="The webinar"))
    text = text_of(client, preview_of(page))
    assert in_order(text, "Soon</h1>", "Preview", "Only staff see this.", "<strong>Bold</strong>", "The webinar")


def test_the_preview_leaves_out_an_event_that_readers_will_not_see(client, publisher):
    page = AnnouncementFactory(draft=True, event=EventFactory(draft=True, title="The webinar"))
    assert "The webinar" not in text_of(client, preview_of(page))


def test_a_publication_is_previewed_with_its_document(client, publisher):
    page = PublicationFactory(draft=True)
    page.document.save("paper.pdf", ContentFile(PDF))
    page.events.set([EventFactory(title="Out"), EventFactory(title="Hidden one", hidden=True)])
    text = text_of(client, preview_of(page))
    assert reverse("admin:events_publication_document", args=[page.pk]) in text
    assert "Out</a>" in text
    assert "Hidden one" not in text


@pytest.mark.parametrize("view", ["preview", "document"])
def test_other_staff_see_neither_preview_nor_document(client, view):
    client.force_login(UserFactory(role=Role.REVIEWER))
    page = PublicationFactory(draft=True)
    assert client.get(reverse(f"admin:events_publication_{view}", args=[page.pk])).status_code == 403


def test_a_preview_of_nothing_is_not_found(client, publisher):
    assert client.get(reverse("admin:events_announcement_preview", args=[99])).status_code == 404


# Lists


def list_of(model: str, query: str = "") -> str:
    return reverse(f"admin:events_{model}_changelist") + query


def change_of(page) -> str:
    return reverse(f"admin:events_{page._meta.model_name}_change", args=[page.pk])


@pytest.fixture
def one_of_each():
    AnnouncementFactory(title="Page in draft", draft=True)
    AnnouncementFactory(title="Page to come", published_at=NOW + timedelta(days=1))
    AnnouncementFactory(title="Page that is out", published_at=NOW)
    AnnouncementFactory(title="Page taken off", status=Status.WITHDRAWN)


def test_the_list_says_what_each_page_is(client, publisher, one_of_each):
    text = text_of(client, list_of("announcement"))
    for words in (
        ">Draft<",
        "Scheduled: appears by itself on 2 September 2026, 14:00",
        "Published on 1 September 2026, 14:00",
        ">Withdrawn<",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("state", "title"),
    [
        ("draft", "Page in draft"),
        ("scheduled", "Page to come"),
        ("published", "Page that is out"),
        ("withdrawn", "Page taken off"),
    ],
)
def test_the_list_is_narrowed_down_to_one_state(client, publisher, one_of_each, state, title):
    response = client.get(list_of("announcement", f"?state={state}"))
    assert [page.title for page in response.context["cl"].result_list] == [title]


def test_pages_are_published_and_withdrawn_from_the_list(client, publisher, one_of_each):
    chosen = list(
        Announcement.objects.filter(title__in=["Page in draft", "Page taken off"]).values_list("pk", flat=True)
    )
    act(client, "publish_now", chosen)
    assert {page.status for page in Announcement.objects.filter(pk__in=chosen)} == {Status.PUBLISHED}
    assert Announcement.objects.get(title="Page in draft").published_at == NOW
    act(client, "withdraw_now", chosen)
    assert {page.status for page in Announcement.objects.filter(pk__in=chosen)} == {Status.WITHDRAWN}
    assert Announcement.objects.get(pk=chosen[0]).history.first().history_user == publisher


def test_withdrawing_a_draft_says_why_not(client, publisher, one_of_each):
    page = Announcement.objects.get(title="Page in draft")
    assert "Only a published or scheduled page can be withdrawn." in act(client, "withdraw_now", [page.pk])


def act(client, action: str, chosen: list[int]) -> str:
    data = {"action": action, "_selected_action": chosen}
    return client.post(list_of("announcement"), data, follow=True).content.decode()


@pytest.mark.parametrize("rows", [1, 30])
def test_lists_ask_a_fixed_number_of_questions(client, publisher, rows):
    for _ in range(rows):
        AnnouncementFactory(event=EventFactory())
        PublicationFactory().events.add(EventFactory())
    for model in ("announcement", "publication"):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(list_of(model)).status_code == 200
        assert len(queries) == 7


# Other pages


@pytest.mark.parametrize("view", ["history", "delete", "change"])
@pytest.mark.parametrize("factory", [AnnouncementFactory, PublicationFactory])
def test_every_page_of_the_admin_opens(client, publisher, factory, view):
    page = factory()
    assert client.get(reverse(f"admin:events_{page._meta.model_name}_{view}", args=[page.pk])).status_code == 200


def test_the_history_says_who_changed_what_without_inline_style(client, publisher):
    page = AnnouncementFactory(draft=True, title="Before")
    client.post(change_of(page), announcement(title="After"))
    text = text_of(client, reverse("admin:events_announcement_history", args=[page.pk]))
    assert in_order(text, str(publisher), "Changed", "Before → After")
    assert "style=" not in text


def test_a_public_page_is_one_click_away_and_a_draft_is_not(client, publisher):
    public, draft = AnnouncementFactory(), AnnouncementFactory(draft=True)
    assert f'href="{public.get_absolute_url()}"' in text_of(client, change_of(public))
    assert draft.get_absolute_url() not in text_of(client, change_of(draft))


def test_a_publisher_describes_a_working_group_and_keeps_its_address(client, publisher):
    group = WorkingGroup.objects.get(slug="ran-pol")
    data = {"name": "RAN POL", "slug": "other", "subject": "police", "description": "**Police** officers."}
    assert client.post(change_of(group), data).status_code == 302
    group.refresh_from_db()
    assert (group.slug, group.subject) == ("ran-pol", "police")
    assert "<strong>Police</strong> officers." in text_of(client, "/working-groups/ran-pol/")


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.ORGANISER])
def test_other_roles_do_not_publish(client, role):
    client.force_login(UserFactory(role=role))
    assert client.get(list_of("announcement")).status_code == 403
    assert client.post(reverse("admin:events_announcement_add"), announcement()).status_code == 403


def test_an_older_version_of_a_published_page_can_be_read(client, publisher):
    page = AnnouncementFactory()
    page.title = "Another title"
    page.save()
    address = reverse("admin:events_announcement_simple_history", args=[page.pk, page.history.last().pk])
    assert client.get(address).status_code == 200
