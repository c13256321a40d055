"""What is not public leaves no trace: not its title, not its address, not on any page, list, feed or calendar."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.base import ContentFile

from events.enums import Status
from events.models import WorkingGroup
from tests.events.reading import body_of
from tests.factories import NOW, AnnouncementFactory, CallFactory, EventFactory, PublicationFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

SECRET = "zweitausend"  # a word that stands in titles, slugs and texts of what must not be seen
HOUR = timedelta(hours=1)
OUT = {"status": Status.PUBLISHED, "published_at": NOW - HOUR}
UNSEEN = {
    "draft": {"status": Status.DRAFT, "published_at": None},
    "draft with a past date": {"status": Status.DRAFT, "published_at": NOW - HOUR},
    "scheduled": {"status": Status.PUBLISHED, "published_at": NOW + timedelta(seconds=1)},
    "withdrawn": {"status": Status.WITHDRAWN, "published_at": NOW - HOUR},
}
LISTS = (
    "/",
    "/events/",
    "/events/?open=1",
    "/events/?kind=webinar",
    f"/events/?q={SECRET}",
    "/events/?working_group=ran-health",
    "/events/calendar.ics",
    "/announcements/",
    "/announcements/feed/",
    "/publications/",
    "/working-groups/ran-health/",
    "/sitemap.xml",
    "/events/seen/",
    "/events/seen/event.ics",
    "/announcements/seen/",
    "/publications/seen/",
)
OWN_PAGES = (
    f"/events/{SECRET}/",
    f"/events/{SECRET}/event.ics",
    f"/events/{SECRET}/register/",
    f"/announcements/{SECRET}/",
    f"/publications/{SECRET}/",
    f"/publications/{SECRET}/document/",
)


@pytest.fixture
def seen():
    """A visible event, announcement and publication to which what is unseen is tied in every way."""
    event = EventFactory(slug="seen")
    event.working_groups.add(health())
    CallFactory(event=event)
    announcement = AnnouncementFactory(slug="seen", event=event)
    publication = PublicationFactory(slug="seen")
    publication.events.add(event)
    return event, announcement, publication


def health() -> WorkingGroup:
    return WorkingGroup.objects.get(slug="ran-health")


def make_event(seen, **facts):
    """An event about the secret, related to the seen one in both directions, with a call that is open."""
    event = EventFactory(slug=SECRET, title=f"Title {SECRET}", summary=SECRET, **facts)
    event.working_groups.add(health())
    event.related_events.add(seen[0])
    seen[0].related_events.add(event)
    seen[2].events.add(event)
    CallFactory(event=event)
    return event


def make_announcement(event, **facts):
    return AnnouncementFactory(slug=SECRET, title=f"Title {SECRET}", body=SECRET, event=event, **facts)


def make_publication(*events, **facts):
    publication = PublicationFactory(slug=SECRET, title=f"Title {SECRET}", body=SECRET, **facts)
    publication.document.save("paper.pdf", ContentFile(b"%PDF-1.4"))
    publication.events.set(events)
    publication.working_groups.add(health())
    return publication


def traces(client) -> set[str]:
    """The addresses at which the secret shows, or a page about it answers."""
    found = {path for path in LISTS if says_secret(client, path)}
    return found | {path for path in OWN_PAGES if is_there(client, path)}


def is_there(client, path: str) -> bool:
    response = client.get(path)
    assert body_of(response)
    return response.status_code != 404


def says_secret(client, path: str) -> bool:
    response = client.get(path)
    assert response.status_code == 200, path
    # The search repeats the word that the reader typed.
    return SECRET in response.content.decode().replace(f'value="{SECRET}"', "")


def test_what_is_public_shows_everywhere(client, seen):
    event = make_event(seen, **OUT)
    make_announcement(event, **OUT)
    make_publication(event, seen[0], **OUT)
    alone = {"/announcements/seen/", "/events/seen/event.ics"}
    assert traces(client) == {*LISTS, *OWN_PAGES} - alone


@pytest.mark.parametrize("state", UNSEEN)
def test_an_unseen_event_leaves_no_trace(client, seen, state):
    make_event(seen, **UNSEEN[state])
    assert traces(client) == set()


@pytest.mark.parametrize("state", UNSEEN)
def test_an_unseen_announcement_leaves_no_trace(client, seen, state):
    make_announcement(seen[0], **UNSEEN[state])
    assert traces(client) == set()


@pytest.mark.parametrize("state", UNSEEN)
def test_an_unseen_publication_leaves_no_trace(client, seen, state):
    make_publication(seen[0], **UNSEEN[state])
    assert traces(client) == set()


def test_a_hidden_event_takes_its_announcements_and_publications_along(client, seen):
    event = make_event(seen, is_hidden=True, **OUT)
    make_announcement(event, **OUT)
    make_publication(event, **OUT)
    assert traces(client) == set()


def test_a_publication_of_several_events_stays_when_one_is_hidden_and_does_not_name_it(client, seen):
    make_event(seen, is_hidden=True, **OUT)
    assert SECRET not in client.get("/publications/seen/").content.decode()


def test_a_publication_without_events_is_not_hidden(client):
    PublicationFactory(slug="alone")
    assert client.get("/publications/alone/").status_code == 200


def test_an_announcement_stays_when_its_event_is_a_draft_and_does_not_lead_to_it(client, seen):
    event = EventFactory(slug=SECRET, title=SECRET, draft=True)
    AnnouncementFactory(slug="early", event=event)
    assert SECRET not in client.get("/announcements/early/").content.decode()


def test_staff_see_on_the_public_site_what_the_public_sees(client, seen):
    client.force_login(UserFactory(administrator=True))
    event = make_event(seen, **UNSEEN["draft"])
    make_announcement(event, **UNSEEN["scheduled"])
    make_publication(event, **UNSEEN["withdrawn"])
    assert traces(client) == set()


def test_a_page_appears_by_itself_at_its_moment(client):
    AnnouncementFactory(slug="soon", published_at=NOW + HOUR)
    statuses = []
    for moment in (NOW + HOUR - timedelta(milliseconds=1), NOW + HOUR):
        with time_machine.travel(moment, tick=False):
            statuses.append(client.get("/announcements/soon/").status_code)
    assert statuses == [404, 200]


def test_the_stamp_of_the_proxy_decides_when_the_portal_trusts_it(client, settings):
    settings.TRUST_REQUEST_START = True
    AnnouncementFactory(slug="soon", published_at=NOW)
    before = f"t={NOW.timestamp() - 1}"
    assert client.get("/announcements/soon/", headers={"X-Request-Start": before}).status_code == 404
    assert client.get("/announcements/soon/").status_code == 200
