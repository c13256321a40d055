"""A document that came with an answer, as a download: for the person who sent it, and for who may read it."""

import logging

from django.http import FileResponse, Http404

from ranportal.shared.sealing import Unopened
from registrations.models import Answer, Registration
from registrations.models.call_key import KeyDestroyed
from registrations.services import uploads

logger = logging.getLogger(__name__)

_ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}


def document(answer: Answer, registration: Registration) -> FileResponse:
    """The answer's file under a name that says nothing; the browser gets no say in what it is.

    Raises Http404 where it is gone, or cannot be read any more.
    """
    try:
        stored = uploads.opened(answer)
    except FileNotFoundError:
        raise Http404("This document is not stored any more.") from None
    except (KeyDestroyed, Unopened) as error:
        logger.warning("A sealed file cannot be opened: answer %s (%r).", answer.pk, error)
        raise Http404("This document cannot be read any more.") from None
    kind = answer.value.get("content_type", "") if isinstance(answer.value, dict) else ""
    ending = _ENDINGS.get(kind, "bin")
    return FileResponse(
        stored,
        as_attachment=True,
        filename=f"{registration.reference}-{answer.question.key}.{ending}",
        content_type=kind if kind in _ENDINGS else "application/octet-stream",
        headers={"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"},
    )
