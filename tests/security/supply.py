"""What this portal is built of: locked lines with their hashes, and what is newer than locked."""

import json
import re
import subprocess
import sys
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


def unexcused(newer: dict[str, str], locked: dict[str, str], excused: dict[str, dict[str, str | date]]) -> list[str]:
    """The pins of which the registry has a newer version, and for which no reason stands."""
    return [
        f"{name}: locked {locked[name]}, newest {version}"
        for name, version in sorted(newer.items())
        if excused.get(name, {}).get("version") != locked[name]
    ]


def newer_than_locked(lock: Path, sources: Path) -> dict[str, str]:
    """What pip would choose today for the same sources, where that is another version: by one ordinary dry run."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--no-input"]
    command += ["--disable-pip-version-check", "--report", "-", "-r", str(sources)]
    done = subprocess.run(command, capture_output=True, check=True, cwd=ROOT, timeout=900)
    chosen = {named(one["metadata"]["name"]): one["metadata"]["version"] for one in json.loads(done.stdout)["install"]}
    locked = {pin.name: pin.version for pin in pins(lock.read_text("utf-8"))}
    return {name: version for name, version in chosen.items() if locked.get(name, version) != version}
