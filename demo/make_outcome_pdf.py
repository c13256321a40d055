"""Make the outcome paper of the demo: a PDF from its text in `demo/texts/`.

The PDF is committed, so this is run only after the text has changed, in an environment of its own:

    python3 -m venv /tmp/pdf && /tmp/pdf/bin/pip install fpdf2 && /tmp/pdf/bin/python demo/make_outcome_pdf.py

The file names no person and no machine, and the same text always gives the same bytes.
"""

import re
from datetime import UTC, datetime
from pathlib import Path

from fpdf import FPDF

NAME = "training-for-mental-health-practitioners-in-pcve"
FOLDER = Path(__file__).resolve().parent
TEXT = FOLDER / "texts" / f"{NAME}.md"
PDF = FOLDER / "calls" / f"{NAME}.pdf"
BLUE = (0, 68, 148)
INK = (38, 50, 75)

#: Blanked, at its length: a file that does nothing when it is opened passes every gate for documents.
OPEN_ACTION = re.compile(rb"/OpenAction \[[^\]]*\]")


class Paper(FPDF):
    """An A4 page with a quiet foot."""

    def footer(self) -> None:
        self.set_y(-18)
        self.set_font("Helvetica", size=9)
        self.set_text_color(81, 85, 96)
        self.cell(0, 6, f"Training for Mental Health Practitioners in P/CVE - page {self.page_no()}", align="C")


def new_paper() -> Paper:
    """An empty paper with its language, title and date, and without an author."""
    paper = Paper(format="A4")
    paper.set_margins(25, 25, 25)
    paper.set_auto_page_break(auto=True, margin=25)
    paper.set_title("Training for Mental Health Practitioners in P/CVE")
    paper.set_subject("Expert opinion")
    paper.set_lang("en")
    paper.set_producer("")
    paper.set_creation_date(datetime(2022, 2, 15, tzinfo=UTC))
    paper.add_page()
    return paper


def write_title(paper: Paper, text: str) -> None:
    paper.set_font("Helvetica", style="B", size=24)
    paper.set_text_color(*BLUE)
    paper.multi_cell(0, 11, text, align="L", new_x="LMARGIN", new_y="NEXT")
    paper.ln(4)


def write_heading(paper: Paper, text: str) -> None:
    if paper.will_page_break(30):
        paper.add_page()
    paper.ln(4)
    paper.start_section(text)
    paper.set_font("Helvetica", style="B", size=14)
    paper.set_text_color(*BLUE)
    paper.multi_cell(0, 8, text, align="L", new_x="LMARGIN", new_y="NEXT")
    paper.ln(1)


def write_paragraph(paper: Paper, text: str) -> None:
    paper.set_font("Helvetica", size=11)
    paper.set_text_color(*INK)
    paper.multi_cell(0, 5.8, text, align="L", new_x="LMARGIN", new_y="NEXT")
    paper.ln(2.5)


def write_item(paper: Paper, text: str) -> None:
    paper.set_font("Helvetica", size=11)
    paper.set_text_color(*INK)
    paper.cell(6, 5.8, "\u00b7", align="C")
    paper.multi_cell(0, 5.8, text, align="L", new_x="LMARGIN", new_y="NEXT")
    paper.ln(1.2)


WRITERS = (("# ", write_title), ("## ", write_heading), ("- ", write_item), ("", write_paragraph))


def main() -> None:
    paper = new_paper()
    for line in filter(None, TEXT.read_text(encoding="utf-8").splitlines()):
        mark, write = next((mark, write) for mark, write in WRITERS if line.startswith(mark))
        write(paper, line.removeprefix(mark))
    PDF.write_bytes(OPEN_ACTION.sub(lambda found: b" " * len(found[0]), bytes(paper.output())))


if __name__ == "__main__":
    main()
