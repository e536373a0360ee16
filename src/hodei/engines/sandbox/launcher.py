"""Programs in sandboxes: started by fork servers, watched, and never left behind."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SERVER = Path(__file__).with_name("zygote.py")
LARGEST = 1 << 18  # bytes of a message
BUSY = 0.005  # seconds after which a busy fork server is asked again
SIGNALS = 2000  # of a message
ON_EVERY_MACHINE = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc", "/dev", "/sys")


class CannotStart(Exception):
    """Why a program was not started."""


@dataclass(frozen=True)
class Part:
    """A piece of the file system that a program sees: `source` of this machine, or a tmpfs ("") with `options`."""

    target: str
    source: str = ""
    options: str = "ro"


@dataclass(frozen=True)
class Program:
    """What is to run: `argv`, or `call`, a function ("module:function") of what the fork server has loaded. Neither: a
    process tree in which others run, and which has to be ended.

    `root` None: it sees the machine as it is. `limits` are those of setrlimit by name (NOFILE), `cgroups` directories.
    `uid` 0: whoever we are.
    """

    env: Mapping[str, str]
    cwd: str
    argv: Sequence[str] = ()
    call: str = ""
    root: Sequence[Part] | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    cgroups: Sequence[str] = ()
    uid: int = 0


class Process:
    """A program that was started. `exited` gives its exit code: 128 and the number of the signal that ended it."""

    def __init__(self, server: ForkServer, id: str) -> None:
        self._server = server
        self.id = id
        loop = asyncio.get_running_loop()
        self.started: asyncio.Future[int] = loop.create_future()
        self.exited: asyncio.Future[int] = loop.create_future()

    def kill(self, number: int = signal.SIGKILL) -> None:
        """End it, with all that it has started: `exited` follows. Any other signal is its own to heed."""
        if not self.exited.done():
            self._server.signal(number, self.id)


class ForkServer:
    """A fork server of a Python interpreter, with the modules of `preload` (found on `path`) loaded."""

    def __init__(
        self, interpreter: str, scratch: Path, *, preload: Sequence[str] = (), path: Sequence[str] = ()
    ) -> None:
        self._command = [interpreter, "-u", str(SERVER)]
        self._preload = preload
        self._path = path
        self._scratch = scratch
        self._ids = itertools.count(1)
        self._processes: dict[str, Process] = {}
        self._socket: socket.socket | None = None
        self._lifeline = -1
        self._turn = asyncio.Lock()
        self._signals: list[tuple[int, str]] = []  # numbers, and the processes that they are for
        self._sending: asyncio.Handle | None = None
        self._server: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Raises: CannotStart."""
        self._scratch.mkdir(parents=True, exist_ok=True)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        lifeline, self._lifeline = os.pipe()
        ours.setblocking(False)
        env = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": os.pathsep.join(self._path), "LANG": "C.UTF-8"}
        arguments = [*self._command, str(theirs.fileno()), str(lifeline), *self._preload]
        try:
            self._server = await asyncio.create_subprocess_exec(
                *arguments, env=env, pass_fds=(theirs.fileno(), lifeline), start_new_session=True
            )
        except OSError as error:
            raise CannotStart(f"{self._command[0]}: {error.strerror}") from error
        finally:
            theirs.close()
            os.close(lifeline)
        self._socket = ours
        asyncio.get_running_loop().add_reader(ours, self._answered)

    async def stop(self) -> None:
        """End it, with all that it has started."""
        if self._socket is None or self._server is None:
            return
        os.close(self._lifeline)
        await self._server.wait()
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._socket = None
        self._signals.clear()
        for process in self._processes.values():
            for future in (process.started, process.exited):
                if not future.done():
                    future.cancel()
        self._processes.clear()

    async def run(
        self, program: Program, *, stdin: int, stdout: int, stderr: int, inside: Process | None = None
    ) -> Process:
        """Start a program with these descriptors, which stay the caller's, `inside` the tree of another one of this
        server. Raises: CannotStart."""
        id = str(next(self._ids))
        process = self._processes[id] = Process(self, id)
        spec: dict[str, Any] = {
            "id": id,
            "env": dict(program.env),
            "cwd": program.cwd,
            "limits": dict(program.limits),
            "cgroups": list(program.cgroups),
            "uid": program.uid,
        }
        if program.argv:
            spec["argv"] = list(program.argv)
        elif program.call:
            spec["call"] = program.call
        if inside:
            spec |= {"at": str(self._scratch), "inside": inside.id}
        elif program.root is not None:
            spec |= {"at": str(self._scratch), "root": [[one.source, one.target, one.options] for one in program.root]}
        try:
            await self._sent(json.dumps(spec).encode(), (stdin, stdout, stderr))
        except BaseException:
            del self._processes[id]
            raise
        try:
            await process.started
        except asyncio.CancelledError:
            await self._undone(process)
            raise
        return process

    async def _undone(self, process: Process) -> None:
        """End what nobody waits for any more; nothing of it is left then."""
        if self._socket is not None:
            process.kill()
            await asyncio.wait((process.exited,))

    async def can_isolate(self) -> bool:
        """Whether the machine lets programs have a file system and a process tree of their own."""
        program = Program(env={}, cwd="/", argv=["true"], root=machine())
        null = os.open(os.devnull, os.O_RDWR)
        try:
            process = await self.run(program, stdin=null, stdout=null, stderr=null)
            return await process.exited == 0
        except CannotStart:
            return False
        finally:
            os.close(null)

    async def _sent(self, data: bytes, descriptors: Sequence[int]) -> None:
        """As soon as the fork server takes it; of many that wait only the first one asks. Raises: CannotStart."""
        async with self._turn:
            while not self._send(data, descriptors):  # noqa: ASYNC110  # nothing tells when it is less busy
                await asyncio.sleep(BUSY)

    def signal(self, number: int, id: str) -> None:
        """As soon as the fork server takes it, with all others that wait. Raises: CannotStart, if it is gone."""
        if self._socket is None:
            raise CannotStart("the fork server has ended")
        self._signals.append((number, id))
        if self._sending is None:
            self._sending = asyncio.get_running_loop().call_soon(self._send_signals)

    def _send_signals(self) -> None:
        self._sending = None
        some = self._signals[:SIGNALS]
        try:
            if some and self._send(json.dumps({"signals": some}).encode()):
                del self._signals[: len(some)]
        except CannotStart:
            return  # all that it has started ends with it
        if self._signals:
            self._sending = asyncio.get_running_loop().call_later(BUSY, self._send_signals)

    def _send(self, data: bytes, descriptors: Sequence[int] = ()) -> bool:
        """False while the fork server has too much before it. Raises: CannotStart, if it is gone."""
        if self._socket is None:
            raise CannotStart("the fork server has ended")
        try:
            socket.send_fds(self._socket, [data], descriptors)
        except BlockingIOError:
            return False
        except OSError as error:
            raise CannotStart(f"the fork server does not take it: {error.strerror}") from error
        return True

    def _answered(self) -> None:
        assert self._socket is not None
        try:
            message = json.loads(self._socket.recv(LARGEST))
        except (BlockingIOError, ConnectionError):
            return
        for id, code in message.get("exits", {}).items():
            if not (exited := self._processes.pop(id).exited).done():
                exited.set_result(code)
        if "id" not in message:
            return
        process = self._processes[message["id"]]
        if "error" in message:
            del self._processes[process.id]
            process.exited.cancel()  # it never is
        if process.started.cancelled():
            return  # nobody waits for it any more
        if "error" in message:
            process.started.set_exception(CannotStart(message["error"]))
        else:
            process.started.set_result(message["pid"])


def machine() -> list[Part]:
    """What a program needs of this machine to run at all, read-only, and a temporary directory."""
    found = [Part(path, path) for path in ON_EVERY_MACHINE if os.path.isdir(path) and not os.path.islink(path)]
    links = [Part(path, os.path.realpath(path)) for path in ON_EVERY_MACHINE if os.path.islink(path)]
    nothing = [Part("/dev/shm", options="size=4k,mode=555")]  # it is the machine's, and programs would share it
    return [*found, *links, *(nothing if os.path.isdir("/dev/shm") else ()), Part("/tmp", options="mode=1777")]
