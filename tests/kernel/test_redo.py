"""The redo log: what a tick wrote is there after a crash, whole and once; what was cut off or is old is not."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from hodei.kernel import redo
from hodei.kernel.redo import RedoLog, Writes
from hodei.kernel.store import DataError, Store, StoreFailed

EPOCH, NEXT = b"epoch 01", b"epoch 02"
TICKS: list[Writes] = [{b"a": b"1", b"b": None}, {b"a": bytes(300)}, {b"\0\xff": b""}]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[RedoLog]:
    log = RedoLog(tmp_path / "log", EPOCH)
    yield log
    log.close()


def replayed(path: Path, epoch: bytes = EPOCH) -> list[Writes]:
    log = RedoLog(path, epoch)
    try:
        return list(log.replay())
    finally:
        log.close()


def fill(log: RedoLog, ticks: list[Writes]) -> list[int]:
    """Appends, and returns where each record ends."""
    assert all(log.append(writes) for writes in ticks)
    return [sum(redo._HEAD.size + len(redo.msgspec.msgpack.encode(t)) for t in ticks[:n]) for n in range(1, 4)]


def test_ticks_come_back_in_order_and_more_can_follow(log: RedoLog, tmp_path: Path) -> None:
    fill(log, TICKS)
    again = RedoLog(tmp_path / "log", EPOCH)
    assert list(again.replay()) == TICKS
    assert again.append({b"c": b"3"})
    again.close()
    assert replayed(tmp_path / "log") == [*TICKS, {b"c": b"3"}]


def test_cut_off_anywhere_it_gives_the_ticks_that_are_whole(log: RedoLog, tmp_path: Path) -> None:
    ends = fill(log, TICKS)
    whole = (tmp_path / "log").read_bytes()
    for size in range(len(whole) + 1):
        (tmp_path / "torn").write_bytes(whole[:size])
        assert replayed(tmp_path / "torn") == TICKS[: sum(end <= size for end in ends)]


def test_a_damaged_byte_ends_it_there(log: RedoLog, tmp_path: Path) -> None:
    ends = fill(log, TICKS)
    whole = (tmp_path / "log").read_bytes()
    for at in range(len(whole)):
        (tmp_path / "torn").write_bytes(whole[:at] + bytes((whole[at] ^ 0x10,)) + whole[at + 1 :])
        assert replayed(tmp_path / "torn") == TICKS[: sum(end <= at for end in ends)]


def test_what_is_of_an_older_epoch_is_not_replayed(log: RedoLog, tmp_path: Path) -> None:
    fill(log, TICKS)
    log.restart(NEXT)
    assert replayed(tmp_path / "log", NEXT) == []
    log.append({b"z": b"1"})
    assert replayed(tmp_path / "log", NEXT) == [{b"z": b"1"}]
    assert replayed(tmp_path / "log", EPOCH) == []


def test_it_takes_no_big_tick_and_no_more_than_its_size(log: RedoLog, tmp_path: Path) -> None:
    assert not log.append({b"a": bytes(redo._LARGEST)})
    taken = 0
    while log.append({b"a": bytes(5000)}):
        taken += 1
    assert redo._SIZE - 6000 < (tmp_path / "log").stat().st_size <= redo._SIZE
    assert len(replayed(tmp_path / "log")) == taken


# under the store


@pytest.fixture
def small_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redo, "_SIZE", 600)
    monkeypatch.setattr(redo, "_LARGEST", 200)


def crash(path: Path, number: int) -> Path:
    """The files as a process that dies now leaves them."""
    folder = path.parent / f"crash{number}"
    folder.mkdir()
    for file in path.parent.glob(f"{path.name}*"):
        shutil.copy(file, folder)
    return folder / path.name


def content(store: Store) -> dict[bytes, bytes]:
    return dict(store.scan(b"", b"\xff"))


def write(store: Store, writes: Writes) -> None:
    with store.batch():
        for key, value in writes.items():
            if value is None:
                store.delete(key)
            else:
                store.put(key, value)


@pytest.mark.usefixtures("small_log")
@pytest.mark.parametrize("seed", range(8))
def test_after_any_crash_the_store_is_as_acknowledged(tmp_path: Path, seed: int) -> None:
    """Ticks that go to the log, fill it or are too big for it, snapshots between, and crashes one after another."""
    chance = random.Random(seed)
    path, expected = tmp_path / "x.db", {}
    store = Store.open(path)
    for number in range(40):
        for _ in range(chance.randrange(6)):
            value = chance.choice([None, bytes(chance.randrange(60)), bytes(chance.randrange(300))])
            writes = {bytes((chance.randrange(20),)): value}
            write(store, writes)
            expected.update(writes)
        if chance.random() < 0.1:
            store.save_snapshot("last")
        if chance.random() < 0.5:
            died = crash(path, number)
            store.close()
            store, path = Store.open(died), died
        assert content(store) == {key: value for key, value in expected.items() if value is not None}
    store.close()


def test_a_log_that_sqlite_has_committed_is_not_replayed(tmp_path: Path) -> None:
    """A power cut may bring back an older log: its records must not go over what came after them."""
    store = Store.open(tmp_path / "x.db")
    write(store, {b"a": b"old"})
    older = (tmp_path / "x.db-redo").read_bytes()
    store.close()
    store = Store.open(tmp_path / "x.db")
    write(store, {b"a": bytes(20_000)})  # straight to SQLite
    died = crash(tmp_path / "x.db", 1)
    died.with_name("x.db-redo").write_bytes(older)
    again = Store.open(died)
    assert content(again) == content(store) == {b"a": bytes(20_000)}
    again.close()
    store.close()


def test_a_failed_tick_takes_nothing_that_was_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.open(tmp_path / "x.db")
    write(store, {b"a": b"1"})
    write(store, {b"a": b"2", b"b": b"2"})
    monkeypatch.setattr(redo.os, "pwrite", lambda file, data, at: len(data) - 1)
    with pytest.raises(StoreFailed, match="No space left"):
        write(store, {b"a": b"lost"})
    monkeypatch.undo()
    assert content(store) == {b"a": b"2", b"b": b"2"}
    write(store, {b"b": b"3"})
    again = Store.open(crash(tmp_path / "x.db", 1))
    assert content(again) == content(store) == {b"a": b"2", b"b": b"3"}
    again.close()
    store.close()


def test_a_store_that_cannot_go_back_takes_no_more_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.open(tmp_path / "x.db")
    write(store, {b"a": b"1"})

    def fail(*args: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(Store, "_write", fail)
    for _ in range(2):
        with pytest.raises(StoreFailed):
            write(store, {b"a": b"2"})
    monkeypatch.undo()
    with pytest.raises(StoreFailed, match="closed"):
        write(store, {b"a": b"3"})
    store.close()
    again = Store.open(tmp_path / "x.db")
    assert content(again) == {b"a": b"1"}
    again.close()


def test_a_log_that_cannot_be_opened_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.db-redo").mkdir()
    with pytest.raises(DataError, match=r"the log of .*x\.db cannot be opened: Is a directory$"):
        Store.open(tmp_path / "x.db")
