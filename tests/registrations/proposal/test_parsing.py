"""The document: what is wrong is said with its place, and values keep their types."""

import hashlib
import json
from fractions import Fraction
from typing import Any

import pytest

from registrations import proposal
from registrations.proposal import problem

RULE = {"attribute": "country", "value": "*", "max": 3}
ONE = {"id": "a1", "score": 7.5, "country": "FR", "first_time": True, "pin": None}


def asked(**changes: Any) -> dict[str, Any]:
    return {"capacity": 2, "seed": 7, "reserves": 1, "applicants": [ONE], "rules": [RULE]} | changes


def parsed(content: Any) -> proposal.Problem:
    return proposal.parse(json.dumps(content).encode())


def test_a_document_is_read() -> None:
    found = parsed(asked())

    assert (found.capacity, found.seed, found.reserves) == (2, 7, 1)
    assert found.applicants[0] == problem.Applicant(
        "a1", Fraction(15, 2), None, {"country": (problem.Value("text", "FR"),)}
    )
    assert found.rules == (problem.Rule("country", None, None, 3),)


def test_what_need_not_be_said_has_its_default() -> None:
    found = proposal.parse(b'{"capacity": 4, "applicants": [{"id": "a", "score": 1}]}')

    assert (found.reserves, found.seed, found.rules) == (4, 0, ())


def test_the_hash_is_of_the_exact_bytes() -> None:
    document = json.dumps(asked(), indent=3).encode()

    assert proposal.parse(document).input_sha256 == hashlib.sha256(document).hexdigest()


def test_a_seed_from_outside_stands_instead_of_that_of_the_document() -> None:
    assert proposal.parse(json.dumps(asked()).encode(), seed=8).seed == 8


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"capacity": -1}, "capacity is not a whole number from 0 to 1000000."),
        ({"capacity": 2.0}, "capacity is not a whole number from 0 to 1000000."),
        ({"capacity": True}, "capacity is not a whole number from 0 to 1000000."),
        ({"capacity": None}, "capacity is not a whole number from 0 to 1000000."),
        ({"reserves": "3"}, "reserves is not a whole number from 0 to 1000000."),
        ({"seed": -1}, "seed is not a whole number from 0 to 9223372036854775807."),
        ({"seed": 2**63}, "seed is not a whole number from 0 to 9223372036854775807."),
        ({"seats": 3}, "the document has a key “seats” that means nothing here; known are applicants, capacity,"),
        ({"applicants": {}}, "applicants is not a list."),
        ({"applicants": [ONE, "x"]}, "applicants[1] is not an object."),
        ({"applicants": [ONE, {"score": 1}]}, "applicants[1].id is missing."),
        ({"applicants": [ONE | {"id": 3}]}, "applicants[0].id is not a text."),
        ({"applicants": [ONE | {"id": ""}]}, "applicants[0].id is not a text."),
        ({"applicants": [ONE, ONE | {"score": 2}]}, "applicants[1].id is that of applicants[0] too: a1"),
        ({"applicants": [{"id": "a"}]}, "applicants[0].score is missing."),
        ({"applicants": [ONE | {"score": "7"}]}, "applicants[0].score is not a number."),
        ({"applicants": [ONE | {"score": None}]}, "applicants[0].score is not a number."),
        ({"applicants": [ONE | {"score": True}]}, "applicants[0].score is not a number."),
        ({"applicants": [ONE | {"score": 1e15}]}, "applicants[0].score is too large or has more than 30 decimals."),
        ({"applicants": [ONE | {"score": 1e-31}]}, "applicants[0].score is too large or has more than 30 decimals."),
        ({"applicants": [ONE | {"pin": "yes"}]}, 'applicants[0].pin is not "in", "out" or null.'),
        ({"applicants": [ONE | {"pin": []}]}, 'applicants[0].pin is not "in", "out" or null.'),
        (
            {"applicants": [ONE | {"country": {"a": 1}}]},
            "applicants[0].country is neither text, number, true, false nor null.",
        ),
        (
            {"applicants": [ONE | {"country": ["FR", ["DE"]]}]},
            "applicants[0].country[1] is neither text, number, true, false nor null.",
        ),
        ({"rules": {}}, "rules is not a list."),
        ({"rules": [RULE, {"value": "*", "max": 1}]}, "rules[1].attribute is missing."),
        ({"rules": [RULE | {"attribute": 1}]}, "rules[0].attribute is not the name of an attribute."),
        ({"rules": [{"attribute": "country", "max": 1}]}, "rules[0].value is missing."),
        ({"rules": [RULE | {"value": None}]}, 'rules[0].value is null: name a value, or "*" for each.'),
        ({"rules": [RULE | {"value": ["FR"]}]}, "rules[0].value is neither text, number, true, false nor null."),
        ({"rules": [RULE | {"max": None}]}, "rules[0] has neither min nor max."),
        (
            {"applicants": [{"id": "\ud800", "score": 1}]},
            "applicants[0].id has half a letter, which cannot be printed.",
        ),
        ({"rules": [RULE | {"min": 1.5}]}, "rules[0].min is not a whole number from 0 to 1000000."),
        ({"rules": [RULE | {"weight": 0}]}, "rules[0].weight is not more than 0."),
        ({"rules": [RULE | {"weight": "2"}]}, "rules[0].weight is not a number."),
        ({"rules": [RULE | {"maximum": 3}]}, "rules[0] has a key “maximum” that means nothing here"),
    ],
)
def test_a_mistake_is_told_with_its_place(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(proposal.BadProblem) as refused:
        parsed(asked(**changes))

    assert str(refused.value).startswith(words)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"", "Line 1 of the document is not JSON: Expecting value."),
        (b'{\n"capacity": }', "Line 2 of the document is not JSON: Expecting value."),
        (b"[]", "The document is not an object."),
        (b"{}", "capacity is missing."),
        (b'{"capacity": 1}', "applicants is missing."),
        (b'{"capacity": "\xff"}', "The document is not UTF-8 text: byte 15 is not."),
        (b'{"capacity": 1, "capacity": 2}', "The document says “capacity” twice in one object."),
        (b'{"capacity": NaN}', "The document has NaN, which is not a number."),
        (b'{"capacity": -Infinity}', "The document has -Infinity, which is not a number."),
        (b"[" * 100_000, "The document is nested too deeply."),
        (b'{"capacity": 1e99999999999999999999}', "The document has a number of too many digits."),
        (b'{"capacity": ' + b"9" * 5000 + b"}", "The document has a number of too many digits."),
        (
            b'{"capacity": 1, "applicants": [{"id": "a", "score": 1e999999999}]}',
            "applicants[0].score is too large or has more than 30 decimals.",
        ),
    ],
)
def test_what_is_no_document_is_told(document: bytes, words: str) -> None:
    with pytest.raises(proposal.BadProblem) as refused:
        proposal.parse(document)

    assert str(refused.value) == words


