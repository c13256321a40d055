"""Announcements: the list and a page for each."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from events import queries
from events.models import Announcement
from ranportal.shared.clock import moment_of
from ranportal.shared.pagination import page_of


@require_safe
def announcement_list(request: HttpRequest) -> HttpResponse:
    """All visible announcements, the newest first."""
    announcements = page_of(queries.visible_announcements(moment_of(request)), request.GET.get("page"))
    return render(request, "events/announcement-list.html", {"announcements": announcements})


@require_safe
def announcement_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One announcement."""
    now = moment_of(request)
    try:
        announcement = queries.announcement_of_slug(slug, now)
    except Announcement.DoesNotExist as missing:
        raise Http404("There is no such announcement.") from missing
    return render(request, "events/announcement-detail.html", {"announcement": announcement, "now": now})
