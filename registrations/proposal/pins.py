"""Refuses people pinned in who cannot all be in."""

from ranportal.shared.refusals import Refused
from registrations.proposal import words
from registrations.proposal.model import Model
from registrations.proposal.words import Words


class PinsContradict(Refused):
    """People are pinned in whom a maximum or the capacity does not let in together; the message names them all."""


def refuse_what_breaks(model: Model, said: Words) -> None:
    """Raise PinsContradict with an irreducible set: one rule, and one person more than it allows.

    One rule always suffices. The pins decide about certain people and the capacity and the maxima each only say that a
    sum of people is at most a number. Nobody else need be in: so if each of these rules holds for the pinned alone, the
    pinned alone are a possible list and nothing contradicts. Otherwise some rule of bound b has b + 1 pinned people;
    any b of them keep it, and without the rule they may all be in: so no part of the set contradicts.
    """
    pinned = sorted(model.pinned_in, key=lambda number: model.ids[number])
    capacity = model.problem.capacity
    if len(pinned) > capacity:
        _refuse(model, f"there {'is' if capacity == 1 else 'are'} {words.places(capacity)}", pinned[: capacity + 1])
    for n, limit in enumerate(model.limits):
        inside = [number for number in pinned if n in model.limits_of[number]]
        if limit.rule.maximum is not None and len(inside) > limit.rule.maximum:
            _refuse(model, said.maximum(limit), inside[: limit.rule.maximum + 1])


def _refuse(model: Model, rule: str, pinned: list[int]) -> None:
    names = ", ".join(model.ids[number] for number in pinned)
    raise PinsContradict(f"These cannot hold together: {rule}, and pinned in: {names}.")
