"""The registrations of a call as CSV and as a workbook."""

import csv
import gc
import io
import zipfile
from xml.etree import ElementTree

import pytest

from registrations import exports
from registrations.enums import QuestionKind
from registrations.exports import safe_cell
from registrations.services import scoring
from tests import sealed
from tests.factories import AnswerFactory, DecisionFactory, QuestionFactory, RegistrationFactory, ReviewFactory
from tests.registrations.people_story import application, call_page, export, signed_in, story

pytestmark = pytest.mark.django_db

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
PAYLOADS = [
    "=1+1",
    "+49 170 1234",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠A1",
    "  =1+1",
    '=HYPERLINK("https://evil.example.org","x")',
]


def read_csv(told):
    response = export(signed_in(told.organiser), call_page(told.call, "export.csv"))
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def read_xlsx(told):
    """The cells of the first sheet as rows of (type, text)."""
    response = export(signed_in(told.organiser), call_page(told.call, "export.xlsx"))
    with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    assert not list(sheet.iter(f"{SHEET}f")), "a formula"
    rows = []
    for row in sheet.iter(f"{SHEET}row"):
        rows.append([(c.get("t"), "".join(c.itertext())) for c in row.iter(f"{SHEET}c")])
    return rows


def test_the_csv_has_everything_about_each_person():
    told = story()
    review = ReviewFactory(registration=told.applicant)
    review.scores.create(criterion=told.criterion, value=4)
    scoring.refresh(registrations=[told.applicant.pk])
    DecisionFactory(registration=told.applicant, reason="Fits.")

    [row] = read_csv(told)

    assert row == {
        "Reference": "P-2AAAA",
        "State": "Received",
        "Given name": "Zoë",
        "Family name": "Őrségi",
        "Name that others will see": "Psychologist, Latvia",
        "E-mail address": "zoe@example.org",
        "Organisation": "Example clinic",
        "Country": "Latvia",
        "Profession": "Psychology",
        "Role": "Participant",
        "Counts as a place": "yes",
        "Sent at (event's time)": "2026-08-30 14:00",
        "Check": "Not looked at",
        "Why?": "Because of my work",
        "Diet?": "Vegan",
        "Score: Fit (of 5)": "4.0",
        "Score mean (%)": "80.0",
        "Reviews": "1",
        "Decision": "Select",
        "Reason": "Fits.",
        "Released at (event's time)": "",
    }


def test_the_workbook_has_the_same_cells_as_text():
    told = story()
    header, row = read_xlsx(told)
    assert header[0] == ("inlineStr", "Reference")
    assert ("inlineStr", "P-2AAAA") in row
    assert ("inlineStr", "Őrségi") in row
    assert ("inlineStr", "Because of my work") in row


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_cell_can_become_a_formula(payload):
    told = story()
    sealed.rewrite(told.applicant.answers.filter(question=told.motivation), text=payload)
    told.applicant.identity.organisation = payload
    told.applicant.identity.save()

    [row] = read_csv(told)

    assert row["Why?"] == row["Organisation"] == f"'{payload}"
    assert ("inlineStr", payload.replace("\r", "_x000D_")) in read_xlsx(told)[1]  # as the format writes it


def test_without_the_guard_a_cell_would_be_a_formula(monkeypatch):
    told = story()
    sealed.rewrite(told.applicant.answers.filter(question=told.motivation), text="=1+1")
    monkeypatch.setattr(exports, "safe_cell", str)
    assert read_csv(told)[0]["Why?"] == "=1+1"


def test_a_question_s_wording_cannot_become_a_formula():
    told = story()
    QuestionFactory(call=told.call, label="=cmd|' /C calc'!A0")
    assert "'=cmd|' /C calc'!A0" in read_csv(told)[0]


@pytest.mark.parametrize(
    ("cell", "written"), [("\0x", "'\0x"), ("", ""), (None, ""), ("Jo=1", "Jo=1"), (4, "4"), ("'x", "'x")]
)
def test_a_cell_is_written_safely(cell, written):
    assert safe_cell(cell) == written


