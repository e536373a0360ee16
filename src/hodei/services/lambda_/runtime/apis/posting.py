"""Batches of events on their way to a listener of this machine: one after the other, each until it is taken."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

LOCAL = "127.0.0.1"  # what "sandbox.localdomain" is in an environment
PATIENCE = 5.0  # seconds for an answer
PAUSE, LONGEST_PAUSE = 0.05, 1.0  # seconds between attempts


class Destination(NamedTuple):
    protocol: str  # "HTTP" or "TCP"
    host: str
    port: int
    path: str
    method: str


class Poster:
    def __init__(self, destination: Destination) -> None:
        self._to = destination
        self._batches: deque[bytes] = deque()
        self._size = 0  # bytes that wait
        self._task: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None  # of a TCP destination, which stays connected

    def post(self, events: Sequence[bytes]) -> None:
        """Events are JSON: HTTP listeners get them as an array, TCP ones as lines."""
        batch = b"[" + b",".join(events) + b"]" if self._to.protocol == "HTTP" else b"\n".join([*events, b""])
        self._batches.append(batch)
        self._size += len(batch)
        if self._task is None:
            self._task = asyncio.create_task(self._send_all())

    def behind(self, size: int) -> bool:
        """Whether more than so many bytes wait."""
        return self._size > size

    async def idle(self) -> None:
        if self._task:
            await asyncio.wait((self._task,))

    def close(self) -> None:
        if self._task:
            self._task.cancel()
        if self._writer:
            self._writer.close()

    async def _send_all(self) -> None:
        pause = PAUSE
        while self._batches:
            try:
                async with asyncio.timeout(PATIENCE):
                    await (self._request if self._to.protocol == "HTTP" else self._write)(self._batches[0])
            except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError):
                self._writer = None
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            self._size -= len(self._batches.popleft())
            pause = PAUSE
        self._task = None

    async def _request(self, body: bytes) -> None:
        """Raises: OSError, IncompleteReadError; ValueError for anything but a success."""
        reader, writer = await asyncio.open_connection(LOCAL, self._to.port)
        try:
            lines = [
                f"{self._to.method} {self._to.path} HTTP/1.1",
                f"Host: {self._to.host}:{self._to.port}",
                "Content-Type: application/json",
                f"Content-Length: {len(body)}",
                "Connection: close",
            ]
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            await writer.drain()
            status = (await reader.readuntil(b"\r\n")).split()
            if len(status) < 2 or not status[1].startswith(b"2"):
                raise ValueError(f"answered {status!r}")
        finally:
            writer.close()

    async def _write(self, lines: bytes) -> None:
        if self._writer is None:
            _, self._writer = await asyncio.open_connection(LOCAL, self._to.port)
        self._writer.write(lines)
        await self._writer.drain()
