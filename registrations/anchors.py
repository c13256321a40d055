"""What scores of a criterion mean, written as lines “5 = works with radicalised people every week”. Pure."""

import re
from collections.abc import Sequence

_ANCHOR = re.compile(r"(\d{1,3})\s*=\s*(\S.*)")


def meanings(text: str) -> dict[int, str]:
    """Return what each score means that has a line, the highest first; lines of another form are left out."""
    matches = [_ANCHOR.fullmatch(line.strip()) for line in text.splitlines()]
    return dict(sorted(((int(match[1]), match[2]) for match in matches if match), reverse=True))


def wrong_anchors(lines: Sequence[str], most: int) -> str:
    """Return what is wrong with these lines for scores from 0 to `most`; nothing where all are right."""
    seen: set[int] = set()
    for line in lines:
        match = _ANCHOR.fullmatch(line)
        if match is None:
            return f"“{line[:60]}” is not of the form “5 = what it means”."
        number = int(match[1])
        if number > most:
            return f"{number} is above the highest score, {most}."
        if number in seen:
            return f"{number} stands twice."
        seen.add(number)
    return ""
