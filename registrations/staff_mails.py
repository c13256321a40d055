"""Mails to staff about their accounts: rows of the outbox like all others."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.adapters import StaffAdapter
from accounts.models import User
from registrations.enums import MailKind
from registrations.mail import outbox
from registrations.mail.outbox import Letter

#: Who asks again within it gets no second mail: the first is on its way.
ONE_RESET_IN = timedelta(minutes=15)


class MailingAdapter(StaffAdapter):
    """Puts what allauth would have mailed into the outbox."""

    def mail_reset(self, user: User, *, is_new_account: bool, now: datetime) -> None:
        turn = int(now.timestamp()) // int(ONE_RESET_IN.total_seconds())
        letter = Letter(
            MailKind.STAFF_RESET,
            f"new:{user.pk}" if is_new_account else str(turn),
            user=user,
            says={"is_new_account": is_new_account},
            useless_after=now + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT),
        )
        with transaction.atomic():
            outbox.put(letter, about=None, now=now)

    def mail_notice(self, user: User, *, notice: str, now: datetime) -> None:
        says = {"notice": notice, "admin_link": f"{settings.SITE_URL}/admin/login/"}
        with transaction.atomic():
            outbox.put(Letter(MailKind.STAFF_NOTICE, now.isoformat(), user=user, says=says), about=None, now=now)
