from registrations.admin import registrations, reviews

__all__ = ["registrations", "reviews"]
