"""Numbers of groups that may be published: none of them under five, and none under five to be reckoned from them. Pure.

The rule, for each group with so many who applied, of whom so many got a place:

1. Groups of under five become one, “others”. While that is under five, or all in it are four, the smallest group joins
   it, and with it those of the same size. So each number of applications that is shown is five or more, and “others”
   holds two groups or none.
2. How many got a place is hidden where they, or those who got none, are under five: the one follows from the other.
3. The sum of those who got a place is shown unless it, or the rest, is under five. Where it is shown, further groups
   are hidden, those with the smallest number first, until at least two are, and the hidden ones together are five or
   more with and without a place. So a hidden number may be any of at least six, whatever is subtracted from the sums.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

#: The smallest number that is shown.
LEAST = 5


@dataclass(frozen=True)
class Row:
    """One group as published; `selected` None is hidden."""

    label: str
    applied: int
    selected: int | None


@dataclass(frozen=True)
class Table:
    """What may be published; sums that are hidden are None. Without a sum of applications there are no rows."""

    rows: Sequence[Row]
    applied: int | None
    selected: int | None


def published(groups: Mapping[str, tuple[int, int]], *, others: str, unknown: Collection[str] = frozenset()) -> Table:
    """Return what may be published of (applied, of them selected) by group, the largest group first.

    Of the `unknown` groups it is not known how many got a place; the group of the name `others` was made of small ones.
    """
    applied, selected = (sum(numbers[place] for numbers in groups.values()) for place in (0, 1))
    if applied < LEAST:
        return Table([], None, None)
    merged = _merged({label: numbers for label, numbers in groups.items() if numbers[0]}, others)
    is_sum_shown = not unknown and _is_safe(applied, selected)
    hidden = {label for label, (number, of_them) in merged.items() if not _is_safe(number, of_them)}
    hidden |= {label if label in merged else others for label in unknown}
    if is_sum_shown and hidden:
        hidden = _widened(hidden, merged)
    rows = [Row(label, number, None if label in hidden else of_them) for label, (number, of_them) in merged.items()]
    return Table(rows, applied, selected if is_sum_shown else None)


def is_part_shown(part: int, *, applied: int, selected: int) -> bool:
    """Whether a part of those who got a place, as those who took part, may stand beside the two numbers."""
    return _is_safe(applied, part) and (part == selected or _is_safe(selected, part))


def _is_safe(applied: int, selected: int) -> bool:
    return selected >= LEAST and applied - selected >= LEAST


def _merged(groups: Mapping[str, tuple[int, int]], others: str) -> dict[str, tuple[int, int]]:
    left = _by_size({label: numbers[0] for label, numbers in groups.items() if label != others})
    joined = [others] if others in groups else []
    while left and (groups[left[0][0]][0] < LEAST or _tells_its_parts([groups[label][0] for label in joined])):
        joined += left.pop(0)
    kept = {label: groups[label] for alike in reversed(left) for label in alike}
    if joined:
        kept[others] = (sum(groups[label][0] for label in joined), sum(groups[label][1] for label in joined))
    return kept


def _tells_its_parts(numbers: Sequence[int]) -> bool:
    """Whether the sum of small groups is small itself, or as large as it can be."""
    return bool(numbers) and (sum(numbers) < LEAST or set(numbers) == {LEAST - 1})


def _widened(hidden: set[str], groups: Mapping[str, tuple[int, int]]) -> set[str]:
    wide = set(hidden)
    left = _by_size({label: min(s, a - s) for label, (a, s) in groups.items() if label not in hidden})
    while len(wide) < 2 or not _is_safe(*(sum(groups[label][place] for label in wide) for place in (0, 1))):
        wide.update(left.pop(0))
    return wide


def _by_size(numbers: Mapping[str, int]) -> list[list[str]]:
    """The labels, those of the same size together: which of them were taken along must not hang on their names."""
    sizes = sorted(set(numbers.values()))
    return [sorted(label for label, number in numbers.items() if number == size) for size in sizes]
