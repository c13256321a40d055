"""The table of moves says what the design says: every move, and no other, for each actor."""

import itertools

import pytest

from registrations.enums import Act, Actor, MailKind, State
from registrations.models import Registration
from registrations.services import workflow
from registrations.states import HOLDS_PLACE, MOVES, NOT_LIVE, find_move, places_delta
from tests.factories import NOW

PERSON, ORGANISER, SYSTEM = Actor.PERSON, Actor.ORGANISER, Actor.SYSTEM
NEW, UNPROVEN, SUBMITTED, SELECTED = None, State.UNPROVEN, State.SUBMITTED, State.SELECTED
CONFIRMED, RESERVE, DECLINED, LAPSED = State.CONFIRMED, State.RESERVE, State.DECLINED, State.LAPSED
WITHDRAWN, CANCELLED, ATTENDED, ABSENT = State.WITHDRAWN, State.CANCELLED, State.ATTENDED, State.ABSENT

#: from, to, by which act, who may, which mail. Written by hand from the design, not from the code.
EXPECTED = {
    (NEW, UNPROVEN, Act.SEND): ({PERSON, ORGANISER}, MailKind.PROVE_ADDRESS),
    (UNPROVEN, SUBMITTED, Act.PROVE): ({PERSON, ORGANISER}, MailKind.RECEIVED),
    (UNPROVEN, CONFIRMED, Act.PROVE): ({PERSON, ORGANISER}, MailKind.CONFIRMED),
    (UNPROVEN, RESERVE, Act.PROVE): ({PERSON, ORGANISER}, MailKind.WAITING_LIST),
    (SUBMITTED, SELECTED, Act.RELEASE): ({ORGANISER}, MailKind.SELECTED),
    (SUBMITTED, CONFIRMED, Act.RELEASE): ({ORGANISER}, MailKind.SELECTED),
    (SUBMITTED, RESERVE, Act.RELEASE): ({ORGANISER}, MailKind.RESERVE),
    (SUBMITTED, DECLINED, Act.RELEASE): ({ORGANISER}, MailKind.NOT_SELECTED),
    (SELECTED, CONFIRMED, Act.CONFIRM): ({PERSON, ORGANISER}, MailKind.CONFIRMED),
    (SELECTED, LAPSED, Act.LAPSE): ({ORGANISER, SYSTEM}, MailKind.PLACE_GIVEN_ON),
    (RESERVE, SELECTED, Act.PROMOTE): ({ORGANISER, SYSTEM}, MailKind.PROMOTED),
    (RESERVE, CONFIRMED, Act.PROMOTE): ({ORGANISER, SYSTEM}, MailKind.PROMOTED),
    (RESERVE, DECLINED, Act.CLOSE_LIST): ({SYSTEM}, MailKind.LIST_CLOSED),
    (DECLINED, SELECTED, Act.RECONSIDER): ({ORGANISER}, MailKind.PROMOTED),
    (DECLINED, CONFIRMED, Act.RECONSIDER): ({ORGANISER}, MailKind.PROMOTED),
    (LAPSED, SELECTED, Act.RECONSIDER): ({ORGANISER}, MailKind.PROMOTED),
    (LAPSED, CONFIRMED, Act.RECONSIDER): ({ORGANISER}, MailKind.PROMOTED),
    (RESERVE, SELECTED, Act.RECONSIDER): ({ORGANISER}, MailKind.PROMOTED),
    (RESERVE, CONFIRMED, Act.RECONSIDER): ({ORGANISER}, MailKind.PROMOTED),
    (SELECTED, DECLINED, Act.RECONSIDER): ({ORGANISER}, MailKind.NOT_SELECTED),
    (SELECTED, LAPSED, Act.RECONSIDER): ({ORGANISER}, MailKind.PLACE_GIVEN_ON),
    (SELECTED, RESERVE, Act.RECONSIDER): ({ORGANISER}, MailKind.RESERVE),
    (CONFIRMED, DECLINED, Act.RECONSIDER): ({ORGANISER}, MailKind.NOT_SELECTED),
    (CONFIRMED, LAPSED, Act.RECONSIDER): ({ORGANISER}, MailKind.PLACE_GIVEN_ON),
    (CONFIRMED, RESERVE, Act.RECONSIDER): ({ORGANISER}, MailKind.RESERVE),
    (CONFIRMED, ATTENDED, Act.ATTENDANCE): ({ORGANISER}, None),
    (CONFIRMED, ABSENT, Act.ATTENDANCE): ({ORGANISER}, None),
    (ATTENDED, ABSENT, Act.ATTENDANCE): ({ORGANISER}, None),
    (ATTENDED, CONFIRMED, Act.ATTENDANCE): ({ORGANISER}, None),
    (ABSENT, ATTENDED, Act.ATTENDANCE): ({ORGANISER}, None),
    (ABSENT, CONFIRMED, Act.ATTENDANCE): ({ORGANISER}, None),
} | {
    (source, target, act): (actors, mail)
    for source in (UNPROVEN, SUBMITTED, SELECTED, RESERVE, CONFIRMED)
    for target, act, actors, mail in (
        (WITHDRAWN, Act.WITHDRAW, {PERSON, ORGANISER}, MailKind.GIVEN_UP),
        (CANCELLED, Act.CANCEL, {SYSTEM}, MailKind.EVENT_CANCELLED),
    )
}


