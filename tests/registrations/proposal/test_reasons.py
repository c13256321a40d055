"""Each reason says what the list bears out: read again by a checker that exchanges people, on random questions."""

import pytest

from registrations import proposal
from registrations.proposal.reasons import Reasons
from tests.registrations.proposal.checker import Checker, Untrue
from tests.registrations.proposal.instances import Document, Lists, document, encoded


def explained(asked: Document) -> tuple[Checker, dict[str, str]] | None:
    lists = Lists(asked)
    best = lists.best()
    if best is None:
        return None
    told = proposal.propose(proposal.parse(encoded(asked)))
    return Checker(lists, best, list(told.reserve)), told.reasons


def one(score: float, name: str, **others: object) -> Document:
    return {"id": name, "score": score, "pin": None, **others}


def reasons(capacity: int, applicants: list[Document], *rules: Document, reserves: int = 0) -> dict[str, str]:
    asked = {"capacity": capacity, "seed": 1, "reserves": reserves, "applicants": applicants, "rules": list(rules)}
    found = explained(asked)
    assert found is not None
    found[0].check(found[1])
    return found[1]


def test_all_reasons_of_random_questions_are_true() -> None:
    said: list[str] = []
    for seed in range(1000, 1250):
        found = explained(document(seed))
        if found is not None:
            found[0].check(found[1])
            said += found[1].values()

    kinds = (
        "taken by higher",
        "drawn by lot",
        "needed for",
        "pinned in",
        "no place for",
        "reserve list",
    )
    assert [kind for kind in kinds if sum(kind in line for line in said) < 10] == []


def test_reasons_that_were_exchanged_are_found_out() -> None:
    untrue = 0
    for seed in range(1000, 1030):
        found = explained(document(seed))
        if found is None or len(set(found[1].values())) < 3:
            continue
        names = list(found[1])
        moved = dict(zip(names, [*list(found[1].values())[1:], found[1][names[0]]], strict=True))
        with pytest.raises(Untrue):
            found[0].check(moved)
        untrue += 1

    assert untrue > 15


def test_a_cause_that_is_not_asked_for_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reasons, "_exchange", lambda *arguments: ((), 0))

    with pytest.raises(Untrue):
        test_all_reasons_of_random_questions_are_true()


def test_places_of_a_country_are_taken_by_higher_scores() -> None:
    french = [one(9 - n, f"f{n}", country="FR") for n in range(5)]
    said = reasons(25, french, {"attribute": "country", "value": "*", "max": 3})

    assert said["f3"] == "not proposed: 3 of 3 places for FR taken by higher scores"
    assert said["f0"] == "1st by score"


def test_all_places_are_taken_by_higher_scores() -> None:
    said = reasons(5, [one(30 - n, f"a{n}") for n in range(7)])

    assert said["a3"] == "4th by score"
    assert said["a6"] == "not proposed: all 5 places taken by higher scores"


def test_equals_know_that_the_lot_decided() -> None:
    said = reasons(2, [one(5, f"a{n}") for n in range(4)])

    assert set(said.values()) == {
        "1st by score, with 3 others, drawn by lot among equals",
        "not proposed: all 2 places taken by equal scores, drawn by lot",
    }


def test_who_is_needed_for_a_minimum_is_named_with_it_on_both_sides() -> None:
    people = [*(one(9 - n, f"a{n}") for n in range(3)), one(1, "p", profession="police")]
    said = reasons(2, people, {"attribute": "profession", "value": "police", "min": 1})

    assert said["p"] == "4th by score; needed for at least 1 for police"
    assert said["a1"] == (
        "not proposed: all 2 places taken: 1 by a higher score, 1 with lower score needed for at least 1 for police"
    )


def test_who_is_pinned_in_is_counted_by_itself() -> None:
    said = reasons(1, [one(9, "a"), one(1, "b", pin="in"), one(8, "c", pin="out")], reserves=1)

    assert said == {
        "a": "1st on the reserve list, 1st by score: the only place taken: 1 pinned in",
        "b": "pinned in; 3rd by score",
        "c": "not proposed: pinned out",
    }


def test_where_two_maxima_are_full_the_one_with_higher_scores_is_told() -> None:
    people = [one(9, "a", c="FR", o="x"), one(5, "b", c="FR"), one(7, "c", c="FR", o="x"), one(6, "d", c="LV", o="y")]
    said = reasons(4, people, *({"attribute": key, "value": "*", "max": most} for key, most in (("c", 2), ("o", 1))))

    assert said["c"] == "not proposed: 1 of 1 place for x taken by a higher score"


def test_a_lower_score_whose_exchange_would_break_another_maximum_is_told_with_it() -> None:
    people = [one(9, "a", c="FR"), one(3, "b", c="FR"), one(9, "c", o="x"), one(3, "d", o="x")]
    rules = ({"attribute": key, "value": "*", "max": 2} for key in ("c", "o"))
    said = reasons(9, [*people, one(5, "e", c="FR", o="x")], *rules)

    assert said["e"] == (
        "not proposed: 2 of 2 places for FR taken: 1 by a higher score, "
        "1 with lower score whose exchange would break at most 2 for x"
    )


def test_words_stand_for_values_that_are_not_to_be_spelled() -> None:
    people = [one(9, "a", o="8f3"), one(8, "b", o="8f3")]
    asked = {"capacity": 2, "applicants": people, "rules": [{"attribute": "o", "value": "*", "max": 1}]}
    told = proposal.propose(proposal.parse(encoded(asked)), words={("o", "8f3"): "one organisation"})

    assert told.reasons["b"] == "not proposed: 1 of 1 place for one organisation taken by a higher score"
