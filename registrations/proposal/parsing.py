"""Reads the JSON document of a problem with exact decimals; what is wrong is said with its place."""

import hashlib
import json
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any, NoReturn

from registrations.proposal.problem import EACH, IN, OUT, Applicant, BadProblem, Problem, Rule, Value

#: What the database holds as a seed.
LARGEST_SEED = 2**63 - 1
_LARGEST_COUNT = 1_000_000
#: The powers of ten of the first and the last digit of a number.
_LARGEST, _FINEST = 14, -30
_KEYS = {"capacity", "seed", "reserves", "applicants", "rules"}
_RULE_KEYS = {"attribute", "value", "min", "max", "weight"}


def parse(document: bytes, *, seed: int | None = None) -> Problem:
    """Return the problem that the JSON document states; `seed` stands instead of the document's, which may be 0.

    Raises BadProblem with the place of the first mistake.
    """
    content = _object(_loaded(document), "The document")
    _only(content, _KEYS, "the document")
    capacity = _count(_needed(content, "capacity", ""), "capacity")
    reserves = content.get("reserves")
    rules = [_rule(item, f"rules[{n}]") for n, item in enumerate(_list(_given(content, "rules", []), "rules"))]
    attributes = sorted({rule.attribute for rule in rules})
    listed = _list(_needed(content, "applicants", ""), "applicants")
    applicants = [_applicant(item, f"applicants[{n}]", attributes) for n, item in enumerate(listed)]
    _refuse_twice(applicants)
    return Problem(
        capacity=capacity,
        seed=_seed(_given(content, "seed", 0) if seed is None else seed),
        reserves=capacity if reserves is None else _count(reserves, "reserves"),
        applicants=tuple(sorted(applicants, key=lambda applicant: applicant.id)),
        rules=tuple(sorted(rules, key=lambda rule: json.dumps(rule.canonical))),
        input_sha256=hashlib.sha256(document).hexdigest(),
    )


def _loaded(document: bytes) -> Any:
    try:
        text = document.decode("utf-8")
        return json.loads(
            text, parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_without_repetition
        )
    except UnicodeDecodeError as error:
        raise BadProblem(f"The document is not UTF-8 text: byte {error.start + 1} is not.") from error
    except json.JSONDecodeError as error:
        raise BadProblem(f"Line {error.lineno} of the document is not JSON: {error.msg}.") from error
    except RecursionError as error:
        raise BadProblem("The document is nested too deeply.") from error
    except (ValueError, ArithmeticError) as error:
        raise BadProblem("The document has a number of too many digits.") from error


def _refuse_constant(name: str) -> NoReturn:
    raise BadProblem(f"The document has {name}, which is not a number.")


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadProblem(f"The document says “{twice}” twice in one object.")
    return found


def _rule(item: Any, place: str) -> Rule:
    content = _object(item, place)
    _only(content, _RULE_KEYS, place)
    attribute = _needed(content, "attribute", place)
    if not isinstance(attribute, str) or not attribute:
        raise BadProblem(f"{place}.attribute is not the name of an attribute.")
    value = _needed(content, "value", place)
    minimum, maximum = (
        None if content.get(key) is None else _count(content[key], f"{place}.{key}") for key in ("min", "max")
    )
    if minimum is None and maximum is None:
        raise BadProblem(f"{place} has neither min nor max.")
    weight = Fraction(1) if content.get("weight") is None else _number(content["weight"], f"{place}.weight")
    if weight <= 0:
        raise BadProblem(f"{place}.weight is not more than 0.")
    named = None if value == EACH else _value(value, f"{place}.value")
    if value != EACH and named is None:
        raise BadProblem(f'{place}.value is null: name a value, or "*" for each.')
    return Rule(attribute, named, minimum, maximum, weight)


def _applicant(item: Any, place: str, attributes: Iterable[str]) -> Applicant:
    content = _object(item, place)
    name = _needed(content, "id", place)
    if not isinstance(name, str) or not name:
        raise BadProblem(f"{place}.id is not a text.")
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        raise BadProblem(f"{place}.id has half a letter, which cannot be printed.")
    pin = content.get("pin")
    if pin not in (None, IN, OUT):
        raise BadProblem(f'{place}.pin is not "in", "out" or null.')
    score = _number(_needed(content, "score", place), f"{place}.score")
    values = {key: _values(content[key], f"{place}.{key}") for key in attributes if key in content}
    return Applicant(name, score, pin, {key: found for key, found in values.items() if found})


def _values(item: Any, place: str) -> tuple[Value, ...]:
    """A list counts under each of its members, once."""
    if not isinstance(item, list):
        found = {_value(item, place)}
    else:
        found = {_value(member, f"{place}[{n}]") for n, member in enumerate(item)}
    return tuple(sorted(value for value in found if value is not None))


def _value(item: Any, place: str) -> Value | None:
    if item is None:
        return None
    if isinstance(item, bool):
        return Value("boolean", "true" if item else "false")
    if isinstance(item, str):
        return Value("text", item)
    if isinstance(item, int | Decimal):
        return Value("number", str(_number(item, place)))
    raise BadProblem(f"{place} is neither text, number, true, false nor null.")


def _number(item: Any, place: str) -> Fraction:
    if isinstance(item, bool) or not isinstance(item, int | Decimal):
        raise BadProblem(f"{place} is not a number.")
    number = Decimal(item)
    exponent = number.as_tuple().exponent
    if number and (number.adjusted() > _LARGEST or not isinstance(exponent, int) or exponent < _FINEST):
        raise BadProblem(f"{place} is too large or has more than {-_FINEST} decimals.")
    return Fraction(number) if number else Fraction(0)


def _count(item: Any, place: str) -> int:
    if isinstance(item, bool) or not isinstance(item, int) or not 0 <= item <= _LARGEST_COUNT:
        raise BadProblem(f"{place} is not a whole number from 0 to {_LARGEST_COUNT}.")
    return item


def _seed(item: Any) -> int:
    if isinstance(item, bool) or not isinstance(item, int) or not 0 <= item <= LARGEST_SEED:
        raise BadProblem(f"seed is not a whole number from 0 to {LARGEST_SEED}.")
    return item


def _refuse_twice(applicants: list[Applicant]) -> None:
    places: dict[str, int] = {}
    for number, applicant in enumerate(applicants):
        first = places.setdefault(applicant.id, number)
        if first != number:
            raise BadProblem(f"applicants[{number}].id is that of applicants[{first}] too: {applicant.id}")


def _object(item: Any, place: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise BadProblem(f"{place} is not an object.")
    return item


def _list(item: Any, place: str) -> list[Any]:
    if not isinstance(item, list):
        raise BadProblem(f"{place} is not a list.")
    return item


def _given(content: dict[str, Any], key: str, otherwise: Any) -> Any:
    """What an optional key says; null says nothing."""
    return otherwise if content.get(key) is None else content[key]


def _needed(content: dict[str, Any], key: str, place: str) -> Any:
    if key not in content:
        raise BadProblem(f"{place}.{key} is missing.".lstrip("."))
    return content[key]


def _only(content: dict[str, Any], known: set[str], place: str) -> None:
    unknown = sorted(set(content) - known)
    if unknown:
        raise BadProblem(
            f"{place} has a key “{unknown[0]}” that means nothing here; known are {', '.join(sorted(known))}."
        )
