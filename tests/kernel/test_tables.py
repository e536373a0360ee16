from __future__ import annotations

import enum
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hodei.kernel.keys import text_end
from hodei.kernel.store import DataTooNew, Store
from hodei.kernel.tables import Place, Record, Table, check_schema


class Color(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


class Message(Record):
    queue: str
    id: str
    visible_at: float | None = None
    group: str | None = None
    size: int = 0
    color: Color = Color.RED


messages = Table(
    "sqs", "messages", Message, key=("queue", "id"), index={"visible": ("queue", "visible_at"), "group": ("group",)}
)
cached = Table("sqs", "cached", Message, key=("queue", "id"), index={"group": ("group",)}, cached=True)


@pytest.fixture
def ctx() -> Iterator[Place]:
    store = Store.open(None)
    yield Place(store, "111111111111", "eu-west-1")
    store.close()


def put(ctx: Place, *records: Message, table: Table[Message] = messages) -> None:
    with ctx.store.batch():
        for record in records:
            table.put(ctx, record)


def many(queue: str = "q", count: int = 5) -> list[Message]:
    return [Message(queue=queue, id=f"m{i}", visible_at=float(10 - i)) for i in range(count)]


def ids(records: Iterator[Message]) -> list[str]:
    return [record.id for record in records]


def test_a_record_comes_back_and_goes(ctx: Place) -> None:
    record = Message(queue="q", id="m", visible_at=2.5, size=3, color=Color.BLUE)
    put(ctx, record)
    assert messages.get(ctx, "q", "m") == record
    assert messages.get(ctx, "q", "other") is None
    with ctx.store.batch():
        assert messages.delete(ctx, "q", "m")
        assert not messages.delete(ctx, "q", "m")
    assert messages.get(ctx, "q", "m") is None
    assert list(messages.by("visible", ctx)) == []
    with pytest.raises(TypeError, match="key of messages"):
        messages.get(ctx, "q")


def test_accounts_and_regions_are_apart_as_the_scope_says(ctx: Place) -> None:
    elsewhere = [Place(ctx.store, "222222222222", "eu-west-1"), Place(ctx.store, "111111111111", "us-east-1")]
    record = many(count=1)[0]
    for scope, seen in (("regional", []), ("account", elsewhere[1:]), ("global", elsewhere)):
        table = Table("s", scope, Message, key=("queue", "id"), scope=scope)  # type: ignore[arg-type]
        put(ctx, record, table=table)
        assert [place for place in elsewhere if table.get(place, "q", "m0")] == seen
        account = "" if scope == "global" else ctx.account
        region = ctx.region if scope == "regional" else ""
        assert list(table.all(ctx.store)) == [(account, region, record)]


def test_all_goes_over_every_account_and_region(ctx: Place) -> None:
    places = [(a, r) for a in ("111111111111", "222222222222") for r in ("eu-west-1", "us-east-1")]
    for number, (account, region) in enumerate(places):
        put(Place(ctx.store, account, region), *many(count=number))
    found = [(account, region, record.id) for account, region, record in messages.all(ctx.store)]
    assert found == [(*place, f"m{i}") for number, place in enumerate(places) for i in range(number)]


def test_a_scan_goes_in_key_order_within_its_bounds(ctx: Place) -> None:
    put(ctx, *many("a"), *many("q"), *many("q\0"), *many("r"))
    assert ids(messages.scan(ctx, "q")) == ["m0", "m1", "m2", "m3", "m4"]
    assert ids(messages.scan(ctx, "q", reverse=True)) == ["m4", "m3", "m2", "m1", "m0"]
    assert ids(messages.scan(ctx, "q", start=("m1",), end=("m3",))) == ["m1", "m2"]
    assert ids(messages.scan(ctx, "q", after=("m2",))) == ["m3", "m4"]
    assert ids(messages.scan(ctx, "q", after=("m2",), reverse=True)) == ["m1", "m0"]
    assert ids(messages.scan(ctx, "q", start=("m3",), after=("m1",))) == ["m3", "m4"]
    assert list(messages.keys(ctx, after=("a",), end=("q", "m2"))) == [("q", "m0"), ("q", "m1")]
    assert list(messages.keys(ctx, start=("r",))) == [("r", f"m{i}") for i in range(5)]
    assert messages.count(ctx) == 20
    assert messages.count(ctx, "q") == 5


def test_pages_by_the_last_key_meet(ctx: Place) -> None:
    put(ctx, *many(count=9))
    pages: list[list[str]] = []
    after: tuple[str] | None = None
    while page := [record for record, _ in zip(messages.scan(ctx, "q", after=after), range(4))]:
        pages.append([record.id for record in page])
        after = (page[-1].id,)
    assert pages == [["m0", "m1", "m2", "m3"], ["m4", "m5", "m6", "m7"], ["m8"]]


def test_a_listing_skips_a_folder_in_one_step(ctx: Place) -> None:
    names = ["a/1", "a/2", "b", "c/1", "c/2", "c0"]
    put(ctx, *(Message(queue="bucket", id=name) for name in names))
    prefix, listing, at = "", [], ""
    while (key := next(messages.keys(ctx, "bucket", start=(at,)), None)) is not None:
        name = str(key[1])
        folder, slash, _ = name[len(prefix) :].partition("/")
        listing.append(folder + slash)
        at = text_end(folder + slash) or "" if slash else name + "\0"
    assert listing == ["a/", "b", "c/", "c0"]


def test_an_index_gives_its_order_and_its_keys(ctx: Place) -> None:
    put(ctx, *many(), *many("other"), Message(queue="q", id="never"))
    assert ids(messages.by("visible", ctx, "q")) == ["m4", "m3", "m2", "m1", "m0"]
    assert ids(messages.by("visible", ctx, "q", end=(8.0,))) == ["m4", "m3"]
    assert ids(messages.by("visible", ctx, "q", start=(8.0,))) == ["m2", "m1", "m0"]
    assert ids(messages.by("visible", ctx, "q", reverse=True, after=(8.0,))) == ["m3", "m4"]
    assert list(messages.index_keys("visible", ctx, "q", end=(7.5,))) == [("q", 6.0, "q", "m4"), ("q", 7.0, "q", "m3")]


def test_an_int_given_for_a_float_is_the_same_key(ctx: Place) -> None:
    put(ctx, Message(queue="q", id="m", visible_at=5), Message(queue="q", id="n", visible_at=4.5))
    assert ids(messages.by("visible", ctx, "q", end=(5,))) == ["n"]
    assert ids(messages.by("visible", ctx, "q", 5)) == ["m"]
    with ctx.store.batch():
        messages.delete(ctx, "q", "m")
    assert list(messages.index_keys("visible", ctx)) == [("q", 4.5, "q", "n")]


def test_writing_while_scanning_an_index(ctx: Place) -> None:
    put(ctx, *many(count=300))
    with ctx.store.batch():
        for record in messages.by("visible", ctx, "q", end=(11.0,)):
            put(ctx, Message(queue="q", id=record.id, visible_at=100.0))
    assert len(list(messages.by("visible", ctx, "q", start=(100.0,)))) == 300
    assert messages.count(ctx) == 300


operations = st.lists(
    st.tuples(
        st.sampled_from(["put", "delete", "delete_all", "begin", "commit", "rollback", "snapshot", "load"]),
        st.sampled_from("ab"),
        st.sampled_from("xyz"),
        st.sampled_from([None, 1.0, 2, 2.5]),
        st.sampled_from([None, "g", "h"]),
    ),
    max_size=40,
)


@pytest.mark.parametrize("table", [messages, cached], ids=["plain", "cached"])
@given(operations=operations)
@settings(max_examples=150, deadline=None)
def test_indexes_and_the_cache_follow_the_records(
    table: Table[Message], operations: list[tuple[str, str, str, float | None, str | None]]
) -> None:
    """After every step, through rollbacks and snapshots, the table is what a dict says and its indexes derive from it."""
    store = Store.open(None)
    ctx = Place(store, "1", "r")
    stack: list[dict[tuple[str, str], Message]] = [{}]
    saved: dict[tuple[str, str], Message] | None = None
    for action, queue, id, visible_at, group in operations:
        model = stack[-1]
        if action == "begin":
            store.begin()
            stack.append(dict(model))
        elif action in ("commit", "rollback") and len(stack) > 1:
            getattr(store, action)()
            top = stack.pop()
            if action == "commit":
                stack[-1] = top
        elif action == "snapshot" and len(stack) == 1:
            store.save_snapshot("s")
            saved = dict(model)
        elif action == "load" and len(stack) == 1 and saved is not None:
            store.load_snapshot("s")
            stack = [dict(saved)]
        elif action == "put":
            record = Message(queue=queue, id=id, visible_at=visible_at, group=group)
            put(ctx, record, table=table)
            model[queue, id] = record
        elif action == "delete":
            with store.batch():
                assert table.delete(ctx, queue, id) == (model.pop((queue, id), None) is not None)
        elif action == "delete_all":
            gone = [key for key in model if key[0] == queue]
            with store.batch():
                assert table.delete_all(ctx, queue) == len(gone)
            for key in gone:
                del model[key]
        check(ctx, table, stack[-1])
    store.close()


def check(ctx: Place, table: Table[Message], model: dict[tuple[str, str], Message]) -> None:
    for queue in "ab":
        for id in "xyz":
            assert table.get(ctx, queue, id) == model.get((queue, id))
    assert list(table.scan(ctx)) == [model[key] for key in sorted(model)]
    for index, fields in table.index.items():
        rows = [(*(getattr(record, field) for field in fields), *key) for key, record in model.items()]
        assert list(table.index_keys(index, ctx)) == sorted(row for row in rows if None not in row)


def test_a_cached_record_is_not_read_again(ctx: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    put(ctx, *many(), table=cached)
    first = cached.get(ctx, "q", "m0")
    monkeypatch.setattr(ctx.store, "get", lambda key: pytest.fail("read"))
    assert cached.get(ctx, "q", "m0") is first


# records


def test_a_record_is_keyword_only_frozen_and_stores_what_differs_from_its_defaults(ctx: Place) -> None:
    with pytest.raises(TypeError):
        Message("q", "m")  # type: ignore[misc]
    record = Message(queue="q", id="m")
    with pytest.raises(AttributeError):
        record.size = 1  # type: ignore[misc]
    put(ctx, record)
    ((_, value),) = ctx.store.scan(b"", b"\xff")
    assert value == b"\x82\xa5queue\xa1q\xa2id\xa1m"


def test_a_field_is_added_without_a_migration_and_an_unknown_one_is_passed_over(ctx: Place) -> None:
    class Old(Record):
        id: str
        gone: int = 0

    class New(Record):
        color: str = "red"
        id: str
        tags: dict[str, str] = {}

    with ctx.store.batch():
        Table("s", "t", Old, key="id").put(ctx, Old(id="a", gone=5))
    assert Table("s", "t", New, key="id").get(ctx, "a") == New(id="a")


# schema versions


def test_older_records_are_migrated_in_order_once(ctx: Place) -> None:
    store, ran = ctx.store, []
    check_schema(store, "sqs", 1)
    check_schema(store, "sqs", 3, {1: lambda s: ran.append(1), 2: lambda s: ran.append(2)})
    check_schema(store, "sqs", 3, {1: lambda s: ran.append(1), 2: lambda s: ran.append(2)})
    assert ran == [1, 2]
    with pytest.raises(DataTooNew, match="the data of sqs was written by a newer version"):
        check_schema(store, "sqs", 2)


def test_a_failed_migration_leaves_everything_as_it_was(ctx: Place) -> None:
    store = ctx.store
    check_schema(store, "sqs", 1)

    def migrate(store: Store) -> None:
        store.put(b"half", b"done")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        check_schema(store, "sqs", 2, {1: migrate})
    assert store.get(b"half") is None
    check_schema(store, "sqs", 1)


def test_a_snapshot_of_an_older_version_is_migrated_when_loaded(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "x.db")
    check_schema(store, "sqs", 1)
    store.save_snapshot("old")
    store.close()
    store, ran = Store.open(tmp_path / "x.db"), []
    check_schema(store, "sqs", 2, {1: lambda s: ran.append(s)})
    assert ran == [store]
    store.reset()  # nothing stored: nothing to migrate
    assert ran == [store]
    store.load_snapshot("old")
    assert ran[1:] == [store]
    store.close()


def test_a_version_stays_when_the_operation_that_loaded_the_service_fails(ctx: Place) -> None:
    with pytest.raises(ZeroDivisionError), ctx.store.batch():
        check_schema(ctx.store, "sqs", 1)
        raise ZeroDivisionError
    ran: list[int] = []
    check_schema(ctx.store, "sqs", 2, {1: lambda s: ran.append(1)})
    assert ran == [1]
