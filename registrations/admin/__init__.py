from registrations.admin import (
    access_log,
    calls,
    data_protection,
    events,
    logistics,
    outbox,
    reconciliation,
    registrations,
    reviews,
)

__all__ = [
    "access_log",
    "calls",
    "data_protection",
    "events",
    "logistics",
    "outbox",
    "reconciliation",
    "registrations",
    "reviews",
]
