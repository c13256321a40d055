from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from accounts.models import User
from events.enums import Admission
from events.models.event import Event


class Call(models.Model):
    """What is announced about taking part in one event.

    All `_at` are aware instants. On time means before `closes_at`, exclusive; where only a day was given, `closes_on`
    keeps it and `closes_at` is the start of the next day in the event's zone. `capacity` None means without limit.
    `places_taken` is a guarded counter: only the services of `registrations` write it, under this row's lock.
    """

    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="call")
    admission = models.CharField(max_length=10, choices=Admission)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField(help_text="The first moment that is too late.")
    closes_on = models.DateField(
        null=True, blank=True, help_text="Where only a day was given: the whole day counts, in the event's time zone."
    )
    decision_by = models.DateField(null=True, blank=True, help_text="Selective: the day by which everyone hears.")
    capacity = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: no limit.")
    places_limit = models.PositiveIntegerField(
        null=True, blank=True, help_text="The capacity, unless an organiser invites more people than there are places."
    )
    places_taken = models.PositiveIntegerField(default=0, editable=False)
    has_waiting_list = models.BooleanField("waiting list", default=True)
    list_closes_at = models.DateTimeField(
        "the list closes", null=True, blank=True, help_text="Who is still on the list then is told that it has closed."
    )
    confirm_within_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Selected people are asked to confirm within so many days. Empty: not asked."
    )
    gives_on_unanswered = models.BooleanField(
        "give unanswered places on by itself",
        default=False,
        help_text="After a reminder, when the time to confirm is over.",
    )
    reply_to = models.EmailField("mailbox for answers")
    join_link_needs_check = models.BooleanField(
        default=False, help_text="The join link is shown only to people whose check is fine."
    )
    organisers = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="organised_calls")
    deadline_handled_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    _history_user: User | None  # whom the history names for the next save
    _change_reason: str | None  # and why
    _history_date: datetime  # and when

    history = HistoricalRecords(m2m_fields=[organisers], excluded_fields=["places_taken", "deadline_handled_at"])

    class Meta:
        ordering = ("-closes_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")),
                name="call_closes_after_it_opens",
                violation_error_message="A call closes after it opens.",
            ),
            models.CheckConstraint(
                condition=Q(places_limit__isnull=True) | Q(places_taken__lte=F("places_limit")),
                name="call_places_taken_within_limit",
                violation_error_message="More places are taken than there are.",
            ),
            models.CheckConstraint(
                condition=Q(capacity__isnull=True, places_limit__isnull=True)
                | Q(capacity__isnull=False, places_limit__isnull=False, places_limit__gte=F("capacity")),
                name="call_places_limit_from_capacity",
                violation_error_message="The limit of places is the capacity or more.",
            ),
            models.CheckConstraint(
                condition=Q(admission=Admission.OPEN) | Q(decision_by__isnull=False),
                name="call_selective_says_when_people_hear",
                violation_error_message="A selective call says by which day everyone hears.",
            ),
        )

    def __str__(self) -> str:
        return f"Call for {self.event.slug}"

    @property
    def is_selective(self) -> bool:
        return self.admission == Admission.SELECTIVE
