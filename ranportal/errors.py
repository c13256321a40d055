"""The page of last resort."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader

RETRY_AFTER_SECONDS = "30"


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 with Retry-After when the database is away or too busy, else 500. Reads no database and no session.

    Django calls it while the exception is being handled, from whatever layer raised it.
    """
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        page = loader.render_to_string("503.html")
        return HttpResponse(page, status=503, headers={"Retry-After": RETRY_AFTER_SECONDS})
    return HttpResponse(loader.render_to_string("500.html"), status=500)
