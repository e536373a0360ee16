"""Blobs: bodies too large for a record, as files that are streamed in and out.

A file belongs to the cloud once its row (kernel, blobs, id) is committed, which `keep` writes in the batch of the one
record that refers to it. As the row is in the store, snapshots carry it: a file goes only when no layer has its row.
Files without a row, left by a crash or a deleted snapshot, are found by `sweep`.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final

from hodei.kernel.keys import pack
from hodei.kernel.store import Store
from hodei.kernel.tables import Scope

INLINE_LIMIT: Final = 64 * 1024
"""Bodies up to this many bytes lie in their record."""

_QUICK: Final = 256 * 1024  # bytes written on the loop; more goes to a thread
_BUFFER: Final = 1 << 20
_FEW: Final = 16  # chunks written one by one; more are joined first
_NOWAIT: Final = getattr(os, "RWF_NOWAIT", None)  # reads only what is in the page cache (Linux)


class Blobs:
    """The files of one cloud. Without a folder they lie in a temporary one, which goes with `close`."""

    def __init__(self, directory: Path | None) -> None:
        self._given = directory
        self._temporary: Path | None = None
        self._folders: set[Path] = set()  # known to exist
        self._writing: set[str] = set()
        self._unkept: set[str] = set()  # written here, but with no row committed: not for the sweep

    def close(self) -> None:
        """Removes the temporary folder."""
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
            self._temporary = None
            self._folders.clear()

    # files

    def writer(self) -> BlobWriter:
        """A new blob, to be written. Nothing is on the disk before there is much of it or it is closed."""
        blob_id = secrets.token_hex(16)
        self._writing.add(blob_id)
        return BlobWriter(self, blob_id)

    def open(self, blob_id: str) -> BinaryIO:
        """The file, for reading; it stays readable when the blob is deleted. Raises FileNotFoundError."""
        return self.path(blob_id).open("rb", buffering=0)

    def read(
        self, blob_id: str, start: int = 0, end: int | None = None, chunk: int = 256 * 1024
    ) -> AsyncIterator[bytes]:
        """The bytes [start, end) in chunks. The file is opened now, so it may be deleted before it is read."""
        file = self.open(blob_id)
        return _read(file, start, os.fstat(file.fileno()).st_size if end is None else end, chunk)

    def clone(self, blob_id: str) -> str:
        """A second blob of the same content, which shares the space on the disk; to be kept or discarded as any."""
        copy = secrets.token_hex(16)
        os.link(self.path(blob_id), self._folder(copy[:2]) / copy)
        self._unkept.add(copy)
        return copy

    def size(self, blob_id: str) -> int:
        """Bytes."""
        return self.path(blob_id).stat().st_size

    def path(self, blob_id: str) -> Path:
        """Where the file lies."""
        return self._directory / blob_id[:2] / blob_id

    # references

    def keep(self, ctx: Scope, blob_id: str) -> None:
        """Makes the blob part of the cloud, with the open batch: call it with the `put` of what refers to it."""
        ctx.store.put(_row(blob_id), pack((self.size(blob_id),)))
        ctx.store.when_durable(lambda: self._unkept.discard(blob_id), lambda error: self.discard(blob_id))

    def delete(self, ctx: Scope, blob_id: str) -> None:
        """Gives the blob up, with the open batch. The file goes once that is durable and no snapshot has it."""
        store = ctx.store
        store.delete(_row(blob_id))

        def remove() -> None:
            if not store.anywhere(_row(blob_id)):
                self.discard(blob_id)

        store.when_durable(remove)

    def discard(self, blob_id: str) -> None:
        """Removes a file that was never kept."""
        self._unkept.discard(blob_id)
        path = self.path(blob_id)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            path.unlink(missing_ok=True)
        else:
            loop.run_in_executor(None, path.unlink, True)  # gigabytes take their time to go

    async def sweep(self, store: Store) -> int:
        """Removes the files that no layer refers to; returns how many. Call it at the start and to reclaim space."""
        removed = 0
        for folder in await asyncio.to_thread(_folders, self._directory):
            orphans = [
                name
                for name in await asyncio.to_thread(os.listdir, folder)
                if name not in self._writing and name not in self._unkept and not store.anywhere(_row(name))
            ]
            removed += len(orphans)
            await asyncio.to_thread(_remove, folder, orphans)
        return removed

    # for the writer

    @property
    def _directory(self) -> Path:
        if self._given is not None:
            return self._given
        if self._temporary is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="hodei-blobs-"))
        return self._temporary

    def partial(self, blob_id: str) -> Path:
        """Where the file lies while it is written."""
        return self._folder("tmp") / blob_id

    def finish(self, blob_id: str) -> None:
        """Puts the written file in its place."""
        self._folder(blob_id[:2])
        os.rename(self.partial(blob_id), self.path(blob_id))
        self._unkept.add(blob_id)
        self._writing.discard(blob_id)

    def abandon(self, blob_id: str) -> None:
        """Removes the unfinished file."""
        self.partial(blob_id).unlink(missing_ok=True)
        self._writing.discard(blob_id)

    def _folder(self, name: str) -> Path:
        folder = self._directory / name
        if folder not in self._folders:
            folder.mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)
        return folder


class BlobWriter:
    """Takes the bytes of one blob. As a context manager it aborts unless it was closed."""

    def __init__(self, blobs: Blobs, blob_id: str) -> None:
        self.size = 0
        self._blobs = blobs
        self._id = blob_id
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._file: BinaryIO | None = None
        self._open = True

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Adds bytes. Raises OSError when the disk does not take them."""
        self._pending.append(bytes(chunk))
        self._pending_size += len(self._pending[-1])
        self.size += len(self._pending[-1])
        if self._pending_size >= _BUFFER:
            await self._drain()

    async def close(self) -> str:
        """Puts the file in its place and returns the blob's id, which is to be kept or discarded."""
        await self._drain()
        assert self._file is not None
        self._file.close()
        self._blobs.finish(self._id)
        self._open = False
        return self._id

    async def abort(self) -> None:
        """Drops what was written. Nothing happens after `close`."""
        if not self._open:
            return
        self._open = False
        if self._file is not None:
            self._file.close()
        self._blobs.abandon(self._id)

    async def __aenter__(self) -> BlobWriter:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.abort()

    async def _drain(self) -> None:
        chunks, size = self._pending, self._pending_size
        self._pending, self._pending_size = [], 0
        if self._file is None:
            self._file = self._blobs.partial(self._id).open("wb", buffering=0)
        if size <= _QUICK:
            _write(self._file, chunks)
        else:
            await _in_thread(_write, self._file, chunks)


