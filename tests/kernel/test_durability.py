"""What was acknowledged is there after `kill -9`, whole; and the data folder has one holder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hodei.kernel.datadir import DataDir, DataDirHeld, DataDirUnwritable
from hodei.kernel.store import DataError, Store
from hodei.kernel.tables import Place, Record, Table

WRITER = """
import asyncio, os, sys
from pathlib import Path
from hodei.kernel.datadir import DataDir
from hodei.kernel.store import Store
from tests_durability import PARTS, Row, rows
from hodei.kernel.tables import Place

async def main():
    folder = DataDir.open(Path(sys.argv[1]))
    store = Store.open(folder.database)
    store.attach(asyncio.get_running_loop())
    ctx = Place(store, "1", "r")
    number = int(sys.argv[2])
    print("ready", flush=True)
    while True:
        for _ in range(5):
            number += 1
            with store.batch():
                for part in range(PARTS):
                    rows.put(ctx, Row(number=number, part=part, body="x" * (number % 3000)))
                store.when_durable(lambda n=number: os.write(1, b"%d\\n" % n))
        if number % 50 == 0:
            store.save_snapshot("last")
        if number % 75 == 0:
            store.delete_snapshot("last") if store.list_snapshots() else None
        await asyncio.sleep(0)

asyncio.run(main())
"""

PARTS = 4


class Row(Record):
    number: int
    part: int
    body: str


rows = Table("test", "rows", Row, key=("number", "part"), index={"part": ("part",)})


def run_and_kill(folder: Path, start: int, seconds: float) -> list[int]:
    """Starts a writer, kills it after a while, and returns the numbers it acknowledged."""
    here = f"import importlib.util as u, sys; s = u.spec_from_file_location('tests_durability', {__file__!r}); m = u.module_from_spec(s); sys.modules['tests_durability'] = m; s.loader.exec_module(m)\n"
    process = subprocess.Popen([sys.executable, "-c", here + WRITER, str(folder), str(start)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    output = process.stdout.read()
    process.wait()
    process.stdout.close()
    return [int(line) for line in output.split(b"\n")[:-1]]


@pytest.mark.feature("cloud.durability")
def test_every_acknowledged_batch_survives_kill_9_and_none_is_half_there(tmp_path: Path) -> None:
    acknowledged: set[int] = set()
    last = 0
    for attempt in range(6):
        new = run_and_kill(tmp_path, last, 0.15 + 0.07 * attempt)
        assert new, "the writer got nowhere"
        acknowledged.update(new)
        folder = DataDir.open(tmp_path)  # the dead holder's lock is gone
        store = Store.open(folder.database)
        ctx = Place(store, "1", "r")
        stored: dict[int, int] = {}
        for row in rows.scan(ctx):
            assert len(row.body) == row.number % 3000
            stored[row.number] = stored.get(row.number, 0) + 1
        assert acknowledged <= stored.keys()
        assert set(stored.values()) == {PARTS}
        indexed = sorted((number, part) for part, number, _ in rows.index_keys("part", ctx))
        assert indexed == sorted(rows.keys(ctx))
        while store.compact(1000):
            pass
        assert rows.count(ctx) == len(stored) * PARTS
        last = max(stored)
        store.close()
        folder.close()


def test_a_crash_while_tidying_loses_nothing(tmp_path: Path) -> None:
    """Each slice is a transaction: a copy of the files taken between any two is a store with the same content."""
    store = Store.open(tmp_path / "x.db")
    for start in range(3):
        with store.batch():
            for i in range(start, 60, start + 1):
                store.put(bytes((i,)), bytes((start,)))
            store.delete(bytes((start * 7,)))
        store.save_snapshot(f"s{start}")
    content = list(store.scan(b"", b"\xff"))
    for start in range(3):
        store.delete_snapshot(f"s{start}")
    slices, more = 0, True
    while more:
        more = store.compact(7)
        crashed = tmp_path / f"crashed{slices}"
        crashed.mkdir()
        for name in ("x.db", "x.db-wal", "x.db-redo"):
            (crashed / name).write_bytes((tmp_path / name).read_bytes())
        again = Store.open(crashed / "x.db")
        assert list(again.scan(b"", b"\xff")) == content
        while again.compact(7):
            pass
        assert list(again.scan(b"", b"\xff")) == content
        again.close()
        slices += 1
    assert slices > 10
    store.close()


# the data folder


def test_the_folder_is_made_with_its_rooms(tmp_path: Path) -> None:
    folder = DataDir.open(tmp_path / "deep" / "data")
    assert folder.blobs.is_dir()
    assert folder.tls.is_dir()
    assert folder.database.parent == folder.path
    folder.close()


def test_a_folder_has_one_holder_and_names_it(tmp_path: Path) -> None:
    folder = DataDir.open(tmp_path)
    with pytest.raises(DataDirHeld, match=f"in use by process {os.getpid()}") as raised:
        DataDir.open(tmp_path)
    assert raised.value.pid == os.getpid()
    folder.close()
    DataDir.open(tmp_path).close()


def test_a_folder_that_cannot_be_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataDirUnwritable, match="cannot be written: Not a directory") as raised:
        DataDir.open(tmp_path / "file" / "data")
    assert isinstance(raised.value, DataError)
    assert "\n" not in str(raised.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o500)
    with pytest.raises(DataDirUnwritable, match="Permission denied"):
        DataDir.open(tmp_path / "data")
