"""A page of thirty rows asks the database as often as a page of one."""

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.models import WorkingGroup
from tests.events.reading import body_of
from tests.factories import AnnouncementFactory, CallFactory, PublicationFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

QUERIES = {
    "/": 6,
    "/events/": 6,
    "/events/?kind=webinar&working_group=ran-health&language=en&open=1&q=number": 6,
    "/events/main/": 7,
    "/events/main/event.ics": 3,
    "/events/calendar.ics": 2,
    "/announcements/": 2,
    "/announcements/main/": 3,
    "/announcements/feed/": 1,
    "/publications/": 2,
    "/publications/main/": 4,
    "/publications/main/document/": 1,
    "/working-groups/ran-health/": 6,
    "/sitemap.xml": 4,
    "/privacy/": 0,
    "/accessibility/": 0,
    "/recognise-our-mails/": 0,
}


def fill(rows: int) -> None:
    """So many of everything, all tied to the event, announcement and publication that are called main."""
    group = WorkingGroup.objects.get(slug="ran-health")
    main = CallFactory(event__slug="main").event
    main.working_groups.add(group)
    paper = PublicationFactory(slug="main")
    paper.document.save("paper.pdf", ContentFile(b"%PDF-1.4"))
    AnnouncementFactory(slug="main", event=main)
    for _ in range(rows):
        event = CallFactory().event
        event.working_groups.add(group)
        main.related_events.add(event)
        AnnouncementFactory(event=main)
        publication = PublicationFactory()
        publication.events.add(main)
        publication.working_groups.add(group)
        paper.events.add(event)
        paper.working_groups.add(group)


@pytest.mark.parametrize("rows", [1, 30])
def test_public_pages_ask_a_fixed_number_of_questions(client, rows):
    fill(rows)
    asked = {}
    for path in QUERIES:
        with CaptureQueriesContext(connection) as queries:
            response = client.get(path)
            assert body_of(response)
        assert response.status_code == 200
        asked[path] = len(queries)
    assert asked == QUERIES
    assert max(QUERIES.values()) <= 8
