"""Mails to staff about their accounts: rows of the outbox like all others."""

from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import transaction

from accounts import sealed_texts
from accounts.adapters import StaffAdapter
from accounts.models import User
from registrations import access_reports
from registrations.enums import MailKind
from registrations.mail import addressees, outbox
from registrations.mail.outbox import Letter
from registrations.models import OutgoingMail
from registrations.services.addresses import MOST_MAILS

#: Who asks again within it gets no second mail: the first is on its way.
ONE_RESET_IN = timedelta(minutes=15)


class MailingAdapter(StaffAdapter):
    """Puts what allauth would have mailed into the outbox."""

    def mail_reset(self, user: User, *, is_new_account: bool, now: datetime, is_by_stranger: bool = False) -> None:
        if is_by_stranger and _had_enough(user, now=now):
            return
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

    def mail_notice(self, user: User, *, notice: str, now: datetime, is_by_administrator: bool = False) -> None:
        link = _looks_of(user) if is_by_administrator else f"{settings.SITE_URL}/admin/login/"
        says = {"notice": notice, "is_by_administrator": is_by_administrator, "admin_link": link}
        with transaction.atomic():
            outbox.put(Letter(MailKind.STAFF_NOTICE, now.isoformat(), user=user, says=says), about=None, now=now)

    def mail_changed(self, user: User, *, changed: str, former: str, now: datetime) -> None:
        frame = {"is_by_administrator": True, "admin_link": _looks_of(user)}
        own = {**frame, "notice": f"An administrator changed {changed} of your account."}
        if former != user.email:
            own[addressees.SEALED_ADDRESS] = sealed_texts.seal(former, key_id=uuid4())
        others = {**frame, "notice": f"An administrator changed {changed} of the account number {user.pk}."}
        letters = [Letter(MailKind.STAFF_NOTICE, f"{now.isoformat()}:{user.pk}", user=user, says=own)]
        letters += [
            Letter(MailKind.STAFF_NOTICE, f"{now.isoformat()}:{user.pk}", user=officer, says=others)
            for officer in access_reports.officers()
            if officer.pk != user.pk
        ]
        with transaction.atomic():
            outbox.put_many(letters, about=None, now=now)


def _looks_of(user: User) -> str:
    """The address of the access log of this account."""
    return f"{settings.SITE_URL}/admin/registrations/accessentry/?account={user.pk}"


def _had_enough(user: User, *, now: datetime) -> bool:
    """Whether so many of these mails went to this account as may go to one address."""
    mails = OutgoingMail.objects.filter(user=user, kind=MailKind.STAFF_RESET)
    return any(mails.filter(created_at__gt=now - window).count() >= most for most, window in MOST_MAILS)
