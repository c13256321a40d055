"""What is known of a publication's file from the file itself."""

import logging
from dataclasses import dataclass

from django.core.files import File

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


def is_pdf(start: bytes) -> bool:
    """Whether a file that starts so is a PDF."""
    return start.startswith(PDF_START)
