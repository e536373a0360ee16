from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from hodei.kernel import blobs as blobs_module
from hodei.kernel.blobs import Blobs
from hodei.kernel.store import Store, StoreFailed
from hodei.kernel.tables import Place


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


@pytest.fixture
def ctx() -> Iterator[Place]:
    store = Store.open(None)
    yield Place(store)
    store.close()


async def write(blobs: Blobs, *chunks: bytes) -> str:
    async with blobs.writer() as writer:
        for chunk in chunks:
            await writer.write(chunk)
        return await writer.close()


async def kept(blobs: Blobs, ctx: Place, *chunks: bytes) -> str:
    blob_id = await write(blobs, *chunks)
    with ctx.store.batch():
        blobs.keep(ctx, blob_id)
    return blob_id


async def content(blobs: Blobs, blob_id: str, *bounds: int) -> bytes:
    return b"".join([chunk async for chunk in blobs.read(blob_id, *bounds)])


def files(blobs: Blobs) -> list[str]:
    return sorted(path.name for path in blobs._directory.rglob("*") if path.is_file())


async def settled() -> None:
    """What the blobs left to threads is done."""
    await asyncio.get_running_loop().shutdown_default_executor()


@pytest.mark.parametrize("sizes", [[], [1], [64 * 1024] * 5, [1000] * 3000, [3 << 20], [700_000, 700_000, 5]])
def test_what_is_written_is_read(blobs: Blobs, sizes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        chunks = [os.urandom(size) for size in sizes]
        body = b"".join(chunks)
        blob_id = await write(blobs, *chunks)
        assert blobs.size(blob_id) == len(body)
        assert await content(blobs, blob_id) == body
        assert await content(blobs, blob_id, 10) == body[10:]
        assert await content(blobs, blob_id, len(body) // 3, len(body) // 2) == body[len(body) // 3 : len(body) // 2]
        with blobs.open(blob_id) as file:
            assert file.read() == body
        monkeypatch.setattr(blobs_module, "_NOWAIT", None)  # where the system has none
        assert await content(blobs, blob_id) == body

    asyncio.run(run())


def test_a_reused_buffer_does_not_change_what_was_written(blobs: Blobs) -> None:
    async def run() -> None:
        buffer = bytearray(b"first")
        async with blobs.writer() as writer:
            await writer.write(memoryview(buffer))
            buffer[:] = b"other"
            await writer.write(buffer)
            blob_id = await writer.close()
        assert writer.size == 10
        assert await content(blobs, blob_id) == b"firstother"

    asyncio.run(run())


def test_an_aborted_blob_leaves_nothing(blobs: Blobs) -> None:
    async def run() -> None:
        with pytest.raises(ZeroDivisionError):
            async with blobs.writer() as writer:
                await writer.write(bytes(2 << 20))
                assert len(files(blobs)) == 1
                raise ZeroDivisionError
        assert files(blobs) == []
        assert not blobs._writing

    asyncio.run(run())


def test_a_full_disk_raises_and_leaves_nothing(blobs: Blobs) -> None:
    async def run() -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
        try:
            with pytest.raises(OSError, match="too large"):
                await write(blobs, bytes(3 << 20))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert files(blobs) == []

    asyncio.run(run())


def test_a_blob_whose_row_is_lost_leaves_nothing(blobs: Blobs, ctx: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise sqlite3.OperationalError("database or disk is full")

    async def run() -> None:
        monkeypatch.setattr(ctx.store, "_settle", refuse)
        with pytest.raises(StoreFailed):
            await kept(blobs, ctx, b"x")
        await settled()
        assert files(blobs) == []

    asyncio.run(run())


def test_a_write_that_is_cancelled_has_ended_when_its_file_is_closed(
    blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the thread would go on in whatever file has the descriptor next."""
    write_now, begun, states = blobs_module._write, threading.Event(), []

    def slow(file: BinaryIO, chunks: list[bytes]) -> None:
        begun.set()
        time.sleep(0.05)
        states.append(file.closed)
        write_now(file, chunks)

    async def run() -> None:
        monkeypatch.setattr(blobs_module, "_write", slow)
        task = asyncio.ensure_future(write(blobs, bytes(3 << 20)))
        await asyncio.to_thread(begun.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert states == [False]
        assert files(blobs) == []

    asyncio.run(run())


def test_a_reader_keeps_reading_what_is_deleted(blobs: Blobs, ctx: Place) -> None:
    async def run() -> None:
        blob_id = await kept(blobs, ctx, b"x" * 1000)
        reader = blobs.read(blob_id, chunk=100)
        with ctx.store.batch():
            blobs.delete(ctx, blob_id)
        await settled()
        assert files(blobs) == []
        assert b"".join([chunk async for chunk in reader]) == b"x" * 1000
        with pytest.raises(FileNotFoundError):
            blobs.open(blob_id)

    asyncio.run(run())


def test_a_deletion_that_is_rolled_back_leaves_the_file(blobs: Blobs, ctx: Place) -> None:
    async def run() -> None:
        blob_id = await kept(blobs, ctx, b"x")
        with pytest.raises(ZeroDivisionError), ctx.store.batch():
            blobs.delete(ctx, blob_id)
            raise ZeroDivisionError
        await settled()
        assert files(blobs) == [blob_id]

    asyncio.run(run())


def test_a_file_stays_as_long_as_a_snapshot_has_it(blobs: Blobs, ctx: Place) -> None:
    async def run() -> None:
        blob_id = await kept(blobs, ctx, b"x")
        ctx.store.save_snapshot("s")
        with ctx.store.batch():
            blobs.delete(ctx, blob_id)
        assert await blobs.sweep(ctx.store) == 0
        assert await content(blobs, blob_id) == b"x"
        ctx.store.delete_snapshot("s")
        assert await blobs.sweep(ctx.store) == 1
        assert files(blobs) == []

    asyncio.run(run())


def test_the_sweep_takes_orphans_and_nothing_in_use(blobs: Blobs, ctx: Place) -> None:
    async def run() -> None:
        orphan = await write(blobs, b"left by a crash")
        async with blobs.writer() as half:
            await half.write(bytes(2 << 20))
            crashed = Blobs(blobs._directory)  # a new process knows nothing of what the old one was at
            safe = await kept(crashed, ctx, b"safe")
            unkept = await write(crashed, b"soon to be kept")
            async with crashed.writer() as writing:
                await writing.write(bytes(2 << 20))
                assert await crashed.sweep(ctx.store) == 2
                assert files(crashed) == sorted([safe, unkept, writing._id])
                assert orphan not in files(crashed)

    asyncio.run(run())


def test_a_clone_outlives_its_original(blobs: Blobs, ctx: Place) -> None:
    async def run() -> None:
        first = await kept(blobs, ctx, b"x" * 5000)
        second = blobs.clone(first)
        assert blobs.path(first).stat().st_ino == blobs.path(second).stat().st_ino
        with ctx.store.batch():
            blobs.keep(ctx, second)
            blobs.delete(ctx, first)
        await settled()
        assert files(blobs) == [second]
        assert await content(blobs, second) == b"x" * 5000

    asyncio.run(run())


def test_without_a_folder_the_files_go_at_the_end() -> None:
    async def run() -> Path:
        blobs = Blobs(None)
        assert blobs._temporary is None  # nothing is made before it is used
        blob_id = await write(blobs, b"x")
        path = blobs.path(blob_id)
        assert path.exists()
        blobs.close()
        return path

    path = asyncio.run(run())
    assert not path.parent.parent.exists()


@pytest.mark.slow
def test_memory_stays_flat_for_a_large_body(blobs: Blobs) -> None:
    """512 MB through the writer and the reader."""

    async def run() -> None:
        chunk = bytes(256 * 1024)
        async with blobs.writer() as writer:
            for _ in range(2048):
                await writer.write(chunk)
            blob_id = await writer.close()
        total = 0
        async for part in blobs.read(blob_id):
            total += len(part)
        assert total == 512 << 20

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    asyncio.run(run())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # kilobytes
