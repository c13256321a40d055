"""Maximises a sum of whole numbers, and proves in whole numbers that nothing is better.

HiGHS reckons in floating point, so it is asked only for small coefficients, and everything it says is checked:

- *Prices.* For any prices π of the rows, c·x = Σ πᵢ (aᵢ·x) + Σ (cⱼ - π·aⱼ) xⱼ, so no solution is worth more than
  B(π) = Σ max(πᵢ·lowerᵢ, πᵢ·upperᵢ) + Σ max(0, dⱼ)·upperⱼ with dⱼ = cⱼ - π·aⱼ. That holds for the prices of HiGHS
  rounded to fractions of 2^20, and is reckoned in whole numbers.
- *Few columns.* A solution that uses a column with dⱼ < 0 is worth at most B(π) + dⱼ. So the program is solved in whole
  numbers with the most promising columns, which gives a solution of worth v; every column with B(π) + dⱼ < v is in no
  solution as good as that one and is left out for good; if any other was left out, it is solved again with them.
- *Digits.* Costs beyond 2^20 are split into c = u·h + r with 0 ≤ r < u. The greatest h·x is found, then the greatest
  r·x with that h·x, then the next smaller h·x that can be had, and so on until u·(h·x) + max r·x is below the best.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from registrations.proposal import programs
from registrations.proposal.programs import Program, Row

#: Costs up to this are handed to HiGHS as they are.
_BASE = 2**20
_FRACTION = 2**20
_MOST_LEVELS = 200
#: With so few columns there is nothing to leave out.
_FEW = 400


@dataclass(frozen=True)
class Best:
    """A solution, its worth, and what none can pass (the same number: proven); `program` has all that are as good."""

    values: tuple[int, ...]
    worth: int
    bound: int
    program: Program

    @property
    def is_proven(self) -> bool:
        return self.worth == self.bound


@dataclass(frozen=True)
class Priced:
    """What none can pass, and what each free column would cost at least, as multiples of 1 / _FRACTION.

    The proof needs only the rows whose numbers are in `rows`.
    """

    bound: int
    rows: tuple[int, ...]
    rest: dict[int, int]
    used: frozenset[int]

    @property
    def bound_in_wholes(self) -> int:
        return self.bound // _FRACTION

    def reaching(self, worth: int) -> list[int]:
        """The columns that may stand in a solution of this worth."""
        return [column for column, cost in self.rest.items() if self.bound + min(0, cost) >= worth * _FRACTION]


def maximise(program: Program, costs: Sequence[int], known: tuple[int, ...], *, until: float) -> Best:
    """Return the best solution in whole numbers; `known` is one that is possible, `until` when to stop (monotonic).
    Columns beyond the costs are worth nothing.

    Columns stand in the order in which they are to be tried among equals: the result depends on nothing else.
    """
    divisor = math.gcd(*costs)
    if divisor == 0:
        return Best(known, 0, 0, program)
    padding = [0] * (len(program.uppers) - len(costs))
    found = _best(program, [*(cost // divisor for cost in costs), *padding], known, until)
    return Best(found.values, found.worth * divisor, found.bound * divisor, found.program)


def price(program: Program, costs: Sequence[int]) -> Priced:
    """Return what no solution can pass, fractions included, in exact arithmetic."""
    relaxed = programs.relaxed(program, costs)
    rest = {column: costs[column] * _FRACTION for column in program.free}
    bound, rows = 0, []
    for number, (row, about) in enumerate(zip(program.rows, relaxed.prices, strict=True)):
        exact = round(about * _FRACTION)
        at = row.upper if exact > 0 else row.lower
        if exact == 0 or at is None:
            continue
        bound += exact * at
        rows.append(number)
        for column, coefficient in row.terms:
            if column in rest:
                rest[column] -= exact * coefficient
    bound += sum(max(0, cost) * program.uppers[column] for column, cost in rest.items())
    used = frozenset(column for column, value in relaxed.values.items() if value > 0)
    return Priced(bound, tuple(rows), rest, used)


def settled(best: Best, costs: Sequence[int]) -> tuple[Program, tuple[int, ...]]:
    """The program of all solutions that are worth the same, and the best one in it.

    A sum of large costs is kept digit by digit, in rows of small coefficients with a new column for each carry.
    """
    divisor = math.gcd(*costs)
    if divisor == 0:
        return best.program, best.values
    rest, worth = [cost // divisor for cost in costs], best.worth // divisor
    uppers, values, rows = list(best.program.uppers), list(best.values), []
    carried: list[tuple[int, int]] = []
    while max(map(abs, rest)) > _BASE:
        digits, rest = [cost % _BASE for cost in rest], [cost // _BASE for cost in rest]
        digit, worth = worth % _BASE, worth // _BASE
        carry = (_worth(digits, values[: len(digits)]) + sum(values[column] for column, _ in carried) - digit) // _BASE
        terms = [*((column, digit) for column, digit in enumerate(digits) if digit), *carried, (len(uppers), -_BASE)]
        rows.append(Row([c for c, _ in terms], digit, digit, [a for _, a in terms]))
        carried = [(len(uppers), 1)]
        uppers.append(sum(digits) // _BASE + 1)
        values.append(carry)
    terms = [*((column, cost) for column, cost in enumerate(rest) if cost), *carried]
    rows.append(Row([c for c, _ in terms], worth, worth, [a for _, a in terms]))
    return Program(tuple(uppers), (*best.program.rows, *rows)), tuple(values)


def _best(program: Program, costs: list[int], known: tuple[int, ...], until: float) -> Best:
    # The smallest unit that leaves the high digits small: the finer they are, the fewer levels are worth a look.
    unit = -(-max(map(abs, costs)) // _BASE)
    if unit <= 1:
        return _of_small_costs(program, costs, known, until)
    return _by_digits(program, costs, unit, known, until)


def _of_small_costs(program: Program, costs: list[int], known: tuple[int, ...], until: float) -> Best:
    priced = price(program, costs)
    best, worth = known, _worth(costs, known)
    tried: set[int] = set()
    columns = _promising(priced, known)
    while not tried.issuperset(columns):
        tried.update(columns)
        answer = programs.whole(program, costs, sorted(tried), time_limit=until - monotonic())
        if answer.values is not None and _worth(costs, answer.values) > worth:
            best, worth = answer.values, _worth(costs, answer.values)
        if worth == priced.bound_in_wholes:
            break
        if not answer.proves(worth):
            return Best(best, worth, priced.bound_in_wholes, program)
        columns = priced.reaching(worth)
    return Best(best, worth, worth, program.only(priced.reaching(worth)))


def _promising(priced: Priced, known: tuple[int, ...]) -> list[int]:
    """The columns to begin with: the dearest ones, those of the known solution and those used in fractions."""
    by_worth = sorted(priced.rest, key=lambda column: (-min(0, priced.rest[column]), column))
    number = max(_FEW, 4 * sum(known))
    return [*by_worth[:number], *(column for column, value in enumerate(known) if value), *priced.used]


def _by_digits(program: Program, costs: list[int], unit: int, known: tuple[int, ...], until: float) -> Best:
    high, low = [cost // unit for cost in costs], [cost % unit for cost in costs]
    most_low = price(program, low).bound_in_wholes
    top = _of_small_costs(program, high, known, until)
    best = max(known, top.values, key=lambda values: _worth(costs, values))
    worth = _worth(costs, best)
    if not top.is_proven:
        return Best(best, worth, top.bound * unit + most_low, program)
    # Whatever is as good as the best has at least so much in the high digits (rounded up).
    least_high = -((most_low - worth) // unit)
    program = program.only(price(program, high).reaching(least_high))
    return _down_the_levels(program, (high, low, unit, most_low), best, top.values, until)


def _down_the_levels(
    program: Program,
    digits: tuple[list[int], list[int], int, int],
    best: tuple[int, ...],
    known: tuple[int, ...],
    until: float,
) -> Best:
    high, low, unit, most_low = digits
    costs = [h * unit + r for h, r in zip(high, low, strict=True)]
    for _ in range(_MOST_LEVELS):
        level = _worth(high, known)
        inner = _best(program.with_row(Row.of(high, level, level)), low, known, until)
        best = max(best, inner.values, key=lambda values: _worth(costs, values))
        worth = _worth(costs, best)
        if not inner.is_proven:
            break
        below = program.with_row(Row.of(high, None, level - 1))
        answer = programs.whole(below, high, program.free, time_limit=until - monotonic())
        if answer.is_impossible:
            return Best(best, worth, worth, program)
        if answer.values is None or not answer.proves(_worth(high, answer.values)):
            break
        known = answer.values
        if _worth(high, known) * unit + most_low < worth:
            return Best(best, worth, worth, program)
    return Best(best, worth, max(worth, level * unit + most_low), program)


def _worth(costs: Sequence[int], values: Sequence[int]) -> int:
    return sum(cost * value for cost, value in zip(costs, values, strict=True) if value)
