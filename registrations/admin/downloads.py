"""Files that organisers take away: the registrations of a call, and documents that registrants uploaded."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, StreamingHttpResponse

from events.models import Call
from registrations import exports, reports, tallies
from registrations.documents import document
from registrations.models import Registration

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def as_csv(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> StreamingHttpResponse:
    """All registrations of the call as CSV, line by line."""
    table = exports.Table(call, _registrations(request, call))
    response = StreamingHttpResponse(exports.csv_lines(table), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_name(call)}.csv"'
    return response


def as_xlsx(model_admin: admin.ModelAdmin, request: HttpRequest, call: Call) -> StreamingHttpResponse:
    """All registrations of the call as a workbook, with its numbers and their charts."""
    parts, size = exports.workbook(exports.Table(call, _registrations(request, call)), tallies.of_call(call))
    response = StreamingHttpResponse(parts, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{_name(call)}.xlsx"'
    response["Content-Length"] = str(size)
    return response


def answer_file(
    model_admin: admin.ModelAdmin, request: HttpRequest, registration: Registration, answer_id: int
) -> FileResponse:
    """A document that came with an answer, always as a download and under a name that says nothing."""
    answer = registration.answers.filter(pk=answer_id).select_related("question").first()
    if answer is None or not answer.file:
        raise Http404
    return document(answer, registration)


def _registrations(request: HttpRequest, call: Call) -> QuerySet[Registration]:
    return reports.registrations_of(request.user).filter(call=call)


def _name(call: Call) -> str:
    return f"registrations-{call.event.slug}"
