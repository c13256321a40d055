"""Whether this installation is well: /healthz/live/ (the process), /web/ (and the database), /ready/ (and the rest)."""

import time
from collections.abc import Callable
from functools import lru_cache

from celery import current_app
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError as BrokerError

_WAIT_SECONDS = 1.0
_KEPT_SECONDS = 5


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Answer 200 as long as the process serves requests."""
    return _report({})


@never_cache
@require_safe
def web(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers, else 503: for load balancers."""
    return _report({"database": _database})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 when database, broker and a worker answer, else 503 naming what fails: for people and alarms."""
    return _report({"database": _database, "broker": _broker, "worker": _worker})


def _report(parts: dict[str, Callable[[], bool]]) -> JsonResponse:
    states = {name: "ok" if is_well() else "no answer" for name, is_well in parts.items()}
    is_ready = all(state == "ok" for state in states.values())
    return JsonResponse({"ready": is_ready, **states}, status=200 if is_ready else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker() -> bool:
    try:
        with current_app.connection_for_read(transport_options=_short_waits()) as broker:
            broker.ensure_connection(max_retries=1, timeout=_WAIT_SECONDS)
    except (BrokerError, OSError):
        return False
    return True


def _worker() -> bool:
    """The answer of these seconds: whoever asks more often, all workers are asked once."""
    return _worker_of(int(time.monotonic() // _KEPT_SECONDS))


@lru_cache(maxsize=1)
def _worker_of(span: int) -> bool:
    """One worker that answers is enough, and ends the wait."""
    try:
        with current_app.connection_for_write(transport_options=_short_waits()) as broker:
            broker.ensure_connection(max_retries=1, timeout=_WAIT_SECONDS)
            answers = current_app.control.broadcast(
                "ping", reply=True, timeout=_WAIT_SECONDS, limit=1, connection=broker
            )
    except (BrokerError, OSError):
        return False
    return bool(answers)


def _short_waits() -> dict[str, float]:
    return {"socket_connect_timeout": _WAIT_SECONDS, "socket_timeout": 2 * _WAIT_SECONDS}
