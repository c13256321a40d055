"""The table of the fault suite."""

import json

import pytest

from tests.faults import report
from tests.faults.report import Line


@pytest.fixture(autouse=True)
def own_lines(monkeypatch):
    monkeypatch.setattr(report, "_lines", [])


def test_a_line_is_kept_with_its_database(monkeypatch):
    monkeypatch.delenv("FAULTS_TABLE", raising=False)
    monkeypatch.setenv("TEST_DATABASE", "sqlite")
    report.add(fault="kill", goal="lost 0", reached="lost 0 of 9")
    assert report.lines() == [Line("SQLite", "kill", "lost 0", "lost 0 of 9")]


def test_two_runs_leave_their_lines_in_one_file(monkeypatch, tmp_path):
    monkeypatch.setenv("FAULTS_TABLE", str(tmp_path / "table"))
    for database in ("postgresql", "sqlite"):
        monkeypatch.setenv("TEST_DATABASE", database)
        report.add(fault="kill", goal="lost 0", reached="lost 0")
    kept = [Line(**json.loads(line)) for line in (tmp_path / "table").read_text().splitlines()]
    assert [line.database for line in kept] == ["PostgreSQL", "SQLite"]


def test_the_table_keeps_its_columns_where_a_cell_is_long():
    printed = report.table([Line("SQLite", "kill", "lost 0", "figure " * 20)]).splitlines()
    starts = {line.index("figure") for line in printed if "figure" in line}
    assert len(starts) == 1
    assert [line[:6] for line in printed if line.startswith("SQLite")] == ["SQLite"]


def test_only_the_long_run_is_full(monkeypatch):
    monkeypatch.delenv("FAULTS", raising=False)
    assert not report.is_full()
    monkeypatch.setenv("FAULTS", "full")
    assert report.is_full()
