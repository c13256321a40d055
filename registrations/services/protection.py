"""Tells the organisers of a call what somebody changed that protects its people."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts.models import User
from events.models import Call
from registrations import reports
from registrations.enums import MailKind
from registrations.mail import outbox
from registrations.mail.outbox import Letter

#: What protects people, by the name of its field: of the call, and of its event.
OF_CALL: Mapping[str, str] = {
    "reply_to": "the mailbox for answers",
    "join_link_needs_check": "the check before people see how to join",
    "organisers": "who organises it",
}
OF_EVENT: Mapping[str, str] = {"join_link": "the link to join", "venue": "the private address"}


def tell(*, call: Call, changed: Collection[str], by: User, now: datetime, former: Collection[User] = ()) -> int:
    """Write to every organiser of the call who may see its people, and to `former` ones, which of these fields changed.

    The mail names the account that did it and none of the values; nobody stops it by hand. Whoever made the change
    gets it, too: somebody else may sit at the account. Nothing where none of the fields is one that protects. Returns
    how many mails.
    """
    words = [words for name, words in {**OF_CALL, **OF_EVENT}.items() if name in changed]
    if not words:
        return 0
    page = f"call/{call.pk}" if set(changed) & set(OF_CALL) else f"event/{call.event_id}"
    says = {
        "notice": f"At the event {call.event.slug} the account {by} changed: {', '.join(words)}.",
        "is_about_call": True,
        "admin_link": f"{settings.SITE_URL}/admin/events/{page}/history/",
    }
    able = reports.able_organisers()
    readers = able.filter(organised_calls=call) | able.filter(pk__in=[user.pk for user in former])
    version = f"{now.isoformat()}:{page}"
    letters = [
        Letter(MailKind.STAFF_NOTICE, version, user=reader, says=says) for reader in readers.distinct().order_by("pk")
    ]
    with transaction.atomic():
        return len(outbox.put_many(letters, about=None, now=now))
