"""One line in the log and one count for each request of ours: what was asked, the answer, how long it took.

The line names the pattern of the address, never the address itself, and nothing of who asked.
"""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ranportal.shared import metrics, tracing

logger = logging.getLogger("portal.access")

HEADER = "X-Request-ID"

#: Asked every few seconds by machines: worth a line only where the answer is bad.
_ASKED_BY_MACHINES = ("/healthz/", "/metrics/")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class AccessMiddleware:
    """Gives each request its id, sends it back, and writes down how it went."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = _id_of(request)
        started = time.perf_counter()
        with tracing.request(request_id):
            response = self.get_response(request)
            _note(request, response, seconds=time.perf_counter() - started)
        response.headers[HEADER] = request_id
        return response


def _id_of(request: HttpRequest) -> str:
    """The id that our own proxy gave, where one stands in front; a stranger's is none."""
    given = request.headers.get(HEADER, "") if settings.TRUSTED_PROXIES else ""
    return given if tracing.is_well_formed(given) else tracing.new_id()


def _note(request: HttpRequest, response: HttpResponseBase, *, seconds: float) -> None:
    match = request.resolver_match
    method = request.method if request.method in _METHODS else "OTHER"
    path = f"/{match.route}" if match else "(no page)"
    metrics.count(view=match.view_name if match else "", method=method, status=response.status_code, seconds=seconds)
    is_dull = request.path_info.startswith(_ASKED_BY_MACHINES) and response.status_code < 400
    about = {
        "method": method,
        "path": path,
        "status": response.status_code,
        "duration_ms": round(seconds * 1000, 1),
    }
    logger.log(
        logging.DEBUG if is_dull else logging.INFO,
        "%(method)s %(path)s %(status)s %(duration_ms)s ms",
        about,
        extra={"about": about},
    )