async def _in_thread(function: Callable[..., None], *args: Any) -> None:
    """As `asyncio.to_thread`, but it is over when it returns, even if that is because it was cancelled."""
    work = asyncio.ensure_future(asyncio.to_thread(function, *args))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise


def _write(file: BinaryIO, chunks: list[bytes]) -> None:
    for chunk in chunks if len(chunks) <= _FEW else [b"".join(chunks)]:
        rest = memoryview(chunk)
        while rest:
            rest = rest[file.write(rest) :]


async def _read(file: BinaryIO, start: int, end: int, chunk: int) -> AsyncIterator[bytes]:
    with file:
        number = file.fileno()
        while start < end:
            size = min(chunk, end - start)
            data = _read_cached(number, start, size) or await asyncio.to_thread(os.pread, number, size, start)
            if not data:
                raise EOFError("the file is shorter than it should be")
            start += len(data)
            yield data


def _read_cached(number: int, start: int, size: int) -> bytes | None:
    """What the page cache has of it at once: a thread costs more than the copy."""
    if _NOWAIT is None:
        return None
    buffer = bytearray(size)
    try:
        count = os.preadv(number, [buffer], start, _NOWAIT)
    except OSError:  # not cached, or the file system cannot tell
        return None
    return bytes(memoryview(buffer)[:count])


def _row(blob_id: str) -> bytes:
    return pack(("", "", "kernel", "blobs", blob_id))


def _folders(directory: Path) -> list[Path]:
    return [entry for entry in directory.iterdir() if entry.is_dir()] if directory.exists() else []


def _remove(folder: Path, names: list[str]) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)
