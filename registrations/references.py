"""References: the pseudonyms under which registrations are known, as P-7Q4K2. Pure."""

import secrets
from collections.abc import Callable

#: Digits and capitals without those that are misread or make words (no I, L, O, U, and no vowels at all).
ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"
LENGTH = 5


def new_reference(choose: Callable[[str], str] = secrets.choice) -> str:
    """A random reference; 28⁵ (17 million) of them, so the unique constraint has the last word."""
    return "P-" + "".join(choose(ALPHABET) for _ in range(LENGTH))
