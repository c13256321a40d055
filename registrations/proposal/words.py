"""How rules are said in refusals and reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from registrations.proposal.model import Limit
from registrations.proposal.problem import EACH, Rule, Value


@dataclass(frozen=True)
class Words:
    """What people read; `of_values` has (attribute, value as JSON has it) where the value alone would not do.

    What (attribute, "*") has stands after "each".
    """

    of_values: Mapping[tuple[str, object], str] = field(default_factory=dict)

    def value(self, attribute: str, value: Value) -> str:
        """“FR” for a text, “first_time” for true, “not first_time” for false, “group 3” for a number."""
        said = self.of_values.get((attribute, value.plain))
        if said is not None:
            return said
        if value.kind == "boolean":
            return attribute if value.plain else f"not {attribute}"
        return value.text if value.kind == "text" else f"{attribute} {value.plain}"

    def of(self, limit: Limit) -> str:
        return self.value(limit.rule.attribute, limit.value)

    def minimum(self, limit: Limit) -> str:
        return f"at least {limit.rule.minimum} for {self.of(limit)}"

    def maximum(self, limit: Limit) -> str:
        return f"at most {limit.rule.maximum} for {self.of(limit)}"

    def maximum_of(self, rule: Rule) -> str:
        """The maximum of a rule for all its values together."""
        if rule.value is not None:
            return f"at most {rule.maximum} for {self.value(rule.attribute, rule.value)}"
        return f"at most {rule.maximum} for each {self.of_values.get((rule.attribute, EACH), rule.attribute)}"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def places(number: int) -> str:
    return f"{number} place{'' if number == 1 else 's'}"


def listed(items: Sequence[str], most: int = 12) -> str:
    """The items with commas; of many the first ones, and how many more there are."""
    more = len(items) - most
    return ", ".join(items[:most]) + (f" and {more} more" if more > 0 else "")
