"""Whether this installation is well, part by part. A part that hangs must not hang who asks.

Each part is asked in a thread of its own: the page waits ANSWER_SECONDS at most and says what it has heard by then.
What the parts are is said by whoever wires them (ranportal.urls).
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from datetime import datetime

from celery import current_app
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ranportal.shared import clock

OK = "ok"
NO_ANSWER = "no answer"

#: Seconds that the page waits for its parts, all together.
ANSWER_SECONDS = 4.0
#: A question without an answer for so long (seconds) is left to itself and asked again: its connection may be dead.
GIVEN_UP_AFTER = 8.0
#: Seconds that broker and worker are given to answer by themselves.
PATIENCE = 1.5
#: All workers are asked once in so many seconds, however often the page is.
WORKER_KEPT = 5.0

Findings = Mapping[str, str]


class Probe:
    """Asks after one or several parts of the installation, at most once at a time."""

    def __init__(self, *names: str, ask: Callable[[], Findings], kept_seconds: float = 0.0) -> None:
        """`ask` answers with a word for each of `names`, "ok" or what is wrong; an exception means no answer."""
        self.names = names
        self._ask = ask
        self._kept_seconds = kept_seconds
        self._lock = threading.Lock()
        self._answer: Future[Findings] | None = None
        self._asked_at = 0.0

    def start(self) -> Future[Findings]:
        """Ask, or join in a question that is on its way; an answer that is young enough is given again."""
        with self._lock:
            if self._answer is None or self._is_stale(self._answer):
                self._answer, self._asked_at = Future(), time.monotonic()
                threading.Thread(target=self._run, args=(self._answer,), daemon=True).start()
            return self._answer

    def forget(self) -> None:
        """Give no answer again that was given before."""
        with self._lock:
            self._answer = None

    def _is_stale(self, answer: Future[Findings]) -> bool:
        return time.monotonic() - self._asked_at >= (self._kept_seconds if answer.done() else GIVEN_UP_AFTER)

    def _run(self, answer: Future[Findings]) -> None:
        try:
            answer.set_result(self._ask())
        except Exception:  # whatever keeps it from answering, it is not well
            answer.set_result({})


def page(*probes: Probe) -> Callable[[HttpRequest], JsonResponse]:
    """Return a view that answers 200 when all parts are well, else 503 naming those that are not."""

    @never_cache
    @require_safe
    def report(request: HttpRequest) -> JsonResponse:
        states = _ask_all(probes)
        is_ready = all(state == OK for state in states.values())
        return JsonResponse({"ready": is_ready, **states}, status=200 if is_ready else 503)

    return report


def database(more: Callable[[datetime], Findings] | None = None, *names: str) -> Probe:
    """The database, and on the same connection what an app has to say of its rows (`names`)."""

    def ask() -> Findings:
        # The thread is new, so its connection is new too: what cannot be opened any more is not well either.
        try:
            return {"database": OK, **_rows(more)}
        finally:
            connection.close()

    return Probe("database", *names, ask=ask)


def broker() -> Probe:
    """The broker takes a connection and answers on it."""
    return Probe("broker", ask=_ask_broker)


def worker() -> Probe:
    """At least one worker answers through the broker."""
    return Probe("worker", ask=_ask_worker, kept_seconds=WORKER_KEPT)


def shared_cache() -> Probe:
    """What is put into the cache can be read again."""
    return Probe("cache", ask=_ask_cache)


def _ask_all(probes: Sequence[Probe]) -> dict[str, str]:
    answers = {probe: probe.start() for probe in probes}
    wait(answers.values(), timeout=ANSWER_SECONDS)
    states: dict[str, str] = {}
    for probe, answer in answers.items():
        found = answer.result() if answer.done() else {}
        states |= {name: found.get(name, NO_ANSWER) for name in probe.names}
    return states


def _rows(more: Callable[[datetime], Findings] | None) -> Findings:
    if more is not None:
        with suppress(Exception):  # the tables may be missing where the database is well
            return more(clock.now())
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {}


def _ask_broker() -> Findings:
    with current_app.connection_for_read(transport_options=_short_waits()) as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=PATIENCE)
    return {"broker": OK}


def _ask_worker() -> Findings:
    with current_app.connection_for_write(transport_options=_short_waits()) as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=PATIENCE)
        # One that answers is enough, and ends the wait.
        answers = current_app.control.broadcast("ping", reply=True, timeout=PATIENCE, limit=1, connection=broker)
    return {"worker": OK} if answers else {}


def _ask_cache() -> Findings:
    stamp = f"{time.monotonic_ns()}"
    cache.set("health", stamp, timeout=60)
    # Another process may write in between; what counts is that something is read again.
    return {"cache": OK} if cache.get("health") else {}


def _short_waits() -> dict[str, float]:
    return {"socket_connect_timeout": PATIENCE, "socket_timeout": 2 * PATIENCE}
