"""The one writer of state and places: along the table, with trace, places and mails, or not at all."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from events.models import Call
from registrations.enums import Act, Actor, MailKind, MailState, State
from registrations.mail import outbox
from registrations.models import OutgoingMail, Registration, Transition
from registrations.services import workflow
from registrations.states import HOLDS_PLACE, MOVES
from tests.factories import NOW, CallFactory, OutgoingMailFactory, RegistrationFactory, UserFactory

pytestmark = pytest.mark.django_db
FOR_STATE = {
    State.UNPROVEN: {"proven_at": None},
    State.SELECTED: {"answer_by": NOW + timedelta(days=3)},
    State.RESERVE: {"list_position": 1},
}


def in_state(state: State, **details) -> Registration:
    return RegistrationFactory(state=state, **FOR_STATE.get(state, {}) | details)


def everything():
    """All that a move may write."""
    return [list(model.objects.order_by("pk").values()) for model in (Call, Registration, Transition, OutgoingMail)]


@pytest.mark.parametrize("line", [m for m in MOVES if m.source], ids=lambda m: f"{m.source}-{m.act}-{m.target}")
def test_each_move_writes_its_state_its_trace_its_places_and_its_mail(line):
    registration = in_state(line.source, **FOR_STATE.get(line.target, {}) | FOR_STATE.get(line.source, {}))
    call, taken = registration.call, registration.call.places_taken
    actor = sorted(line.actors)[0]
    by = UserFactory() if actor == Actor.ORGANISER else None

    with transaction.atomic():
        workflow.move(
            registration=registration, target=line.target, act=line.act, actor=actor, now=NOW, by=by, reason="why"
        )

    registration.refresh_from_db()
    call.refresh_from_db()
    trace = Transition.objects.get()
    assert (registration.state, registration.state_changed_at) == (line.target, NOW)
    assert (trace.source, trace.target, trace.act, trace.at) == (line.source, line.target, line.act, NOW)
    assert (trace.by, trace.reason) == (by, "why")
    assert call.places_taken - taken == (line.target in HOLDS_PLACE) - (line.source in HOLDS_PLACE)
    kinds = list(OutgoingMail.objects.values_list("kind", flat=True))
    gave_nothing_up = line.source == State.UNPROVEN and line.act in (Act.WITHDRAW, Act.CANCEL)
    assert kinds == ([line.mail] if line.mail and not gave_nothing_up else [])


def test_who_is_there_already_is_left_alone():
    registration = RegistrationFactory(confirmed=True)
    moved = workflow.move_many(
        call=registration.call,
        registrations=[registration],
        target=State.CONFIRMED,
        act=Act.CONFIRM,
        actor=Actor.PERSON,
        now=NOW,
    )
    assert (moved, Transition.objects.count(), OutgoingMail.objects.count()) == (0, 0, 0)


def test_one_illegal_move_among_many_moves_nobody():
    call = CallFactory(selective=True)
    people = [RegistrationFactory(call=call, submitted=True), RegistrationFactory(call=call, withdrawn=True)]
    before = everything()
    with pytest.raises(workflow.IllegalMove, match=people[1].reference), transaction.atomic():
        workflow.move_many(
            call=call, registrations=people, target=State.DECLINED, act=Act.RELEASE, actor=Actor.ORGANISER, now=NOW
        )
    assert everything() == before


def test_too_few_places_move_nobody_and_say_the_numbers():
    call = CallFactory(selective=True, capacity=2)
    RegistrationFactory(call=call)
    people = RegistrationFactory.create_batch(2, call=call, submitted=True)
    before = everything()
    with pytest.raises(workflow.CallFull, match=r"needs 2 places, but only 1 of 2"), transaction.atomic():
        workflow.move_many(
            call=call, registrations=people, target=State.CONFIRMED, act=Act.RELEASE, actor=Actor.ORGANISER, now=NOW
        )
    assert everything() == before
    assert {person.state for person in people} == {State.SUBMITTED}


@pytest.mark.parametrize(
    "broken", ["_take_places", "_write_states", "outbox.put_many", "Transition.objects.bulk_create"]
)
def test_a_move_that_breaks_in_the_middle_changes_nothing(monkeypatch, broken):
    call = CallFactory(selective=True)
    people = RegistrationFactory.create_batch(2, call=call, submitted=True)
    OutgoingMailFactory(registration=people[0])
    before = everything()

    def breaks(*args, **kwargs):
        raise RuntimeError("in the middle")

    place, _, name = f"registrations.services.workflow.{broken}".rpartition(".")
    monkeypatch.setattr(f"{place}.{name}", breaks)
    with pytest.raises(RuntimeError), transaction.atomic():
        workflow.move_many(
            call=call, registrations=people, target=State.CONFIRMED, act=Act.RELEASE, actor=Actor.ORGANISER, now=NOW
        )
    monkeypatch.undo()
    assert everything() == before


def test_a_cause_that_breaks_after_its_mails_were_put_leaves_no_mail():
    registration = RegistrationFactory(selected=True)
    before = everything()
    with transaction.atomic():
        workflow.move(registration=registration, target=State.CONFIRMED, act=Act.CONFIRM, actor=Actor.PERSON, now=NOW)
        assert OutgoingMail.objects.exists()
        transaction.set_rollback(True)
    assert everything() == before


def test_roles_that_do_not_count_take_no_place():
    call = CallFactory(capacity=1)
    RegistrationFactory(call=call)
    speaker = RegistrationFactory(call=call, unproven=True, is_counted=False)
    workflow.move(registration=speaker, target=State.CONFIRMED, act=Act.PROVE, actor=Actor.PERSON, now=NOW)
    assert Call.objects.get().places_taken == 1


def test_a_call_without_limit_counts_its_places_all_the_same():
    registration = RegistrationFactory(unproven=True, call=CallFactory(unlimited=True))
    workflow.move(registration=registration, target=State.CONFIRMED, act=Act.PROVE, actor=Actor.PERSON, now=NOW)
    assert Call.objects.get().places_taken == 1


def test_moving_many_takes_as_many_statements_as_moving_few():
    def statements(number: int) -> int:
        call = CallFactory(selective=True, unlimited=True)
        people = RegistrationFactory.create_batch(number, call=call, submitted=True)
        with CaptureQueriesContext(connection) as queries:
            workflow.move_many(
                call=call, registrations=people, target=State.CONFIRMED, act=Act.RELEASE, actor=Actor.ORGANISER, now=NOW
            )
        return len(queries)

    assert statements(2) == statements(60)


def test_who_moves_up_is_not_told_first_that_there_was_no_place():
    waiting = RegistrationFactory(on_list=True)
    stale = OutgoingMailFactory(registration=waiting, kind=MailKind.WAITING_LIST)
    workflow.fill_places(call=waiting.call, now=NOW)
    stale.refresh_from_db()
    assert stale.state == MailState.CANCELLED
    assert OutgoingMail.objects.get(state=MailState.QUEUED).kind == MailKind.PROMOTED


def test_free_places_go_to_the_list_in_its_order():
    call = CallFactory(capacity=2)
    third, first, second = (RegistrationFactory(call=call, on_list=True, list_position=n) for n in (9, 2, 4))
    assert workflow.fill_places(call=call, now=NOW) == 2
    states = [Registration.objects.get(pk=r.pk).state for r in (first, second, third)]
    assert states == [State.CONFIRMED, State.CONFIRMED, State.RESERVE]


def test_people_of_roles_that_do_not_count_are_not_promoted_in_the_place_of_others():
    call = CallFactory(capacity=1)
    RegistrationFactory(call=call, on_list=True, is_counted=False)
    counted = RegistrationFactory(call=call, on_list=True)
    workflow.fill_places(call=call, now=NOW)
    assert Registration.objects.get(state=State.CONFIRMED) == counted


@pytest.mark.parametrize(
    "call",
    [
        {"event__cancelled": True},
        {"list_closes_at": NOW},
        {"event__sessions": [(NOW + timedelta(hours=24), NOW + timedelta(hours=26))]},
        {"selective": True},
    ],
    ids=["cancelled", "list closed", "a day before the event", "not released"],
)
def test_nobody_moves_up_any_more(call):
    waiting = RegistrationFactory(on_list=True, call=CallFactory(**call))
    assert workflow.fill_places(call=waiting.call, now=NOW) == 0


def test_where_the_call_asks_people_are_asked_to_answer_in_time():
    waiting = RegistrationFactory(on_list=True, call=CallFactory(asks_to_confirm=True))
    workflow.fill_places(call=waiting.call, now=NOW)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.answer_by) == (State.SELECTED, NOW + timedelta(days=5))


def test_nobody_is_asked_to_answer_after_the_event_began():
    starts_at = NOW + timedelta(days=2)
    call = CallFactory(asks_to_confirm=True, event__sessions=[(starts_at, starts_at + timedelta(hours=2))])
    waiting = RegistrationFactory(on_list=True, call=call)
    workflow.fill_places(call=call, now=NOW)
    waiting.refresh_from_db()
    assert waiting.answer_by == starts_at - timedelta(hours=12)


def test_the_lock_wants_a_transaction(transactional_db):
    """On PostgreSQL a lock without a transaction would be none at all."""
    call = CallFactory()
    if connection.vendor == "postgresql":
        with pytest.raises(transaction.TransactionManagementError):
            workflow.locked(call)


@pytest.mark.parametrize(
    "values",
    [
        {"state": "made_up"},
        {"state": State.UNPROVEN, "proven_at": NOW},
        {"state": State.RESERVE, "list_position": None},
        {"state": State.SELECTED, "answer_by": None},
        {"checked_at": NOW},
    ],
    ids=str,
)
def test_the_database_refuses_a_registration_that_cannot_be(values):
    registration = RegistrationFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        Registration.objects.filter(pk=registration.pk).update(**values)


@pytest.mark.parametrize(
    "values", [{"places_taken": 11}, {"places_limit": 9}, {"places_limit": None}, {"capacity": None}], ids=str
)
def test_the_database_refuses_places_that_cannot_be(values):
    call = CallFactory(capacity=10)
    with pytest.raises(IntegrityError), transaction.atomic():
        Call.objects.filter(pk=call.pk).update(**values)


def test_the_database_refuses_a_second_live_registration_of_an_address():
    first = RegistrationFactory()
    second = RegistrationFactory.build(call=first.call, address_index=first.address_index)
    with pytest.raises(IntegrityError), transaction.atomic():
        second.save()
    Registration.objects.filter(pk=first.pk).update(state=State.WITHDRAWN)
    second.save()


def test_mails_of_a_move_are_put_in_its_transaction(transactional_db):
    registration = RegistrationFactory(selected=True)
    with pytest.raises(outbox.OutsideTransaction):
        workflow.move(registration=registration, target=State.CONFIRMED, act=Act.CONFIRM, actor=Actor.PERSON, now=NOW)
