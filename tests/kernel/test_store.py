from __future__ import annotations

import asyncio
import resource
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hodei.kernel import store as store_module
from hodei.kernel.store import DataError, DataTooNew, Store, StoreFailed

FIRST, LAST = b"", b"\xff"
keys = st.binary(min_size=1, max_size=2).map(lambda raw: bytes(b % 4 for b in raw))
values = st.binary(max_size=3)


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store.open(None)
    yield store
    store.close()


def fill(store: Store, rows: dict[bytes, bytes]) -> None:
    with store.batch():
        for key, value in rows.items():
            store.put(key, value)


class StoreMachine(RuleBasedStateMachine):
    """A store against a stack of dicts: one for each open batch on top of what is committed."""

    @initialize(first=st.integers(1, 4), page=st.integers(1, 5))
    def open(self, first: int, page: int) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(store_module, "_FIRST_PAGE", first)
        self.patch.setattr(store_module, "_PAGE", page)
        self.store = Store.open(None)
        self.stack: list[dict[bytes, bytes]] = [{}]

    @property
    def model(self) -> dict[bytes, bytes]:
        return self.stack[-1]

    @rule()
    def begin(self) -> None:
        self.store.begin()
        self.stack.append(dict(self.model))

    @precondition(lambda self: len(self.stack) > 1)
    @rule()
    def commit(self) -> None:
        self.store.commit()
        self.stack[-2:] = [self.model]

    @precondition(lambda self: len(self.stack) > 1)
    @rule()
    def rollback(self) -> None:
        self.store.rollback()
        self.stack.pop()

    @precondition(lambda self: len(self.stack) > 1)
    @rule(writes=st.dictionaries(keys, st.none() | values, max_size=10))
    def write(self, writes: dict[bytes, bytes | None]) -> None:
        for key, value in writes.items():
            if value is None:
                self.store.delete(key)
                self.model.pop(key, None)
            else:
                self.store.put(key, value)
                self.model[key] = value

    @precondition(lambda self: len(self.stack) > 1)
    @rule(start=keys, end=keys)
    def delete_range(self, start: bytes, end: bytes) -> None:
        gone = [key for key in self.model if start <= key < end]
        assert self.store.delete_range(start, end) == len(gone)
        for key in gone:
            del self.model[key]

    @precondition(lambda self: len(self.stack) > 1)
    @rule(reverse=st.booleans(), writes=st.lists(st.tuples(keys, st.none() | values), max_size=12))
    def write_while_scanning(self, reverse: bool, writes: list[tuple[bytes, bytes | None]]) -> None:
        """Each step of the scan gives the next row as it is at that moment."""
        scan = self.store.scan(FIRST, LAST, reverse=reverse)
        at: bytes | None = None
        for key, value in [*writes, (b"\0", None)]:
            ahead = [k for k in self.model if at is None or (k < at if reverse else k > at)]
            expected = (max if reverse else min)(ahead, default=None)
            row = next(scan, None)
            assert row == (None if expected is None else (expected, self.model[expected]))
            if row is None:
                break
            at = row[0]
            self.write({key: value})

    @rule(start=keys, end=keys, reverse=st.booleans())
    def scan(self, start: bytes, end: bytes, reverse: bool) -> None:
        expected = sorted((row for row in self.model.items() if start <= row[0] < end), reverse=reverse)
        assert list(self.store.scan(start, end, reverse=reverse)) == expected
        assert list(self.store.keys(start, end, reverse=reverse)) == [key for key, _ in expected]
        assert self.store.count(start, end) == len(expected)

    @rule(key=keys)
    def get(self, key: bytes) -> None:
        assert self.store.get(key) == self.model.get(key)

    @invariant()
    def same(self) -> None:
        assert dict(self.store.scan(FIRST, LAST)) == self.model

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.patch.undo()


TestStoreModel = StoreMachine.TestCase
TestStoreModel.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


def test_writes_need_a_batch(store: Store) -> None:
    with pytest.raises(RuntimeError, match="need a batch"):
        store.put(b"a", b"1")
    with pytest.raises(RuntimeError, match="no batch"):
        store.commit()
    with pytest.raises(RuntimeError, match="no batch"):
        store.rollback()


