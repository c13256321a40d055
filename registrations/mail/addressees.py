"""To whom a row of the outbox goes: the one place where its receiver is chosen."""

from django.db.models import QuerySet

from accounts import sealed_texts
from registrations.models import OutgoingMail

#: Where a mail to staff carries the address that the account had until now; only then.
SEALED_ADDRESS = "sealed_address"
#: What is read of each possible receiver, together with the row.
_READ = (
    *("user__email", "user__password", "user__last_login"),
    *("vouch__registration", "vouch__sealed", "vouch__number", "vouch__key_id"),
    *("registration__identity__sealed", "call__reply_to"),
)
_RELATED = ("link", "user", "vouch", "registration__identity", "call")


def with_addressees(mails: QuerySet[OutgoingMail], *fields: str) -> QuerySet[OutgoingMail]:
    """These rows with the named fields, their links and whoever they may go to, in one statement."""
    return mails.select_related(*_RELATED).only(*fields, *_READ)


def address_of(mail: OutgoingMail) -> str:
    """The address of the member of staff, or of the contact point, or of the person, or else the call's mailbox.

    A mail that tells staff of another address goes to the one until then.
    Opens what is sealed. Raises KeyDestroyed when the key of the person's call is gone, and sealing.Unopened.
    """
    if mail.user is not None:
        former = mail.facts.get(SEALED_ADDRESS)
        return sealed_texts.opened(former) if former else mail.user.email
    if mail.vouch is not None:
        return str(mail.vouch.said("email"))
    if mail.registration is not None:
        return str(mail.registration.identity.said("email"))
    if mail.call is None:
        raise ValueError("A mail goes to somebody.")
    return mail.call.reply_to
