"""The one place where the time of day is read."""

from datetime import UTC, datetime

from django.http import HttpRequest


def now() -> datetime:
    """Return the present instant, aware, in UTC. For entry points only: everything below takes ``now=``."""
    return datetime.now(UTC)


def moment_of(request: HttpRequest) -> datetime:
    """Return when the request reached us: the stamp that deadlines and dates are compared with, else the present."""
    return getattr(request, "received_at", None) or now()
