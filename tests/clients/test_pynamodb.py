"""PynamoDB: models with indexes, conditions, transactions, batches, optimistic locking, expiry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    DiscriminatorAttribute,
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
    VersionAttribute,
)
from pynamodb.connection import Connection
from pynamodb.exceptions import DeleteError, DoesNotExist, PutError, TransactWriteError, UpdateError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection, LocalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactGet, TransactWrite

from hostile.process import Process

pytestmark = pytest.mark.socket

DAWN = datetime(2026, 1, 1, 6, tzinfo=UTC)


class ByGenre(GlobalSecondaryIndex[Any]):
    class Meta:
        index_name = "by-genre"
        projection = AllProjection()
        read_capacity_units = write_capacity_units = 1

    genre = UnicodeAttribute(hash_key=True)
    published = UTCDateTimeAttribute(range_key=True)


class ByLength(LocalSecondaryIndex[Any]):
    class Meta:
        index_name = "by-length"
        projection = KeysOnlyProjection()

    author = UnicodeAttribute(hash_key=True)
    pages = NumberAttribute(range_key=True)


class Cover(MapAttribute[str, Any]):
    colour = UnicodeAttribute()
    image = BinaryAttribute(null=True, legacy_encoding=False)


class Book(Model):
    class Meta:
        table_name = "pynamodb-books"
        region = "us-east-1"
        aws_access_key_id = "111122223333"
        aws_secret_access_key = "any"
        read_capacity_units = write_capacity_units = 1

    author = UnicodeAttribute(hash_key=True)
    title = UnicodeAttribute(range_key=True)
    genre = UnicodeAttribute(null=True)
    published = UTCDateTimeAttribute(default=DAWN)
    pages = NumberAttribute(default=0)
    words = UnicodeSetAttribute(null=True)
    cover = Cover(null=True)
    chapters: ListAttribute[Any] = ListAttribute(default=list)
    notes = JSONAttribute(null=True)
    lent = BooleanAttribute(default=False)
    expires = TTLAttribute(null=True)
    version = VersionAttribute()
    by_genre = ByGenre()
    by_length = ByLength()


@pytest.fixture
def books(server: Process) -> Any:
    """The model, with its table made by it."""
    Book.Meta.host = server.url  # type: ignore[attr-defined]
    Book.create_table(wait=True)
    yield Book
    Book.delete_table()


@pytest.fixture
def connection(server: Process, monkeypatch: pytest.MonkeyPatch) -> Connection:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111122223333")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    return Connection(region="us-east-1", host=server.url)


def fill(books: Any) -> None:
    with books.batch_write() as batch:
        for n in range(40):
            genre = ("novel", "poem", None)[n % 3]
            batch.save(books(f"author{n % 4}", f"title{n:02}", genre=genre, published=DAWN + timedelta(n), pages=n))


@pytest.mark.feature("dynamodb.items", "dynamodb.indexes")
def test_models_queries_and_indexes(books: Any) -> None:
    assert books.exists() and books.describe_table()["TableStatus"] == "ACTIVE"
    fill(books)
    assert books.count() == 40
    assert books.count("author1") == 10
    found = books.query("author1", books.title.between("title05", "title20"), books.pages.exists() & (books.pages != 9))
    assert [book.pages for book in found] == [5, 13, 17]
    poems = books.by_genre.query("poem", books.published > DAWN + timedelta(30), scan_index_forward=False)
    assert [book.pages for book in poems] == [37, 34, 31]
    assert len(list(books.by_genre.scan())) == 27, "the index is sparse"
    short = books.by_length.query("author3", books.pages < 12)
    assert [(book.title, book.pages) for book in short] == [("title03", 3), ("title07", 7), ("title11", 11)]
    assert (
        len(list(books.scan(books.genre.is_in("poem", "novel") & ~books.title.startswith("title0"), page_size=6))) == 20
    )
    pages = books.query("author0", page_size=3, limit=7)
    assert len(list(pages)) == 7 and pages.last_evaluated_key["title"] == {"S": "title24"}
    assert sorted(
        book.pages for book in books.batch_get([(f"author{n % 4}", f"title{n:02}") for n in range(12)])
    ) == list(range(12))
    assert sum(len(list(books.scan(segment=n, total_segments=4))) for n in range(4)) == 40


@pytest.mark.feature("dynamodb.items")
def test_values_and_updates(books: Any) -> None:
    book = books("a", "t", words={"x", "y"}, cover=Cover(colour="red", image=b"\x00\xff"), chapters=["one", {"two": 2}])
    book.notes = {"any": [1, None]}
    book.save()
    book.update(
        actions=[
            books.pages.add(12),
            books.words.delete({"x"}),
            books.cover.colour.set("blue"),
            books.chapters.set(books.chapters.append(["three"])),
            books.lent.set(True),
            books.notes.remove(),
        ],
        condition=books.cover.colour.startswith("r") & books.words.contains("y") & (books.chapters[1]["two"] == 2),
    )
    again = books.get("a", "t", consistent_read=True)
    assert (again.pages, again.words, again.lent, again.notes, again.version) == (12, {"y"}, True, None, 2)
    assert (again.cover.colour, again.cover.image, again.published) == ("blue", b"\x00\xff", DAWN)
    assert again.chapters == ["one", {"two": 2}, "three"]
    again.delete(condition=books.lent == True)  # noqa: E712
    with pytest.raises(DoesNotExist):
        books.get("a", "t")


@pytest.mark.feature("dynamodb.items", "dynamodb.single-table")
def test_optimistic_locking(books: Any) -> None:
    books("a", "t").save()
    mine, theirs = books.get("a", "t"), books.get("a", "t")
    mine.pages = 1
    mine.save()
    theirs.pages = 2
    for stale in (theirs.save, lambda: theirs.update(actions=[books.pages.set(2)]), theirs.delete):
        with pytest.raises((PutError, UpdateError, DeleteError)) as caught:
            stale()
        assert caught.value.cause_response_code == "ConditionalCheckFailedException"
    with pytest.raises(PutError):
        books("a", "t").save()  # a new one has no version, and there is one
    theirs.refresh()
    assert (theirs.version, theirs.pages) == (2, 1)
    theirs.save()
    assert books.get("a", "t").version == 3


@pytest.mark.feature("dynamodb.transactions")
def test_transactions(books: Any, connection: Connection) -> None:
    books("a", "lent", lent=True).save()
    books("a", "free").save()
    with TransactWrite(connection=connection, client_request_token="pynamodb") as transaction:
        transaction.update(books.get("a", "free"), actions=[books.lent.set(True)], condition=books.lent == False)  # noqa: E712
        transaction.save(books("a", "new"))
    with TransactGet(connection=connection) as transaction:
        futures = [transaction.get(books, "a", title) for title in ("free", "new")]
    assert [future.get().lent for future in futures] == [True, False]
    with pytest.raises(TransactWriteError) as caught, TransactWrite(connection=connection) as transaction:
        transaction.condition_check(books, "a", "lent", condition=books.lent == False)  # noqa: E712
        transaction.delete(books.get("a", "new"))
    assert caught.value.cause_response_code == "TransactionCanceledException"
    assert [reason and reason.code for reason in caught.value.cancellation_reasons] == ["ConditionalCheckFailed", None]
    assert books.count() == 3


@pytest.mark.feature("dynamodb.ttl")
def test_the_expiry_attribute(books: Any, connect: Callable[..., Any]) -> None:
    told = connect("dynamodb").describe_time_to_live(TableName=books.Meta.table_name)["TimeToLiveDescription"]
    assert told == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    books("a", "t", expires=timedelta(days=1)).save()
    assert timedelta(hours=23) < books.get("a", "t").expires - datetime.now(UTC) <= timedelta(days=1)


class Thing(Model):
    """A single table of several kinds of things, told apart by PynamoDB's discriminator."""

    class Meta:
        table_name = "pynamodb-things"
        region = "us-east-1"
        aws_access_key_id = "111122223333"
        aws_secret_access_key = "any"
        billing_mode = "PAY_PER_REQUEST"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute()


class Customer(Thing, discriminator="Customer"):
    name = UnicodeAttribute()


class Order(Thing, discriminator="Order"):
    total = NumberAttribute()


@pytest.mark.feature("dynamodb.single-table")
def test_several_models_in_one_table(server: Process) -> None:
    Thing.Meta.host = server.url  # type: ignore[attr-defined]
    Thing.create_table(wait=True)
    Customer("C#1", "A", name="Ada").save()
    for n in range(3):
        Order("C#1", f"O#{n}", total=n).save()
    assert [type(one) for one in Thing.query("C#1")] == [Customer, Order, Order, Order]
    assert [one.total for one in Order.query("C#1", Thing.sk.startswith("O#"), scan_index_forward=False)] == [2, 1, 0]
    assert [one.name for one in Customer.scan()] == ["Ada"]
    Thing.delete_table()
