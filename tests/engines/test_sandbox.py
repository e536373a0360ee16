"""Programs in sandboxes: what they see, how they end, and that nothing of them is left."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hodei.engines.sandbox.cgroups import Cgroup
from hodei.engines.sandbox.launcher import SERVER, CannotStart, ForkServer, Part, Process, Program, machine

PYTHON = [Part(sys.base_prefix, sys.base_prefix)]
READS = "import sys; assert sys.version_info >= (3, 9); open(sys.argv[1])"
HERE = Program(env={"PATH": os.environ["PATH"]}, cwd="/")


def run(work: Callable[[Any], Awaitable[None]], tmp_path: Path, **options: Any) -> None:
    @asynccontextmanager
    async def serving() -> AsyncIterator[ForkServer]:
        server = ForkServer(sys.executable, tmp_path / "scratch", **options)
        await server.start()
        try:
            yield server
        finally:
            await server.stop()

    async def main() -> None:
        async with serving() as server:
            await work(server)

    asyncio.run(asyncio.wait_for(main(), 30))


async def started(server: ForkServer, program: Program) -> tuple[Process, int]:
    """With the descriptor that its output can be read from."""
    output, end = os.pipe()
    null = os.open(os.devnull, os.O_RDONLY)
    try:
        return await server.run(program, stdin=null, stdout=end, stderr=end), output
    finally:
        os.close(end)
        os.close(null)


async def told(server: ForkServer, program: Program) -> tuple[int, str]:
    """Its exit code, and what it has printed."""
    process, output = await started(server, program)
    code = await process.exited
    with os.fdopen(output) as file:
        return code, file.read()


def shell(text: str, **more: Any) -> Program:
    return Program(**{"env": HERE.env, "cwd": "/", "argv": ["sh", "-c", text], **more})


@pytest.fixture(params=["as it is", "isolated"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> list[Part] | None:
    """How much of the machine a program sees; isolation is skipped where the machine has none to give."""
    if request.param == "as it is":
        return None

    async def work(server: ForkServer) -> None:
        if not await server.can_isolate():
            pytest.skip("this machine isolates nothing")

    run(work, tmp_path)
    return [*machine(), *PYTHON]


@pytest.mark.parametrize(("text", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137), ("kill -11 $$", 139)])
def test_how_programs_end(tmp_path: Path, root: list[Part] | None, text: str, code: int) -> None:
    async def work(server: ForkServer) -> None:
        assert await told(server, shell(f"echo hello; {text}", root=root)) == (code, "hello\n")

    run(work, tmp_path)


def test_what_cannot_run(tmp_path: Path, root: list[Part] | None) -> None:
    async def work(server: ForkServer) -> None:
        code, output = await told(server, Program(env={}, cwd="/", argv=["/no/such/program"], root=root))
        assert (code, output) == (127, "/no/such/program: No such file or directory\n")
        code, output = await told(server, Program(env={}, cwd="/", argv=["/etc/passwd"], root=root))
        assert (code, output) == (126, "/etc/passwd: Permission denied\n")

    run(work, tmp_path)


def test_environment_and_limits(tmp_path: Path, root: list[Part] | None) -> None:
    async def work(server: ForkServer) -> None:
        program = shell("env | sort; ulimit -n; pwd", env={"A": "1"}, limits={"NOFILE": 77}, cwd="/usr", root=root)
        code, output = await told(server, program)
        assert code == 0
        lines = [line for line in output.splitlines() if not line.startswith(("PWD=", "HODEI_SANDBOX=", "_="))]
        assert lines == ["A=1", "77", "/usr"]

    run(work, tmp_path)


def test_functions_of_what_is_loaded(tmp_path: Path, root: list[Part] | None) -> None:
    (tmp_path / "loaded.py").write_text(
        "import os, sys\nprint('loaded once', file=open(os.environ.get('LOG', '/dev/null'), 'a'))\n"
        "def hello():\n    print('hello', os.environ['NAME'], flush=True)\n"
        "def fail():\n    raise ValueError('no')\ndef leave():\n    sys.exit(4)\n"
    )

    async def work(server: ForkServer) -> None:
        env = {"NAME": "ann"}
        assert await told(server, Program(env=env, cwd="/", call="loaded:hello", root=root)) == (0, "hello ann\n")
        assert (await told(server, Program(env=env, cwd="/", call="loaded:leave", root=root)))[0] == 4
        code, output = await told(server, Program(env=env, cwd="/", call="loaded:fail", root=root))
        assert code == 1 and output.endswith("ValueError: no\n")

    run(work, tmp_path, preload=["loaded"], path=[str(tmp_path)])


def alive(mark: str) -> list[str]:
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if mark in Path(f"/proc/{pid}/cmdline").read_text():
                found.append(pid)
        except OSError:
            continue
    return found


async def nobody(mark: str) -> bool:
    for _ in range(200):
        if not alive(mark):
            return True
        await asyncio.sleep(0.02)
    return False


DAEMON = "setsid sh -c 'sh -c \"sleep {mark} & sleep {mark}\" &' ; echo ready; sleep {mark}"


@pytest.mark.parametrize("how", ["killed", "ended", "server stopped"])
def test_nothing_is_left(tmp_path: Path, root: list[Part] | None, how: str) -> None:
    """Also of what has become a daemon."""
    mark = f"9{time.monotonic_ns() % 10**9}"

    async def work(server: ForkServer) -> None:
        end = "" if how != "ended" else "; exit 0"
        text = DAEMON.format(mark=mark) if not end else DAEMON.format(mark=mark).rpartition(";")[0] + end
        process, output = await started(server, shell(text, root=root))
        while b"ready" not in await asyncio.to_thread(os.read, output, 100):
            pass
        if how == "killed":
            assert alive(mark)
            process.kill()
            assert await process.exited == 137
        elif how == "ended":
            assert await process.exited == 0
        os.close(output)
        if how != "server stopped":
            assert await nobody(mark)

    run(work, tmp_path)
    assert asyncio.run(nobody(mark))


def test_an_isolated_program_sees_its_own_machine(tmp_path: Path, root: list[Part] | None) -> None:
    if root is None:
        return
    code_of_it = tmp_path / "code"
    code_of_it.mkdir()
    (code_of_it / "hello.txt").write_text("hello")
    parts = [*root, Part("/var/task", str(code_of_it)), Part("/tmp", options="size=1m,mode=1777")]

    async def work(server: ForkServer) -> None:
        say = "cat /var/task/hello.txt; echo; ls /var; ls /proc | grep -c '^[0-9]'; whoami 2>/dev/null; id -u"
        code, output = await told(server, shell(say, root=parts, uid=993 if os.geteuid() == 0 else 0))
        lines = output.splitlines()
        assert code == 0 and lines[:2] == ["hello", "task"] and int(lines[2]) < 10
        assert lines[-1] == ("993" if os.geteuid() == 0 else "0")
        for text in ("touch /var/task/x", "touch /etc/x", "touch /x", f"ls {tmp_path}"):
            assert (await told(server, shell(text, root=parts)))[0] != 0, text
        assert (await told(server, shell("dd if=/dev/zero of=/tmp/x bs=1k count=900", root=parts)))[0] == 0
        assert (await told(server, shell("dd if=/dev/zero of=/tmp/x bs=1k count=1100", root=parts)))[0] != 0

    run(work, tmp_path)
    assert not (code_of_it / "x").exists()


def test_many_at_once(tmp_path: Path, root: list[Part] | None) -> None:
    async def work(server: ForkServer) -> None:
        results = await asyncio.gather(*(told(server, shell(f"echo {n}", root=root)) for n in range(60)))
        assert results == [(0, f"{n}\n") for n in range(60)]

    run(work, tmp_path)


def test_a_server_that_is_gone(tmp_path: Path) -> None:
    async def work(server: ForkServer) -> None:
        await server.stop()
        with pytest.raises(CannotStart):
            await told(server, shell("true"))

    run(work, tmp_path)


def test_an_interpreter_that_is_not_there(tmp_path: Path) -> None:
    async def main() -> None:
        with pytest.raises(CannotStart, match="No such file"):
            await ForkServer("/no/python", tmp_path).start()

    asyncio.run(main())


def test_for_somebody_else_than_root(tmp_path: Path) -> None:
    """Programs run, whether or not the machine gives such users anything to isolate them by."""
    become = "setpriv --reuid 65534 --regid 65534 --clear-groups"
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {become if os.geteuid() == 0 else ""} /usr/bin/python3 "$@"\n')
    python.chmod(0o755)
    if subprocess.run([python, "-c", READS, SERVER], capture_output=True, check=False).returncode:
        pytest.skip("nobody else can run a fork server here")

    async def main() -> None:
        server = ForkServer(str(python), tmp_path / "scratch")
        await server.start()
        try:
            assert await server.can_isolate() in (True, False)
            for _ in range(5):
                assert await told(server, shell("echo here")) == (0, "here\n")
        finally:
            await server.stop()

    asyncio.run(asyncio.wait_for(main(), 30))


def test_memory_is_limited(tmp_path: Path) -> None:
    group = Cgroup(memory=64 << 20)
    if not group.folders:
        pytest.skip("this machine has no control groups to give")

    async def work(server: ForkServer) -> None:
        groups = [str(folder) for folder in group.folders]
        fill = "x = bytearray({} << 20); x[::4096] = b'x' * len(x[::4096])"
        argv = [sys.executable, "-c", fill.format(20)]
        assert (await told(server, Program(env=HERE.env, cwd="/", argv=argv, cgroups=groups)))[0] == 0
        assert 20 << 20 < group.peak() <= 64 << 20 and not group.starved
        argv = [sys.executable, "-c", fill.format(200)]
        assert (await told(server, Program(env=HERE.env, cwd="/", argv=argv, cgroups=groups)))[0] == 137
        assert group.starved

    run(work, tmp_path)
    group.remove()
    assert not any(folder.exists() for folder in group.folders)


def test_programs_in_one_tree(tmp_path: Path, root: list[Part] | None) -> None:
    if root is None:
        return
    mark = f"8{time.monotonic_ns() % 10**9}"

    async def inside(server: ForkServer, tree: Process, text: str) -> tuple[Process, int]:
        output, end = os.pipe()
        null = os.open(os.devnull, os.O_RDONLY)
        try:
            return await server.run(shell(text), stdin=null, stdout=end, stderr=end, inside=tree), output
        finally:
            os.close(end)
            os.close(null)

    async def work(server: ForkServer) -> None:
        tree, nothing = await started(server, Program(env={}, cwd="/", root=[*root, Part("/tmp", options="mode=1777")]))
        first, output = await inside(server, tree, "echo here > /tmp/x; kill -9 $$")
        assert await first.exited == 137 and not tree.exited.done()
        second, said = await inside(
            server, tree, f"cat /tmp/x; trap 'exit 7' TERM; setsid sleep {mark} & echo on; wait"
        )
        while b"on" not in await asyncio.to_thread(os.read, said, 100):
            pass
        assert alive(mark)
        second.kill(signal.SIGTERM)
        assert await second.exited == 7
        third, _ = await inside(server, tree, "sleep 100")
        tree.kill()
        assert (await tree.exited, await third.exited) == (137, 137)
        assert await nobody(mark)
        with pytest.raises(CannotStart, match="its process tree has ended"):
            await inside(server, tree, "true")
        for descriptor in (nothing, output, said):
            os.close(descriptor)

    run(work, tmp_path)


def test_a_tree_that_cannot_be_built(tmp_path: Path, root: list[Part] | None) -> None:
    if root is None:
        return

    async def work(server: ForkServer) -> None:
        tree, output = await started(server, Program(env={}, cwd="/", root=[*root, Part("/x", "/no/such")]))
        assert await tree.exited == 1
        os.close(output)

    run(work, tmp_path)