def test_a_batch_is_dropped_by_an_exception(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.batch():
        store.put(b"a", b"1")
        raise ZeroDivisionError
    assert store.get(b"a") is None


def test_what_an_inner_batch_kept_goes_with_the_one_around_it(store: Store) -> None:
    fill(store, {b"a": b"0"})
    with store.batch():
        store.begin()
        store.put(b"a", b"1")
        store.begin()
        store.put(b"a", b"2")
        store.put(b"b", b"2")
        store.commit()
        store.rollback()
        assert list(store.scan(FIRST, LAST)) == [(b"a", b"0")]
    assert list(store.scan(FIRST, LAST)) == [(b"a", b"0")]


def test_a_batch_apart_outlives_the_rollback_of_the_open_one(store: Store) -> None:
    store.begin()
    store.put(b"a", b"1")
    with store.apart():
        assert store.get(b"a") is None
        store.put(b"b", b"2")
    assert (store.get(b"a"), store.get(b"b")) == (b"1", b"2")
    store.rollback()
    assert list(store.keys(FIRST, LAST)) == [b"b"]


def test_a_long_scan_pages_and_ends(store: Store) -> None:
    rows = {i.to_bytes(2, "big"): bytes(8) for i in range(1000)}
    fill(store, rows)
    assert dict(store.scan(FIRST, LAST)) == rows
    assert list(store.keys(FIRST, LAST, reverse=True)) == sorted(rows, reverse=True)


# durability


def after_a_crash(path: Path) -> dict[bytes, bytes]:
    """What a store would hold if the process died now."""
    with tempfile.TemporaryDirectory() as copies:
        for file in path.parent.glob(f"{path.name}*"):
            shutil.copy(file, copies)
        store = Store.open(Path(copies) / path.name)
        content = dict(store.scan(FIRST, LAST))
        store.close()
    return content


def test_without_a_loop_a_commit_is_durable_at_once(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "x.db")
    calls: list[str] = []
    with store.batch():
        store.put(b"a", b"1")
        store.when_durable(lambda: calls.append("batch"))
        assert calls == []
    assert calls == ["batch"]
    assert after_a_crash(tmp_path / "x.db") == {b"a": b"1"}
    store.when_durable(lambda: calls.append("later"))
    assert calls == ["batch", "later"]
    store.close()


def test_the_batches_of_one_tick_share_a_commit_and_are_acknowledged_after_it(tmp_path: Path) -> None:
    async def run() -> None:
        store = Store.open(tmp_path / "x.db")
        store.attach(asyncio.get_running_loop())
        seen: list[tuple[bytes, int]] = []
        for key in (b"a", b"b"):
            with store.batch():
                store.put(key, b"1")
                store.when_durable(lambda key=key: seen.append((key, len(after_a_crash(tmp_path / "x.db")))))
            assert store.get(key) == b"1"
        assert seen == []
        assert after_a_crash(tmp_path / "x.db") == {}
        await asyncio.sleep(0)
        assert seen == [(b"a", 2), (b"b", 2)]
        store.close()

    asyncio.run(run())


def test_a_rollback_forgets_who_waited_in_the_batch(store: Store) -> None:
    calls: list[int] = []
    with store.batch():
        store.put(b"a", b"1")
        store.when_durable(lambda: calls.append(1))
        store.begin()
        store.when_durable(lambda: calls.append(2))
        store.rollback()
        store.begin()
        store.when_durable(lambda: calls.append(3))
        store.commit()
    assert calls == [1, 3]


def test_a_failing_callback_does_not_keep_others_from_theirs(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []
    with store.batch():
        store.put(b"a", b"1")
        store.when_durable(lambda: 1 // 0)  # type: ignore[arg-type, return-value]
        store.when_durable(lambda: calls.append(2))
    assert calls == [2]
    assert "ZeroDivisionError" in caplog.text


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Callable[[bool], None]]:
    """Makes the disk full (no file may grow by more than 100 bytes beyond the redo log's size), and empty again."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(full: bool) -> None:
        size = (tmp_path / "x.db-redo").stat().st_size + 100 if full else soft
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [3000, 30_000], ids=["for the log", "for SQLite"])
def test_a_full_disk_loses_the_tick_and_says_so(tmp_path: Path, full_disk: Callable[[bool], None], size: int) -> None:
    store = Store.open(tmp_path / "x.db")
    fill(store, {b"kept": b"1"})

    async def run() -> None:
        store.attach(asyncio.get_running_loop())
        acknowledged: list[str] = []
        errors: list[Exception] = []
        switches: list[int] = []
        store.on_switch(lambda: switches.append(1))
        store.remember(b"kept", "decoded")
        generation = store.generation
        full_disk(True)
        for key in (b"a", b"b"):
            with store.batch():
                store.put(key, bytes(size))
                store.when_durable(lambda: acknowledged.append("lost"), errors.append)
        await asyncio.sleep(0)
        full_disk(False)
        assert acknowledged == []
        assert [type(error) for error in errors] == [StoreFailed, StoreFailed]
        assert store.generation == generation + 1
        assert switches == [1]
        assert store.recall(b"kept") is None
        assert list(store.scan(FIRST, LAST)) == [(b"kept", b"1")]
        assert after_a_crash(tmp_path / "x.db") == {b"kept": b"1"}
        with store.batch():
            store.put(b"c", bytes(size))
            store.when_durable(lambda: acknowledged.append("c"), errors.append)
        await asyncio.sleep(0)
        assert acknowledged == ["c"]

    asyncio.run(run())
    store.close()
    again = Store.open(tmp_path / "x.db")
    assert list(again.keys(FIRST, LAST)) == [b"c", b"kept"]
    again.close()


def test_without_a_loop_a_full_disk_raises(tmp_path: Path, full_disk: Callable[[bool], None]) -> None:
    store = Store.open(tmp_path / "x.db")
    errors: list[Exception] = []
    full_disk(True)
    with pytest.raises(StoreFailed), store.batch():
        store.put(b"a", bytes(3000))
        store.when_durable(lambda: None, errors.append)
    full_disk(False)
    assert len(errors) == 1
    assert store.get(b"a") is None
    store.close()


@pytest.mark.slow
def test_the_log_stays_bounded_under_a_load_that_never_pauses(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "x.db")
    value = bytes(50_000)
    peak = 0
    for i in range(6000):
        with store.batch():
            store.put((i % 500).to_bytes(2, "big"), value)
        if i % 100 == 0:
            peak = max(peak, (tmp_path / "x.db-wal").stat().st_size)
    store.close()
    assert peak < 160 << 20  # 300 MB were written
    assert not (tmp_path / "x.db-wal").exists()


# the file


def test_a_file_of_a_newer_format_is_refused_by_name(tmp_path: Path) -> None:
    Store.open(tmp_path / "x.db").close()
    db = sqlite3.connect(tmp_path / "x.db")
    db.execute("UPDATE meta SET value = 99 WHERE name = 'format'")
    db.commit()
    db.close()
    with pytest.raises(DataTooNew, match=r"x\.db was written by a newer version of Hodei \(format 99") as raised:
        Store.open(tmp_path / "x.db")
    assert raised.value.found == 99


def test_a_file_that_is_no_store_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(DataError, match="not a database") as raised:
        Store.open(tmp_path / "x.db")
    assert "\n" not in str(raised.value)


# decoded objects


def test_what_is_remembered_goes_with_a_write_and_is_not_taken_from_an_open_batch(store: Store) -> None:
    fill(store, {b"a": b"1"})
    store.remember(b"a", "one")
    assert store.recall(b"a") == "one"
    store.begin()
    store.put(b"a", b"2")
    assert store.recall(b"a") is None
    store.remember(b"a", "two")
    assert store.recall(b"a") is None
    store.rollback()
    assert store.recall(b"a") is None


def test_the_oldest_remembered_object_makes_room(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_CACHED", 2)
    for key in (b"a", b"b", b"c"):
        store.remember(key, key)
    assert [store.recall(key) for key in (b"a", b"b", b"c")] == [None, b"b", b"c"]


def test_a_get_takes_microseconds(store: Store) -> None:
    """Not a benchmark: a guard against a slip of an order of magnitude (measured: 5 us)."""
    fill(store, {i.to_bytes(2, "big"): bytes(100) for i in range(1000)})
    best = 1.0
    for _ in range(5):
        began = time.perf_counter()
        for i in range(1000):
            store.get(i.to_bytes(2, "big"))
        best = min(best, (time.perf_counter() - began) / 1000)
    assert best < 100e-6
