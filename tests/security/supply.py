"""What this portal is built of: locked lines with their hashes, and what is newer than locked."""

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCKS = tuple(sorted(ROOT.glob("requirements*.txt")))
#: Pins that are not the newest, each with the day on which somebody said why.
EXCEPTIONS = ROOT / "tests" / "security" / "old_pins.toml"
#: After so long the reason is looked at again.
REASON_LASTS = timedelta(days=90)

_PIN = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^ ;]+)")


@dataclass(frozen=True)
class Pin:
    """One locked package: its name in one form, its version, and how many hashes stand with it."""

    name: str
    version: str
    hashes: int


def pins(text: str) -> Iterator[Pin]:
    """The pins of a lock."""
    for entry in text.replace("\\\n", " ").splitlines():
        if found := _PIN.match(entry.strip()):
            yield Pin(named(found[1]), found[2], entry.count("--hash=sha256:"))


def unpinned(text: str) -> list[str]:
    """Entries of a lock that are no pin, or stand without a hash."""
    entries = [line.strip() for line in text.replace("\\\n", " ").splitlines()]
    said = [entry for entry in entries if entry and not entry.startswith("#")]
    return [entry for entry in said if not _PIN.match(entry) or "--hash=sha256:" not in entry]


def named(name: str) -> str:
    """The one form of a package's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def exceptions() -> dict[str, dict[str, str | date]]:
    """The excused pins, by name: version, day and reason."""
    return tomllib.loads(EXCEPTIONS.read_text("utf-8"))


def unexcused(
    newest: dict[str, str], locked: dict[str, set[str]], excused: dict[str, dict[str, str | date]]
) -> list[str]:
    """The pins of whose series there is a newer version (`newest`), and for which no reason stands."""
    return [
        f"{name}: locked {', '.join(sorted(locked[name]))}, newest of its series {version}"
        for name, version in sorted(newest.items())
        if version not in locked[name] and excused.get(name, {}).get("version") not in locked[name]
    ]


def newest_of_series(lock: Path, sources: Path) -> dict[str, str]:
    """What pip would choose today for the same sources, by one ordinary dry run.

    Where that is of another series than what is locked, the newest of the locked series. A series is what two numbers
    name, as 5.2.
    """
    locked = versions_of(lock)
    chosen = {name: version for name, version in _chosen_today(sources).items() if name in locked}
    moved = {name for name, version in chosen.items() if all(series(version) != series(old) for old in locked[name])}
    return chosen | {name: _newest(name, max(locked[name], key=_numbers)) for name in moved}


def versions_of(lock: Path) -> dict[str, set[str]]:
    """The locked versions by name: of some packages another for another Python."""
    found: dict[str, set[str]] = {}
    for pin in pins(lock.read_text("utf-8")):
        found.setdefault(pin.name, set()).add(pin.version)
    return found


def series(version: str) -> tuple[int, ...]:
    """The two numbers that name a series."""
    return _numbers(version)[:2]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


def _chosen_today(sources: Path) -> dict[str, str]:
    # Without the constraint: it names the lock, whose hashes pip would ask for everywhere.
    wanted = [line for line in sources.read_text("utf-8").splitlines() if not line.startswith("-c")]
    with tempfile.NamedTemporaryFile("w", suffix=".in", encoding="utf-8") as file:
        file.write("\n".join(wanted))
        file.flush()
        told = json.loads(
            _pip("install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-", "-r", file.name)
        )
    return {named(one["metadata"]["name"]): one["metadata"]["version"] for one in told["install"]}


def _newest(name: str, locked: str) -> str:
    """The newest version of the series of this one."""
    found = re.search(r"Available versions: (.*)", _pip("index", "versions", name))
    versions = [one for one in (found[1].split(", ") if found else []) if series(one) == series(locked)]
    return max([locked, *versions], key=_numbers)


def _pip(*words: str) -> str:
    command = [sys.executable, "-m", "pip", *words, "--no-input", "--disable-pip-version-check"]
    return subprocess.run(command, capture_output=True, check=True, cwd=ROOT, timeout=900, text=True).stdout
