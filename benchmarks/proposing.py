"""A proposal for ten thousand applicants, step by step, against the bare query that sorts the same rows by score."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TypeVar

from django.db.models import Count

from benchmarks.measures import Measured
from events.models import Call
from ranportal.shared import clock
from registrations import proposal
from registrations.enums import State
from registrations.models import Registration, SelectionRule
from registrations.proposal import contradictions, reserves, solver
from registrations.proposal.model import model_of
from registrations.proposal.reasons import Reasons
from registrations.proposal.words import Words
from registrations.services import applicants, proposing
from tests.factories import CallFactory, CriterionFactory, ReviewAssignmentFactory, SelectionRuleFactory

PEOPLE, PLACES = 10_000, 35
_SEED = 7
Found = TypeVar("Found")


def steps() -> list[Measured]:
    """One line for each step of one proposal, and one for all of it with the rows that it stores."""
    call = _call()
    rows, bare = _timed(partial(_rows, call))
    asked, building = _timed(lambda: proposing.input_of(call, seed=_SEED))
    problem, parsing = _timed(lambda: proposal.parse(asked.document))
    model, counting = _timed(lambda: model_of(problem))
    solution, solving = _timed(lambda: solver.solve(model))
    waiting, waited = _timed(lambda: reserves.reserves(model, solution.selected))
    missed, explaining = _timed(lambda: contradictions.contradictions(model, solution.selected, Words()))
    lines, telling = _timed(lambda: Reasons(model, solution.selected, Words()).lines(waiting))
    _, everything = _timed(lambda: proposing.propose(call=call, by=None, now=clock.now(), seed=_SEED))
    proven = "proven" if solution.is_optimal else "not proven"
    return [
        Measured(f"propose: build the input of {len(rows):,}", building, bare, f"{len(asked.document):,} bytes"),
        Measured("propose: read it", parsing + counting, bare, f"{len(model.limits):,} limits"),
        Measured("propose: solve", solving, bare, f"{len(solution.selected)} places, {proven}"),
        Measured("propose: reserves", waited, bare, f"{len(waiting)} in order"),
        Measured("propose: what cannot hold", explaining, bare, f"{len(missed)} sets"),
        Measured("propose: reasons", telling, bare, f"{len(lines):,} lines"),
        Measured("propose: all of it, stored", everything, bare, "the query sorts by score"),
    ]


def _rows(call: Call) -> list[tuple[object, ...]]:
    people = Registration.objects.filter(call=call, state=State.SUBMITTED).order_by("-score", "reference")
    fields = ("reference", "score", "country", "profession", "identity__organisation_index", "pin__direction")
    return list(people.values_list(*fields))


def _call() -> Call:
    """The call that is there with so many applicants already, or a new one; with rules that pull against each other."""
    crowded = Call.objects.annotate(people=Count("registrations")).filter(people__gte=PEOPLE)
    call = crowded.order_by("pk").first() or _new_call()
    SelectionRule.objects.filter(call=call).delete()
    for rule in (
        {"attribute": "country", "maximum": 3},
        {"attribute": "organisation", "maximum": 1},
        {"attribute": "profession", "value": "*", "minimum": 1, "maximum": 6},
        {"attribute": "profession", "value": "police", "minimum": 4, "maximum": None, "weight": 2},
        {"attribute": "first_time", "value": "true", "minimum": 8, "maximum": None},
    ):
        SelectionRuleFactory(call=call, **rule)
    return call


def _new_call() -> Call:
    now = clock.now()
    call: Call = CallFactory.create(
        selective=True,
        capacity=PLACES,
        opens_at=now - timedelta(days=20),
        closes_at=now - timedelta(days=1),
        decision_by=(now + timedelta(days=7)).date(),
        event__published_at=now - timedelta(days=20),
        event__sessions=[(now + timedelta(days=30), now + timedelta(days=30, hours=2))],
    )
    for _ in range(2):
        CriterionFactory(call=call)
        ReviewAssignmentFactory(call=call)
    applicants.make(call=call, count=PEOPLE, seed=_SEED, now=now)
    return call


def _timed(act: Callable[[], Found]) -> tuple[Found, float]:
    start = time.perf_counter()
    return act(), time.perf_counter() - start