def test_the_table_holds_every_move_of_the_design_with_its_actors_and_mail_and_no_other():
    table = {(move.source, move.target, move.act): (set(move.actors), move.mail) for move in MOVES}
    assert table == EXPECTED
    assert len(MOVES) == len(table)


def test_whatever_is_not_in_the_table_is_no_move():
    every = set(itertools.product([None, *State], State, Act))
    assert {key for key in every if find_move(source=key[0], target=key[1], act=key[2])} == set(EXPECTED)


@pytest.mark.parametrize("actor", Actor)
@pytest.mark.parametrize("act", Act)
def test_the_writer_refuses_each_move_that_this_actor_may_not_make(act, actor):
    """Without a database: a refusal comes before the first statement."""
    for source, target in itertools.permutations(State, 2):
        registration = Registration(pk=1, reference="P-23456", state=source)
        if actor in EXPECTED.get((source, target, act), (set(), None))[0]:
            continue
        with pytest.raises(workflow.IllegalMove, match="P-23456"):
            workflow.move_many(
                call=None, registrations=[registration], target=target, act=act, actor=actor, now=NOW, reason="why"
            )


def test_only_decisions_made_again_by_hand_need_a_reason():
    assert {move.act for move in MOVES if move.needs_reason} == {Act.RECONSIDER}


def test_a_missing_reason_is_refused():
    registration = Registration(pk=1, reference="P-23456", state=State.DECLINED)
    with pytest.raises(workflow.IllegalMove, match="reason"):
        workflow.move_many(
            call=None,
            registrations=[registration],
            target=State.CONFIRMED,
            act=Act.RECONSIDER,
            actor=ORGANISER,
            now=NOW,
            reason="  ",
        )


def test_places_are_held_by_selected_confirmed_and_by_those_who_came_or_did_not():
    assert {SELECTED, CONFIRMED, ATTENDED, ABSENT} == HOLDS_PLACE
    assert {WITHDRAWN, CANCELLED, LAPSED} == NOT_LIVE


@pytest.mark.parametrize(
    ("source", "target", "delta"),
    [
        (NEW, UNPROVEN, 0),
        (UNPROVEN, CONFIRMED, 1),
        (RESERVE, SELECTED, 1),
        (SELECTED, CONFIRMED, 0),
        (CONFIRMED, ATTENDED, 0),
        (CONFIRMED, WITHDRAWN, -1),
        (SELECTED, LAPSED, -1),
        (RESERVE, DECLINED, 0),
    ],
)
def test_a_move_takes_or_frees_a_place(source, target, delta):
    assert places_delta(source=source, target=target) == delta


def test_every_state_can_be_reached():
    reached = {move.target for move in MOVES}
    assert reached == set(State)