def test_numbers_and_days_stay_numbers_and_days_in_the_workbook():
    told = story()
    number = QuestionFactory(call=told.call, kind=QuestionKind.NUMBER)
    day = QuestionFactory(call=told.call, kind=QuestionKind.DATE)
    AnswerFactory(registration=told.applicant, question=number, value=12, text="12")
    AnswerFactory(registration=told.applicant, question=day, value="2026-09-01", text="1 September 2026")

    cells = read_xlsx(told)[1]

    assert (None, "12") in cells
    assert (None, "46266") in cells
    assert read_csv(told)[0][day.label] == "2026-09-01"


@pytest.mark.parametrize("read", [0, 1])
def test_a_workbook_that_nobody_reads_to_its_end_leaves_no_open_file(monkeypatch, read):
    made = []
    monkeypatch.setattr(exports.tempfile, "TemporaryFile", lambda **kind: made.append(io.BytesIO()) or made[-1])
    told = story()
    response = export(signed_in(told.organiser), call_page(told.call, "export.xlsx"))
    parts = iter(response.streaming_content)
    assert int(response["Content-Length"]) == len(made[0].getvalue())
    assert [next(parts)[:2] for _ in range(read)] == [b"PK"] * read
    # As a server does whose reader has hung up: it forgets the response, and closes nothing.
    del response, parts
    gc.collect()
    assert made[0].closed


def test_a_second_sheet_holds_the_numbers_with_a_chart_of_each():
    told = story()
    RegistrationFactory(call=told.call, submitted=True, country="FR", profession="police")
    response = export(signed_in(told.organiser), call_page(told.call, "export.xlsx"))
    with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as book:
        sheet = book.read("xl/worksheets/sheet2.xml").decode()
        charts = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/charts/chart")]

    assert "<f>" not in sheet
    assert all(f"<t>{words}</t>" in sheet for words in ("France", "Latvia", "Police", "Took part", "Deadline"))
    assert len(charts) == 4
    assert all("<c:f>Figures!$A$" in chart and "<c:f>Figures!$" in chart for chart in charts)
    assert sheet.count("<row ") > 12


def test_a_call_without_people_has_numbers_without_charts_of_nothing():
    told = story()
    told.applicant.answers.all().delete()
    told.call.registrations.all().delete()
    response = export(signed_in(told.organiser), call_page(told.call, "export.xlsx"))
    with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as book:
        charts = [name for name in book.namelist() if name.startswith("xl/charts/chart")]

    assert len(charts) == 1  # from the form to the event, all of it 0


def test_a_text_longer_than_a_cell_ends_with_a_remark():
    told = story()
    sealed.rewrite(told.applicant.answers.filter(question=told.motivation), text="x" * 40_000)
    cell = max((text for _, text in read_xlsx(told)[1]), key=len)
    assert len(cell) == 32_767
    assert cell.endswith("(cut here; the portal has the whole text)")


def test_only_people_of_this_call_are_exported():
    told = story()
    RegistrationFactory()
    assert [row["Reference"] for row in read_csv(told)] == ["P-2AAAA"]


def test_the_number_of_queries_does_not_grow_with_the_number_of_people(django_assert_max_num_queries):
    told = story()
    for _ in range(30):
        AnswerFactory(registration=application(told.call), question=told.motivation)
    client = signed_in(told.organiser)
    for ending in ("csv", "xlsx"):
        with django_assert_max_num_queries(18):
            b"".join(export(client, call_page(told.call, f"export.{ending}")).streaming_content)


def test_the_file_is_named_by_the_event_and_not_kept_in_caches():
    told = story()
    response = export(signed_in(told.organiser), call_page(told.call, "export.xlsx"))
    assert (
        response.headers["Content-Disposition"] == f'attachment; filename="registrations-{told.call.event.slug}.xlsx"'
    )
    b"".join(response.streaming_content)
    assert "no-store" in response.headers["Cache-Control"]
