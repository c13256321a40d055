"""Events: the list with its filters, an event's page, and calendars."""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from events import exports, queries
from events.forms.event_filter import EventFilterForm
from events.models import Event, WorkingGroup
from ranportal.shared.clock import moment_of
from ranportal.shared.pagination import page_of


@require_safe
def event_list(request: HttpRequest) -> HttpResponse:
    """All visible events that fit the filter; what the filter does not know is ignored, with a note."""
    now = moment_of(request)
    groups = list(WorkingGroup.objects.values_list("slug", "name"))
    form = EventFilterForm(request.GET, groups=groups, languages=queries.languages(now))
    context = {
        "form": form.without_unknown(),
        "notes": form.notes(),
        "events": page_of(queries.event_list(now, form.asked()), request.GET.get("page")),
        "now": now,
    }
    return render(request, "events/event-list.html", context)


@require_safe
def event_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """An event with everything announced about it."""
    now = moment_of(request)
    event = _event(slug, now)
    context = {"event": event, "beside": queries.beside(event, now), "now": now}
    return render(request, "events/event-detail.html", context)


@require_safe
def event_calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """One event as a calendar file."""
    event = _event(slug, moment_of(request))
    return _calendar([event], name=event.title, file_name=event.slug)


@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """All visible events as a calendar to subscribe to."""
    return _calendar(queries.calendar_events(moment_of(request)), name="RAN events", file_name="ran-events")


def _event(slug: str, now: datetime) -> Event:
    try:
        return queries.event_of_slug(slug, now)
    except Event.DoesNotExist as missing:
        raise Http404("There is no such event.") from missing


def _calendar(events, *, name: str, file_name: str) -> HttpResponse:
    return HttpResponse(
        exports.calendar(events, name=name),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file_name}.ics"'},
    )
