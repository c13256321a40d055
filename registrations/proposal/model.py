"""The problem as a program: a column for each applicant who is not pinned, rows for the rules."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from registrations.proposal.lots import lot
from registrations.proposal.problem import IN, Problem, Rule, Value
from registrations.proposal.programs import Program, Row


@dataclass(frozen=True)
class Limit:
    """One rule for one value; `members` are the numbers of the applicants who have it, whether pinned or not."""

    rule: Rule
    value: Value
    members: tuple[int, ...]

    def got(self, selected: Iterable[int]) -> int:
        """How many of these are members."""
        return len(set(self.members).intersection(selected))


@dataclass(frozen=True)
class Model:
    """The problem in whole numbers. Applicants are numbered from the best: by score, then lot, then id.

    `scores` are times `scale`, and `weights` (one for each limit) times `weight_scale`: the smallest that make them
    whole. `limits_of` has for each applicant the numbers of the limits that count it.
    """

    problem: Problem
    ids: tuple[str, ...]
    pins: tuple[str | None, ...]
    scores: tuple[int, ...]
    scale: int
    lots: tuple[int, ...]
    limits: tuple[Limit, ...]
    limits_of: tuple[tuple[int, ...], ...]
    weights: tuple[int, ...]
    weight_scale: int

    @property
    def pinned_in(self) -> tuple[int, ...]:
        return tuple(number for number, pin in enumerate(self.pins) if pin == IN)

    @property
    def open(self) -> tuple[int, ...]:
        """Those about whom the rules decide."""
        return tuple(number for number, pin in enumerate(self.pins) if pin is None)

    def shortfalls(self, selected: Iterable[int]) -> list[int]:
        """How many are missing from the minimum of each limit."""
        got = self.counts(selected)
        return [max(0, (limit.rule.minimum or 0) - count) for limit, count in zip(self.limits, got, strict=True)]

    def counts(self, selected: Iterable[int]) -> list[int]:
        """How many of these each limit counts."""
        got = [0] * len(self.limits)
        for number in selected:
            for limit in self.limits_of[number]:
                got[limit] += 1
        return got

    def weighted_shortfall(self, selected: Iterable[int]) -> int:
        """The first number that is made as small as possible, times `weight_scale`."""
        return sum(weight * missing for weight, missing in zip(self.weights, self.shortfalls(selected), strict=True))


def model_of(problem: Problem) -> Model:
    """Number the applicants and say for each rule and value whom it counts."""
    scale = _scale(applicant.score for applicant in problem.applicants)
    weight_scale = _scale(rule.weight for rule in problem.rules)
    drawn = {applicant.id: lot(problem.seed, applicant.id) for applicant in problem.applicants}
    applicants = sorted(problem.applicants, key=lambda a: (-a.score, -drawn[a.id], a.id))
    limits = tuple(_limits(problem.rules, [applicant.values for applicant in applicants]))
    limits_of: list[list[int]] = [[] for _ in applicants]
    for number, limit in enumerate(limits):
        for member in limit.members:
            limits_of[member].append(number)
    return Model(
        problem=problem,
        ids=tuple(applicant.id for applicant in applicants),
        pins=tuple(applicant.pin for applicant in applicants),
        scores=tuple(int(applicant.score * scale) for applicant in applicants),
        scale=scale,
        lots=tuple(drawn[applicant.id] for applicant in applicants),
        limits=limits,
        limits_of=tuple(map(tuple, limits_of)),
        weights=tuple(int(limit.rule.weight * weight_scale) for limit in limits),
        weight_scale=weight_scale,
    )


def program_of(model: Model, limits: Sequence[Limit] | None = None) -> Program:
    """The program of these limits (None: all): a column for each of `open`, then one for what each minimum misses.

    Those pinned in are counted beforehand; that they keep the maxima and the capacity is asked before (see pins).
    """
    limits = model.limits if limits is None else limits
    column = {number: place for place, number in enumerate(model.open)}
    pinned = set(model.pinned_in)
    rows = [Row(range(len(column)), upper=max(0, model.problem.capacity - len(pinned)))]
    uppers = [1] * len(column)
    for limit in limits:
        members = [column[number] for number in limit.members if number in column]
        already = len(pinned.intersection(limit.members))
        maximum, minimum = limit.rule.maximum, limit.rule.minimum or 0
        if maximum is not None and maximum - already < len(members):
            rows.append(Row(members, upper=maximum - already))
        uppers.append(max(0, minimum - already))
        if minimum > already:
            rows.append(Row([*members, len(uppers) - 1], lower=minimum - already))
    return Program(tuple(uppers), tuple(rows))


def _limits(rules: Iterable[Rule], values: Sequence[dict[str, tuple[Value, ...]]]) -> Iterable[Limit]:
    having: dict[str, dict[Value, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, of_one in enumerate(values):
        for attribute, found in of_one.items():
            for value in found:
                having[attribute][value].append(number)
    for rule in rules:
        occurring = having[rule.attribute]
        for value in sorted(occurring) if rule.value is None else [rule.value]:
            yield Limit(rule, value, tuple(occurring.get(value, ())))


def _scale(numbers: Iterable[Fraction]) -> int:
    return math.lcm(*(number.denominator for number in numbers))
