"""The pages of last resort. They ask no database, no session and no cache."""

import sys

from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views import defaults

from ranportal.shared.outages import is_outage

RETRY_AFTER_SECONDS = "30"


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 with Retry-After in an outage of database, cache, disk or store of files, else 500.

    Django calls it while the exception is being handled, from whatever layer raised it.
    """
    if is_outage(sys.exception()):
        return _unavailable(request)
    return HttpResponse(loader.render_to_string("500.html"), status=500)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400, or 503 where an outage looks like the browser's fault: a session that could not be written."""
    if is_outage(exception):
        return _unavailable(request)
    return defaults.bad_request(request, exception)


def _unavailable(request: HttpRequest) -> HttpResponse:
    _let_go_of_connections()
    page = loader.render_to_string("503.html", {"is_form": request.method == "POST"})
    headers = {"Retry-After": RETRY_AFTER_SECONDS, "Cache-Control": "no-store"}
    return HttpResponse(page, status=503, headers=headers)


def _let_go_of_connections() -> None:
    """A kept connection may answer and still be of no use: of a server that only reads since, or is a stand-by now."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
