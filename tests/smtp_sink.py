"""A small mail server for tests: it keeps what it is given, and can refuse, be slow, cut the line or never answer."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

#: A test that fails must not keep the server for ever.
_STALL_SECONDS = 60


class Mishap(StrEnum):
    """What befalls one attempt to deliver to one address."""

    NONE = "none"
    POSTPONED = "451 at the recipient"
    REFUSED = "550 at the recipient"
    CUT_AT_RECIPIENT = "the line is cut at the recipient"
    HANGS_AFTER_DOT = "kept, and never answered"
    CUT_AFTER_DATA = "kept, and the line is cut"
    LOST_AFTER_DATA = "not kept, and the line is cut"


@dataclass(frozen=True)
class Received:
    """One message as it came over the wire: its envelope and its bytes (CRLF lines, dots unstuffed)."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    at: float = 0.0
    """When it was kept, in seconds since the epoch."""


@dataclass
class Behaviour:
    """How the server answers; change it at any time, it is read at each step."""

    greeting: str = "220 sink ready"
    """The first line; ``421 …`` or ``554 …`` refuses the session."""
    auth: str = "235 2.7.0 fine"
    """The answer to AUTH, which is offered when ``offers_auth``."""
    offers_auth: bool = False
    extensions: tuple[str, ...] = ("CHUNKING", "8BITMIME", "PIPELINING", "SMTPUTF8")
    """What EHLO offers besides."""
    sender: str = "250 2.1.0 fine"
    """The answer to MAIL FROM."""
    recipients: dict[str, str] = field(default_factory=dict)
    """Answers to RCPT TO by address, such as ``550 5.1.1 no such mailbox`` or ``451 4.7.1 later``; else 250."""
    data: str = "250 2.0.0 kept"
    """The answer after the final dot; with 4xx or 5xx the message is not kept."""
    cuts_after_data: int = 0
    """So many of the next messages are kept, but the line is cut instead of the answer."""
    hangs_after_data: bool = False
    """Keep the message and never answer."""
    delay_seconds: float = 0.0
    """Wait so long before the answer after the final dot."""
    stall: threading.Event | None = None
    """The next message is kept, and answered only when this is set."""
    hangs_before_banner: int = 0
    """So many of the next sessions are accepted and never greeted."""
    admits: int | None = None
    """So many sessions at a time; one more is told ``421`` and ended."""
    mishaps: dict[str, list[Mishap]] = field(default_factory=dict)
    """What befalls the next attempts to deliver to an address, in this order; then none."""


