"""The first page, a working group's page, and pages about the site itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from events import queries
from events.models import WorkingGroup
from ranportal.shared.clock import moment_of
from ranportal.shared.pagination import page_of


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
    return render(request, "events/mails.html")
