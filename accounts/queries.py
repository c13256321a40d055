"""Reads about staff accounts."""

from accounts.enums import Role
from accounts.models import User


def is_administrator(user: User) -> bool:
    """Whether the user may see and do everything: a superuser, or a member of the administrators' group."""
    return user.is_active and (user.is_superuser or user.groups.filter(name=Role.ADMINISTRATOR).exists())
