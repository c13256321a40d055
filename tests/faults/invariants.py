"""What must hold in the database after every fault, whatever happened: read from the rows, not from the services."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, F, Q

from events.models import Call
from registrations.enums import Act, MailKind, MailState, State
from registrations.mail import delivery
from registrations.models import OutgoingMail, Registration, Transition
from registrations.states import HOLDS_PLACE, find_move

#: A mail that is due is sent, or tried and put off, so long after the end of the longest lease at the latest.
AT_MOST_BEHIND = timedelta(minutes=5)
_OPEN = (MailState.QUEUED, MailState.LEASED, MailState.HANDING_OVER)
#: Acts that leave the state as it is and still promise a mail.
_WITHOUT_MOVE = {
    Act.CHANGE_ANSWERS: dict.fromkeys(State, MailKind.ANSWERS_CHANGED),
    Act.CORRECT_ADDRESS: dict.fromkeys(State, MailKind.ADDRESS_CORRECTED) | {State.UNPROVEN: MailKind.PROVE_ADDRESS},
    # A corrected address that is proven: the mails before went to nobody.
    Act.PROVE: {
        State.SUBMITTED: MailKind.RECEIVED,
        State.SELECTED: MailKind.SELECTED,
        State.CONFIRMED: MailKind.CONFIRMED,
        State.RESERVE: MailKind.WAITING_LIST,
    },
}


def check(*, now: datetime, using: str = "default", made: int | None = None) -> None:
    """Fail, with the violations in words, unless all of these hold in the database `using`:

    Every registration has the mails that its transitions promise. No open mail was due longer ago than the lease and
    five minutes. Each state is the one that its record of moves ends in, and with `made` (the number of registrations
    that came by the form) the states add up to it and each has all its rows. Each call's places taken are the rows
    that hold one, and within its limit.
    """
    found = [
        *_mails_not_put(using),
        *_mails_left_lying(now, using),
        *_states_without_moves(using),
        *_places_miscounted(using),
        *([] if made is None else _half_rows(made, using)),
    ]
    if found:
        raise AssertionError("\n".join([f"{len(found)} violations", *found[:20]]))


def _mails_not_put(using: str) -> Iterator[str]:
    keys = set(OutgoingMail.objects.using(using).order_by().values_list("key", flat=True))
    versions: Counter[int] = Counter()
    for transition in _moves(using):
        who = transition.registration_id
        version = f"t{transition.pk}"
        if transition.act in (Act.SEND, Act.SEND_AGAIN):
            versions[who] += 1
            version = f"v{versions[who]}"
        elif transition.act == Act.CORRECT_ADDRESS:
            versions[who] += 1
        kind = _promised(transition)
        if kind is not None and f"r{who}:{kind}:{version}" not in keys:
            yield f"registration {who}: no mail {kind} for {transition.act}"


def _promised(transition: Transition) -> MailKind | None:
    source, target, act = transition.source, State(transition.target), Act(transition.act)
    if act == Act.SEND_AGAIN:
        return MailKind.PROVE_ADDRESS
    if source == target:
        return _WITHOUT_MOVE.get(act, {}).get(target)
    if source == State.UNPROVEN and act in (Act.WITHDRAW, Act.CANCEL):
        return None
    move = find_move(source=State(source) if source else None, target=target, act=act)
    return None if move is None else move.mail


def _mails_left_lying(now: datetime, using: str) -> Iterator[str]:
    long_ago = now - delivery.LEASE - AT_MOST_BEHIND
    lying = OutgoingMail.objects.using(using).filter(state__in=_OPEN, due_at__lt=long_ago)
    for mail in lying.order_by("pk"):
        yield f"mail {mail.pk} ({mail.key}) is {mail.state}, due at {mail.due_at:%Y-%m-%d %H:%M:%S}"


def _states_without_moves(using: str) -> Iterator[str]:
    before: dict[int, str] = {}
    for transition in _moves(using):
        who = transition.registration_id
        if transition.source != before.get(who, transition.source):
            yield f"registration {who}: {transition.act} starts from {transition.source}, not from {before[who]}"
        before[who] = transition.target
    states = dict(Registration.objects.using(using).order_by().values_list("pk", "state"))
    for who, target in before.items():
        if states[who] != target:
            yield f"registration {who} is {states[who]}, and its moves end in {target}"


def _places_miscounted(using: str) -> Iterator[str]:
    holding = Count("registrations", filter=Q(registrations__is_counted=True, registrations__state__in=HOLDS_PLACE))
    calls = Call.objects.using(using).order_by("pk").annotate(holding=holding)
    for call in calls.exclude(places_taken=F("holding")):
        yield f"call {call.pk}: {call.places_taken} places taken, {call.holding} people hold one"
    for call in calls.filter(places_limit__isnull=False, holding__gt=F("places_limit")):
        yield f"call {call.pk}: {call.holding} people hold one of {call.places_limit} places"


def _half_rows(made: int, using: str) -> Iterator[str]:
    registrations = Registration.objects.using(using).order_by()
    in_state = dict(registrations.values_list("state").annotate(Count("pk")))
    if sum(in_state.values()) != made:
        yield f"{made} registrations were made, and the states add up to {sum(in_state.values())}: {in_state}"
    parts = {"identity": "identity", "link": "links", "mail": "mails"}
    for name, relation in parts.items():
        for who in registrations.filter(**{relation: None}).values_list("pk", flat=True):
            yield f"registration {who} has no {name}"
    acts = defaultdict(list)
    for transition in _moves(using):
        acts[transition.registration_id].append(transition.act)
    for who in registrations.values_list("pk", flat=True):
        if acts[who].count(Act.SEND) != 1:
            yield f"registration {who} was sent {acts[who].count(Act.SEND)} times"


def _moves(using: str) -> Iterator[Transition]:
    # By number: it is given under the call's lock, the moment is read before it.
    return Transition.objects.using(using).order_by("registration", "pk").iterator()
