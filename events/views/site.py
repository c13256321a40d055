"""The first page, a working group's page, and pages about the site itself."""

from datetime import UTC, timedelta
from email.utils import parseaddr

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from events import queries
from events.models import WorkingGroup
from ranportal.shared import links
from ranportal.shared.clock import moment_of
from ranportal.shared.pagination import page_of

#: So long what security.txt says may be relied on (RFC 9116 asks for less than a year).
CONTACT_HOLDS = timedelta(days=180)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Open calls first, then what comes next, and what is new."""
    now = moment_of(request)
    return render(request, "events/home.html", {"page": queries.home_page(now), "now": now})


@require_safe
def working_group_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """A working group with its events and publications."""
    now = moment_of(request)
    group = get_object_or_404(WorkingGroup, slug=slug)
    context = {
        "group": group,
        "events": page_of(queries.events_of_group(group, now), request.GET.get("page")),
        "publications": queries.publications_of_group(group, now)[:20],
        "now": now,
    }
    return render(request, "events/working-group-detail.html", context)


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """The accessibility statement."""
    return render(request, "events/accessibility.html")


@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    """How to recognise our mails."""
    context = {"site": f"{settings.SITE_URL}/", "mailbox": parseaddr(settings.MAIL_FROM)[1]}
    return render(request, "events/mails.html", context)


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Where to report a weakness of this site (RFC 9116)."""
    until = (moment_of(request) + CONTACT_HOLDS).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {until:%Y-%m-%dT%H:%M:%SZ}",
        f"Canonical: {links.absolute(request.path)}",
        "Preferred-Languages: en",
    ]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")
