"""People who send one form each, again and again until they read that it came; and one who only looks, all the time."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Self

from events.models import Call
from ranportal.shared import clock
from tests.factories import CallFactory, EventFactory
from tests.races.web import WebServer
from tests.registrations.pages import FORM

#: Seconds between two tries of one person, and between two looks.
PAUSE = 0.1


@dataclass(frozen=True)
class Answer:
    """What came back to one request: a status, or the name of what broke."""

    started: float
    said: int | str
    retry_after: str


def open_call() -> Call:
    """An open call without a limit, which takes forms now; its address is `form_of(call)`."""
    now = clock.now()
    session = (now + timedelta(days=30), now + timedelta(days=30, hours=2))
    event = EventFactory(published_at=now - timedelta(days=1), sessions=[session])
    since, until = now - timedelta(days=1), now + timedelta(days=9)
    return CallFactory(event=event, unlimited=True, opens_at=since, closes_at=until)


def form_of(call: Call) -> str:
    """Where the form of this call is."""
    return f"/events/{call.event.slug}/register/"


class _Answers:
    def __init__(self, server: WebServer) -> None:
        self.server = server
        self._answers: list[Answer] = []
        self._threads: list[threading.Thread] = []

    @property
    def answers(self) -> list[Answer]:
        """All that came back so far."""
        return list(self._answers)

    @property
    def said(self) -> Counter[int | str]:
        """How often each answer came."""
        return Counter(answer.said for answer in self.answers)

    def failures_since(self, moment: float) -> list[Answer]:
        """Answers other than a page or a success to requests that began after this moment (monotonic seconds)."""
        return [answer for answer in self.answers if answer.started > moment and answer.said not in (200, 303)]

    def _ask(self, address: str, form: dict[str, str] | None) -> int | str:
        browser, started = self.server.browser(), time.monotonic()
        said: int | str
        try:
            said = browser.get(address) if form is None else browser.post(address, form)
        except (OSError, http.client.HTTPException) as error:
            said = type(error).__name__
        self._answers.append(Answer(started, said, browser.headers.get("Retry-After", "")))
        return said


class Crowd(_Answers):
    """So many people, so many of them at a time."""

    def __init__(self, server: WebServer, call: Call, *, people: int, at_a_time: int = 8, name: str = "crowd") -> None:
        super().__init__(server)
        self._address = form_of(call)
        self.people = people
        self._at_a_time, self._name = at_a_time, name
        self._numbers = count()
        self._told: set[str] = set()
        self._gives_up = False

    @property
    def told(self) -> set[str]:
        """The addresses of those who read that their form came."""
        return set(self._told)

    def start(self) -> Self:
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self._at_a_time)]
        for thread in self._threads:
            thread.start()
        return self

    def wait_for(self, told: int, *, seconds: float = 120) -> None:
        """Until so many have read that their form came; raises TimeoutError."""
        end = time.monotonic() + seconds
        while len(self._told) < told:
            if time.monotonic() > end:
                self._gives_up = True
                raise TimeoutError(f"{len(self._told)} of {told} after {seconds} s: {self.said}")
            time.sleep(0.02)

    def finish(self, *, seconds: float = 180) -> None:
        """Until everybody has; raises TimeoutError."""
        self.wait_for(self.people, seconds=seconds)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (number := next(self._numbers)) < self.people:
            email = f"{self._name}{number}@example.org"
            while self._ask(self._address, FORM | {"email": email}) != 303:
                if self._gives_up:
                    return
                time.sleep(PAUSE)
            self._told.add(email)


class Watcher(_Answers):
    """Looks at these addresses in turn until it is stopped."""

    def __init__(self, server: WebServer, addresses: Sequence[str]) -> None:
        super().__init__(server)
        self._addresses = addresses
        self._is_over = threading.Event()

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._work, daemon=True)]
        self._threads[0].start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._is_over.set()
        self._threads[0].join()

    def wait_for(self, status: int, *, since: float, seconds: float = 60) -> float:
        """Until a request that began since then is answered so; returns when it began. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = [answer.started for answer in self.answers if answer.started >= since and answer.said == status]
            if found:
                return found[0]
            time.sleep(0.02)
        raise TimeoutError(f"no {status} after {seconds} s: {self.said}")

    def _work(self) -> None:
        number = 0
        while not self._is_over.is_set():
            self._ask(self._addresses[number % len(self._addresses)], None)
            number += 1
            time.sleep(PAUSE)
