"""A proposal for a call: its input is built from the rows, solved outside any transaction, and stored with its receipt.

Nothing is applied to anybody: a proposal is rows to look at, and a person stages what they find right.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from django.db import transaction

from accounts.models import User
from events.models import Call
from ranportal.shared.crypto import keyed_digest
from ranportal.shared.refusals import Refused
from registrations import proposal as solver
from registrations.attributes import COUNTRY, FIRST_TIME, ORGANISATION, PROFESSION, Attribute, attributes_of
from registrations.enums import CheckResult, PinDirection, ProposedAs, State
from registrations.models import Proposal, ProposalLine, Registration, SelectionRule
from registrations.states import HOLDS_PLACE

_NOT_SCORED = "; not scored yet, so counted as 0"
_REFUSED = "not proposed: the check says “Refused”"
#: What stands for a value where the value itself is not to be spelled, or would not be understood.
_ONE_ORGANISATION = "one organisation"
_FIRST_TIMERS = {True: "first-timers", False: "people who were there before"}


class NothingToPropose(Refused):
    """There is nothing to choose: places without limit, or nobody undecided."""


@dataclass(frozen=True)
class Input:
    """What a proposal for a call is asked: the exact bytes, what people read for values, and whose a reference is.

    `pks` are those to choose from; `holding` says how many more stand in it because they hold a place already.
    """

    document: bytes
    words: Mapping[tuple[str, object], str]
    pks: Mapping[str, int]
    holding: int
    not_scored: frozenset[str]
    refused: frozenset[str]

    @property
    def sha256(self) -> str:
        return sha256(self.document).hexdigest()


def propose(*, call: Call, by: User | None, now: datetime, seed: int | None = None) -> Proposal:
    """Propose a selection under the call's rules and store it; `by` None is the operator's command line.

    Without a seed one is drawn. Solving takes seconds and holds no lock: an application that changes meanwhile is
    in the next proposal. Raises NothingToPropose, proposal.PinsContradict, proposal.BadProblem.
    """
    asked = input_of(call, seed=secrets.randbelow(solver.LARGEST_SEED) if seed is None else seed)
    proposed = solver.propose(solver.parse(asked.document), words=asked.words)
    with transaction.atomic():
        made = Proposal.objects.create(
            call=call,
            made_at=now,
            made_by=by,
            seed=proposed.seed,
            rules_version=proposed.rules_version,
            input_sha256=proposed.input_sha256,
            receipt=proposed.receipt()
            | {"not_scored": len(asked.not_scored), "refused": len(asked.refused), "holding": asked.holding},
        )
        ProposalLine.objects.bulk_create(_lines(made, proposed, asked), batch_size=500)
    return made


def same_input(proposal: Proposal) -> bool:
    """Whether rules, applications, scores, checks and pins are now what they were for this proposal."""
    try:
        return input_of(proposal.call, seed=proposal.seed).sha256 == proposal.input_sha256
    except NothingToPropose:
        return False


def as_json(proposal: Proposal) -> dict[str, Any]:
    """A stored proposal as the document that `propose_selection --json` prints."""
    lines = list(proposal.lines.select_related("registration").order_by("rank", "pk"))
    listed = {
        key: [line.registration.reference for line in lines if line.proposed_as == proposed_as]
        for key, proposed_as in (("selected", ProposedAs.SELECTED), ("reserve", ProposedAs.RESERVE))
    }
    reasons = {line.registration.reference: line.reason for line in lines}
    return {**listed, **proposal.receipt, "reasons": reasons}


def input_of(call: Call, *, seed: int) -> Input:
    """Build what a proposal for the call is asked now: who is undecided and counts, places, rules, pins.

    Who holds a place already is in as well, pinned, so that rules bound the whole group and not only its newcomers.
    Organisations stand as digests, so that no input or receipt spells them. Raises NothingToPropose.
    """
    if call.places_limit is None:
        raise NothingToPropose("This call has places without limit, so there is nothing to choose.")
    rules = list(SelectionRule.objects.filter(call=call).order_by("position", "pk"))
    named = {rule.attribute for rule in rules}
    attributes = [attribute for attribute in attributes_of(call) if attribute.key in named]
    known = {attribute.key: attribute for attribute in attributes}
    rows = _rows(call, attributes)
    undecided = [row for row in rows if not row.holds]
    if not undecided:
        raise NothingToPropose("Nobody's application is undecided, so there is nothing to choose.")
    told = lru_cache(maxsize=None)(lambda attribute, value: _value(call, attribute, value))
    applicants = [_applicant(row, attributes, told) for row in rows]
    document = {
        "capacity": call.places_limit,
        "reserves": max(0, call.places_limit - call.places_taken),
        "seed": seed,
        "applicants": applicants,
        "rules": [_rule(rule, call, known) for rule in rules],
    }
    return Input(
        document=json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(),
        words=_words(attributes, applicants, document["rules"]),
        pks={row.reference: row.pk for row in undecided},
        holding=len(rows) - len(undecided),
        not_scored=frozenset(row.reference for row in undecided if row.score is None),
        refused=frozenset(row.reference for row in undecided if row.check == CheckResult.REFUSED),
    )


class _Row(NamedTuple):
    pk: int
    reference: str
    state: str
    score: float | None
    check: str
    pin: str | None
    values: tuple[str | bool, ...]

    @property
    def holds(self) -> bool:
        return self.state != State.SUBMITTED


def _rows(call: Call, attributes: Sequence[Attribute]) -> list[_Row]:
    """In one query: who is undecided or holds a place, each with the attributes' values."""
    values = {f"value_{number}": attribute.value_of for number, attribute in enumerate(attributes)}
    people = Registration.objects.filter(call=call, state__in=[State.SUBMITTED, *HOLDS_PLACE], is_counted=True)
    fields = ("pk", "reference", "state", "score", "check_result", "pin__direction", *values)
    rows = people.annotate(**values).order_by("reference").values_list(*fields)
    return [
        _Row(pk, reference, state, score, check, pin, tuple(rest))
        for pk, reference, state, score, check, pin, *rest in rows
    ]


