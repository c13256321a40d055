"""Proposes a selection: the best list under the rules, proven, with its receipt. Plain values in, plain values out.

    proposal.propose(proposal.parse(document))

In this order: the least weighted shortfall from the minimums (pins, maxima and capacity always hold), the most places,
the highest total score, and a lottery among equals by the seed.
"""

from collections.abc import Mapping

from registrations.proposal import contradictions, pins, programs, reserves, result, solver
from registrations.proposal.model import model_of
from registrations.proposal.parsing import LARGEST_SEED, parse
from registrations.proposal.pins import PinsContradict
from registrations.proposal.problem import EACH, IN, OUT, BadProblem, Problem
from registrations.proposal.reasons import Reasons
from registrations.proposal.result import Proposed, Unmet
from registrations.proposal.words import Words

__all__ = [
    "EACH",
    "IN",
    "LARGEST_SEED",
    "OUT",
    "BadProblem",
    "PinsContradict",
    "Problem",
    "Proposed",
    "Unmet",
    "parse",
    "propose",
]


def propose(
    problem: Problem,
    *,
    words: Mapping[tuple[str, object], str] | None = None,
    time_limit: float = programs.TIME_LIMIT,
) -> Proposed:
    """Return the best list under the rules, with reserves, reasons and receipt.

    `words` are what people read for (attribute, value) in reasons and refusals. `time_limit` (seconds) is for the list;
    where it runs out, the result is still possible, and says how far from the best it might be. The result depends on
    what the problem says and on nothing else. Raises PinsContradict if not all of those pinned in can be in.
    """
    model, said = model_of(problem), Words(words or {})
    pins.refuse_what_breaks(model, said)
    solution = solver.solve(model, time_limit=time_limit)
    waiting = reserves.reserves(model, solution.selected)
    return result.proposed(
        model,
        solution,
        waiting,
        contradictions.contradictions(model, solution.selected, said),
        Reasons(model, solution.selected, said).lines(waiting),
    )
