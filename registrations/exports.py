"""The registrations of a call as a workbook or as CSV, for its organisers, made in batches."""

import csv
import io
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO

import xlsxwriter
from django.db.models import QuerySet
from xlsxwriter.chart import Chart
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from events.models import Call
from registrations import queries
from registrations.countries import country_name
from registrations.models import Answer, Criterion, Question, Registration
from registrations.questions import KINDS, Cell
from registrations.review_reports import criterion_means
from registrations.tallies import Tally

_BATCH = 200
_PART_BYTES = 64 * 1024
_IDENTITY = ("given_name", "family_name", "display_name", "email", "organisation")
_FORMULA_STARTS = frozenset("=+-@\t\r\n\0＝＋－＠")
#: A cell of a workbook holds so many characters; a longer text ends with a remark.
_CELL_LIMIT = 32_767
#: The name of the second sheet.
_FIGURES = "Figures"
_CUT = " … (cut here; the portal has the whole text)"


@dataclass(frozen=True)
class _Part:
    """A list of numbers: its first column is named by the title, the last is what the chart shows."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    kind: str = "line"


class Table:
    """The columns and rows of one call's registrations."""

    def __init__(self, call: Call, registrations: QuerySet[Registration]) -> None:
        self._call = call
        self._registrations = registrations.select_related("identity", "decision").order_by("pk")
        self._questions: list[Question] = queries.columns_of(call)
        self._asked = {question.pk: question for question in call.questions.all()}
        self._criteria: list[Criterion] = list(call.criteria.order_by("position", "pk"))

    def header(self) -> list[str]:
        """Return the titles of all columns."""
        return [
            "Reference",
            "State",
            "Given name",
            "Family name",
            "Name that others will see",
            "E-mail address",
            "Organisation",
            "Country",
            "Profession",
            "Role",
            "Counts as a place",
            "Sent at (event's time)",
            "Check",
            *[question.label for question in self._questions],
            *[f"Score: {criterion.label} (of {criterion.max_score})" for criterion in self._criteria],
            "Score mean (%)",
            "Reviews",
            "Decision",
            "Reason",
            "Released at (event's time)",
        ]

    def rows(self) -> Iterator[list[Cell | None]]:
        """Yield one list of cells per registration, in the order of arrival."""
        registrations = self._registrations.prefetch_related("answers").iterator(chunk_size=_BATCH)
        for batch in _batches(registrations):
            means = criterion_means(batch)
            for registration in batch:
                yield self._row(registration, means)

    def _row(self, registration: Registration, means: dict[tuple[int, int], float]) -> list[Cell | None]:
        identity = getattr(registration, "identity", None)
        answers = {self._asked[a.question_id].key: self._answer(a) for a in registration.answers.all()}
        mean = registration.score
        return [
            registration.reference,
            registration.get_state_display(),
            *[getattr(identity, name, "") for name in _IDENTITY],
            country_name(registration.country),
            registration.get_profession_display(),
            registration.get_role_display(),
            "yes" if registration.is_counted else "no",
            self._moment(registration.sent_at),
            registration.get_check_result_display(),
            *[answers.get(question.key, "") for question in self._questions],
            *[_rounded(means.get((registration.pk, criterion.pk))) for criterion in self._criteria],
            _rounded(mean),
            registration.review_count,
            *self._decision(registration),
        ]

    def _answer(self, answer: Answer) -> Cell:
        return KINDS[self._asked[answer.question_id].kind].export(answer.value, answer.text)

    def _decision(self, registration: Registration) -> list[Cell | None]:
        decision = getattr(registration, "decision", None)
        if decision is None:
            return ["", "", ""]
        return [decision.get_outcome_display(), decision.reason, self._moment(decision.released_at)]

    def _moment(self, at: datetime | None) -> str:
        return "" if at is None else f"{at.astimezone(self._call.event.zone):%Y-%m-%d %H:%M}"


