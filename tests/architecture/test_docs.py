"""The documents tell of the house as it stands."""

import re
from pathlib import Path

import pytest

from dev import state_diagram
from tests.architecture.house import ROOT

ARCHITECTURE = ROOT / "ARCHITECTURE.md"
DECISIONS = ROOT / "DECISIONS.md"
TESTING = ROOT / "TESTING.md"
CHANGELOG = ROOT / "CHANGELOG.md"

_DECISION = re.compile(r"^## (\d+)\. .+\n\n(\d{4}-\d{2}-\d{2})\. ", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_NAMED = re.compile(r"`([\w.-]+(?:/[\w.-]+)+/?)`")


def rooms_without_words(document: str, rooms: set[str]) -> list[str]:
    """The rooms that a document does not draw."""
    return sorted(room for room in rooms if not re.search(rf"(?<![\w/]){re.escape(room)}(?![\w])", document))


def missing_paths(document: str, root: Path) -> list[str]:
    """The files and folders that a document names and that are not there."""
    return [name for name in _NAMED.findall(document) if not (root / name).exists()]


def missing_tests(document: str, root: Path) -> list[str]:
    """The tests that a document names and that are not there."""
    named = _TEST.findall(document)
    return [f"{file}::{test}" for file, test in named if f"def {test}(" not in (root / file).read_text("utf-8")]


def wrong_numbers(document: str) -> list[str]:
    """Where the numbers of the decisions do not run 1, 2, 3 …, or one has no date."""
    numbered = [int(number) for number, _ in _DECISION.findall(document)]
    headings = document.count("\n## ")
    gaps = [f"{number} comes at place {place}" for place, number in enumerate(numbered, start=1) if number != place]
    return gaps + ([f"{headings} headings, {len(numbered)} with number and date"] if headings != len(numbered) else [])


def test_the_drawing_shows_each_room_and_each_part_of_the_apps():
    parts = {
        path.name
        for app in ("accounts", "events", "registrations", "registrations/mail", "registrations/services")
        for path in (ROOT / app).iterdir()
        if (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").exists()
    }
    made_by_programs = {"var", "__pycache__"}
    top = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."} - made_by_programs
    words = {name.removesuffix(".py") for name in parts - {"migrations"}} | top

    assert rooms_without_words(ARCHITECTURE.read_text("utf-8"), words) == []


def test_the_states_are_drawn_from_the_table_of_moves():
    document = ARCHITECTURE.read_text("utf-8")

    assert state_diagram.document_with_states(document) == document, "Run: python -m dev.state_diagram"


@pytest.mark.parametrize("document", [ARCHITECTURE, TESTING, DECISIONS], ids=lambda path: path.name)
def test_each_file_that_a_document_names_is_there(document):
    assert missing_paths(document.read_text("utf-8"), ROOT) == []


def test_each_law_names_tests_that_are_there():
    document = ARCHITECTURE.read_text("utf-8")
    laws = document[document.index("## The laws") :]

    assert [number for number in range(1, 10) if not re.search(rf"^\| {number} \| `tests/", laws, re.MULTILINE)] == []
    assert missing_tests(document, ROOT) == []


def test_the_decisions_are_numbered_without_a_gap_and_dated():
    document = DECISIONS.read_text("utf-8")

    assert _DECISION.search(document)
    assert wrong_numbers(document) == []


def test_the_changelog_has_lines_of_one_sentence_each():
    lines = [line for line in CHANGELOG.read_text("utf-8").splitlines() if line.startswith("- ")]

    assert lines != []
    assert [line for line in lines if not line.endswith(".")] == []


def test_a_room_that_nobody_drew_is_found():
    assert rooms_without_words("`events/` knows nothing of people.", {"events", "cellar"}) == ["cellar"]


def test_a_file_that_is_gone_is_found(tmp_path):
    (tmp_path / "here").mkdir()

    assert missing_paths("see `here/` and `here/gone.py`", tmp_path) == ["here/gone.py"]


def test_a_test_that_is_gone_is_found(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text("def test_here(): ...\n")

    document = "`tests/test_a.py::test_here` and `tests/test_a.py::test_gone`"

    assert missing_tests(document, tmp_path) == ["tests/test_a.py::test_gone"]


@pytest.mark.parametrize(
    "document",
    ["# D\n\n## 2. A\n\n2026-11-22. Why.\n", "# D\n\n## 1. A\n\nNo date.\n", "# D\n\n## A\n\n2026-11-22. Why.\n"],
)
def test_a_decision_without_its_number_or_date_is_found(document):
    assert wrong_numbers(document) != []


def test_a_stale_picture_is_found_and_made_fresh():
    stale = f"# House\n\n{state_diagram.BEGIN}\nold\n{state_diagram.END}\n\nend\n"
    fresh = state_diagram.document_with_states(stale)

    assert fresh != stale
    assert "unproven --> submitted" in fresh
    assert fresh.endswith("end\n")
    assert state_diagram.document_with_states(fresh) == fresh


def test_a_document_without_the_marks_is_refused():
    with pytest.raises(ValueError, match="needs a line"):
        state_diagram.document_with_states("# House\n")
