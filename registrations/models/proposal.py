from django.conf import settings
from django.db import models
from django.db.models import Q

from events.models import Call
from registrations.enums import PinDirection, ProposedAs
from registrations.models.registration import Registration


class SelectionRule(models.Model):
    """One rule for proposals: at least and at most so many of those whose `attribute` has this `value`.

    `attribute` is country, profession, organisation, first_time, or `q-<key>` for a question; `value` "*" means each
    value by itself. A maximum always holds; the `weight` says how much each place short of a minimum counts.
    """

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="selection_rules")
    attribute = models.CharField(max_length=60)
    value = models.CharField(max_length=200, default="*")
    minimum = models.PositiveSmallIntegerField("at least", null=True, blank=True)
    maximum = models.PositiveSmallIntegerField("at most", null=True, blank=True)
    weight = models.PositiveSmallIntegerField(default=1)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(fields=["call", "attribute", "value"], name="selection_rule_once_per_value"),
            models.CheckConstraint(
                condition=Q(minimum__isnull=False) | Q(maximum__isnull=False),
                name="selection_rule_has_a_bound",
                violation_error_message="Say at least how many, at most how many, or both.",
            ),
            models.CheckConstraint(
                condition=Q(weight__gte=1),
                name="selection_rule_weighs_something",
                violation_error_message="A rule weighs 1 or more.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.attribute}: {self.value}"


class Pin(models.Model):
    """A proposal has this person in, or out, whatever the score."""

    registration = models.OneToOneField(Registration, on_delete=models.CASCADE, related_name="pin")
    direction = models.CharField(max_length=3, choices=PinDirection)
    reason = models.TextField()
    pinned_at = models.DateTimeField()
    pinned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(pinned_at__isnull=False, pinned_by__isnull=False), name="pin_pinned_at_and_by_together"
            ),
        )

    def __str__(self) -> str:
        return self.get_direction_display()


class Proposal(models.Model):
    """What the solver proposed once, with its receipt; applied to nobody. `made_by` None means the command line.

    `receipt` is plain JSON without people: capacity, rules, objective, what was not met, whether it is proven optimal,
    the gap, the version of the solver. `input_sha256` is the hash of the whole input, people included, which is not
    kept; whoever builds the same input again gets the same list.
    """

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="proposals")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    seed = models.PositiveBigIntegerField()
    rules_version = models.CharField(max_length=64)
    input_sha256 = models.CharField(max_length=64)
    receipt = models.JSONField()

    class Meta:
        ordering = ("-made_at", "-pk")
        get_latest_by = ("made_at", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(made_by__isnull=True) | Q(made_at__isnull=False), name="proposal_made_at_and_by_together"
            ),
        )

    def __str__(self) -> str:
        return f"Proposal {self.pk} for call {self.call_id}"


class ProposalLine(models.Model):
    """What a proposal says about one person, and why; `rank` orders those proposed and, by themselves, the reserves."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="lines")
    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="proposal_lines")
    proposed_as = models.CharField(max_length=12, choices=ProposedAs)
    rank = models.PositiveIntegerField(null=True, blank=True)
    reason = models.TextField()

    class Meta:
        ordering = ("proposed_as", "rank", "pk")
        constraints = (
            models.UniqueConstraint(fields=["proposal", "registration"], name="proposal_line_once_per_person"),
        )

    def __str__(self) -> str:
        return f"{self.get_proposed_as_display()}: {self.registration_id}"
