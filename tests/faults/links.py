"""A line between a machine and what all machines share, which a test can cut and heal: a small TCP proxy."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

_CHUNK = 64 * 1024


class Link:
    """Listens on a free port of 127.0.0.1 and passes all bytes on to `target`, a unix socket or a port of this machine.

    A line that is cut loses no connection: bytes wait on both sides and nobody is told, as when packets are dropped.
    """

    def __init__(self, target: Path | int) -> None:
        self.port = 0
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._is_open = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="link", daemon=True)
        self._thread.start()
        self._do(self._listen())

    def cut(self) -> None:
        """Let nothing through, in no direction, until it is healed."""
        self._loop.call_soon_threadsafe(self._is_open.clear)

    def heal(self) -> None:
        """Let through what waited, and all that follows."""
        self._loop.call_soon_threadsafe(self._is_open.set)

    def stop(self) -> None:
        """Close every connection and end the thread."""
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._is_open.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._is_open.wait()
            far_reader, far_writer = await self._connected()
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
            return
        pumps = [
            asyncio.ensure_future(self._pump(reader, far_writer)),
            asyncio.ensure_future(self._pump(far_reader, writer)),
        ]
        with contextlib.suppress(asyncio.CancelledError):
            # Who hangs up hangs up for both.
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        for side in (writer, far_writer):
            side.transport.abort()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._target, Path):
            return await asyncio.open_unix_connection(str(self._target))
        return await asyncio.open_connection("127.0.0.1", self._target)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while chunk := await reader.read(_CHUNK):
                await self._is_open.wait()
                writer.write(chunk)
                await writer.drain()
            # The end of a connection is a packet as well.
            await self._is_open.wait()
        except OSError:
            return
