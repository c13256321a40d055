"""The four questions in their order, each solved and proven by itself, each with the answers of the earlier as rows."""

from dataclasses import dataclass
from time import monotonic

from registrations.proposal import exact, programs
from registrations.proposal.model import Limit, Model, program_of
from registrations.proposal.problem import OUT
from registrations.proposal.programs import Program


@dataclass(frozen=True)
class Stage:
    """What one question found: the worth of the list, and what no list can pass. Greater is better."""

    name: str
    worth: int
    bound: int


@dataclass(frozen=True)
class Solution:
    """The numbers of those selected, pinned ones included, best first; and how each question ended."""

    selected: tuple[int, ...]
    stages: tuple[Stage, ...]

    @property
    def is_optimal(self) -> bool:
        return all(stage.worth == stage.bound for stage in self.stages)


class SolverFailed(RuntimeError):
    """The list that came out breaks a rule: a fault of this program, and never a list to show."""


def solve(model: Model, *, time_limit: float = programs.TIME_LIMIT) -> Solution:
    """Return the best list. Where time runs out it is still a possible one, and its stages say how far from the best.

    Raises SolverFailed if what was found does not hold in whole numbers.
    """
    until = monotonic() + time_limit
    program = program_of(model)
    values = _first_that_fit(model, program)
    stages = []
    for name, costs in _questions(model):
        found = exact.maximise(program, costs, values, until=until)
        # The next question is asked among those as good, which need the columns kept here alone.
        program, values = exact.settled(found, costs)
        stages.append(Stage(name, found.worth, found.bound))
    chosen = [number for number, value in zip(model.open, values[: len(model.open)], strict=True) if value]
    selected = tuple(sorted([*model.pinned_in, *chosen]))
    _check(model, selected, stages)
    return Solution(selected, tuple(stages))


def _questions(model: Model) -> list[tuple[str, list[int]]]:
    nobody, none_missing = [0] * len(model.open), [0] * len(model.limits)
    lowest = min((model.scores[number] for number in model.open), default=0)
    return [
        ("shortfall", [*nobody, *(-weight for weight in model.weights)]),
        ("places", [*(1 for _ in model.open), *none_missing]),
        # The number of places is settled by now, so taking the same from each score changes no order.
        ("score", [*(model.scores[number] - lowest for number in model.open), *none_missing]),
        ("lottery", [*(model.lots[number] for number in model.open), *none_missing]),
    ]


def _first_that_fit(model: Model, program: Program) -> tuple[int, ...]:
    """A possible list to begin with: from the best score down, whoever still fits."""
    selected = set(model.pinned_in)
    counts = model.counts(selected)
    for number in model.open:
        limits = [(n, model.limits[n].rule.maximum) for n in model.limits_of[number]]
        if len(selected) < model.problem.capacity and all(m is None or counts[n] < m for n, m in limits):
            selected.add(number)
            for n, _ in limits:
                counts[n] += 1
    # A minimum that the pinned ones meet has no column to fill.
    missing = zip(program.uppers[len(model.open) :], model.shortfalls(selected), strict=True)
    return (*(int(number in selected) for number in model.open), *(min(pair) for pair in missing))


def _check(model: Model, selected: tuple[int, ...], stages: list[Stage]) -> None:
    counts = model.counts(selected)
    too_many = [limit for limit, n in zip(model.limits, counts, strict=True) if n > _maximum(limit, n)]
    pins_kept = OUT not in {model.pins[number] for number in selected}
    if too_many or not pins_kept or len(selected) > model.problem.capacity:
        raise SolverFailed("The list that was found breaks a rule.")
    stated = {stage.name: stage.worth for stage in stages}
    if model.weighted_shortfall(selected) > -stated["shortfall"]:
        raise SolverFailed("The list that was found misses more than was said.")


def _maximum(limit: Limit, otherwise: int) -> int:
    return otherwise if limit.rule.maximum is None else limit.rule.maximum
