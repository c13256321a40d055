"""The pages of last resort. They ask no database, no session and no cache."""

import sys

from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views import csrf

from ranportal.shared.outages import is_outage

RETRY_AFTER_SECONDS = "30"

#: How Django's reasons begin when it is not another site that sends.
_LOST_COOKIE = "CSRF "


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 with Retry-After in an outage of database, cache, disk or store of files, else 500.

    Django calls it while the exception is being handled, from whatever layer raised it.
    """
    if is_outage(sys.exception()):
        return _unavailable(request)
    return HttpResponse(loader.render_to_string("500.html"), status=500)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400, or 503 where an outage looks like the browser's fault: a session that could not be written.

    Django's own would look for a form's token first, in the very form that could not be read.
    """
    if is_outage(exception):
        return _unavailable(request)
    return HttpResponse(loader.render_to_string("400.html"), status=400)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403. A public form that its own page sent without our cookie comes back with what was typed.

    What other sites send (the browser names them) is not shown to anybody.
    """
    match = request.resolver_match
    view = match.func if match else None
    if match is None or not reason.startswith(_LOST_COOKIE) or not getattr(view, "keeps_text", False):
        return csrf.csrf_failure(request, reason=reason)
    request.has_lost_cookie = True  # type: ignore[attr-defined]
    return match.func(request, *match.args, **match.kwargs)


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
