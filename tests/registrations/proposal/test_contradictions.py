"""What cannot hold together is named, and nothing beside it: each set without any one of its rules can hold."""

from itertools import product
from typing import Any

import pytest

from registrations import proposal
from registrations.proposal import contradictions, model, solver
from registrations.proposal.contradictions import Item
from registrations.proposal.words import Words
from tests.registrations.proposal.instances import Document, document, encoded

FRENCH = {"attribute": "country", "value": "FR"}


def proposed(capacity: int, applicants: list[Document], *rules: Document) -> proposal.Proposed:
    return proposal.propose(
        proposal.parse(encoded({"capacity": capacity, "applicants": applicants, "rules": list(rules)}))
    )


def people(number: int, **attributes: Any) -> list[Document]:
    start = "".join(map(str, attributes.values()))
    return [{"id": f"{start}{n}", "score": n, **attributes} for n in range(number)]


def can_hold(asked: model.Model, items: list[Item]) -> bool:
    """Whether a list keeps all of these, by looking at every list."""
    kinds = {item.kind for item in items}
    everyone = range(len(asked.ids))
    for chosen in product((False, True), repeat=len(asked.ids)):
        selected = {number for number in everyone if chosen[number]}
        pins = {number: asked.pins[number] for number in everyone}
        kept = (
            contradictions.CAPACITY not in kinds or len(selected) <= asked.problem.capacity,
            contradictions.PINS_IN not in kinds or selected.issuperset(n for n in pins if pins[n] == "in"),
            contradictions.PINS_OUT not in kinds or selected.isdisjoint(n for n in pins if pins[n] == "out"),
        )
        if all(kept) and all(_is_kept(asked, item, selected) for item in items):
            return True
    return False


def _is_kept(asked: model.Model, item: Item, selected: set[int]) -> bool:
    limits = [asked.limits[n] for n in item.limits]
    if item.kind == "min":
        return all(len(selected & set(one.members)) >= (one.rule.minimum or 0) for one in limits)
    return all(len(selected & set(one.members)) <= (one.rule.maximum or 0) for one in limits)


def sets_of(seed: int) -> tuple[model.Model, list[list[Item]], bool]:
    """A random question, the sets that are named for it, and whether it misses a minimum."""
    asked = model.model_of(proposal.parse(encoded(document(seed, most=8))))
    selected = solver.solve(asked).selected
    found = contradictions.contradictions(asked, selected, Words())
    said = {contradictions.said_of(item, asked, Words()): item for item in contradictions.items_of(asked)}
    return asked, [[said[words] for words in those] for those in found], any(asked.shortfalls(selected))


def questions() -> list[tuple[model.Model, list[list[Item]], bool]]:
    found = []
    for seed in range(2000, 2120):
        try:
            proposal.propose(proposal.parse(encoded(document(seed, most=8))))
        except proposal.PinsContradict:
            continue
        found.append(sets_of(seed))
    return found


def test_each_named_set_cannot_hold_and_can_without_any_one_of_its_rules() -> None:
    seen = 0
    for asked, sets, misses in questions():
        assert bool(sets) == misses
        for those in sets:
            assert not can_hold(asked, those)
            assert all(can_hold(asked, [item for item in those if item != one]) for one in those)
            seen += len(those) > 1

    assert seen > 15


def test_a_set_with_something_to_spare_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contradictions, "_reduced", lambda asked, people, kept, added, items: items)

    with pytest.raises(AssertionError):
        test_each_named_set_cannot_hold_and_can_without_any_one_of_its_rules()


def test_too_few_who_applied_are_told_as_that() -> None:
    told = proposed(5, people(2, country="FR"), FRENCH | {"min": 3})

    assert told.contradictions == (("at least 3 for FR (only 2 applied)",),)
    assert [(one.minimum, one.got) for one in told.unmet] == [(3, 2)]


def test_minimums_that_need_more_than_all_places_are_named_with_the_capacity() -> None:
    rules = [{"attribute": "country", "value": value, "min": 3} for value in ("FR", "DE", "LV")]
    applicants = [*people(4, country="FR"), *people(4, country="DE")]
    told = proposed(5, applicants, *rules[:2], FRENCH | {"max": 4})

    assert told.contradictions == (("at least 3 for DE", "at least 3 for FR", "5 places"),)


def test_a_minimum_against_a_maximum_leaves_the_capacity_out() -> None:
    told = proposed(9, people(4, country="FR"), FRENCH | {"min": 3}, {"attribute": "country", "value": "*", "max": 2})

    assert told.contradictions == (("at least 3 for FR", "at most 2 for each country"),)


def test_one_rule_that_contradicts_itself_is_explained_like_two() -> None:
    told = proposed(3, people(4, country="FR"), FRENCH | {"min": 3, "max": 1})

    assert told.shortfall == 2
    assert told.contradictions == (("at least 3 for FR", "at most 1 for FR"),)


def test_pins_that_take_what_a_minimum_needs_are_named_as_a_number() -> None:
    applicants = people(3, country="FR")
    applicants[0]["pin"] = "out"
    told = proposed(3, applicants, FRENCH | {"min": 3})

    assert told.contradictions == (("at least 3 for FR", "1 pinned out"),)


def test_rules_that_can_hold_contradict_nothing() -> None:
    assert proposed(5, people(5, country="FR"), FRENCH | {"min": 3, "max": 4}).contradictions == ()


@pytest.mark.parametrize(
    ("capacity", "rules", "words"),
    [
        (2, [], "there are 2 places, and pinned in: FR0, FR1, FR2."),
        (9, [FRENCH | {"max": 1}], "at most 1 for FR, and pinned in: FR0, FR1."),
        (9, [{"attribute": "country", "value": "*", "max": 2}], "at most 2 for FR, and pinned in: FR0, FR1, FR2."),
        (9, [FRENCH | {"max": 0}], "at most 0 for FR, and pinned in: FR0."),
    ],
)
def test_pins_that_break_a_rule_are_refused_with_it(capacity: int, rules: list[Document], words: str) -> None:
    applicants = [one | {"pin": "in"} for one in people(4, country="FR")]

    with pytest.raises(proposal.PinsContradict) as refused:
        proposed(capacity, applicants, *rules)

    assert str(refused.value) == f"These cannot hold together: {words}"
