"""What is known of a publication's file from the file itself."""

import logging
from dataclasses import dataclass

from django.core.files import File
from django.http import FileResponse

from events.models import Publication
from ranportal.shared.stores import StoreDown

logger = logging.getLogger(__name__)

PDF_START = b"%PDF-"
_LOOKED_AT = 1024


@dataclass(frozen=True)
class Document:
    """A stored file: its size in bytes and what its first bytes say it is."""

    size: int
    kind: str
    extension: str
    content_type: str


def document_of(publication: Publication) -> Document | None:
    """Return size and type as the storage has them, or None where there is no file or it cannot be read now."""
    try:
        file = opened(publication)
        if file is None:
            return None
        with file:
            return _looked_at(file)
    except StoreDown:
        # The page says that the document is away, and still says everything else.
        logger.exception("The document of publication %s cannot be read now.", publication.slug)
        return None


def _looked_at(file: File) -> Document:
    start = file.read(_LOOKED_AT)
    file.seek(0)
    if is_pdf(start):
        return Document(size=file.size, kind="PDF", extension="pdf", content_type="application/pdf")
    return Document(size=file.size, kind="File", extension="bin", content_type="application/octet-stream")


def opened(publication: Publication) -> File | None:
    """Return the stored file, open for reading, or None where there is none or it cannot be read.

    A file that should be there and is not is logged: a reader can do nothing about it, the operator can. Raises
    StoreDown.
    """
    name = publication.document.name
    if not name:
        return None
    try:
        return publication.document.storage.open(name, "rb")
    except OSError:
        logger.exception("The document of publication %s cannot be read.", publication.slug)
        return None


def download(publication: Publication) -> FileResponse | None:
    """Return an answer that hands the file over to be saved, under the publication's name; None where there is none.

    Raises StoreDown. Never shown as a page of this site: whatever is in the file cannot act in the site's name.
    """
    file = opened(publication)
    if file is None:
        return None
    document = _looked_at(file)
    return FileResponse(
        file,
        as_attachment=True,
        filename=f"{publication.slug}.{document.extension}",
        content_type=document.content_type,
        headers={"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"},
    )


def is_pdf(start: bytes) -> bool:
    """Whether a file that starts so is a PDF."""
    return start.startswith(PDF_START)
