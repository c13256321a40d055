"""Who reads which application: given by hand, or spread evenly over the reviewers of a call."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from events.models import Call
from ranportal.shared.refusals import Refused
from registrations import looks, queries, review_reports
from registrations.enums import Act, State
from registrations.masking.affiliation import is_one_house
from registrations.models import Identity, Registration, Review, ReviewTask, Transition
from registrations.services import workflow

_BATCH = 2000


class NotAReviewer(Refused):
    """The user does not review this call, or has declared a conflict of interest about the person."""


class NobodyReviews(Refused):
    """The call has no reviewers to whom applications could be given."""


class LastTask(Refused):
    """Without this task nothing of the call would be given to anybody, so that all reviewers would read all."""


@dataclass(frozen=True)
class Short:
    """An application that could not get as many reviewers as wanted, and why, for organisers."""

    reference: str
    missing: int
    why: str


@dataclass(frozen=True)
class Spread:
    """What a spread did: how many tasks it gave, of how many applications, and who still lacks reviewers."""

    given: int
    applications: int
    short: tuple[Short, ...]


@dataclass(frozen=True)
class _Application:
    pk: int
    reference: str
    state: str
    country: str
    organisation: str
    email: str


def spread(
    *,
    call: Call,
    per_application: int,
    by: User,
    now: datetime,
    avoid_own_organisation: bool = True,
    avoid_own_country: bool = False,
) -> Spread:
    """Give each application that is in to so many of the call's reviewers, those with the least to read first.

    What was given or reviewed before stays and counts. Nobody gets an application about which they declared a conflict
    of interest, nor one of their own organisation or mail domain, or country, where that is avoided. The same rows give
    the same result. Raises NobodyReviews.
    """
    with transaction.atomic():
        call = workflow.locked(call)
        plan = _Plan(call, avoid_own_organisation=avoid_own_organisation, avoid_own_country=avoid_own_country)
        if not plan.reviewers:
            raise NobodyReviews("This call has no reviewers yet. Choose them first.")
        short = plan.fill(per_application)
        _write(plan.chosen, by=by, now=now)
        given = sum(len(reviewers) for _, reviewers in plan.chosen)
        return Spread(given=given, applications=len(plan.applications), short=tuple(short))


def give(*, registrations: Sequence[Registration], reviewer: User, by: User, now: datetime) -> int:
    """Give these applications of one call to a reviewer; returns how many were not theirs before.

    Raises NotAReviewer, also when the reviewer has declared a conflict of interest about one of the people.
    """
    if not registrations:
        return 0
    with transaction.atomic():
        call = workflow.locked(registrations[0].call)
        people = Registration.objects.filter(call=call, state=State.SUBMITTED, pk__in=[r.pk for r in registrations])
        if not queries.reviews(user=reviewer, call=call):
            raise NotAReviewer(f"{reviewer} does not review this call.")
        recused = people.filter(reviews__reviewer=reviewer, reviews__has_conflict=True).order_by("reference")
        if references := list(recused.values_list("reference", flat=True)[:5]):
            raise NotAReviewer(f"{reviewer} declared a conflict of interest about {', '.join(references)}.")
        new = _applications(people.exclude(review_tasks__reviewer=reviewer))
        _write([(application, [reviewer.pk]) for application in new], by=by, now=now)
        return len(new)


def choose(*, registration: Registration, reviewers: Iterable[User], by: User, now: datetime) -> int:
    """Give one application to exactly these reviewers of its call; reviews that are there stay. Returns how many.

    Raises NotAReviewer as `give`, and LastTask while the call has reviewers.
    """
    wanted = {reviewer.pk: reviewer for reviewer in reviewers}
    with transaction.atomic():
        call = workflow.locked(registration.call)
        registration = workflow.again(registration, call=call)
        taken = registration.review_tasks.exclude(reviewer__in=wanted)
        if number := taken.count():
            taken.delete()
            told = f"Taken from {_reviewers(number)}."
            workflow.record(registration=registration, act=Act.ASSIGN_REVIEW, now=now, by=by, reason=told)
        for reviewer in wanted.values():
            give(registrations=[registration], reviewer=reviewer, by=by, now=now)
        if number and call.review_assignments.exists() and not review_reports.has_tasks(call):
            raise LastTask(
                "This is the only application that is given to anybody: taken away, all reviewers would read all "
                "applications. Give others first."
            )
        return registration.review_tasks.count()


class _Plan:
    """Who could read what, and the choice among them; nothing is written here."""

    def __init__(self, call: Call, *, avoid_own_organisation: bool, avoid_own_country: bool) -> None:
        reviewers = User.objects.filter(review_assignments__call=call, is_active=True).order_by("pk")
        self.reviewers = {reviewer.pk: reviewer for reviewer in reviewers}
        self.applications = _applications(Registration.objects.filter(call=call, state=State.SUBMITTED))
        self.chosen: list[tuple[_Application, list[int]]] = []
        self._avoids_organisation, self._avoids_country = avoid_own_organisation, avoid_own_country
        self._recused, self._readers = _readings(call, self.reviewers)
        mine = {application.pk for application in self.applications}
        self._load = Counter(
            reviewer for pk, readers in self._readers.items() if pk in mine for reviewer in readers & {*self.reviewers}
        )
        self._houses: dict[tuple[int, str, str], bool] = {}

    def fill(self, number: int) -> list[Short]:
        """Choose until each application has so many readers; returns those for which nobody is left."""
        left = [(one, self._able(one)) for one in self.applications if len(self._readers[one.pk]) < number]
        # Who can be read by few is served first, so that the others even out what this makes uneven.
        left.sort(key=lambda pair: (len(pair[1]), pair[0].reference))
        short = []
        for application, able in left:
            wanted = number - len(self._readers[application.pk])
            able.sort(key=lambda reviewer: (self._load[reviewer], _lot(application, reviewer)))
            picked = able[:wanted]
            self._load.update(picked)
            if picked:
                self.chosen.append((application, picked))
            if len(picked) < wanted:
                short.append(Short(application.reference, wanted - len(picked), self._why(application)))
        return sorted(short, key=lambda one: one.reference)

    def _able(self, application: _Application) -> list[int]:
        taken = self._readers[application.pk] | self._recused[application.pk]
        return [pk for pk in self.reviewers if pk not in taken and not self._obstacle(application, pk)]

    def _obstacle(self, application: _Application, reviewer_id: int) -> str:
        reviewer = self.reviewers[reviewer_id]
        if self._avoids_organisation and self._is_own_house(application, reviewer):
            return "is of the same organisation"
        if self._avoids_country and application.country == reviewer.country.strip().upper():
            return "is of the same country"
        return ""

    def _is_own_house(self, application: _Application, reviewer: User) -> bool:
        key = (reviewer.pk, application.organisation, application.email.rpartition("@")[2])
        if key not in self._houses:
            self._houses[key] = is_one_house(
                organisation=reviewer.organisation,
                email=reviewer.email,
                other_organisation=application.organisation,
                other_email=application.email,
            )
        return self._houses[key]

    def _why(self, application: _Application) -> str:
        """In few words, how many of the reviewers are out of question and for what."""
        taken = self._readers[application.pk]
        reasons = Counter(
            "declared a conflict of interest"
            if pk in self._recused[application.pk]
            else self._obstacle(application, pk)
            for pk in self.reviewers
            if pk not in taken
        )
        told = [f"{number} {reason}" for reason, number in sorted(reasons.items()) if reason]
        return ", ".join([f"The call has {len(self.reviewers)} reviewers", *told]) + "."


def _readings(call: Call, reviewers: Mapping[int, User]) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """By application, who declared a conflict of interest, and who has reviewed it or has it to read."""
    recused: dict[int, set[int]] = defaultdict(set)
    readers: dict[int, set[int]] = defaultdict(set)
    reviews = Review.objects.filter(registration__call=call)
    for pk, reviewer, has_conflict in reviews.values_list("registration_id", "reviewer_id", "has_conflict"):
        (recused if has_conflict else readers)[pk].add(reviewer)
    tasks = ReviewTask.objects.filter(registration__call=call, reviewer__in=reviewers)
    for pk, reviewer in tasks.values_list("registration_id", "reviewer_id"):
        if reviewer not in recused[pk]:
            readers[pk].add(reviewer)
    return recused, readers


def _applications(registrations: QuerySet[Registration]) -> list[_Application]:
    rows = registrations.select_related("identity").order_by("reference")
    # Nobody looks at anybody: houses are compared, and a reference is all that is told.
    with looks.unnoticed():
        return [_application(row, getattr(row, "identity", None)) for row in rows]


def _application(row: Registration, who: Identity | None) -> _Application:
    house, mail = (who.organisation, who.email) if who else ("", "")
    return _Application(row.pk, row.reference, row.state, row.country, house, mail)


def _lot(application: _Application, reviewer_id: int) -> bytes:
    """A number by chance, always the same for this pair: who reads together with whom should vary."""
    return hashlib.blake2b(f"{application.reference}:{reviewer_id}".encode(), digest_size=8).digest()


def _write(chosen: Sequence[tuple[_Application, Sequence[int]]], *, by: User, now: datetime) -> None:
    tasks = [
        ReviewTask(registration_id=application.pk, reviewer_id=reviewer, assigned_at=now, assigned_by=by)
        for application, reviewers in chosen
        for reviewer in reviewers
    ]
    ReviewTask.objects.bulk_create(tasks, batch_size=_BATCH)
    traces = [
        Transition(
            registration_id=application.pk,
            act=Act.ASSIGN_REVIEW,
            source=application.state,
            target=application.state,
            at=now,
            by=by,
            reason=f"To {_reviewers(len(reviewers))}.",
        )
        for application, reviewers in chosen
    ]
    Transition.objects.bulk_create(traces, batch_size=_BATCH)


def _reviewers(number: int) -> str:
    return f"{number} reviewer{'' if number == 1 else 's'}"
