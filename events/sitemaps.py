"""The sitemap: every public page, by its full address, and nothing that is not public at the moment."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps.views import sitemap
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from events import queries
from events.models import Page, WorkingGroup
from ranportal.shared.clock import moment_of

_PAGES = ("home", "event-list", "announcement-list", "publication-list", "accessibility", "mails")
PAGES = (*(f"events:{name}" for name in _PAGES), "registrations:privacy")


class _OurSitemap(Sitemap):
    """Addresses start with the site's own, whatever host the request named."""

    def __init__(self) -> None:
        self.protocol = urlsplit(settings.SITE_URL).scheme

    def get_domain(self, site: Any = None) -> str:
        return urlsplit(settings.SITE_URL).netloc


class PageSitemap(_OurSitemap):
    """The pages that are always there."""

    def items(self) -> list[str]:
        return [reverse(name) for name in PAGES]

    def location(self, item: str) -> str:
        return item


class GroupSitemap(_OurSitemap):
    """The pages of the working groups."""

    def items(self) -> list[str]:
        return list(WorkingGroup.objects.values_list("slug", flat=True))

    def location(self, item: str) -> str:
        return reverse("events:working-group-detail", args=[item])


class ContentSitemap(_OurSitemap):
    """Pages of one kind, with when they last changed for readers."""

    limit = 5000

    def __init__(self, pages: Iterable[Page]) -> None:
        super().__init__()
        self.pages = list(pages)

    def items(self) -> list[Page]:
        return self.pages

    def lastmod(self, item: Page) -> datetime:
        return max(item.changed_at, item.published_at or item.changed_at)


@require_safe
def sitemap_view(request: HttpRequest) -> HttpResponse:
    """The sitemap as it is at the moment of the request."""
    now = moment_of(request)
    return sitemap(
        request,
        sitemaps={
            "pages": PageSitemap(),
            "groups": GroupSitemap(),
            "events": ContentSitemap(queries.visible_events(now).order_by("slug")),
            "announcements": ContentSitemap(queries.visible_announcements(now)),
            "publications": ContentSitemap(queries.visible_publications(now)),
        },
    )
