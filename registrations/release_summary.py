"""What a person must have seen before the decisions of a call are released: who would come, and what is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.models import User
from events.models import Call
from registrations import attributes, balance, policies, queries, review_reports
from registrations.enums import CheckResult, Outcome, State
from registrations.models import Decision, Review, SelectionSettings

#: How many people of each concern are shown; the rest is a number.
SHOWN = 20


@dataclass(frozen=True)
class Concern:
    """One thing to look at: what it is, how many of the staged people it is about, and the first of them."""

    words: str
    number: int
    decisions: Sequence[Decision]
    tells_reason: bool = False

    @property
    def more(self) -> int:
        return self.number - len(self.decisions)


@dataclass(frozen=True)
class Summary:
    """All of it. `decided_by` are the people who staged, or undid what was staged, with how many each; `may_release` is
    who may press the button. `moves_up` says that places that are left go to the reserve list
    at once."""

    parts: Sequence[balance.Part]
    concerns: Sequence[Concern]
    decided_by: Sequence[tuple[str, int]]
    decided_by_ids: frozenset[int]
    may_release: Sequence[str]
    needs_second_person: bool
    has_proposal: bool
    moves_up: bool


def summary(call: Call, *, at: datetime) -> Summary:
    """Read it for a release that is carried out at that moment; a bounded number of queries whatever the people."""
    rules = list(call.selection_rules.all())
    proposal = call.proposals.first()
    shown = balance.shown_attributes(attributes.attributes_of(call), rules)
    hands = queries.hands_in_decisions(call)
    settings = queries.selection_settings(call)
    people = {user.pk: user for user in call.organisers.filter(is_active=True).order_by("name", "email")}
    if settings.deputy and settings.deputy.is_active:
        people[settings.deputy.pk] = settings.deputy
    return Summary(
        parts=balance.parts(call, attributes=shown, rules=rules, proposal=proposal),
        concerns=_concerns(call, proposal_id=proposal.pk if proposal else None),
        decided_by=[(str(user), hands[user.pk]) for user in User.objects.filter(pk__in=hands).order_by("name")],
        decided_by_ids=frozenset(hands),
        may_release=[str(user) for pk, user in people.items() if not settings.needs_second_person or pk not in hands],
        needs_second_person=settings.needs_second_person,
        has_proposal=proposal is not None,
        moves_up=_moves_up(call, settings, at=at),
    )


def staged(call: Call) -> QuerySet[Decision]:
    """The decisions that a release would carry out."""
    return Decision.objects.filter(
        registration__call=call, registration__state=State.SUBMITTED, released_at=None
    ).select_related("registration")


def _moves_up(call: Call, settings: SelectionSettings, *, at: datetime) -> bool:
    starts_at = queries.starts_at(call)
    is_list_open = at < policies.list_closes_at(call, starts_at=starts_at)
    return is_list_open and policies.promotes_by_itself(settings, starts_at=starts_at, now=at)


def _concerns(call: Call, *, proposal_id: int | None) -> list[Concern]:
    """Those that somebody is concerned by: one query for the numbers, and one more for each of them."""
    wanted = _conditions(call, proposal_id)
    decisions = staged(call).order_by("outcome", "rank", "registration__reference")
    counts = {f"number_{place}": Count("pk", filter=condition) for place, (_, condition, _) in enumerate(wanted)}
    numbers = decisions.order_by().aggregate(**counts)
    return [
        Concern(words, number, list(decisions.filter(condition)[:SHOWN]), tells_reason)
        for place, (words, condition, tells_reason) in enumerate(wanted)
        if (number := numbers[f"number_{place}"])
    ]


def _conditions(call: Call, proposal_id: int | None) -> list[tuple[str, Q, bool]]:
    is_selected = Q(outcome=Outcome.SELECT)
    reviews = Review.objects.filter(registration=OuterRef("registration"))
    stale = reviews.filter(review_reports.is_stale_review())
    found = [
        ("Decided otherwise than proposed", Q(is_deviation=True), True),
        (
            "To be selected, and the check of who they are is open",
            is_selected & ~Q(registration__check_result=CheckResult.FINE),
            False,
        ),
        ("A reviewer declared a conflict of interest", Q(Exists(reviews.filter(has_conflict=True))), False),
        ("Answers changed after a review", Q(Exists(stale)), False),
    ]
    if call.criteria.exists():
        found.append(("Reviewed by nobody", Q(registration__review_count=0), False))
    if proposal_id is not None:
        found.append(("Staged before the newest proposal", ~Q(proposal=proposal_id) | Q(proposal=None), False))
    return found
