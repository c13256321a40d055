"""Why minimums are not met: irreducible sets of rules that cannot all hold together."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from time import monotonic

from registrations.proposal import exact
from registrations.proposal.model import Limit, Model
from registrations.proposal.problem import IN, OUT, Rule
from registrations.proposal.programs import Program, Row
from registrations.proposal.words import Words, places

#: So many sets are looked for: each is one thing to mend, and the next proposal tells the next ones.
MOST_SETS = 3
#: A question whether some rules can hold together may take so many seconds; without an answer the rule stays in.
_PATIENCE = 5.0
_NONE = -1
CAPACITY, PINS_IN, PINS_OUT = "capacity", "pinned in", "pinned out"


@dataclass(frozen=True)
class Item:
    """What can be given up: a minimum for one value, all maxima of a rule, the capacity, the pins in, the pins out."""

    kind: str
    limits: tuple[int, ...] = ()


#: How many people there are of each pin and of the same limits.
Alike = Counter[tuple[str | None, tuple[int, ...]]]


def contradictions(model: Model, selected: Sequence[int], words: Words) -> list[list[str]]:
    """For minimums that the list misses: sets in words, each of which cannot hold, though it can without any one of it.

    At most three, each with another unmet minimum. An empty list if nothing is missed.
    """
    items, everyone = items_of(model), everyone_of(model)
    unmet = {n for n, missing in enumerate(model.shortfalls(selected)) if missing}
    found: list[list[str]] = []
    while unmet and len(found) < MOST_SETS:
        start = _culprits(model, everyone, items)
        if start is None:
            break
        core = _reduced(model, _alike(everyone, start), [], [], start)
        found.append([said_of(item, model, words) for item in items if item in core])
        # A set holds at least one minimum that the list misses, as the list keeps everything else.
        gone = {n for item in core if item.kind == "min" for n in item.limits} & unmet
        unmet -= gone
        items = [item for item in items if not (item.kind == "min" and gone.intersection(item.limits))]
    return found


def items_of(model: Model) -> list[Item]:
    """Everything that could be given up."""
    maxima: dict[Rule, list[int]] = defaultdict(list)
    for n, limit in enumerate(model.limits):
        if limit.rule.maximum is not None:
            maxima[limit.rule].append(n)
    return [
        *(Item("min", (n,)) for n, limit in enumerate(model.limits) if limit.rule.minimum),
        *(Item("max", tuple(limits)) for limits in maxima.values()),
        Item(CAPACITY),
        *([Item(PINS_IN)] if IN in model.pins else []),
        *([Item(PINS_OUT)] if OUT in model.pins else []),
    ]


def everyone_of(model: Model) -> Alike:
    """All applicants, those together who are alike to every limit."""
    return Counter(zip(model.pins, model.limits_of, strict=True))


def can_hold(model: Model, people: Alike, items: Sequence[Item]) -> bool:
    """Whether some list keeps all of these (also if that could not be settled in time)."""
    program, costs, _ = _program(model, people, items)
    nobody = tuple(upper if cost else 0 for upper, cost in zip(program.uppers, costs, strict=True))
    return exact.maximise(program, costs, nobody, until=monotonic() + _PATIENCE).bound == 0


def said_of(item: Item, model: Model, words: Words) -> str:
    """The item in words."""
    if item.kind in (PINS_IN, PINS_OUT):
        number = sum(item.kind == f"pinned {pin}" for pin in model.pins)
        return f"{number} {item.kind}"
    if item.kind == CAPACITY:
        return places(model.problem.capacity)
    limit: Limit = model.limits[item.limits[0]]
    if item.kind == "max":
        return words.maximum_of(limit.rule)
    applied = f" (only {len(limit.members)} applied)" if len(limit.members) < (limit.rule.minimum or 0) else ""
    return words.minimum(limit) + applied


def _culprits(model: Model, people: Alike, items: list[Item]) -> list[Item] | None:
    """A set that cannot hold, mostly small already; None if all of them can."""
    blamed = _blamed(model, people, items)
    if blamed is None:
        return None if can_hold(model, people, items) else items
    # Rules for each of many values go first: what does without them is told in fewer words.
    many = Counter(model.limits[n].rule for item in blamed if item.kind == "min" for n in item.limits)
    for rule, number in many.most_common():
        if number > 1:
            others = [item for item in blamed if item.kind != "min" or model.limits[item.limits[0]].rule != rule]
            blamed = _blamed(model, _alike(people, others), others) or blamed
    return blamed


def _blamed(model: Model, people: Alike, items: list[Item]) -> list[Item] | None:
    """Those that a proof in fractions needs that these cannot hold together; None if there is none."""
    program, costs, owners = _program(model, people, items)
    priced = exact.price(program, costs)
    if priced.bound_in_wholes >= 0:
        return None
    # The proof needs these rows alone, and what pins take from them.
    needed = {owners[row] for row in priced.rows}
    return [item for item in items if item in needed or item.kind in (PINS_IN, PINS_OUT)]


def _reduced(model: Model, people: Alike, kept: list[Item], added: list[Item], items: list[Item]) -> list[Item]:
    """The part of `items` that cannot hold with `kept`, without anything to spare (QuickXplain, Junker 2004).

    `added` is what came to `kept` last: only that can have made it impossible by itself.
    """
    if added and not can_hold(model, people, kept):
        return []
    if len(items) == 1:
        return items
    first, second = items[: len(items) // 2], items[len(items) // 2 :]
    of_second = _reduced(model, people, [*kept, *first], first, second)
    return [*_reduced(model, people, [*kept, *of_second], of_second, first), *of_second]


def _alike(people: Mapping[tuple[str | None, tuple[int, ...]], int], items: Sequence[Item]) -> Alike:
    """The same people, those together who are alike to the limits of these items."""
    asked = {n for item in items for n in item.limits}
    alike: Alike = Counter()
    for (pin, limits), number in people.items():
        alike[pin, tuple(n for n in limits if n in asked)] += number
    return alike


def _program(model: Model, people: Alike, items: Sequence[Item]) -> tuple[Program, list[int], list[Item]]:
    """What the minimums miss, as a program, and whose each row is. Who is alike to all these limits shares a column."""
    kinds = {item.kind for item in items}
    pinned = model.pinned_in if PINS_IN in kinds else ()
    already = model.counts(pinned)
    settled = {pin for pin, kind in ((IN, PINS_IN), (OUT, PINS_OUT)) if kind in kinds}
    alike = _alike({key: number for key, number in people.items() if key[0] not in settled}, items)
    inside: dict[int, list[int]] = defaultdict(list)
    for column, (_, limits) in enumerate(alike):
        for n in limits:
            inside[n].append(column)
    uppers, rows, owners = list(alike.values()), list[Row](), list[Item]()
    for item, n in chain.from_iterable(zip(repeat(item), item.limits or (_NONE,)) for item in items):
        if item.kind == CAPACITY:
            rows.append(Row(range(len(alike)), upper=max(0, model.problem.capacity - len(pinned))))
        elif item.kind == "max":
            rows.append(Row(inside[n], upper=max(0, (model.limits[n].rule.maximum or 0) - already[n])))
        elif item.kind == "min" and (model.limits[n].rule.minimum or 0) > already[n]:
            uppers.append((model.limits[n].rule.minimum or 0) - already[n])
            rows.append(Row([*inside[n], len(uppers) - 1], lower=uppers[-1]))
        owners += [item] * (len(rows) - len(owners))
    costs = [0] * len(alike) + [-1] * (len(uppers) - len(alike))
    return Program(tuple(uppers), tuple(rows)), costs, owners
