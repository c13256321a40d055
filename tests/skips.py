"""A test that is skipped proves nothing: each needs a line, with its reason, in allowed_skips.txt."""

from pathlib import Path

import pytest

LIST = Path(__file__).parent / "allowed_skips.txt"


def allowed(text: str) -> set[str]:
    """Return the node ids of the list: one a line, then two blanks, # and the reason; a line without reason is none."""
    lines = (line.partition("  # ") for line in text.splitlines() if not line.startswith("#"))
    return {node.strip() for node, _, reason in lines if node.strip() and reason.strip()}


def refuse(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn the report of a skipped test that is not on the list into a failure."""
    if report.skipped and not hasattr(report, "wasxfail") and report.nodeid not in allowed(LIST.read_text()):
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} is skipped ({report.longrepr}) and not listed in {LIST.name}."
