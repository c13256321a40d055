"""Whatever part goes away or hangs, the page of health names it within ten seconds, and forgives it."""

import json
import signal
import socket
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.faults import report
from tests.workers import KeptWorker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

#: Seconds within which the page has to tell, and to answer at all; twice that on a machine that does other things too.
SOON = 10.0
PATIENCE = 60.0


def test_the_page_of_health_names_what_is_away_and_what_hangs(own_database, broker, web, worker):
    environ = {"CELERY_BROKER_URL": broker.url, "CACHE_URL": broker.url}
    kept = KeptWorker(partial(worker, has_beat=True, **environ))
    page = Page(web(**environ).socket)
    page.wait(set())
    server = own_database.server
    read_from_database = {"database", "beat", "mail", "releases"}
    faults: dict[str, tuple[set[str], Callable[[], object], Callable[[], object]]] = {
        "PostgreSQL stopped": (read_from_database, own_database.stop, own_database.start),
        "Valkey hangs": ({"broker", "worker", "cache"}, broker.freeze, broker.thaw),
    }
    if report.is_full():
        faults |= {
            "PostgreSQL hangs": (
                read_from_database,
                lambda: server.send_signal(signal.SIGSTOP),
                lambda: server.send_signal(signal.SIGCONT),
            ),
            "worker killed": ({"worker"}, kept.kill, kept.look),
            "Valkey killed": ({"broker", "worker", "cache"}, broker.kill, broker.start),
        }
    for name, (parts, breaks, mends) in faults.items():
        breaks()
        told = page.wait(parts)
        mends()
        forgiven = page.wait(set(), meanwhile=kept.look)
        report.add(
            fault=name,
            goal=f"the page of health says so within {SOON:.0f} s, and that all is well again",
            reached=f"{', '.join(sorted(parts))} named after {told:.1f} s, well again after {forgiven:.1f} s",
        )
        assert max(told, forgiven) < PATIENCE
    page.report()
    assert page.slowest < 2 * SOON


class Page:
    """Asks a web server for /healthz/ready/ again and again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.asked = 0
        self.slowest = 0.0

    def report(self) -> None:
        """Put how long its answers took into the table of faults."""
        report.add(
            fault="the page of health itself, during all of these",
            goal="no answer takes longer than 10 s",
            reached=f"{self.asked} answers, the slowest after {self.slowest:.1f} s",
        )

    def wait(self, parts: set[str], *, meanwhile: Callable[[], object] = lambda: None) -> float:
        """Seconds until exactly these parts are named; raises TimeoutError with what is named instead."""
        start = time.monotonic()
        while (named := self.ask()) != parts:
            if time.monotonic() - start > PATIENCE:
                raise TimeoutError(f"named: {named}, not {parts}")
            meanwhile()
            time.sleep(0.1)
        return time.monotonic() - start

    def ask(self) -> set[str]:
        """The parts that are not well."""
        start = time.monotonic()
        connection = HTTPConnection("localhost", timeout=PATIENCE)
        with closing(connection):
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(PATIENCE)
            connection.sock.connect(str(self._path))
            connection.request("GET", "/healthz/ready/")
            answer = connection.getresponse()
            states = json.loads(answer.read())
        self.asked += 1
        self.slowest = max(self.slowest, time.monotonic() - start)
        is_ready = states.pop("ready")
        named = {name for name, state in states.items() if state != "ok"}
        assert (answer.status == 200) is is_ready is (not named)
        return named
