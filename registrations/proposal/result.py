"""What a proposal gives back: the lists, the receipt, and a line for each applicant."""

import hashlib
import json
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import highspy

from registrations.proposal.model import Model
from registrations.proposal.problem import Problem, plain_number
from registrations.proposal.solver import Solution


@dataclass(frozen=True)
class Unmet:
    """A minimum that could not be met; `value` as JSON has it."""

    attribute: str
    value: str | bool | int | float
    minimum: int
    got: int


@dataclass(frozen=True)
class Proposed:
    """A list with its receipt. `selected` and `reserve` are ids, best first; `gap` is 0 where it is proven the best.

    `shortfall` counts what is missing from the minimums, times the weights; `lottery` is the sum of the lots. `gap` is
    by how much the first unproven of shortfall, places, score and lottery might be better, as a share of what it is.
    `contradictions` are sets of rules that cannot hold together, in words. `reasons` tell of others: for organisers.
    """

    selected: tuple[str, ...]
    reserve: tuple[str, ...]
    unmet: tuple[Unmet, ...]
    shortfall: Fraction
    places: int
    score: Fraction
    lottery: int
    is_optimal: bool
    gap: float
    capacity: int
    seed: int
    rules_version: str
    input_sha256: str
    solver: str
    rules: tuple[dict[str, object], ...]
    contradictions: tuple[tuple[str, ...], ...]
    reasons: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """The result as the JSON document that commands print."""
        return {
            "selected": list(self.selected),
            "reserve": list(self.reserve),
            **self.receipt(),
            "reasons": self.reasons,
        }

    def receipt(self) -> dict[str, Any]:
        """What may be kept for years: all of the result that says nothing about single people."""
        return {
            "unmet": [
                {"attribute": one.attribute, "value": one.value, "min": one.minimum, "got": one.got}
                for one in self.unmet
            ],
            "objective": {
                "shortfall": plain_number(self.shortfall),
                "places": self.places,
                "score": plain_number(self.score),
            },
            "optimal": self.is_optimal,
            "gap": self.gap,
            "seed": self.seed,
            "rules_version": self.rules_version,
            "input_sha256": self.input_sha256,
            "capacity": self.capacity,
            "lottery": self.lottery,
            "solver": self.solver,
            "rules": list(self.rules),
            "contradictions": [list(those) for those in self.contradictions],
        }


def proposed(
    model: Model, solution: Solution, reserve: tuple[int, ...], contradictions: list[list[str]], reasons: dict[str, str]
) -> Proposed:
    """Put the result together; every number of it is reckoned from the list itself."""
    selected = solution.selected
    counts = model.counts(selected)
    return Proposed(
        selected=tuple(model.ids[number] for number in selected),
        reserve=tuple(model.ids[number] for number in reserve),
        unmet=tuple(
            Unmet(limit.rule.attribute, limit.value.plain, limit.rule.minimum, got)
            for limit, got in zip(model.limits, counts, strict=True)
            if limit.rule.minimum is not None and got < limit.rule.minimum
        ),
        shortfall=Fraction(model.weighted_shortfall(selected), model.weight_scale),
        places=len(selected),
        score=Fraction(sum(model.scores[number] for number in selected), model.scale),
        lottery=sum(model.lots[number] for number in selected),
        is_optimal=solution.is_optimal,
        gap=_gap(solution),
        capacity=model.problem.capacity,
        seed=model.problem.seed,
        rules_version=rules_version(model.problem),
        input_sha256=model.problem.input_sha256,
        solver=f"HiGHS {highspy.Highs().version()}",
        rules=tuple(rule.plain for rule in model.problem.rules),
        contradictions=tuple(map(tuple, contradictions)),
        reasons=reasons,
    )


def rules_version(problem: Problem) -> str:
    """The same for the same capacity, number of reserves and rules, in whatever order they were stated."""
    rules = [rule.canonical for rule in problem.rules]
    stated = {"capacity": problem.capacity, "reserves": problem.reserves, "rules": rules}
    digest = hashlib.sha256(json.dumps(stated, sort_keys=True, separators=(",", ":")).encode())
    return f"r-{digest.hexdigest()[:12]}"


def _gap(solution: Solution) -> float:
    unproven = (stage for stage in solution.stages if stage.worth != stage.bound)
    return next((round((s.bound - s.worth) / max(1, abs(s.worth)), 12) for s in unproven), 0)
