"""What the rules of the house look at: the files of this checkout, and no others."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: The packages of the portal itself.
APPS = ("accounts", "events", "ranportal", "registrations")

#: All folders with code of ours.
ROOMS = (*APPS, "benchmarks", "demo", "deploy", "dev", "tests")

_TEXTS = {
    ".cfg",
    ".css",
    ".html",
    ".in",
    ".ini",
    ".js",
    ".lock",
    ".md",
    ".py",
    ".sh",
    ".svg",
    ".toml",
    ".txt",
    ".yaml",
    ".yml",
}
_TOP_FILES = {".env.example", ".gitignore", ".importlinter", "Makefile", "Procfile"}
_MADE_AT_SET_UP = (ROOT / "static" / "vendor",)


def name_of(path: Path) -> str:
    """The path as people write it, from the top of the checkout."""
    return path.relative_to(ROOT).as_posix()


def python_files(*rooms: str) -> Iterator[Path]:
    """Every Python file of these rooms, migrations apart: Django writes those."""
    for room in rooms:
        yield from (p for p in sorted((ROOT / room).rglob("*.py")) if "migrations" not in p.parts)


def templates() -> Iterator[Path]:
    """Every template: pages, parts of pages, and the texts of mails."""
    yield from (path for path in sorted((ROOT / "templates").rglob("*")) if path.suffix in {".html", ".txt", ".xml"})


def texts() -> Iterator[Path]:
    """Every file of ours that people or programs read as text."""
    yield from (p for p in sorted(ROOT.iterdir()) if p.is_file() and (p.suffix in _TEXTS or p.name in _TOP_FILES))
    for room in (*ROOMS, ".ci", "static", "templates"):
        for path in sorted((ROOT / room).rglob("*")):
            is_ours = path.is_file() and not any(path.is_relative_to(made) for made in _MADE_AT_SET_UP)
            if is_ours and (path.suffix in _TEXTS or not path.suffix):
                yield path


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a Python file; nobody changes it."""
    return ast.parse(path.read_text("utf-8"), filename=str(path))
