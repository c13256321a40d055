"""Characters that no reader shows and some break at: a paste from slides brings vertical tabs."""

import re

# What XML 1.0 has no sign for, not even an escaped one; calendars (RFC 5545) allow no more.
_CONTROLS = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def without_controls(text: str) -> str:
    """Return the text with a space in the place of each such character; tabs and line breaks stay."""
    return _CONTROLS.sub(" ", text)
