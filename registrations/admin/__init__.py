from registrations.admin import calls, events, outbox, registrations, reviews

__all__ = ["calls", "events", "outbox", "registrations", "reviews"]
