"""Reads the reasons as a person would and holds them against the list, by exchanging people in it."""

import re
from collections import Counter
from typing import Any

from tests.registrations.proposal.instances import Bound, Lists

_RANK = r"(?P<rank>\d+)(?:st|nd|rd|th) by score(?:, with (?P<others>\d+) others?)?"
_PROPOSED = re.compile(rf"^{_RANK}(?P<drawn>, drawn by lot among equals)?(?:; needed for (?P<needed>.+))?$")
_PINNED = re.compile(rf"^pinned in; {_RANK}$")
_RESERVE = re.compile(rf"^(?P<place>\d+)(?:st|nd|rd|th) on the reserve list, {_RANK}: (?P<why>.+)$")
_POOL = re.compile(
    r"^(?:all (?P<all>\d+) places|(?P<one>the only place)|(?P<n>\d+) of (?P=n) places? for (?P<of>.+?)) taken"
)
_PART = re.compile(r"^(?P<number>\d+) (?P<what>.+?)(?: (?P<rules>at (?:least|most) .+))?$")


class Untrue(AssertionError):
    """A reason that the list does not bear out."""


class Checker:
    """The reasons of one question, whose best list is given as a bit mask."""

    def __init__(self, lists: Lists, best: int, reserve: list[str]) -> None:
        self.lists, self.best, self.reserve = lists, best, reserve
        self.number = {a["id"]: n for n, a in enumerate(lists.applicants)}

    def check(self, reasons: dict[str, str]) -> None:
        """Raise Untrue at the first reason that is wrong or lacking."""
        _demand(set(reasons) == set(self.number), "one reason for each")
        for name, reason in reasons.items():
            number = self.number[name]
            pin = self.lists.applicants[number]["pin"]
            if self.best >> number & 1:
                self._proposed(number, reason, pin)
            elif pin == "out":
                _demand(reason == "not proposed: pinned out", reason)
            elif name in self.reserve:
                found = _found(_RESERVE, reason)
                _demand(int(found["place"]) == self.reserve.index(name) + 1, reason)
                self._ranked(number, found, reason)
                self._left_out(number, found["why"])
            else:
                _demand(reason.startswith("not proposed: "), reason)
                self._left_out(number, reason.removeprefix("not proposed: "))

    def _proposed(self, number: int, reason: str, pin: str | None) -> None:
        found = _found(_PINNED if pin == "in" else _PROPOSED, reason)
        self._ranked(number, found, reason)
        if pin == "in":
            return
        left = [n for n in range(len(self.lists.applicants)) if not (self.best | self.lists.pinned_out) >> n & 1]
        score = self.lists.scores
        drawn = any(score[n] == score[number] and self.cause(n, number) == "drawn" for n in left)
        _demand(drawn == bool(found["drawn"]), reason)
        lost = self.minimums(self.best & ~(1 << number)) if any(score[n] > score[number] for n in left) else set()
        _demand(set((found["needed"] or "").split(", ")) - {""} == lost, reason)

    def _ranked(self, number: int, found: re.Match[str], reason: str) -> None:
        scores = self.lists.scores
        higher, same = sum(s > scores[number] for s in scores), sum(s == scores[number] for s in scores)
        _demand((int(found["rank"]), int(found["others"] or 0)) == (higher + 1, same - 1), reason)

    def _left_out(self, number: int, why: str) -> None:
        full = [b for b in self.lists.bounds if b.mask >> number & 1 and self.held(b) == b.maximum]
        if why == "there are no places":
            _demand(not full and self.best == 0, why)
        elif why.startswith("no place for "):
            _demand(why.removeprefix("no place for ") in {said(b) for b in full if b.maximum == 0}, why)
        else:
            found = _found(_POOL, why)
            if found["of"]:
                bound = next((b for b in full if (said(b), b.maximum) == (found["of"], int(found["n"]))), None)
                _demand(bound is not None, why)
                pool = self.best & (bound.mask if bound else 0)
            else:
                _demand(not full and self.best.bit_count() == int(found["all"] or 1) == self.lists.capacity, why)
                pool = self.best
            self._taken(number, pool, why[found.end() :], why)

    def _taken(self, number: int, pool: int, how: str, why: str) -> None:
        holders = [n for n in range(len(self.lists.applicants)) if pool >> n & 1]
        causes = Counter(self.cause(number, holder) for holder in holders)
        if how.startswith(" by "):
            kinds = {
                " by higher scores": {"higher"},
                " by a higher score": {"higher"},
                " by equal scores, drawn by lot": {"drawn"},
                " by higher or equal scores, drawn by lot": {"higher", "drawn"},
            }
            _demand(set(causes) == kinds.get(how), why)
            return
        told: Counter[str] = Counter()
        for part in re.split(r", (?=\d+ (?:by|pinned|with))", how.removeprefix(": ")):
            found = _found(_PART, part)
            cause = _CAUSES.get(found["what"])
            _demand(cause is not None, why)
            told[str(cause)] += int(found["number"])
            self._rules(number, [h for h in holders if self.cause(number, h) == cause], found["rules"], why)
        _demand(told == causes, why)

    def _rules(self, number: int, holders: list[int], rules: str | None, why: str) -> None:
        """Each rule that is named would be broken by an exchange with one of these holders."""
        named = re.sub(r" and \d+ more$", "", rules or "").split(", ") if rules else []
        broken: set[str] = set()
        for holder in holders:
            after = self.exchanged(number, holder)
            broken |= self.minimums(after)
            broken |= {f"at most {b.maximum} for {said(b)}" for b in self.lists.bounds if self.breaks(b, after)}
        _demand(set(named) <= broken, why)

    def cause(self, number: int, holder: int) -> str:
        """Why the holder stands there and not this person, by looking at the exchange."""
        scores, after = self.lists.scores, self.exchanged(number, holder)
        if scores[holder] > scores[number]:
            return "higher"
        if self.lists.pinned_in >> holder & 1:
            return "pinned"
        relation = "equal" if scores[holder] == scores[number] else "lower"
        if not self.lists.keeps_maxima(after):
            return f"{relation} barred"
        if self.lists.shortfall(after) > self.lists.shortfall(self.best):
            return f"{relation} needed"
        drawn = relation == "equal" and self.lists.lots[holder] > self.lists.lots[number]
        return "drawn" if drawn and self.lists.shortfall(after) == self.lists.shortfall(self.best) else "none"

    def exchanged(self, comes: int, goes: int) -> int:
        return self.best & ~(1 << goes) | 1 << comes

    def held(self, bound: Bound) -> int:
        return (self.best & bound.mask).bit_count()

    def breaks(self, bound: Bound, mask: int) -> bool:
        return bound.maximum is not None and (mask & bound.mask).bit_count() > bound.maximum

    def minimums(self, after: int) -> set[str]:
        """The minimums of which more is missing after this."""
        return {
            f"at least {b.minimum} for {said(b)}"
            for b in self.lists.bounds
            if b.minimum > (after & b.mask).bit_count() < self.held(b)
        }


_CAUSES: dict[str, str] = {
    "by higher scores": "higher",
    "by a higher score": "higher",
    "pinned in": "pinned",
    "with equal score, drawn by lot": "drawn",
    **{f"with {relation} score needed for": f"{relation} needed" for relation in ("equal", "lower")},
    **{f"with {relation} score whose exchange would break": f"{relation} barred" for relation in ("equal", "lower")},
}


def said(bound: Bound) -> str:
    """A value as reasons say it."""
    if isinstance(bound.value, bool):
        return bound.attribute if bound.value else f"not {bound.attribute}"
    return bound.value if isinstance(bound.value, str) else f"{bound.attribute} {bound.value}"


def _found(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    found = pattern.match(text)
    if found is None:
        raise Untrue(f"not understood: {text}")
    return found


def _demand(is_so: Any, text: Any) -> None:
    if not is_so:
        raise Untrue(text)
