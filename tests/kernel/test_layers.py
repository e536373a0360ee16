from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from hodei.kernel import layers as layers_module
from hodei.kernel import store as store_module
from hodei.kernel.store import Store

FIRST, LAST = b"", b"\xff"
keys = st.sampled_from([bytes((i,)) for i in range(12)])
values = st.binary(max_size=2)
names = st.sampled_from(["a", "b", "c"])


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store.open(None)
    yield store
    store.close()


def write(store: Store, *puts: bytes, delete: tuple[bytes, ...] = ()) -> None:
    with store.batch():
        for key in puts:
            store.put(key, b"v" + key)
        for key in delete:
            store.delete(key)


def content(store: Store) -> dict[bytes, bytes]:
    return dict(store.scan(FIRST, LAST))


class LayersMachine(RuleBasedStateMachine):
    """Layers against plain dicts: what is frozen is a copy."""

    frozen = Bundle("frozen")

    @initialize(page=st.integers(1, 4))
    def open(self, page: int) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(store_module, "_FIRST_PAGE", page)
        self.patch.setattr(store_module, "_PAGE", page + 1)
        self.patch.setattr(layers_module, "_DIFFERENCE_PAGE", page)
        self.store = Store.open(None)
        self.model: dict[bytes, bytes] = {}
        self.held: dict[int, dict[bytes, bytes]] = {}
        self.named: dict[str, dict[bytes, bytes]] = {}

    @rule(puts=st.dictionaries(keys, values, max_size=4), deletes=st.sets(keys, max_size=3))
    def write(self, puts: dict[bytes, bytes], deletes: set[bytes]) -> None:
        with self.store.batch():
            for key, value in puts.items():
                self.store.put(key, value)
                self.model[key] = value
            for key in deletes:
                self.store.delete(key)
                self.model.pop(key, None)

    @rule(target=frozen)
    def freeze(self) -> int:
        layer = self.store.freeze()
        self.held[layer] = dict(self.model)
        return layer

    @rule(layer=frozen)
    def switch(self, layer: int) -> None:
        if layer in self.held:
            self.store.switch(layer)
            self.model = dict(self.held[layer])

    @rule(layer=consumes(frozen))
    def drop(self, layer: int) -> None:
        if self.held.pop(layer, None) is not None:
            self.store.drop(layer)

    @rule(name=names)
    def save(self, name: str) -> None:
        self.store.save_snapshot(name)
        self.named[name] = dict(self.model)

    @rule(name=names)
    def load(self, name: str) -> None:
        if name in self.named:
            self.store.load_snapshot(name)
            self.model = dict(self.named[name])
        else:
            with pytest.raises(KeyError):
                self.store.load_snapshot(name)

    @rule(name=names)
    def forget(self, name: str) -> None:
        if self.named.pop(name, None) is not None:
            self.store.delete_snapshot(name)
        else:
            with pytest.raises(KeyError):
                self.store.delete_snapshot(name)

    @rule()
    def reset(self) -> None:
        self.store.reset()
        self.model = {}

    @rule(rows=st.integers(1, 5), times=st.integers(1, 4))
    def compact(self, rows: int, times: int) -> None:
        for _ in range(times):
            self.store.compact(rows)

    @rule(layer=frozen)
    def changed(self, layer: int) -> None:
        if layer in self.held:
            then = self.held[layer]
            expected = [k for k in sorted(then.keys() | self.model.keys()) if then.get(k) != self.model.get(k)]
            assert list(self.store.changed(layer)) == expected

    @rule(key=keys)
    def anywhere(self, key: bytes) -> None:
        contents = (self.model, *self.held.values(), *self.named.values())
        assert self.store.anywhere(key) == any(key in rows for rows in contents)

    @rule(start=keys, end=keys, reverse=st.booleans(), put=keys, delete=keys)
    def read_in_a_batch(self, start: bytes, end: bytes, reverse: bool, put: bytes, delete: bytes) -> None:
        expected = {**self.model, put: b"new"}
        expected.pop(delete, None)
        self.store.begin()
        self.store.put(put, b"new")
        self.store.delete(delete)
        rows = sorted((row for row in expected.items() if start <= row[0] < end), reverse=reverse)
        assert list(self.store.scan(start, end, reverse=reverse)) == rows
        assert self.store.count(start, end) == len(rows)
        self.store.rollback()

    @invariant()
    def same(self) -> None:
        assert content(self.store) == self.model
        assert list(self.store.keys(FIRST, LAST, reverse=True)) == sorted(self.model, reverse=True)
        assert self.store.count(FIRST, LAST) == len(self.model)
        for number in range(12):
            assert self.store.get(bytes((number,))) == self.model.get(bytes((number,)))
        assert self.store.list_snapshots() == sorted(self.named)

    def teardown(self) -> None:
        if not hasattr(self, "store"):
            return
        while self.store.compact(3):
            pass
        self.same()
        for layer in self.held:
            self.store.drop(layer)
        for name in self.named:
            self.store.delete_snapshot(name)
        self.named.clear()
        while self.store.compact(3):
            pass
        self.same()
        assert len(self.store.layers()) == 1  # nothing is left over once nobody needs it
        tables = self.store._db.execute("SELECT count(*) FROM sqlite_master WHERE name LIKE 'kv%'").fetchone()[0]
        assert tables == 1
        assert self.store._db.execute("SELECT count(*) FROM " + self._table()).fetchone()[0] == len(self.model)
        self.store.close()
        self.patch.undo()

    def _table(self) -> str:
        return str(self.store._db.execute("SELECT name FROM sqlite_master WHERE name LIKE 'kv%'").fetchone()[0])


TestLayersModel = LayersMachine.TestCase
TestLayersModel.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)


