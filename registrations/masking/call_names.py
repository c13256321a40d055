"""What somebody is called: the name that others see may be a short one, Ben for Benjamin, or “Psychologist, Latvia”."""

from collections.abc import Iterator

from registrations.countries import COUNTRY_CHOICES
from registrations.enums import Profession
from registrations.masking.names import Name, names_of
from registrations.masking.stop_words import is_common, is_of_sector
from registrations.masking.words import Reading, words_of

_COUNTRIES = frozenset(words_of(name) for _, name in COUNTRY_CHOICES)
_PROFESSIONS = frozenset(word for label in Profession.labels for word in words_of(str(label)))
_TITLES = frozenset(["a", "an", "of", "the", "mr", "mrs", "ms", "miss", "dr", "prof", "ngo", "cso", "un", "it", "hr"])
_ALSO_NAMES = frozenset({"georgia", "german"})
#: So long a word is a name in any spelling; a shorter one where it is written with a capital.
_LONG, _SHORTEST = 4, 2


def call_names(display_name: str) -> list[Name]:
    """The words of a display name that give somebody away, without those of a role and of a country."""
    own = _without_country(display_name)
    return [*_long_names(own), *_short_names(own)]


def _long_names(text: str) -> list[Name]:
    return [name for name in names_of(text, least=_LONG) if not name.is_strict and not _is_of_role(name.text)]


def _short_names(text: str) -> Iterator[Name]:
    """The short words and the common ones: names where they are written with a capital."""
    words = Reading(text).words
    has_capitals = any(word.is_capital for word in words)
    # Head of the unit: nobody is called Head. Ben Young: somebody is called Young.
    has_role = any(_is_of_role(word.text) for word in words)
    for word in words:
        is_dropped = _is_of_role(word.text) or (has_role and is_common(word.text))
        if len(word.text) >= _SHORTEST and word.is_capital == has_capitals and not is_dropped:
            yield Name(word.text, is_strict=True)


def _without_country(display_name: str) -> str:
    before, comma, last = display_name.rpartition(",")
    return before if comma and words_of(last) in _COUNTRIES else display_name


def _is_of_role(word: str) -> bool:
    return word in _TITLES or word in _PROFESSIONS or (is_of_sector(word) and word not in _ALSO_NAMES)