def test_an_optional_key_with_null_is_as_if_it_were_not_there() -> None:
    applicant = {"id": "a1", "score": 1}
    nothing = {"seed": None, "reserves": None, "rules": None}
    plain, told = (json.dumps({"capacity": 1, "applicants": [applicant], **more}).encode() for more in ({}, nothing))

    assert (
        proposal.propose(proposal.parse(plain)).selected == proposal.propose(proposal.parse(told)).selected == ("a1",)
    )
    assert proposal.parse(told).seed == proposal.parse(plain).seed == 0


def test_values_are_told_apart_by_their_type_and_numbers_by_what_they_are() -> None:
    applicants = [{"id": f"a{n}", "score": 0, "g": value} for n, value in enumerate([True, 1, "1", 1.0, None, "true"])]
    rules = [{"attribute": "g", "value": value, "min": 9} for value in (True, 1, "1")]
    told = proposal.propose(parsed(asked(applicants=applicants, rules=rules, capacity=9)))

    assert sorted((type(one.value).__name__, one.got) for one in told.unmet) == [("bool", 1), ("int", 2), ("str", 1)]


def test_a_list_counts_under_each_member_and_nothing_under_null() -> None:
    applicants = [
        {"id": "a", "score": 0, "l": ["en", "fr", "en"]},
        {"id": "b", "score": 0, "l": None},
        {"id": "c", "score": 0, "l": [None]},
        {"id": "d", "score": 0},
    ]
    told = proposal.propose(
        parsed(asked(applicants=applicants, rules=[{"attribute": "l", "value": "*", "min": 2}], capacity=9))
    )

    assert [(one.value, one.got) for one in told.unmet] == [("en", 1), ("fr", 1)]


def test_any_key_of_the_applicants_may_be_an_attribute() -> None:
    applicants = [{"id": f"a{n}", "score": n} for n in range(3)]
    rules = [{"attribute": "score", "value": 2, "max": 0}, {"attribute": "id", "value": "a0", "min": 1}]

    assert proposal.propose(parsed(asked(applicants=applicants, rules=rules, capacity=1))).selected == ("a0",)


def test_keys_that_no_rule_names_may_hold_anything() -> None:
    assert parsed(asked(applicants=[ONE | {"note": {"deep": [1]}}])).applicants[0].id == "a1"
