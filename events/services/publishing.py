"""Writes on what a page is to the public: out at a moment, or withdrawn."""

from datetime import datetime
from typing import TypeVar

from django.db import transaction

from accounts.models import User
from events.enums import Status
from events.models import Announcement, Event, Publication
from ranportal.shared.refusals import Refused

PageType = TypeVar("PageType", Event, Announcement, Publication)


class NothingToShow(Refused):
    """The page lacks what its readers come for."""


class NotPublic(Refused):
    """Only what is out, or will be, can be withdrawn."""


def publish(*, page: PageType, published_at: datetime | None, by: User | None, now: datetime) -> PageType:
    """Let the public see the page from `published_at` on (aware; None: from now on). A moment to come schedules it.

    Publishing what is out already keeps its date unless another one is given. Raises NothingToShow for an event without
    a date.
    """
    with transaction.atomic():
        locked = type(page)._default_manager.select_for_update().get(pk=page.pk)
        if isinstance(locked, Event) and not locked.sessions.exists():
            raise NothingToShow("An event needs a date before it can be published: please add a session.")
        is_out = locked.status == Status.PUBLISHED and locked.published_at is not None and locked.published_at <= now
        locked.published_at = published_at or (locked.published_at if is_out else now)
        locked.status = Status.PUBLISHED
        locked._history_user = by
        locked.save()
    return locked


def withdraw(*, page: PageType, by: User, now: datetime) -> PageType:
    """Take the page off the site; what it says stays for staff. Raises NotPublic for a draft or a withdrawn page."""
    with transaction.atomic():
        locked = type(page)._default_manager.select_for_update().get(pk=page.pk)
        if locked.status != Status.PUBLISHED:
            raise NotPublic("Only a published or scheduled page can be withdrawn.")
        locked.status = Status.WITHDRAWN
        locked._history_user = by
        locked.save()
    return locked
