"""The Atom feed of announcements."""

from datetime import datetime

from django.contrib.syndication.views import Feed
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed

from events import queries
from events.models import Announcement
from ranportal.shared import links, markdown
from ranportal.shared.clock import moment_of
from ranportal.shared.controls import without_controls

MOST_ENTRIES = 30


class AnnouncementFeed(Feed):
    """The newest announcements, for feed readers. An entry keeps its id, its address, for ever."""

    feed_type = Atom1Feed
    title = "RAN events: announcements"
    subtitle = "News and calls for participants of the Radicalisation Awareness Network"

    def link(self) -> str:
        return links.absolute(reverse("events:announcement-list"))

    def feed_url(self) -> str:
        return links.absolute(reverse("events:announcement-feed"))

    def feed_guid(self) -> str:
        return self.feed_url()

    def get_object(self, request: HttpRequest) -> datetime:
        """Return the moment of the request: what is visible then is what the feed holds."""
        return moment_of(request)

    def items(self, now: datetime) -> QuerySet[Announcement]:
        return queries.visible_announcements(now)[:MOST_ENTRIES]

    def item_title(self, announcement: Announcement) -> str:
        return without_controls(announcement.title)

    def item_description(self, announcement: Announcement) -> str:
        """Return the whole text; Atom says of it that it is HTML, so it must be safe HTML."""
        return without_controls(markdown.render(announcement.body))

    def item_link(self, announcement: Announcement) -> str:
        return links.absolute(announcement.get_absolute_url())

    def item_guid(self, announcement: Announcement) -> str:
        return self.item_link(announcement)

    def item_author_name(self, announcement: Announcement) -> str:
        return without_controls(announcement.department)

    def item_pubdate(self, announcement: Announcement) -> datetime | None:
        return announcement.published_at

    def item_updateddate(self, announcement: Announcement) -> datetime:
        """Return when it last changed for readers: what staff did before it appeared does not count."""
        return max(announcement.changed_at, announcement.published_at or announcement.changed_at)

    def item_categories(self, announcement: Announcement) -> list[str]:
        return [announcement.get_kind_display()]
