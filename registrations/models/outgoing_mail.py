from django.conf import settings
from django.db import models
from django.db.models import Q

from events.models import Call
from registrations.enums import MailKind, MailState
from registrations.models.private_link import PrivateLink
from registrations.models.registration import Registration
from registrations.models.vouch import Vouch


class OutgoingMail(models.Model):
    """One row of the outbox: one mail, made in the transaction that caused it and never without it.

    `key` says what it is about (registration, kind, version) and is unique. `facts` (no personal data), `message_id`,
    `date` and `template_version` are frozen when the row is made; `rendered` is stored from the first hand-over until
    the mail is sent, with marks where the address, the private link and the code go in as it leaves. `state` is written
    by `registrations.mail` alone. It goes to the `user` of the staff, or to the contact point of the `vouch`, or to the
    person of the `registration`, or else to the mailbox of the call.
    """

    class Priority(models.IntegerChoices):
        AT_ONCE = 0, "At once"
        NEWS = 10, "News"
        BULK = 20, "Bulk"

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=20, choices=MailKind)
    registration = models.ForeignKey(
        Registration, on_delete=models.CASCADE, null=True, blank=True, related_name="mails"
    )
    call = models.ForeignKey(Call, on_delete=models.CASCADE, null=True, blank=True, related_name="mails")
    vouch = models.ForeignKey(Vouch, on_delete=models.CASCADE, null=True, blank=True, related_name="mails")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="mails"
    )
    link = models.ForeignKey(PrivateLink, on_delete=models.CASCADE, null=True, blank=True, related_name="mails")
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.NEWS)
    facts = models.JSONField(default=dict)
    template_version = models.CharField(max_length=16)
    message_id = models.CharField(max_length=120, unique=True)
    date = models.DateTimeField("date of the mail")
    state = models.CharField(max_length=14, choices=MailState, default=MailState.QUEUED)
    due_at = models.DateTimeField()
    useless_after = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    tried_since = models.DateTimeField(null=True, blank=True, editable=False)
    is_undone = models.BooleanField("what it told of was undone", default=False, editable=False)
    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    rendered = models.BinaryField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    is_maybe_repeated = models.BooleanField("may have arrived twice", default=False)
    restored_at = models.DateTimeField("put on hold by a restore", null=True, blank=True, editable=False)
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name = "mail"
        verbose_name_plural = "outbox"
        indexes = (
            models.Index(
                fields=["priority", "due_at", "id"],
                name="outgoing_mail_open",
                condition=Q(state__in=[MailState.QUEUED, MailState.LEASED, MailState.HANDING_OVER]),
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(call__isnull=False) | Q(user__isnull=False), name="outgoing_mail_has_a_receiver"
            ),
            models.CheckConstraint(
                condition=~Q(state=MailState.SENT) | Q(sent_at__isnull=False), name="outgoing_mail_sent_has_a_moment"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[MailState.LEASED, MailState.HANDING_OVER]) | Q(lease_until__isnull=False),
                name="outgoing_mail_lease_has_an_end",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.key}"


class MailGate(models.Model):
    """The one gate through which all mail goes: paused by a person, or closed for a while after a relay's refusal.

    `seen_at` is the last moment that this database has seen; a mark outside it tells whether it was turned back.
    `taken_at` is when the relay last took a mail, to the minute.
    """

    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    closed_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    taken_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(pk=1), name="mail_gate_is_one"),
            models.CheckConstraint(
                condition=Q(paused_by__isnull=True) | Q(paused_at__isnull=False),
                name="mail_gate_paused_at_and_by_together",
            ),
        )

    def __str__(self) -> str:
        return "Mail gate"
