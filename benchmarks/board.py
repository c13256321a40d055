"""The selection board with a thousand and with ten thousand applicants, against the bare query of the same rows."""

from datetime import timedelta
from functools import partial

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.enums import Role
from benchmarks.measures import Measured, medians
from events.models import Call
from ranportal.shared import clock
from registrations.enums import Audience, Outcome, ProposedAs, QuestionKind, ReasonCode, State
from registrations.models import ProposalLine, Registration
from registrations.services import applicants, selection
from tests.factories import (
    CallFactory,
    CriterionFactory,
    ProposalFactory,
    QuestionFactory,
    ReviewAssignmentFactory,
    SelectionRuleFactory,
    UserFactory,
)

SIZES = (1000, 10_000)
#: Places of the call: so many are proposed, and staged to be selected.
PLACES = 35
#: Rows of one page of the board.
_PAGE = 100


def board(*, seconds: float) -> list[Measured]:
    """One line for each size: the page of the first hundred, with every column, panel and rule in use."""
    found = []
    for people in SIZES:
        call = _call(people)
        client = Client(SERVER_NAME="localhost")
        organiser = UserFactory(role=Role.ORGANISER)
        call.organisers.add(organiser)
        client.force_login(organiser, backend="django.contrib.auth.backends.ModelBackend")
        address = f"/admin/registrations/registration/calls/{call.pk}/board/?columns=motivation&columns=working_group"
        acts = {"board": partial(_visit, client, address), "rows": partial(_rows, call)}
        spent = medians(acts, seconds=seconds / len(SIZES))
        with CaptureQueriesContext(connection) as statements:
            _visit(client, address)
        what = f"GET the selection board, {people:,} applicants"
        found.append(Measured(what, spent["board"], spent["rows"], f"{len(statements)} statements"))
    return found


def _visit(client: Client, address: str) -> None:
    if client.get(address).status_code != 200:
        raise RuntimeError("The board is not there.")


def _rows(call: Call) -> list[Registration]:
    people = Registration.objects.filter(call=call, state=State.SUBMITTED)
    return list(people.order_by("-score", "reference")[:_PAGE])


def _call(people: int) -> Call:
    """A call with so many invented applicants, scored, with rules, a proposal and staged decisions."""
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
    groups = [["a", "Mental health"], ["b", "Prisons"], ["c", "Police"], ["d", "Youth"]]
    QuestionFactory(
        call=call, key="working_group", kind=QuestionKind.SINGLE_CHOICE, label="Working group", choices=groups
    )
    QuestionFactory(call=call, key="motivation", kind=QuestionKind.LONG_TEXT, audience=Audience.REVIEWERS)
    for _ in range(2):
        CriterionFactory(call=call)
        ReviewAssignmentFactory(call=call)
    for rule in (
        {"attribute": "country", "maximum": 3},
        {"attribute": "organisation", "maximum": 1},
        {"attribute": "first_time", "value": "true", "minimum": 8, "maximum": None},
        {"attribute": "profession", "value": "police", "minimum": 4, "maximum": None},
    ):
        SelectionRuleFactory(call=call, **rule)
    applicants.make(call=call, count=people, seed=people, now=now)
    _stage(call)
    with connection.cursor() as cursor:
        # As the database does by itself soon after so many rows.
        cursor.execute("ANALYZE")
    return call


def _stage(call: Call) -> None:
    best = list(call.registrations.filter(state=State.SUBMITTED).order_by("-score", "reference"))
    proposal = ProposalFactory(call=call, made_at=clock.now())
    ProposalLine.objects.bulk_create(
        [
            ProposalLine(
                proposal=proposal,
                registration=registration,
                proposed_as=ProposedAs.SELECTED if place <= PLACES else ProposedAs.NOT_PROPOSED,
                rank=place if place <= PLACES else None,
                reason="By score.",
            )
            for place, registration in enumerate(best, start=1)
        ],
        batch_size=1000,
    )
    selection.stage(
        registrations=best[:PLACES],
        outcome=Outcome.SELECT,
        code=ReasonCode.PROPOSED,
        reason="",
        by=UserFactory(),
        now=clock.now(),
    )
