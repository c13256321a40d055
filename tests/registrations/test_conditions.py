"""Conditions that can never hold are found and said; lines of anchors are read."""

from types import SimpleNamespace
from typing import Any

import pytest

from registrations.anchors import meanings, wrong_anchors
from registrations.conditions import broken_conditions

CHOICES = [["prison", "Prison"], ["police", "Police"]]


def asked(key: str, kind: str = "short_text", **values: Any) -> Any:
    usual = {
        "label": key.capitalize(),
        "choices": [],
        "min_value": None,
        "max_value": None,
        "asked_of": "everyone",
        "retired_at": None,
        "condition_question": None,
        "condition_value": "",
    }
    return SimpleNamespace(key=key, kind=kind, **{**usual, **values})


def only_if(question: Any, value: str, key: str = "cases", **values: Any) -> Any:
    return asked(key, condition_question=question, condition_value=value, **values)


SECTOR = asked("sector", "single_choice", choices=CHOICES)


def test_a_condition_on_an_earlier_question_and_one_of_its_choices_holds() -> None:
    cases = only_if(SECTOR, "prison")
    assert broken_conditions([SECTOR, cases, only_if(cases, "many", key="more")]) == []


def test_what_is_broken_is_said_with_the_words_of_the_form() -> None:
    gone = asked("sector", "single_choice", choices=[["police", "Police"]])

    [words] = broken_conditions([gone, only_if(gone, "prison")])

    assert words == (
        "“Cases” is asked only if “Sector” is “prison”, but it is never answered so: its choices are police."
    )


@pytest.mark.parametrize(
    ("condition", "value", "why"),
    [
        (asked("sector", "yes_no"), "perhaps", "answered with yes or no"),
        (asked("sector", "number", min_value=1, max_value=3), "4", "out of its limits"),
        (asked("sector", "number"), "four", "asks for a number"),
        (asked("sector", "country"), "XX", "asks for a country"),
        (asked("sector", "date"), "2023-02-30", "asks for a date"),
        (asked("sector", "consent"), "no", "ticked"),
        (asked("sector", "file"), "cv.pdf", "a file is no value"),
        (asked("sector", "yes_no", asked_of="selected"), "yes", "not asked of the same people"),
    ],
)
def test_a_value_that_is_never_answered_is_found(condition: Any, value: str, why: str) -> None:
    [words] = broken_conditions([condition, only_if(condition, value)])
    assert why in words


def test_a_question_that_is_not_asked_any_more_is_found() -> None:
    retired = asked("sector", "yes_no", retired_at="2026-09-01")

    assert "is not asked any more" in broken_conditions([only_if(SECTOR, "prison")])[0]
    assert "is not asked any more" in broken_conditions([retired, only_if(retired, "yes")])[0]


def test_a_question_that_stands_later_is_found() -> None:
    assert "stands only after it" in broken_conditions([only_if(SECTOR, "prison"), SECTOR])[0]


def test_questions_that_wait_for_each_other_are_found_and_end() -> None:
    one, other = asked("one", "yes_no"), asked("other", "yes_no")
    one.condition_question, one.condition_value = other, "yes"
    other.condition_question, other.condition_value = one, "yes"
    own = asked("own", "yes_no")
    own.condition_question, own.condition_value = own, "yes"

    broken = broken_conditions([one, other, own])

    assert ["wait for each other" in words for words in broken] == [True, True, False]
    assert "its own answer" in broken[2]


def test_what_hangs_on_a_broken_condition_is_broken_too() -> None:
    cases = only_if(SECTOR, "sea")
    more = only_if(cases, "many", key="more")

    broken = broken_conditions([SECTOR, cases, more])

    assert len(broken) == 2
    assert "can never be asked itself" in broken[1]


def test_anchors_are_read_the_highest_first() -> None:
    assert meanings("0 = never\n5=every week\nnonsense") == {5: "every week", 0: "never"}


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["5 = every week", "0 = never"], ""),
        ([], ""),
        (["6 = daily"], "above the highest score"),
        (["5 = a", "5 = b"], "stands twice"),
        (["often"], "not of the form"),
        (["5 ="], "not of the form"),
        (["-1 = never"], "not of the form"),
    ],
)
def test_wrong_anchors_are_said(lines: list[str], words: str) -> None:
    found = wrong_anchors(lines, 5)
    assert words in found
    assert bool(found) == bool(words)