def test_a_snapshot_and_the_head_survive_a_restart(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "x.db")
    write(store, b"a", b"b")
    store.save_snapshot("one")
    write(store, b"c", delete=(b"a",))
    store.close()
    store = Store.open(tmp_path / "x.db")
    assert list(content(store)) == [b"b", b"c"]
    assert store.list_snapshots() == ["one"]
    store.load_snapshot("one")
    store.close()
    store = Store.open(tmp_path / "x.db")
    assert list(content(store)) == [b"a", b"b"]
    store.close()


def test_an_unchanged_head_freezes_to_the_same_layer(store: Store) -> None:
    write(store, b"a")
    assert store.freeze() == store.freeze()
    store.save_snapshot("a")
    assert len(store.layers()) == 2


def test_a_layer_that_two_stand_on_is_not_merged(store: Store) -> None:
    write(store, b"a")
    base = store.freeze()
    write(store, b"b")
    left = store.freeze()
    store.switch(base)
    write(store, b"c", delete=(b"a",))
    right = store.freeze()
    store.drop(base)
    while store.compact(10):
        pass
    assert list(content(store)) == [b"c"]
    store.switch(left)
    assert list(content(store)) == [b"a", b"b"]
    store.drop(right)
    while store.compact(10):
        pass
    assert list(content(store)) == [b"a", b"b"]


def test_layers_do_not_change_under_an_open_batch(store: Store) -> None:
    with store.batch(), pytest.raises(RuntimeError, match="outside a batch"):
        store.freeze()


def test_switching_is_announced_and_forgets_decoded_objects(store: Store) -> None:
    write(store, b"a")
    frozen = store.freeze()
    store.remember(b"a", "decoded")
    announced: list[int] = []
    store.on_switch(lambda: announced.append(store.generation))
    generation = store.generation
    store.switch(frozen)
    assert announced == [generation + 1]
    assert store.recall(b"a") is None
    with pytest.raises(KeyError):
        store.switch(99)
    with pytest.raises(KeyError):
        store.switch(next(layer.id for layer in store.layers() if layer.head))


def test_a_scan_goes_on_in_the_head_it_was_switched_to(store: Store) -> None:
    write(store, b"a", b"b", b"c")
    frozen = store.freeze()
    write(store, b"d", delete=(b"b",))
    scan = store.keys(FIRST, LAST)
    assert next(scan) == b"a"
    store.switch(frozen)
    assert list(scan) == [b"b", b"c"]


def test_freezing_costs_the_same_whatever_the_size(store: Store) -> None:
    with store.batch():
        for i in range(20_000):
            store.put(i.to_bytes(3, "big"), bytes(100))
    steps: list[int] = []
    store._db.set_progress_handler(lambda: steps.append(1) or 0, 1000)  # type: ignore[func-returns-value]
    store.save_snapshot("big")
    store.load_snapshot("big")
    store._db.set_progress_handler(None, 0)
    assert len(steps) < 5  # thousands of SQLite's steps: copying the rows would take a hundred times as many


def test_a_difference_reads_only_what_was_written_since(store: Store) -> None:
    with store.batch():
        for i in range(20_000):
            store.put(i.to_bytes(3, "big"), bytes(100))
    frozen = store.freeze()
    write(store, b"\0\0\1", b"new", delete=(b"\0\0\2",))
    steps: list[int] = []
    store._db.set_progress_handler(lambda: steps.append(1) or 0, 1000)  # type: ignore[func-returns-value]
    assert list(store.changed(frozen)) == [b"\0\0\1", b"\0\0\2", b"new"]
    store._db.set_progress_handler(None, 0)
    assert len(steps) < 5


def test_a_hundred_snapshots_on_each_other_are_read_right_and_too_many_refused(store: Store) -> None:
    count = layers_module.MAX_DEPTH - 1
    for i in range(count):
        write(store, bytes((i,)), b"last", delete=(bytes((i // 2,)),) if i % 3 == 0 else ())
        store.save_snapshot(f"s{i}")
    expected = content(store)
    assert store.count(FIRST, LAST) == len(expected)
    write(store, b"more")
    with pytest.raises(ValueError, match="at most 200 snapshots"):
        store.save_snapshot("one too many")
    assert list(content(store)) == sorted([*expected, b"more"])
    for i in range(count):
        store.delete_snapshot(f"s{i}")
    while store.compact(1000):
        pass
    assert len(store.layers()) == 1
    assert list(content(store)) == sorted([*expected, b"more"])


def test_tidying_goes_on_in_the_next_loop(store: Store) -> None:
    write(store, b"a")

    async def attach(seconds: float) -> None:
        store.attach(asyncio.get_running_loop())
        if store.list_snapshots() == ["a"]:
            store.delete_snapshot("a")
        await asyncio.sleep(seconds)

    store.save_snapshot("a")
    asyncio.run(attach(0))
    assert len(store.layers()) == 2
    asyncio.run(attach(0.2))
    assert len(store.layers()) == 1


def test_the_loop_tidies_by_itself_in_slices(tmp_path: Path) -> None:
    async def run() -> None:
        store = Store.open(tmp_path / "x.db")
        store.attach(asyncio.get_running_loop())
        with store.batch():
            for i in range(1000):
                store.put(i.to_bytes(2, "big"), b"1")
        store.save_snapshot("a")
        write(store, b"new")
        store.delete_snapshot("a")
        assert len(store.layers()) == 2
        for _ in range(200):
            if len(store.layers()) == 1:
                break
            await asyncio.sleep(0.01)
        assert len(store.layers()) == 1
        assert store.count(FIRST, LAST) == 1001
        store.reset()
        for _ in range(200):
            if not store._layers.untidy:
                break
            await asyncio.sleep(0.01)
        assert not store._layers.untidy
        store.close()

    asyncio.run(run())
