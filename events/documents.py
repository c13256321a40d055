"""What is known of a publication's file from the file itself."""

import logging
from dataclasses import dataclass

from django.core.files import File
from django.http import FileResponse

from events.models import Publication

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
    """Return size and type as the storage has them, or None where there is no file or it cannot be read."""
    file = opened(publication)
    if file is None:
        return None
    with file:
        start, size = file.read(_LOOKED_AT), file.size
    if is_pdf(start):
        return Document(size=size, kind="PDF", extension="pdf", content_type="application/pdf")
    return Document(size=size, kind="File", extension="bin", content_type="application/octet-stream")


def opened(publication: Publication) -> File | None:
    """Return the stored file, open for reading, or None where there is none or it cannot be read.

    A file that should be there and is not is logged: a reader can do nothing about it, the operator can.
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

    Never shown as a page of this site: whatever is in the file cannot act in the site's name.
    """
    document, file = document_of(publication), opened(publication)
    if document is None or file is None:
        return None
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
