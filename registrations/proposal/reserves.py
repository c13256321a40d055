"""The reserve list: who joins the list, one by one, when there is one place more and all earlier ones are kept."""

from collections.abc import Sequence

from registrations.proposal.model import Model


def reserves(model: Model, selected: Sequence[int]) -> tuple[int, ...]:
    """Return the numbers of the reserves in order, as many as are asked for; fewer if nobody else can be added.

    With one place more and everyone kept, the best list is the one with the best single addition: adding never misses
    more, always fills a place more, and so goes first by the weighted shortfall that it takes away, then by score, then
    by lot. So no solver is needed. Who breaks a maximum once breaks it for good, since nobody leaves.
    """
    counts = model.counts(selected)
    waiting = [number for number in model.open if number not in set(selected)]
    found: list[int] = []
    while len(found) < model.problem.reserves:
        helping = _most_helpful(model, counts, waiting)
        joins = next((n for n in waiting if _fits(model, counts, n)), None) if helping is None else helping
        if joins is None:
            break
        found.append(joins)
        waiting = waiting[waiting.index(joins) + 1 :] if helping is None else [n for n in waiting if n != joins]
        for limit in model.limits_of[joins]:
            counts[limit] += 1
    return tuple(found)


def _most_helpful(model: Model, counts: Sequence[int], waiting: Sequence[int]) -> int | None:
    """Of those who fit and take away most of what is missing, the best; None if nobody takes away anything."""
    unmet = [n for n, limit in enumerate(model.limits) if counts[n] < (limit.rule.minimum or 0)]
    members = {member for limit in unmet for member in model.limits[limit].members}
    candidates = [n for n in waiting if n in members and _fits(model, counts, n)] if members else []
    return min(candidates, key=lambda n: (-_relief(model, counts, n), n), default=None)


def _relief(model: Model, counts: Sequence[int], number: int) -> int:
    of_this = [(limit, model.limits[limit].rule.minimum or 0) for limit in model.limits_of[number]]
    return sum(model.weights[limit] for limit, minimum in of_this if counts[limit] < minimum)


def _fits(model: Model, counts: Sequence[int], number: int) -> bool:
    of_this = [(limit, model.limits[limit].rule.maximum) for limit in model.limits_of[number]]
    return all(maximum is None or counts[limit] < maximum for limit, maximum in of_this)