def _applicant(row: _Row, attributes: Sequence[Attribute], told: Any) -> dict[str, Any]:
    # A refused check stands above a pin: nobody is taken in by mistake.
    pin = PinDirection.OUT if row.check == CheckResult.REFUSED else row.pin
    found = {attribute.key: told(attribute.key, value) for attribute, value in zip(attributes, row.values, strict=True)}
    if row.holds:
        return {"id": row.reference, "score": 0, "pin": PinDirection.IN, **found}
    return {"id": row.reference, "score": round(row.score or 0, 2), "pin": pin, **found}


def _rule(rule: SelectionRule, call: Call, known: Mapping[str, Attribute]) -> dict[str, Any]:
    value: Any = rule.value
    if value != solver.EACH:
        named = known[rule.attribute].named(value) if rule.attribute in known else value
        value = value == "true" if rule.attribute == FIRST_TIME else _value(call, rule.attribute, named)
    bounds = {key: bound for key, bound in (("min", rule.minimum), ("max", rule.maximum)) if bound is not None}
    return {"attribute": rule.attribute, "value": value, **bounds, "weight": rule.weight}


def _value(call: Call, attribute: str, value: str | bool) -> str | bool | None:
    if attribute == ORGANISATION and value:
        return keyed_digest("organisation of a proposal", f"{call.pk}:{value}")[:12]
    return None if value == "" else value


def _words(
    attributes: Sequence[Attribute], applicants: Sequence[dict[str, Any]], rules: Any
) -> dict[tuple[str, object], str]:
    words: dict[tuple[str, object], str] = {}
    for attribute in attributes:
        occurring = {applicant[attribute.key] for applicant in applicants}
        occurring |= {rule["value"] for rule in rules if rule["attribute"] == attribute.key}
        for value in occurring - {None, solver.EACH}:
            words[attribute.key, value] = _said(attribute, value)
        words[attribute.key, solver.EACH] = attribute.label.lower()
    return words


def _said(attribute: Attribute, value: str | bool) -> str:
    if attribute.key == ORGANISATION:
        return _ONE_ORGANISATION
    if attribute.key == FIRST_TIME:
        return _FIRST_TIMERS[bool(value)]
    return attribute.words(value) if attribute.key in (COUNTRY, PROFESSION) else f"“{value}” ({attribute.label})"


def _lines(made: Proposal, proposed: solver.Proposed, asked: Input) -> list[ProposalLine]:
    newcomers = [name for name in proposed.selected if name in asked.pks]
    ranks = {name: (ProposedAs.SELECTED, rank) for rank, name in enumerate(newcomers, start=1)}
    ranks |= {name: (ProposedAs.RESERVE, rank) for rank, name in enumerate(proposed.reserve, start=1)}
    lines = []
    for name, reason in proposed.reasons.items():
        if name not in asked.pks:
            continue
        proposed_as, rank = ranks.get(name, (ProposedAs.NOT_PROPOSED, None))
        said = _REFUSED if name in asked.refused else reason + (_NOT_SCORED if name in asked.not_scored else "")
        pk = asked.pks[name]
        lines.append(ProposalLine(proposal=made, registration_id=pk, proposed_as=proposed_as, rank=rank, reason=said))
    return lines
