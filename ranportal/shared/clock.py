"""The one place where the time of day is read."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant, aware, in UTC. For entry points only: everything below takes ``now=``."""
    return datetime.now(UTC)
