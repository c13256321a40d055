"""What is wrong with call files, and where."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to put right: in which file, on which line (from 1), and what."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file} line {self.line}: {self.text}"


class CallFileRefused(Exception):
    """Call files that cannot be imported. `str()` has one line for each problem."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass
class Problems:
    """Gathers the problems of one file, so that its author sees all of them at once."""

    file: str
    found: list[Problem] = field(default_factory=list)

    def note(self, line: int, text: str) -> None:
        """Remember one problem; reading goes on."""
        self.found.append(Problem(self.file, line, text))

    def raise_if_any(self) -> None:
        """Raise CallFileRefused if anything was noted."""
        if self.found:
            raise CallFileRefused(self.found)
