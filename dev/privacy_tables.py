"""Writes into docs/privacy.md, between its marks, the tables of the field register, and the privacy statement.

Run `python -m dev.privacy_tables` after a change of registrations/field_register/ or of the statement's text.
"""

import html
import os
import re
from collections.abc import Iterable
from pathlib import Path

import django

from registrations import statement
from registrations.field_register import PEOPLE, STAFF, TEXTS, Entry

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "privacy.md"
PARTS = ("people", "extras", "staff", "statement")

_LINK = re.compile(r'<a [^>]*?href="([^"]+)"[^>]*>(.*?)</a>', re.DOTALL)
#: From the statement's few kinds of markup to Markdown.
_MARKUP = (
    (re.compile(r"<h2[^>]*>(.*?)</h2>", re.DOTALL), r"\n\n### \1\n\n"),
    (re.compile(r"<summary[^>]*>(.*?)</summary>", re.DOTALL), r"\n\n**\1**\n\n"),
    (re.compile(r"<li[^>]*>\s*(.*?)\s*</li>", re.DOTALL), r"\n- \1"),
    (re.compile(r"<dt[^>]*>\s*(.*?)\s*</dt>\s*<dd[^>]*>\s*(.*?)\s*</dd>", re.DOTALL), r"\n- *\1*: \2"),
    (re.compile(r"<p[^>]*>(.*?)</p>", re.DOTALL), r"\n\n\1\n\n"),
    (re.compile(r"<[^>]+>"), ""),
    (re.compile(r"[ \t]+\n"), "\n"),
    (re.compile(r"\n{3,}"), "\n\n"),
)


def mark(part: str, *, is_end: bool = False) -> str:
    """The line before a part, or the one after it."""
    return f"<!-- end of {part} -->" if is_end else f"<!-- {part}: made by python -m dev.privacy_tables -->"


def document_with_tables(document: str) -> str:
    """Return the document with fresh parts between its marks. Raises ValueError where one is missing."""
    made = {"people": table(PEOPLE), "extras": _extras(), "staff": table(STAFF), "statement": _statement()}
    for part in PARTS:
        before, begin, rest = document.partition(mark(part))
        _, end, after = rest.partition(mark(part, is_end=True))
        if not (begin and end):
            raise ValueError(f"The document needs a line {mark(part)!r} and, below it, {mark(part, is_end=True)!r}.")
        document = f"{before}{begin}\n\n{made[part]}\n\n{end}{after}"
    return document


def table(entries: Iterable[Entry]) -> str:
    """The record of processing: what, what for, by what right, who sees it, when it goes, in which tables."""
    head = ["| what | what for | by what right | who sees it | when it goes | where |", "| --- |" + " --- |" * 5]
    rows = [
        [one.what, one.purpose, one.basis.label, one.sees(), one.kept.said(), ", ".join(sorted(one.columns))]
        for one in entries
    ]
    return "\n".join([*head, *(_row(row) for row in rows)])


def _extras() -> str:
    head = ["| extra | text beside the tick | what for | who sees it | when it goes |", "| --- |" + " --- |" * 4]
    rows = [[extra.label, one.allows, one.purpose, one.sees(), one.kept.said()] for extra, one in TEXTS.items()]
    return "\n".join([*head, *(_row(row) for row in rows)])


def _row(cells: Iterable[object]) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _statement() -> str:
    """The text as the demo shows it, as Markdown."""
    text = _LINK.sub(r"[\2](\1)", re.sub(r"\s*\n\s*", " ", statement.text()))
    for found, better in _MARKUP:
        text = found.sub(better, text)
    lines = [line.strip() for line in html.unescape(text).strip().splitlines()]
    return f"Version {statement.version()}.\n\n" + "\n".join(lines)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ranportal.settings")
    django.setup()
    DOCUMENT.write_text(document_with_tables(DOCUMENT.read_text("utf-8")), "utf-8")
