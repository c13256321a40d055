"""One mapping of a call file, read key by key."""

import difflib
import re
from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import yaml
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import TextChoices

from registrations.call_files.problems import Problems
from registrations.call_files.times import NotATime, parse_day, parse_moment

SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_NULL = "tag:yaml.org,2002:null"
_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}

Choice = TypeVar("Choice", bound=TextChoices)


class Section:
    """Reads the values of one mapping. What is wrong is noted with its line and answered with a neutral value.

    Texts are taken as they are written, so `no` stays the language and the answer that its author meant.
    """

    def __init__(self, node: yaml.Node, *, name: str, keys: Collection[str], problems: Problems) -> None:
        self.name = name
        self.line = node.start_mark.line + 1
        self.problems = problems
        self.lines: dict[str, int] = {}
        self._values: dict[str, yaml.Node] = {}
        if isinstance(node, yaml.MappingNode):
            self._take(node, keys)
        else:
            problems.note(self.line, f"{name} needs lines of the form “key: value”.")

    def _take(self, node: yaml.MappingNode, keys: Collection[str]) -> None:
        for key, value_node, line in entries(node, name=self.name, problems=self.problems):
            if key not in keys:
                guess = difflib.get_close_matches(key, keys, n=1)
                hint = f" Did you mean “{guess[0]}”?" if guess else ""
                self.problems.note(line, f"{self.name} has no key “{key}”.{hint}")
                continue
            self.lines[key] = line
            if value_node.tag != _NULL:
                self._values[key] = value_node

    def has(self, key: str) -> bool:
        """Whether the key is there with a value."""
        return key in self._values

    def line_of(self, key: str) -> int:
        """Return the line of the key, or of the section where the key is missing."""
        return self.lines.get(key, self.line)

    def note(self, key: str, text: str) -> None:
        """Note a problem at the key's line."""
        self.problems.note(self.line_of(key), text)

    def node(self, key: str, *, required: bool = False) -> yaml.Node | None:
        """Return the key's YAML node, or None (noted where it is required)."""
        if required and key not in self._values:
            self.note(key, f"{self.name} needs “{key}”.")
        return self._values.get(key)

    def text(self, key: str, *, required: bool = False, longest: int | None = None, default: str = "") -> str:
        """Return the text without spaces around it."""
        node = self.node(key, required=required)
        if node is None:
            return default
        if not isinstance(node, yaml.ScalarNode):
            self.note(key, f"“{key}” needs a text.")
            return default
        value = node.value.strip()
        if required and not value:
            self.note(key, f"{self.name} needs “{key}”.")
        if longest is not None and len(value) > longest:
            self.note(key, f"“{key}” has {len(value)} characters; at most {longest} fit.")
        return value

    def slug(self, key: str, *, required: bool = True, longest: int = 120) -> str:
        """Return a slug: lower-case letters, digits, hyphens."""
        value = self.text(key, required=required, longest=longest)
        if value and not SLUG.fullmatch(value):
            self.note(key, f"“{value}” is not a short name for addresses: lower-case letters, digits and hyphens.")
        return value

    def choice(self, key: str, choices: type[Choice], *, default: Choice | None = None) -> Choice:
        """Return the member of `choices`; without a default the key is required."""
        neutral = default or next(iter(choices))
        value = self.text(key, required=default is None)
        if not value:
            return neutral
        if value not in choices.values:
            self.note(key, f"“{value}” is not a possible {key}: {', '.join(choices.values)}.")
            return neutral
        return choices(value)

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self.text(key).lower()
        if not self.has(key):
            return default
        if value not in _FLAGS:
            self.note(key, f"“{key}” is true or false, not “{value}”.")
        return _FLAGS.get(value, default)

    def number(self, key: str, *, least: int | None = 0, most: int = 1_000_000) -> int | None:
        """Return a whole number between `least` and `most`, or None where the key is missing or null."""
        value = self.text(key)
        if not self.has(key):
            return None
        if not re.fullmatch(r"-?\d{1,12}", value):
            self.note(key, f"“{key}” is a whole number, not “{value}”.")
            return None
        number = int(value)
        if (least is not None and number < least) or abs(number) > most:
            self.note(key, f"“{key}” cannot be {number}.")
            return None
        return number

    def email(self, key: str) -> str:
        """Return an e-mail address (required)."""
        value = self.text(key, required=True, longest=254)
        if value:
            try:
                validate_email(value)
            except ValidationError:
                self.note(key, f"“{value}” is not an e-mail address.")
        return value

    def day(self, key: str, *, required: bool = False) -> date | None:
        """Return a day."""
        value = self.text(key, required=required)
        if not value:
            return None
        try:
            return parse_day(value)
        except NotATime as error:
            self.note(key, f"“{key}”: {error}.")
            return None

    def moment(self, key: str, zone: ZoneInfo, *, required: bool = False) -> datetime | None:
        """Return an instant in UTC, written as a local time of `zone`."""
        value = self.text(key, required=required)
        if not value:
            return None
        try:
            return parse_moment(value, zone)
        except NotATime as error:
            self.note(key, f"“{key}”: {error}.")
            return None

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; each may stand there once."""
        values: list[str] = []
        for item in self._items(key):
            if not isinstance(item, yaml.ScalarNode) or not item.value.strip():
                self.problems.note(item.start_mark.line + 1, f"“{key}” is a list of texts.")
            elif item.value.strip() in values:
                self.problems.note(item.start_mark.line + 1, f"“{item.value.strip()}” stands twice in “{key}”.")
            else:
                values.append(item.value.strip())
                self.lines[f"{key} {item.value.strip()}"] = item.start_mark.line + 1
        return tuple(values)

    def section(self, key: str, keys: Collection[str]) -> "Section | None":
        """Return the mapping below the key, or None."""
        node = self.node(key)
        return None if node is None else Section(node, name=key, keys=keys, problems=self.problems)

    def sections(self, key: str, name: str, keys: Collection[str]) -> "list[Section]":
        """Return the mappings of the list below the key; `name` is what one of them is called."""
        return [Section(item, name=name, keys=keys, problems=self.problems) for item in self._items(key)]

    def _items(self, key: str) -> list[yaml.Node]:
        node = self.node(key)
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.note(key, f"“{key}” is a list.")
            return []
        return list(node.value)


def entries(node: yaml.MappingNode, *, name: str, problems: Problems) -> Iterator[tuple[str, yaml.Node, int]]:
    """Yield key, value and line of a mapping; a key that stands twice, or is no text, is noted and left out."""
    first_lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            problems.note(line, f"{name} has a key that is no text.")
        elif key_node.value in first_lines:
            problems.note(line, f"“{key_node.value}” stands twice (first on line {first_lines[key_node.value]}).")
        else:
            first_lines[key_node.value] = line
            yield key_node.value, value_node, line
