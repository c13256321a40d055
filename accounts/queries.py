"""Reads about staff accounts."""

from allauth.mfa.models import Authenticator
from django.db.models import QuerySet

from accounts.enums import Role
from accounts.models import User


def is_administrator(user: User) -> bool:
    """Whether the user looks after accounts and settings: a superuser, or a member of the administrators' group.

    It opens nobody's registration: for that one organises the call.
    """
    return user.is_active and (user.is_superuser or user.groups.filter(name=Role.ADMINISTRATOR).exists())


def is_data_protection_officer(user: User) -> bool:
    """Whether the user is a data protection officer: by that role alone, so no superuser is one by itself."""
    return user.is_active and user.groups.filter(name=Role.DATA_PROTECTION).exists()


def is_logistics(user: User) -> bool:
    """Whether the user looks after rooms, food and access: by that role alone."""
    return user.is_active and user.groups.filter(name=Role.LOGISTICS).exists()


def staff_with(role: Role) -> QuerySet[User]:
    """The active accounts that have this role, by address."""
    return User.objects.filter(is_active=True, groups__name=role).order_by("email")


def has_second_factor(user: User) -> bool:
    """Whether signing in as this user asks for a code or a passkey (one query)."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return Authenticator.objects.filter(user=user, type__in=kinds).exists()
