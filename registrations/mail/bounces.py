"""Mails that came back hours later: their reports are read from a mailbox and noted at the mails they are about."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from registrations.mail import failures, mailboxes
from registrations.mail.failures import Failure
from registrations.models import Bounce, OutgoingMail


@dataclass(frozen=True)
class Read:
    """How many reports were new: mails that came back for good, mails that are late; and reports about other mail."""

    returned: int = 0
    delayed: int = 0
    others: int = 0


def read(*, clock: Callable[[], datetime], seconds: float) -> Read | None:
    """Note what the mailbox of the settings says about mails of ours, for about so many seconds; None without one.

    A report is marked as seen once it is noted, so that one which is read again after a crash counts once. Reports
    about mail that is not ours, and all other mail, stay as they are: a person reads them. Raises MailboxAway.
    """
    box = mailboxes.open_mailbox()
    if box is None:
        return None
    until = clock() + timedelta(seconds=seconds)
    returned = delayed = others = 0
    with box:
        for handle, content in box.unseen_reports():
            failure = failures.read(content)
            found = note(failure=failure, now=clock()) if failure else None
            if found is None:
                others += 1
            else:
                box.mark_seen(handle)
                returned += found.is_new and found.is_permanent
                delayed += found.is_new and not found.is_permanent
            if clock() >= until:
                break
    return Read(returned, delayed, others)


@dataclass(frozen=True)
class Noted:
    """What became of one report; `is_new` is false when it had been noted before."""

    is_permanent: bool
    is_new: bool


def note(*, failure: Failure, now: datetime) -> Noted | None:
    """Write down what a report says about a mail of ours; None when it is about another's.

    It belongs to the mail whose Message-ID it quotes, which nobody can guess, whatever addresses it names.
    """
    with transaction.atomic():
        mail = OutgoingMail.objects.filter(message_id__in=failure.message_ids).only("pk").first()
        if mail is None:
            return None
        values = {"mail": mail, "is_permanent": failure.is_permanent, "status": failure.status, "at": now}
        bounce, is_new = Bounce.objects.get_or_create(digest=failure.digest, defaults=values)
    return Noted(bounce.is_permanent, is_new)
