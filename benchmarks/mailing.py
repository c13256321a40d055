"""The outbox beside a bare smtplib loop: the same messages and relay, as many processes, one kept connection each."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks.measures import Measured
from events.models import Call
from ranportal.shared import clock
from registrations.enums import MailState
from registrations.mail import delivery
from registrations.models import OutgoingMail

#: Seconds that a round may take on a busy machine.
PATIENCE = 120


class Crew:
    """Processes that do the same at once (benchmarks.sender)."""

    def __init__(self, number: int, environ: Mapping[str, str]) -> None:
        command = [sys.executable, "-m", "benchmarks.sender"]
        self._members = [
            subprocess.Popen(
                [*command, str(place), str(number)], env=dict(environ), stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            for place in range(number)
        ]

    def do(self, order: str) -> tuple[int, float]:
        """Let all begin; returns how many mails they sent and the seconds until the last was ready."""
        start = time.perf_counter()
        for member in self._members:
            assert member.stdin is not None
            member.stdin.write(f"{order}\n".encode())
            member.stdin.flush()
        sent = sum(int(member.stdout.readline()) for member in self._members if member.stdout is not None)
        return sent, time.perf_counter() - start

    def stop(self) -> None:
        """Each ends when it hears nothing more."""
        for member in self._members:
            member.communicate(timeout=PATIENCE)


def sending(call: Call, *, processes: int, rounds: int, environ: Mapping[str, str]) -> Measured:
    """All mails of the call by so many drainers, and by as many bare loops, in turns; the medians of the rounds."""
    OutgoingMail.objects.exclude(call=call).filter(state=MailState.QUEUED).update(state=MailState.HELD)
    with _crew(processes, environ) as crew:
        _sent(crew.do, call, "outbox")
        crew.do("read")
        _sent(crew.do, call, "bare")
        found: dict[str, list[float]] = {"outbox": [], "bare": []}
        for _ in range(rounds):
            for order, spent in found.items():
                spent.append(_sent(crew.do, call, order))
    outbox, bare = (statistics.median(spent) for spent in found.values())
    ratio = f"{bare / outbox:.0%}: {1 / outbox:.0f}/s against {1 / bare:.0f}/s"
    what = f"a mail through the outbox, {processes} process{'es' if processes > 1 else ''}"
    return Measured(what, outbox, bare, f"{ratio}, {statements(call):.2f} statements")


def statements(call: Call) -> float:
    """Statements for each mail of a drain."""
    queue_again(call)
    with CaptureQueriesContext(connection) as found:
        sent = delivery.drain(clock=clock.now, seconds=PATIENCE)
    return len(found) / sent


def queue_again(call: Call) -> None:
    """As if nothing of the call had been rendered or sent."""
    call.mails.update(state=MailState.QUEUED, rendered=None, sent_at=None, attempts=0, is_maybe_repeated=False)


@contextmanager
def _crew(number: int, environ: Mapping[str, str]) -> Iterator[Crew]:
    crew = Crew(number, environ)
    try:
        yield crew
    finally:
        crew.stop()


def _sent(do: Callable[[str], tuple[int, float]], call: Call, order: str) -> float:
    """Seconds for each mail."""
    if order == "outbox":
        queue_again(call)
    sent, seconds = do(order)
    if sent != call.mails.count():
        raise RuntimeError(f"{order}: {sent} of {call.mails.count()} mails were sent.")
    return seconds / sent
