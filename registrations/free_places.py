"""Places that became free and stand free: who is next on the list, and who would restore the balance best.

The rules are those of the proposal. A person mends a rule's minimum that is missed now, and breaks a maximum that is
reached now; those who break none come first, then who mends most (by the weights), then the score, then the list.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from events.models import Call
from registrations import balance, queries
from registrations.attributes import FIRST_TIME, Attribute, attributes_of
from registrations.models import Registration, SelectionRule
from registrations.states import HOLDS_PLACE

#: So many people of the list are shown, and so many who would restore the balance.
SHOWN, BEST_SHOWN = 50, 10


@dataclass(frozen=True)
class Candidate:
    """Somebody on the list: `place` is counted from 1; what the rules would say if this person had the free place."""

    registration: Registration
    place: int
    mends: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()
    weight: int = 0

    @property
    def words(self) -> str:
        """Why this person stands where they stand, in one line."""
        parts = [f"Mends {one}" for one in self.mends] or ["Mends no rule that is missed now"]
        parts += [f"would break {one}" for one in self.breaks]
        score = self.registration.score
        parts.append("no score" if score is None else f"score {score:.0f} %")
        return f"{'; '.join(parts)}; number {self.place} on the list."


@dataclass(frozen=True)
class FreePlaces:
    """Everybody on the list in its order, the same people with the best for the balance first, and what is missed."""

    listed: Sequence[Candidate]
    best: Sequence[Candidate]
    missed: Sequence[str]
    has_rules: bool


def candidates(call: Call) -> FreePlaces:
    """Read it: four queries whatever the number of people, and one for the names of those who are shown."""
    rules = list(call.selection_rules.all())
    named = {rule.attribute for rule in rules}
    attributes = {attribute.key: attribute for attribute in attributes_of(call) if attribute.key in named}
    waiting = list(queries.on_list(call).filter(is_counted=True).select_related("identity"))
    holding = call.registrations.filter(is_counted=True, state__in=sorted(HOLDS_PLACE)).values_list("pk", flat=True)
    shown = list(attributes.values())
    values = balance.values_of([person.pk for person in waiting], shown) if rules else {}
    group = counted(balance.values_of(holding, shown).values() if rules else ())
    listed = [
        effect(person, place, values=values.get(person.pk, {}), group=group, rules=rules, attributes=attributes)
        for place, person in enumerate(waiting, start=1)
    ]
    return FreePlaces(
        listed=listed,
        best=sorted(listed, key=_best_first),
        missed=missed(group, rules, attributes),
        has_rules=bool(rules),
    )


def counted(people: Iterable[Mapping[str, str]]) -> Counter[tuple[str, str]]:
    """How many have each value of each attribute; who has said nothing is in no group."""
    return Counter((key, value) for person in people for key, value in person.items() if value)


def effect(
    person: Registration,
    place: int,
    *,
    values: Mapping[str, str],
    group: Mapping[tuple[str, str], int],
    rules: Sequence[SelectionRule],
    attributes: Mapping[str, Attribute],
) -> Candidate:
    """What this person would change for the rules, with those in the group that hold a place now."""
    mends, breaks, weight = [], [], 0
    for rule in rules:
        value = values.get(rule.attribute, "")
        if not value or rule.value not in (balance.EACH, value):
            continue
        now, words = group.get((rule.attribute, value), 0), _words(attributes[rule.attribute], value)
        if rule.minimum is not None and now < rule.minimum:
            mends.append(f"{words}: {now} of at least {rule.minimum}")
            weight += rule.weight
        if rule.maximum is not None and now >= rule.maximum:
            breaks.append(f"{words}: {now} of at most {rule.maximum}")
    return Candidate(person, place, tuple(mends), tuple(breaks), weight)


def missed(
    group: Mapping[tuple[str, str], int], rules: Sequence[SelectionRule], attributes: Mapping[str, Attribute]
) -> list[str]:
    """The minimums for one value that those who hold a place do not reach, in words."""
    return [
        f"{_words(attributes[rule.attribute], rule.value)}: {now} of at least {rule.minimum}"
        for rule in rules
        if rule.value != balance.EACH and rule.minimum is not None and rule.attribute in attributes
        if (now := group.get((rule.attribute, rule.value), 0)) < rule.minimum
    ]


def _best_first(candidate: Candidate) -> tuple[bool, int, float, int]:
    score = candidate.registration.score
    return (bool(candidate.breaks), -candidate.weight, -(score if score is not None else -1.0), candidate.place)


def _words(attribute: Attribute, value: str) -> str:
    said = attribute.words(value == "true" if attribute.key == FIRST_TIME else value)
    return f"{attribute.label} {said}"
