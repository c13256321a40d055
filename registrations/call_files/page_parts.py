"""Reads the parts `announcement` and `publication`."""

from datetime import UTC, date, datetime
from pathlib import Path

from events.enums import AnnouncementKind, PublicationKind
from registrations.call_files.contents import AnnouncementContent, PublicationContent
from registrations.call_files.section import Section

ANNOUNCEMENT_KEYS = ("slug", "title", "kind", "department", "published_on", "body")
PUBLICATION_KEYS = (*ANNOUNCEMENT_KEYS, "key_points", "document")
LARGEST_DOCUMENT = 50 * 1024 * 1024
#: Stands in for a date that could not be read: its problem is noted, so nobody ever sees it.
_UNREAD = datetime.fromtimestamp(0, UTC).date()


def read_announcement(section: Section) -> AnnouncementContent:
    """Return the announcement; what is wrong is noted by the section."""
    return AnnouncementContent(
        file=section.problems.file,
        line=section.line,
        slug=section.slug("slug"),
        title=section.text("title", required=True, longest=250),
        kind=section.choice("kind", AnnouncementKind),
        department=section.text("department", required=True, longest=150),
        published_on=_published_on(section),
        body=section.text("body", required=True),
        lines=section.lines,
    )


def read_publication(section: Section, *, folder: Path) -> PublicationContent:
    """Return the publication, its document looked for in `folder`; what is wrong is noted by the section."""
    return PublicationContent(
        file=section.problems.file,
        line=section.line,
        slug=section.slug("slug"),
        title=section.text("title", required=True, longest=250),
        kind=section.choice("kind", PublicationKind),
        department=section.text("department", required=True, longest=150),
        published_on=_published_on(section),
        body=section.text("body", required=True),
        key_points=section.texts("key_points"),
        document=_document(section, folder),
        lines=section.lines,
    )


def _published_on(section: Section) -> date:
    return section.day("published_on", required=True) or _UNREAD


def _document(section: Section, folder: Path) -> Path | None:
    name = section.text("document", longest=100)
    if not name:
        return None
    path = folder / name
    if Path(name).name != name or path.suffix.lower() != ".pdf":
        section.note("document", f"“{name}” is not the name of a PDF file beside this one.")
    elif not path.is_file():
        section.note("document", f"there is no file {name} beside this one.")
    elif path.stat().st_size > LARGEST_DOCUMENT:
        section.note("document", f"{name} is larger than 50 MB.")
    elif not path.read_bytes().startswith(b"%PDF-"):
        section.note("document", f"{name} is not a PDF file, whatever its name says.")
    else:
        return path
    return None
