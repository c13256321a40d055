"""Which mails came back: sent, and a mail server said later that they could not be delivered. Pure conditions."""

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from registrations.enums import MailState
from registrations.models import Bounce, OutgoingMail

#: What stands for the reports of a mail in the words of staff.
CAME_BACK = "came back"
DELAYED = "on its way longer than usual"


def is_returned(mail: str = "pk", sent_at: str = "sent_at") -> Exists:
    """Whether a mail of an outer query came back for good after it was last sent. A repeat makes it hopeful again."""
    return Exists(_reports(mail, sent_at).filter(is_permanent=True))


def came_back(mails: QuerySet[OutgoingMail]) -> QuerySet[OutgoingMail]:
    """Those of the mails that came back for good and were not sent again since."""
    return mails.filter(Q(is_returned()), state=MailState.SENT)


def with_reports(mails: QuerySet[OutgoingMail]) -> QuerySet[OutgoingMail]:
    """The same mails with `is_back` (for good), `is_late` (somebody still tries) and `back_status` (its code)."""
    last = _reports("pk", "sent_at").order_by("-is_permanent", "-at", "-pk")
    return mails.annotate(
        is_back=is_returned(),
        is_late=Exists(_reports("pk", "sent_at").filter(is_permanent=False)),
        back_status=Subquery(last.values("status")[:1]),
    )


def to_present_address() -> Exists:
    """Whether a mail to the present address of a registration of an outer query came back for good."""
    theirs = OutgoingMail.objects.filter(registration=OuterRef("pk"), link__version=OuterRef("version"))
    return Exists(came_back(theirs))


def may_go_again() -> Q:
    """Mails that came back and still say what is so: nothing happened since, and their private link still opens."""
    is_as_it_was = Q(registration=None) | Q(registration__state_changed_at__lte=F("created_at"))
    return Q(is_returned(), state=MailState.SENT) & is_as_it_was & Q(link__revoked_at=None)


def _reports(mail: str, sent_at: str) -> QuerySet[Bounce]:
    return Bounce.objects.filter(mail=OuterRef(mail), at__gte=OuterRef(sent_at))