class SmtpSink:
    """The server, in a thread of its own, on a free port of 127.0.0.1."""

    def __init__(self) -> None:
        self.behaviour = Behaviour()
        self.host = "127.0.0.1"
        self.port = 0
        self.sessions = 0
        self.open_sessions = 0
        self.most_sessions = 0
        self.said: Counter[str] = Counter()
        """How often each command was heard."""
        self.tried: Counter[str] = Counter()
        """How often each address was asked for."""
        self.befell: Counter[Mishap] = Counter()
        self.hung_before_banner = 0
        self._messages: list[Received] = []
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp-sink", daemon=True)

    @property
    def url(self) -> str:
        """The EMAIL_URL of this server."""
        return f"smtp://{self.host}:{self.port}"

    @property
    def messages(self) -> list[Received]:
        """What was kept so far, in order."""
        with self._changed:
            return list(self._messages)

    def wait_for(self, is_enough: Callable[[list[Received]], bool], *, seconds: float = 30) -> list[Received]:
        """Return the messages as soon as the condition holds for them; raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: is_enough(self._messages), seconds):
                raise TimeoutError(f"after {seconds} s there are {len(self._messages)} messages")
            return list(self._messages)

    def wait_for_count(self, count: int, *, seconds: float = 30) -> list[Received]:
        """Return the messages as soon as there are so many; raises TimeoutError."""
        return self.wait_for(lambda messages: len(messages) >= count, seconds=seconds)

    def clear(self) -> None:
        """Forget the messages."""
        with self._changed:
            self._messages.clear()

    def start(self) -> None:
        """Listen; the port is known afterwards."""
        self._thread.start()
        self._call(self._listen(0))

    def close_port(self) -> None:
        """Refuse connections from now on, as a mail server that is down."""
        self._call(self._unlisten())

    def go_down(self) -> None:
        """Refuse connections and drop those that are there, as a mail server that ends."""
        self.close_port()
        self.drop_sessions()

    def drop_sessions(self) -> None:
        """Hang up on everybody; who connects again is served."""
        self._call(self._cancel_sessions())

    def open_port(self) -> None:
        """Listen again, on the same port."""
        self._call(self._listen(self.port))

    def stop(self) -> None:
        """Close everything and end the thread."""
        self._call(self._unlisten())
        self._call(self._cancel_sessions())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _call(self, coroutine: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _listen(self, port: int) -> None:
        self._server = await asyncio.start_server(self._serve, self.host, port, limit=16 * 1024 * 1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _unlisten(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _cancel_sessions(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _keep(self, message: Received) -> None:
        with self._changed:
            self._messages.append(message)
            self._changed.notify_all()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions += 1
        self.open_sessions += 1
        self.most_sessions = max(self.most_sessions, self.open_sessions)
        try:
            await _Session(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.open_sessions -= 1
            writer.close()

    def _next_mishap(self, address: str) -> Mishap:
        self.tried[address] += 1
        coming = self.behaviour.mishaps.get(address)
        mishap = coming.pop(0) if coming else Mishap.NONE
        self.befell[mishap] += 1
        return mishap


class _Session:
    """One connection of one client."""

    def __init__(self, sink: SmtpSink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._sink = sink
        self._reader = reader
        self._writer = writer
        self._sender = ""
        self._recipients: list[str] = []
        self._is_open = False
        self._mishap = Mishap.NONE

    async def run(self) -> None:
        """Talk until the client quits or the line is cut."""
        behaviour = self._sink.behaviour
        if behaviour.hangs_before_banner > 0:
            behaviour.hangs_before_banner -= 1
            self._sink.hung_before_banner += 1
            await self._hang()
            return
        is_too_many = behaviour.admits is not None and self._sink.open_sessions > behaviour.admits
        greeting = "421 4.7.0 too many sessions" if is_too_many else behaviour.greeting
        await self._say(greeting)
        if not greeting.startswith("220"):
            return
        while line := await self._reader.readline():
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            if not await self._answer(verb.upper(), rest):
                return

    async def _answer(self, verb: str, rest: str) -> bool:
        """Answer one command; False ends the session."""
        self._sink.said[verb] += 1
        match verb:
            case "MAIL":
                await self._mail(_address(rest))
            case "RCPT":
                return await self._recipient(_address(rest))
            case "DATA":
                return await self._data()
            case "BDAT":
                return await self._chunk(rest)
            case "RSET":
                self._is_open = False
                await self._say("250 fine")
            case "QUIT":
                await self._say("221 bye")
                return False
            case _:
                await self._say(*self._courtesies().get(verb, ["502 5.5.2 unknown"]))
        return True

    def _courtesies(self) -> dict[str, list[str]]:
        behaviour = self._sink.behaviour
        offers = [*behaviour.extensions, *(["AUTH PLAIN LOGIN"] if behaviour.offers_auth else [])]
        return {
            "EHLO": ["250-sink", *(f"250-{offer}" for offer in offers), "250 HELP"],
            "HELO": ["250 fine"],
            "NOOP": ["250 fine"],
            "AUTH": [behaviour.auth],
        }

    async def _mail(self, address: str) -> None:
        if self._is_open:
            await self._say("503 5.5.1 nested MAIL command")
            return
        self._sender, self._recipients = address, []
        self._is_open = self._sink.behaviour.sender.startswith("2")
        await self._say(self._sink.behaviour.sender)

    async def _recipient(self, address: str) -> bool:
        self._mishap = self._sink._next_mishap(address)
        if self._mishap == Mishap.CUT_AT_RECIPIENT:
            self._writer.transport.abort()
            return False
        usual = {Mishap.POSTPONED: "451 4.7.1 later", Mishap.REFUSED: "550 5.1.1 no such mailbox"}
        answer = self._sink.behaviour.recipients.get(address, usual.get(self._mishap, "250 2.1.5 fine"))
        if answer.startswith("2"):
            self._recipients.append(address)
        await self._say(answer)
        return True

    async def _data(self) -> bool:
        if not self._recipients:
            await self._say("503 5.5.1 no recipient")
            return True
        await self._say("354 go on")
        return await self._take(await self._lines())

    async def _chunk(self, size: str) -> bool:
        """The whole message at once (RFC 3030); what no recipient wants is read and forgotten."""
        message = await self._reader.readexactly(int(size.partition(" ")[0]))
        if not self._recipients:
            await self._say("503 5.5.1 no recipient")
            return True
        return await self._take(message)

    async def _take(self, data: bytes) -> bool:
        self._is_open = False
        behaviour = self._sink.behaviour
        await asyncio.sleep(behaviour.delay_seconds)
        message = Received(self._sender, tuple(self._recipients), data, at=time.time())
        if behaviour.data.startswith("2") and self._mishap != Mishap.LOST_AFTER_DATA:
            self._sink._keep(message)
        if behaviour.hangs_after_data or self._mishap == Mishap.HANGS_AFTER_DOT:
            await self._hang()
            return False
        if (stall := behaviour.stall) is not None:
            behaviour.stall = None
            await asyncio.to_thread(stall.wait, _STALL_SECONDS)
        if self._is_cut_now():
            self._writer.transport.abort()
            return False
        await self._say(behaviour.data)
        return True

    def _is_cut_now(self) -> bool:
        if self._sink.behaviour.cuts_after_data > 0:
            self._sink.behaviour.cuts_after_data -= 1
            return True
        return self._mishap in (Mishap.CUT_AFTER_DATA, Mishap.LOST_AFTER_DATA)

    async def _hang(self) -> None:
        """Say nothing until the client goes."""
        while await self._reader.read(65536):
            pass

    async def _lines(self) -> bytes:
        lines = []
        while (line := await self._reader.readuntil(b"\r\n")) != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    async def _say(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self._writer.drain()


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]
