"""docs/privacy.md holds the register and the statement as they stand."""

import pytest

from dev import privacy_tables
from registrations import statement
from registrations.field_register import PEOPLE
from tests.architecture.house import ROOT

DOCUMENT = ROOT / "docs" / "privacy.md"


def empty() -> str:
    return "\n".join(
        f"{privacy_tables.mark(p)}\nold\n{privacy_tables.mark(p, is_end=True)}" for p in privacy_tables.PARTS
    )


def test_the_tables_and_the_statement_are_made_from_the_register():
    document = DOCUMENT.read_text("utf-8")

    assert privacy_tables.document_with_tables(document) == document, "Run: python -m dev.privacy_tables"


def test_old_tables_are_found_and_made_anew():
    fresh = privacy_tables.document_with_tables(empty())

    assert "old" not in fresh.splitlines()
    assert all(entry.what in fresh for entry in PEOPLE)
    assert statement.version() in fresh
    assert privacy_tables.document_with_tables(fresh) == fresh


def test_a_document_without_marks_is_told():
    with pytest.raises(ValueError, match="needs a line"):
        privacy_tables.document_with_tables("# Personal data\n")


def test_the_statement_there_has_the_ten_headings():
    headings = [
        line for line in DOCUMENT.read_text("utf-8").splitlines() if line.startswith("### ") and line[4].isdigit()
    ]

    assert [int(line[4:].partition(".")[0]) for line in headings] == list(range(1, 11))
