"""Marks that turn the direction of what follows. In a text that people type they can only make it read as another."""

import re

# Embeddings, overrides and isolates; the two plain marks (U+200E, U+200F) turn nothing but themselves, and stay.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def are_turned(text: str) -> bool:
    """Whether the text holds a mark that turns what follows."""
    return bool(_TURNS.search(text))


def straight(text: str) -> str:
    """Return the text without such marks: each script keeps the direction that its letters have."""
    return _TURNS.sub("", text)
