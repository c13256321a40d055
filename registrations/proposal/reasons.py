"""One line for each applicant: why proposed, or why not. For organisers only, since a reason tells of others.

A line says nothing that the list does not bear out. Whoever is not on the list stands before a *full* pool: the people
whom a maximum counts that the person would break, or, if there is none, the whole list. Each in that pool is there for
one of these causes, which are exact because the list is the best:

- a higher score;
- pinned in;
- *needed*: with the two exchanged, more would be missing from the minimums;
- *barred*: with the two exchanged, another maximum would break;
- *drawn*: the exchange would leave all as good, and the lot decided.

There is no sixth: an exchange that breaks nothing, misses no more and does not lower the score would be a better list.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from registrations.proposal.model import Model
from registrations.proposal.problem import IN, OUT
from registrations.proposal.words import Words, listed, ordinal, places

_DRAWN = "with equal score, drawn by lot"
#: What a list that time ran out on cannot say.
NOT_PROVEN = "with no higher score, for no reason that holds, as the list is not proven to be the best"


@dataclass(frozen=True)
class _Holder:
    """People of a pool who are there for the same causes."""

    score: int
    is_pinned: bool
    limits: tuple[int, ...]


@dataclass
class _Cause:
    """How many people of a pool one cause keeps there, and the rules that it names, each once."""

    number: int = 0
    rules: dict[str, None] = field(default_factory=dict)

    def told(self, why: str) -> str:
        return f"{self.number} {why} {listed(list(self.rules), most=5)}".rstrip()


class Reasons:
    """The lines of one list. Only limits that matter are looked at: full ones, and minimums that are not passed."""

    def __init__(self, model: Model, selected: Sequence[int], words: Words) -> None:
        self.model, self.selected, self.words = model, selected, words
        self.counts = model.counts(selected)
        self.full = {n for n, limit in enumerate(model.limits) if limit.rule.maximum == self.counts[n]}
        minima = {n: limit.rule.minimum for n, limit in enumerate(model.limits) if limit.rule.minimum}
        self.binding = {n for n, minimum in minima.items() if self.counts[n] <= minimum}
        self.unmet = {n for n, minimum in minima.items() if self.counts[n] < minimum}
        self.said = lru_cache(maxsize=None)(self._taken)
        self.exchange = lru_cache(maxsize=None)(self._exchange)

    def lines(self, reserves: Sequence[int]) -> dict[str, str]:
        """The line of each applicant, by id."""
        chosen, waiting = set(self.selected), {number: place for place, number in enumerate(reserves, start=1)}
        lines = {}
        for number, name in enumerate(self.model.ids):
            if number in chosen:
                lines[name] = self._proposed(number)
            elif self.model.pins[number] == OUT:
                lines[name] = "not proposed: pinned out"
            elif number in waiting:
                lines[name] = (
                    f"{ordinal(waiting[number])} on the reserve list, {self._rank(number)}: {self._why(number)}"
                )
            else:
                lines[name] = f"not proposed: {self._why(number)}"
        return lines

    def _proposed(self, number: int) -> str:
        if self.model.pins[number] == IN:
            return f"pinned in; {self._rank(number)}"
        said, limits, score = self._rank(number), self._matter(number), self.model.scores[number]
        equals = self._left_out.get(score, ())
        if any(self.exchange(other, limits) == ((), 0) for other in equals):
            said += ", drawn by lot among equals"
        needed = [self.model.limits[n] for n in limits if n in self.binding]
        if needed and score < self._highest_left_out:
            said += "; needed for " + listed([self.words.minimum(limit) for limit in needed])
        return said

    def _why(self, number: int) -> str:
        return self.said(self.model.scores[number], self._matter(number))

    def _taken(self, score: int, limits: tuple[int, ...]) -> str:
        full = [limit for limit in limits if limit in self.full]
        if not full:
            return self._all_places(score, limits)
        if any(self.model.limits[limit].rule.maximum == 0 for limit in full):
            shut = next(limit for limit in full if self.model.limits[limit].rule.maximum == 0)
            return f"no place for {self.words.of(self.model.limits[shut])}"
        # The pool that needs the fewest words: most of it has higher scores.
        limit = min(full, key=lambda n: (bisect_right(self._scores[n], score), n))
        number = self.counts[limit]
        what = f"{number} of {places(number)} for {self.words.of(self.model.limits[limit])} taken"
        return what + self._by(score, limits, limit)

    def _all_places(self, score: int, limits: tuple[int, ...]) -> str:
        number = len(self.selected)
        if not number:
            return "there are no places"
        return ("the only place taken" if number == 1 else f"all {number} places taken") + self._by(score, limits, None)

    def _by(self, score: int, limits: tuple[int, ...], pool: int | None) -> str:
        """“ by higher scores”, or how many are there for which cause."""
        scores = self._scores[pool]
        higher = len(scores) - bisect_right(scores, score)
        if higher == len(scores):
            return " by higher scores" if higher > 1 else " by a higher score"
        causes: dict[str, _Cause] = {}
        for holder, number in self._holders[pool].items():
            if holder.score <= score:
                why, rules = self._cause(holder, score, limits)
                cause = causes.setdefault(why, _Cause())
                cause.number += number
                cause.rules.update(dict.fromkeys(rules))
        if set(causes) == {_DRAWN}:
            return f" by {'higher or ' if higher else ''}equal scores, drawn by lot"
        told = [f"{higher} by {'a higher score' if higher == 1 else 'higher scores'}"] if higher else []
        return ": " + ", ".join([*told, *(cause.told(why) for why, cause in sorted(causes.items()))])

    def _cause(self, holder: _Holder, score: int, limits: tuple[int, ...]) -> tuple[str, list[str]]:
        """In a few words why this holder stands before somebody of no lower score, and the rules by which."""
        if holder.is_pinned:
            return "pinned in", []
        relation = "equal" if holder.score == score else "lower"
        barred, missed = self.exchange(limits, holder.limits)
        if barred:
            rules = [self.words.maximum(self.model.limits[n]) for n in barred[:1]]
            return f"with {relation} score whose exchange would break", rules
        if missed > 0:
            lost = [self.model.limits[n] for n in holder.limits if n in self.binding and n not in limits]
            return f"with {relation} score needed for", [self.words.minimum(limit) for limit in lost]
        return (_DRAWN if missed == 0 and holder.score == score else NOT_PROVEN), []

    def _exchange(self, comes: tuple[int, ...], goes: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
        """The maxima that break if one comes for the other, and by how much more (weighted) the minimums are missed."""
        barred = tuple(n for n in comes if n in self.full and n not in goes)
        lost = sum(self.model.weights[n] for n in goes if n in self.binding and n not in comes)
        return barred, lost - sum(self.model.weights[n] for n in comes if n in self.unmet and n not in goes)

    def _matter(self, number: int) -> tuple[int, ...]:
        return tuple(n for n in self.model.limits_of[number] if n in self._relevant)

    def _rank(self, number: int) -> str:
        score = self.model.scores[number]
        below = bisect_right(self._all_scores, score)
        rank = len(self._all_scores) - below + 1
        others = self._how_many[score] - 1
        shared = f", with {others} other{'' if others == 1 else 's'}" if others else ""
        return f"{ordinal(rank)} by score{shared}"

    @cached_property
    def _relevant(self) -> set[int]:
        return self.full | self.binding

    @cached_property
    def _all_scores(self) -> list[int]:
        return sorted(self.model.scores)

    @cached_property
    def _how_many(self) -> Counter[int]:
        return Counter(self.model.scores)

    @cached_property
    def _left_out(self) -> dict[int, set[tuple[int, ...]]]:
        """For each score the limits that matter to those of it who might have been proposed and were not."""
        chosen, found = set(self.selected), dict[int, set[tuple[int, ...]]]()
        for number in self.model.open:
            if number not in chosen:
                found.setdefault(self.model.scores[number], set()).add(self._matter(number))
        return found

    @cached_property
    def _highest_left_out(self) -> float:
        return max(self._left_out, default=float("-inf"))

    @cached_property
    def _scores(self) -> dict[int | None, list[int]]:
        """The scores of each pool from the lowest; None is the whole list."""
        return {pool: sorted(self.model.scores[n] for n in inside) for pool, inside in self._pools()}

    @cached_property
    def _holders(self) -> dict[int | None, Counter[_Holder]]:
        return {pool: Counter(map(self._holder, inside)) for pool, inside in self._pools()}

    def _holder(self, number: int) -> _Holder:
        return _Holder(self.model.scores[number], self.model.pins[number] == IN, self._matter(number))

    def _pools(self) -> Iterable[tuple[int | None, list[int]]]:
        yield None, list(self.selected)
        for pool in self.full:
            members = set(self.model.limits[pool].members)
            yield pool, [number for number in self.selected if number in members]
