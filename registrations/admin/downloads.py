"""Files that organisers take away: the registrations of a call, and documents that registrants uploaded."""

import logging

from django.contrib import admin
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, StreamingHttpResponse

from events.models import Call
from ranportal.shared.sealing import Unopened
from registrations import exports, reports, tallies
from registrations.models import Answer, Registration
from registrations.models.call_key import KeyDestroyed
from registrations.services import uploads

logger = logging.getLogger(__name__)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}


def as_csv(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> StreamingHttpResponse:
    """All registrations of the call as CSV, line by line."""
    table = exports.Table(call, _registrations(request, call))
    response = StreamingHttpResponse(exports.csv_lines(table), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_name(call)}.csv"'
    return response


def as_xlsx(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> FileResponse:
    """All registrations of the call as a workbook, with its numbers and their charts."""
    book = exports.workbook(exports.Table(call, _registrations(request, call)), tallies.of_call(call))
    return FileResponse(book, as_attachment=True, filename=f"{_name(call)}.xlsx", content_type=XLSX)


def answer_file(
    model_admin: admin.ModelAdmin, request: HttpRequest, registration: Registration, answer_id: int
) -> FileResponse:
    """A document that came with an answer, always as a download and under a name that says nothing."""
    answer = registration.answers.filter(pk=answer_id).select_related("question").first()
    if answer is None or not answer.file:
        raise Http404
    return document(answer, registration)


def document(answer: Answer, registration: Registration) -> FileResponse:
    """The answer's file as a download; the browser gets no say in what it is. Raises Http404 where it is gone."""
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


def _registrations(request: HttpRequest, call: Call) -> QuerySet[Registration]:
    return reports.registrations_of(request.user).filter(call=call)


def _name(call: Call) -> str:
    return f"registrations-{call.event.slug}"
