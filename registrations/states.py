"""THE table of moves: every change of a registration's state, who may make it and which mail it sends. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from registrations.enums import Act, Actor, MailKind, State

#: States that take one of the call's places (of roles that count).
HOLDS_PLACE = frozenset({State.SELECTED, State.CONFIRMED, State.ATTENDED, State.ABSENT})

#: States that no longer bind an address: a person may register again.
NOT_LIVE = frozenset({State.WITHDRAWN, State.CANCELLED, State.LAPSED})

#: States of people who still expect the event, and so hear of its changes.
EXPECTING = frozenset({State.SUBMITTED, State.SELECTED, State.CONFIRMED, State.RESERVE})


@dataclass(frozen=True)
class Move:
    """One line of the table: from `source` (None: the registration is new) to `target` by `act`."""

    source: State | None
    target: State
    act: Act
    actors: frozenset[Actor]
    mail: MailKind | None = None
    needs_reason: bool = False


@dataclass(frozen=True)
class _Lines:
    """Several moves that differ only in their source and target."""

    act: Act
    actors: frozenset[Actor]
    sources: tuple[State | None, ...]
    targets: Mapping[State, MailKind | None]
    needs_reason: bool = False
    moves: tuple[Move, ...] = field(init=False)

    def __post_init__(self) -> None:
        moves = tuple(
            Move(source, target, self.act, self.actors, mail, self.needs_reason)
            for source in self.sources
            for target, mail in self.targets.items()
            if source != target
        )
        object.__setattr__(self, "moves", moves)


_PERSON = frozenset({Actor.PERSON})
_ORGANISER = frozenset({Actor.ORGANISER})
_SYSTEM = frozenset({Actor.SYSTEM})

_TABLE = (
    _Lines(Act.SEND, _PERSON | _ORGANISER, (None,), {State.UNPROVEN: MailKind.PROVE_ADDRESS}),
    _Lines(
        Act.PROVE,
        _PERSON | _ORGANISER,
        (State.UNPROVEN,),
        {
            State.SUBMITTED: MailKind.RECEIVED,
            State.CONFIRMED: MailKind.CONFIRMED,
            State.RESERVE: MailKind.WAITING_LIST,
        },
    ),
    _Lines(
        Act.RELEASE,
        _ORGANISER,
        (State.SUBMITTED,),
        {
            State.SELECTED: MailKind.SELECTED,
            State.CONFIRMED: MailKind.SELECTED,
            State.RESERVE: MailKind.RESERVE,
            State.DECLINED: MailKind.NOT_SELECTED,
        },
    ),
    _Lines(Act.CONFIRM, _PERSON | _ORGANISER, (State.SELECTED,), {State.CONFIRMED: MailKind.CONFIRMED}),
    _Lines(Act.LAPSE, _ORGANISER | _SYSTEM, (State.SELECTED,), {State.LAPSED: MailKind.PLACE_GIVEN_ON}),
    _Lines(
        Act.PROMOTE,
        _SYSTEM | _ORGANISER,
        (State.RESERVE,),
        {State.SELECTED: MailKind.PROMOTED, State.CONFIRMED: MailKind.PROMOTED},
    ),
    _Lines(Act.CLOSE_LIST, _SYSTEM, (State.RESERVE,), {State.DECLINED: MailKind.LIST_CLOSED}),
    _Lines(
        Act.RECONSIDER,
        _ORGANISER,
        (State.DECLINED, State.LAPSED, State.RESERVE),
        {State.SELECTED: MailKind.PROMOTED, State.CONFIRMED: MailKind.PROMOTED},
        needs_reason=True,
    ),
    _Lines(
        Act.RECONSIDER,
        _ORGANISER,
        (State.SELECTED, State.CONFIRMED),
        {
            State.DECLINED: MailKind.NOT_SELECTED,
            State.LAPSED: MailKind.PLACE_GIVEN_ON,
            State.RESERVE: MailKind.RESERVE,
        },
        needs_reason=True,
    ),
    _Lines(Act.ATTENDANCE, _ORGANISER, (State.CONFIRMED, State.ABSENT), {State.ATTENDED: None}),
    _Lines(Act.ATTENDANCE, _ORGANISER, (State.CONFIRMED, State.ATTENDED), {State.ABSENT: None}),
    _Lines(Act.ATTENDANCE, _ORGANISER, (State.ATTENDED, State.ABSENT), {State.CONFIRMED: None}),
    _Lines(
        Act.WITHDRAW,
        _PERSON | _ORGANISER,
        (State.UNPROVEN, State.SUBMITTED, State.SELECTED, State.RESERVE, State.CONFIRMED),
        {State.WITHDRAWN: MailKind.GIVEN_UP},
    ),
    _Lines(
        Act.CANCEL,
        _SYSTEM,
        (State.UNPROVEN, State.SUBMITTED, State.SELECTED, State.RESERVE, State.CONFIRMED),
        {State.CANCELLED: MailKind.EVENT_CANCELLED},
    ),
)

MOVES: tuple[Move, ...] = tuple(move for lines in _TABLE for move in lines.moves)

_BY_KEY: Mapping[tuple[State | None, State, Act], Move] = {(m.source, m.target, m.act): m for m in MOVES}


def find_move(*, source: State | None, target: State, act: Act) -> Move | None:
    """The table's line for this change, or None when there is none."""
    return _BY_KEY.get((source, target, act))


def mail_of(source: State, target: State, act: Act) -> MailKind:
    """The mail of a move that sends one. Raises LookupError for a move that is not in the table or sends none."""
    move = find_move(source=source, target=target, act=act)
    if move is None or move.mail is None:
        raise LookupError(f"no mail for {source} to {target} by {act}")
    return move.mail


def told_by(kind: MailKind) -> frozenset[State]:
    """The states in one of which a mail of this kind tells its person to be; empty for kinds that tell of none."""
    return frozenset(move.target for move in MOVES if move.mail == kind)


def places_delta(*, source: State | None, target: State) -> int:
    """How a move changes the number of places taken by one registration that counts: -1, 0 or 1."""
    return int(target in HOLDS_PLACE) - int(source in HOLDS_PLACE)