def csv_lines(table: Table) -> Iterator[str]:
    """Yield the table as CSV (RFC 4180, every cell quoted, formula-safe), with the mark by which Excel knows UTF-8."""
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    yield "\ufeff" + writer.writerow([safe_cell(title) for title in table.header()])
    for row in table.rows():
        yield writer.writerow([safe_cell(cell) for cell in row])


def workbook(table: Table, tally: Tally) -> tuple[Iterator[bytes], int]:
    """Return the table as XLSX, part by part, and how many bytes it has; every text cell is text, never a formula.

    A second sheet holds the call's numbers with a chart of each.
    """
    file = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115 — the parts close it
    parts = _parts_of(file)
    # A server whose reader hangs up may forget a response without closing it, or before it has begun.
    weakref.finalize(parts, file.close)
    book = xlsxwriter.Workbook(
        file,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet("Registrations")
    sheet.freeze_panes(1, 1)
    for column, title in enumerate(table.header()):
        sheet.write_string(0, column, _fitting(title), bold)
    for number, row in enumerate(table.rows(), start=1):
        _write_row(sheet, number, row, day)
    _write_figures(book, tally, bold=bold, day=day)
    book.close()
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return parts, size


def _parts_of(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while part := file.read(_PART_BYTES):
            yield part


def _write_row(sheet: Worksheet, number: int, row: Sequence[Cell | None], day: Format) -> None:
    for column, cell in enumerate(row):
        if isinstance(cell, date):
            sheet.write_datetime(number, column, cell, day)
        elif isinstance(cell, int | float):
            sheet.write_number(number, column, cell)
        elif cell:
            sheet.write_string(number, column, _fitting(cell))


def _write_figures(book: xlsxwriter.Workbook, tally: Tally, *, bold: Format, day: Format) -> None:
    sheet = book.add_worksheet(_FIGURES)
    sheet.set_column(0, 0, 26)
    sheet.write_string(0, 0, "Deadline", bold)
    sheet.write_datetime(0, 1, tally.deadline, day)
    first = 2
    for place, part in enumerate(_parts(tally)):
        for column, title in enumerate((part.title, *part.header)):
            sheet.write_string(first, column, title, bold)
        for number, row in enumerate(part.rows, start=first + 1):
            _write_row(sheet, number, row, day)
        if part.rows:
            sheet.insert_chart(place * 16, 5, _chart(book, part, first=first + 1))
        first += len(part.rows) + 2


def _parts(tally: Tally) -> list[_Part]:
    return [
        _Part(
            "Applications over time", ("On this day", "Until then"), [(d.day, d.number, d.total) for d in tally.days]
        ),
        _Part("Applications by country", ("Applications",), tally.countries, kind="bar"),
        _Part("Applications by profession", ("Applications",), tally.professions, kind="bar"),
        _Part("From the form to the event", ("People",), tally.funnel, kind="bar"),
    ]


def _chart(book: xlsxwriter.Workbook, part: _Part, *, first: int) -> Chart:
    last, values = first + len(part.rows) - 1, len(part.header)
    chart = book.add_chart({"type": part.kind})
    chart.add_series(
        {"categories": [_FIGURES, first, 0, last, 0], "values": [_FIGURES, first, values, last, values], "gap": 40}
    )
    chart.set_title({"name": part.title, "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    if part.kind == "bar":
        chart.set_y_axis({"reverse": True})
    return chart


def safe_cell(cell: Cell | None) -> str:
    """Return the cell as text that no spreadsheet takes for a formula: such a start gets a leading apostrophe."""
    if cell is None:
        return ""
    text = str(cell)
    start = text.lstrip(" \u00a0\u3000\u200b\ufeff")[:1] or text[:1]
    return f"'{text}" if start in _FORMULA_STARTS and start else text


def _fitting(text: str) -> str:
    return text if len(text) <= _CELL_LIMIT else text[: _CELL_LIMIT - len(_CUT)] + _CUT


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 2)


def _batches(registrations: Iterable[Registration]) -> Iterator[list[Registration]]:
    batch: list[Registration] = []
    for registration in registrations:
        batch.append(registration)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


class _Echo:
    """A file that hands back each line instead of keeping it."""

    def write(self, line: str) -> str:
        return line
