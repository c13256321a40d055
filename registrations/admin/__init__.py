from registrations.admin import calls, events, outbox, reconciliation, registrations, reviews

__all__ = ["calls", "events", "outbox", "reconciliation", "registrations", "reviews"]
