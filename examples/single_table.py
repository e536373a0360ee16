"""A shop in one DynamoDB table: a year of CSV imported from S3, asked in every way, its stream followed by a
projection, brought back from a bad deploy to the second before, exported to S3 and counted.

    python examples/single_table.py                # a million rows: some minutes
    python examples/single_table.py --rows 20000
    python examples/single_table.py --endpoint-url http://localhost:4566    # a Hodei that runs, without these tables

Without a URL it starts a Hodei of its own. boto3 is the only client, and everything is compared with what went in.
`shop.py` has the data and the keys.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import cache, partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import boto3
from boto3.dynamodb.conditions import Key
from botocore.config import Config
from server import Hodei
from shop import COUNTRIES, DESIGN, KEYS, PRODUCTS, STATUSES, Facts, amount, count, generate, price_of

TABLE, RESTORED, REVENUE, BUCKET = "shop", "shop-restored", "shop-revenue", "shop-files"
PART = 100_000  # rows of a file in S3
PROCESSES, THREADS = 2, 8
STOCK, RARE = 100_000, 3  # pieces there are of a product, of the last one
NEW_YEAR = "2026-01-01"
TRANSACTION = 100  # actions that one may have

# clients


@cache
def resource(url: str) -> Any:
    config = Config(max_pool_connections=THREADS)
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.resource("dynamodb", endpoint_url=url, region_name="us-east-1", config=config, **keys)


@cache
def plain(url: str, service: str) -> Any:
    """A client; that of DynamoDB takes and gives {"S": ...}."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client(service, endpoint_url=url, region_name="us-east-1", **keys)


def clock(url: str, **change: str) -> datetime:
    """The cloud's time, after it was changed."""
    body = json.dumps(change).encode() if change else None
    with urllib.request.urlopen(urllib.request.Request(f"{url}/_hodei/clock", body)) as answer:
        return datetime.fromisoformat(json.load(answer)["now"])


def in_processes(work: Callable[..., Any], *arguments: Iterable[Any]) -> list[Any]:
    spawned = get_context("spawn")  # a fork would share the open connections
    with ProcessPoolExecutor(PROCESSES, spawned) as processes:
        return list(processes.map(work, *arguments))


def until(done: Callable[[], Any]) -> Any:
    while not (answer := done()):
        time.sleep(0.2)
    return answer


@contextmanager
def step(what: str) -> Iterator[None]:
    print(f"{what} ...", flush=True)
    begun = time.monotonic()
    yield
    print(f"    {time.monotonic() - begun:.1f} s", flush=True)


# from files to items


def upload(url: str, path: Path) -> None:
    """A CSV file to S3 in parts, with the columns of the keys."""
    keys_of = DESIGN[path.stem]
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        for number in range(sys.maxsize):
            rows = list(islice(reader, PART))
            if not rows:
                return
            text = io.StringIO(newline="")
            writer = csv.writer(text)
            writer.writerow((*KEYS, *rows[0]))
            writer.writerows((*keys_of(row), *row.values()) for row in rows)
            key = f"import/{path.stem}-{number:03}.csv"
            plain(url, "s3").put_object(Bucket=BUCKET, Key=key, Body=text.getvalue().encode())


def import_table(url: str) -> int:
    """The table out of the files in S3; how many items it has."""
    dynamodb = plain(url, "dynamodb")
    schema = [{"AttributeName": name, "KeyType": kind} for name, kind in zip(KEYS, ("HASH", "RANGE") * 2)]
    index = {"IndexName": "GSI1", "KeySchema": schema[2:], "Projection": {"ProjectionType": "ALL"}}
    arn = dynamodb.import_table(
        S3BucketSource={"S3Bucket": BUCKET, "S3KeyPrefix": "import/"},
        InputFormat="CSV",
        TableCreationParameters={
            "TableName": TABLE,
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in KEYS],
            "KeySchema": schema[:2],
            "GlobalSecondaryIndexes": [index],
            "BillingMode": "PAY_PER_REQUEST",
        },
    )["ImportTableDescription"]["ImportArn"]

    def ended() -> dict[str, Any] | None:
        told: dict[str, Any] = dynamodb.describe_import(ImportArn=arn)["ImportTableDescription"]
        return told if told["ImportStatus"] != "IN_PROGRESS" else None

    told = until(ended)
    assert (told["ImportStatus"], told["ErrorCount"]) == ("COMPLETED", 0), told
    imported: int = told["ImportedItemCount"]
    return imported


def set_up(url: str) -> None:
    """Products with their stock, a stream, recovery, and the table of the projection."""
    with resource(url).Table(TABLE).batch_writer() as batch:
        for n in range(PRODUCTS + 1):
            stock = STOCK if n < PRODUCTS else RARE
            batch.put_item(Item={"PK": f"P#{n:04}", "SK": "STOCK", "price": price_of(n), "stock": stock})
    dynamodb = plain(url, "dynamodb")
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    dynamodb.update_table(TableName=TABLE, StreamSpecification=stream)
    recovery = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName=TABLE, PointInTimeRecoverySpecification=recovery)
    kinds = {"kind": "S", "name": "S", "revenue": "N"}
    by_name, by_revenue = (
        [{"AttributeName": "kind", "KeyType": "HASH"}, {"AttributeName": name, "KeyType": "RANGE"}]
        for name in ("name", "revenue")
    )
    ranking = {"IndexName": "ranking", "KeySchema": by_revenue, "Projection": {"ProjectionType": "KEYS_ONLY"}}
    dynamodb.create_table(
        TableName=REVENUE,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in kinds.items()],
        KeySchema=by_name,
        LocalSecondaryIndexes=[ranking],
        BillingMode="PAY_PER_REQUEST",
    )
    for name in (TABLE, REVENUE):
        dynamodb.get_waiter("table_exists").wait(TableName=name)


# counting


def scan(url: str, name: str, segment: int) -> Facts:
    pages = plain(url, "dynamodb").get_paginator("scan")
    asked = {"ProjectionExpression": "PK, SK, #t", "ExpressionAttributeNames": {"#t": "total"}}
    facts = Facts()
    for page in pages.paginate(TableName=name, Segment=segment, TotalSegments=PROCESSES, **asked):
        count(facts, page["Items"])
    return facts


def scan_all(url: str, name: str) -> Facts:
    """A parallel scan."""
    return sum(in_processes(partial(scan, url, name), range(PROCESSES)), Facts())


# asking


def query(url: str, condition: Any, name: str = TABLE, **more: Any) -> Iterator[dict[str, Any]]:
    pages = resource(url).meta.client.get_paginator("query")
    for page in pages.paginate(TableName=name, KeyConditionExpression=condition, **more):
        yield from page["Items"]


def total(items: Iterable[dict[str, Any]]) -> int:
    return sum(int(item["total"]) for item in items)


def of_day(url: str, day: str, name: str = TABLE) -> list[dict[str, Any]]:
    """The orders of a day, by the index, one status after the other."""
    found = (query(url, Key("GSI1PK").eq(f"STATUS#{one}#{day}"), name, IndexName="GSI1") for one in STATUSES)
    return [order for orders in found for order in orders]


def ask(url: str, facts: Facts) -> None:
    (best, spent), *_ = facts.by_customer.most_common(1)
    customer = Key("PK").eq(f"C#{best}")
    orders = list(query(url, customer & Key("SK").begins_with("O#")))
    assert total(orders) == spent and orders == sorted(orders, key=lambda order: order["SK"])
    print(f"    customer {best} has {len(orders)} orders for {spent / 100:,.2f}")

    spring = list(query(url, customer & Key("SK").between("O#2025-04", "O#2025-07")))
    assert spring == [order for order in orders if "2025-04" <= order["ordered_at"] < "2025-07"]
    last = list(islice(query(url, customer & Key("SK").begins_with("O#"), ScanIndexForward=False, Limit=3), 3))
    assert last == orders[:-4:-1]
    print(f"    {len(spring)} of them from April to June, the last one on {last[0]['ordered_at']}")

    lines = list(query(url, Key("PK").eq(f"O#{last[0]['order_id']}")))
    assert sum(int(line["quantity"]) * int(line["price"]) for line in lines) == total(last[:1])
    sold = sum(1 for _ in query(url, Key("GSI1PK").eq(lines[0]["GSI1PK"]), IndexName="GSI1"))
    print(f"    that has {len(lines)} lines; the first one's product is in {sold} orders")

    day, revenue = facts.by_day.most_common(1)[0]
    assert total(of_day(url, day)) == revenue
    returned = list(query(url, Key("GSI1PK").eq(f"STATUS#returned#{day}"), IndexName="GSI1"))
    print(f"    the best day is {day} with {revenue / 100:,.2f}, of which {len(returned)} orders were returned")

    people = Counter(
        {one: sum(1 for _ in query(url, Key("GSI1PK").eq(f"COUNTRY#{one}"), IndexName="GSI1")) for one in COUNTRIES}
    )
    assert people.total() == facts.customers
    print(f"    customers by country: {dict(people)}")

    statement = f'SELECT order_id, "total" FROM "{TABLE}" WHERE PK = ? AND begins_with(SK, ?)'
    answer = resource(url).meta.client.execute_statement(Statement=statement, Parameters=[f"C#{best}", "O#2025-12"])
    december = [order["order_id"] for order in orders if order["ordered_at"].startswith("2025-12")]
    assert [order["order_id"] for order in answer["Items"]] == december
    print(f"    PartiQL finds his {len(december)} orders of December")


# ordering


def place(url: str, order: str, customer: str, basket: dict[int, int]) -> list[str]:
    """An order with its lines, if all is in stock: in one transaction. Otherwise why not, action by action."""
    client, at = resource(url).meta.client, f"{NEW_YEAR}T{int(order) % 24:02}:00:00Z"
    row = {"order_id": order, "customer_id": customer, "ordered_at": at, "status": "paid"}
    price = sum(price_of(product) * quantity for product, quantity in basket.items())
    head = {**dict(zip(KEYS, DESIGN["orders"](row))), **row, "total": price}
    items = [head]
    for number, (product, quantity) in enumerate(basket.items(), 1):
        line = {"order_id": order, "line": f"{number:02}", "product_id": f"{product:04}"}
        items.append(
            {**dict(zip(KEYS, DESIGN["lines"](line))), **line, "quantity": quantity, "price": price_of(product)}
        )
    new = {"TableName": TABLE, "ConditionExpression": "attribute_not_exists(PK)"}
    taken = [take(product, quantity) for product, quantity in basket.items()]
    while True:
        try:
            client.transact_write_items(TransactItems=[{"Put": {**new, "Item": item}} for item in items] + taken)
            return []
        except client.exceptions.TransactionCanceledException as error:
            reasons = [reason["Code"] for reason in error.response["CancellationReasons"]]
            if "TransactionConflict" not in reasons:
                return reasons


def take(product: int, quantity: int) -> dict[str, Any]:
    return {
        "Update": {
            "TableName": TABLE,
            "Key": {"PK": f"P#{product:04}", "SK": "STOCK"},
            "UpdateExpression": "SET stock = stock - :n",
            "ConditionExpression": "stock >= :n",
            "ExpressionAttributeValues": {":n": quantity},
        }
    }


def sell(url: str, facts: Facts, count: int) -> None:
    """New orders from many threads; the last product's few pieces are wanted by all at the end."""
    numbers = range(facts.orders, facts.orders + count)
    orders = {f"{n:08}": (f"{n % 100:07}", {n % PRODUCTS: 1 + n % 3, (n * 31 + 7) % PRODUCTS: 1}) for n in numbers}
    with ThreadPoolExecutor(THREADS) as threads:
        for order, reasons in zip(orders, threads.map(lambda order: place(url, order, *orders[order]), orders)):
            assert not reasons, (order, reasons)
            customer, basket = orders[order]
            facts.lines += len(basket)
            facts.add_order(customer, NEW_YEAR, sum(price_of(one) * n for one, n in basket.items()))
        first = next(iter(orders))
        again = place(url, first, *orders[first])
        assert again[0] == "ConditionalCheckFailed" and set(again[1:]) <= {"None", "ConditionalCheckFailed"}
        print(f"    {count} orders placed; the first one once more is refused: {again}")
        rare = [f"{n:08}" for n in range(numbers.stop, numbers.stop + 4 * RARE)]
        outcomes = list(threads.map(lambda order: place(url, order, "0000000", {PRODUCTS: 1}), rare))
    assert outcomes.count([]) == RARE
    assert all(one in ([], ["None", "None", "ConditionalCheckFailed"]) for one in outcomes)
    print(f"    {len(rare)} orders for {RARE} pieces: {RARE} placed, {len(rare) - RARE} refused: {max(outcomes)}")
    for _ in range(RARE):
        facts.lines += 1
        facts.add_order("0000000", NEW_YEAR, price_of(PRODUCTS))
    stock = resource(url).Table(TABLE).get_item(Key={"PK": f"P#{PRODUCTS:04}", "SK": "STOCK"})["Item"]["stock"]
    assert stock == 0


# following


def fill(url: str, facts: Facts) -> None:
    """The projection as it is before the stream begins."""
    with resource(url).Table(REVENUE).batch_writer() as batch:
        for kind, revenues in (("DAY", facts.by_day), ("CUSTOMER", facts.by_customer)):
            for name, revenue in revenues.items():
                batch.put_item(Item={"kind": kind, "name": name, "revenue": revenue})


def follow(url: str, most: int = sys.maxsize) -> int:
    """Applies what is new in the stream, `most` pages of it; how many records these were.

    A page and the position after it are written in one transaction: who stops and begins anew counts nothing twice.
    """
    streams, arn = plain(url, "dynamodbstreams"), resource(url).Table(TABLE).latest_stream_arn
    positions = {item["name"]: item["position"] for item in query(url, Key("kind").eq("SHARD"), REVENUE)}
    followed = 0
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        at = {"ShardIteratorType": "TRIM_HORIZON"}
        if position := positions.get(shard["ShardId"]):
            at = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": position}
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], **at)["ShardIterator"]
        while iterator and most:
            page = streams.get_records(ShardIterator=iterator, Limit=(TRANSACTION - 1) // 2)
            if not page["Records"]:
                break
            project(url, shard["ShardId"], page["Records"])
            followed += len(page["Records"])
            iterator, most = page.get("NextShardIterator"), most - 1
    return followed


def project(url: str, shard: str, records: list[dict[str, Any]]) -> None:
    changes: Counter[tuple[str, str]] = Counter()
    for record in records:
        change = record["dynamodb"]
        for image, sign in (("NewImage", 1), ("OldImage", -1)):
            if "total" in (item := change.get(image, {})):
                changes["DAY", item["ordered_at"]["S"][:10]] += sign * amount(item)
                changes["CUSTOMER", item["customer_id"]["S"]] += sign * amount(item)
    position = {"kind": "SHARD", "name": shard, "position": records[-1]["dynamodb"]["SequenceNumber"]}
    updates: list[dict[str, Any]] = [
        {
            "Update": {
                "TableName": REVENUE,
                "Key": {"kind": kind, "name": name},
                "UpdateExpression": "ADD revenue :n",
                "ExpressionAttributeValues": {":n": change},
            }
        }
        for (kind, name), change in changes.items()
    ]
    actions = [{"Put": {"TableName": REVENUE, "Item": position}}, *updates]
    resource(url).meta.client.transact_write_items(TransactItems=actions)


def check_projection(url: str, facts: Facts) -> None:
    days = {item["name"]: item["revenue"] for item in query(url, Key("kind").eq("DAY"), REVENUE)}
    assert days == facts.by_day
    best_first = {"IndexName": "ranking", "ScanIndexForward": False}
    top = list(islice(query(url, Key("kind").eq("CUSTOMER"), REVENUE, **best_first), 10))
    assert [item["revenue"] for item in top] == [revenue for _, revenue in facts.by_customer.most_common(10)]
    assert all(facts.by_customer[item["name"]] == item["revenue"] for item in top)
    print(f"    revenue of {len(days)} days is right; the best customers: {', '.join(item['name'] for item in top)}")


# a bad day


def bad_deploy(url: str, facts: Facts) -> str:
    """All orders of the best day lose their totals and what they are found by. The day."""
    day, _ = facts.by_day.most_common(1)[0]
    client = resource(url).meta.client

    def corrupt(order: dict[str, Any]) -> None:
        client.update_item(
            TableName=TABLE,
            Key={"PK": order["PK"], "SK": order["SK"]},
            UpdateExpression="SET #t = :none REMOVE GSI1PK, GSI1SK",
            ExpressionAttributeNames={"#t": "total"},
            ExpressionAttributeValues={":none": 0},
        )

    with ThreadPoolExecutor(THREADS) as threads:
        corrupted = len(list(threads.map(corrupt, of_day(url, day))))
    assert not of_day(url, day)
    print(f"    {corrupted} orders of {day} are worth nothing and found no more")
    return day


def restore(url: str, moment: datetime, day: str, facts: Facts) -> None:
    dynamodb = plain(url, "dynamodb")
    dynamodb.restore_table_to_point_in_time(SourceTableName=TABLE, TargetTableName=RESTORED, RestoreDateTime=moment)
    until(lambda: dynamodb.describe_table(TableName=RESTORED)["Table"]["TableStatus"] == "ACTIVE")
    assert total(of_day(url, day, RESTORED)) == facts.by_day[day]
    print(f"    as of {moment:%H:%M:%S}, {day} is worth {facts.by_day[day] / 100:,.2f} again")


def export(url: str, moment: datetime) -> Facts:
    """The table as it was, to S3; what its files hold."""
    dynamodb, arn = plain(url, "dynamodb"), resource(url).Table(TABLE).table_arn
    begun = dynamodb.export_table_to_point_in_time(TableArn=arn, ExportTime=moment, S3Bucket=BUCKET, S3Prefix="export")

    def ended() -> dict[str, Any] | None:
        told = dynamodb.describe_export(ExportArn=begun["ExportDescription"]["ExportArn"])["ExportDescription"]
        return told if told["ExportStatus"] != "IN_PROGRESS" else None

    told = until(ended)
    assert told["ExportStatus"] == "COMPLETED", told
    summary = json.loads(read(url, told["ExportManifest"]))
    files = [json.loads(line) for line in read(url, summary["manifestFilesS3Key"]).splitlines()]
    assert sum(file["itemCount"] for file in files) == told["ItemCount"]
    print(f"    {told['ItemCount']} items in {len(files)} files")
    return sum(in_processes(partial(count_file, url), [file["dataFileS3Key"] for file in files]), Facts())


def read(url: str, key: str) -> bytes:
    body: bytes = plain(url, "s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return body


def count_file(url: str, key: str) -> Facts:
    return count(Facts(), (json.loads(line)["Item"] for line in gzip.decompress(read(url, key)).splitlines()))


# all of it


def run(url: str, folder: Path, rows: int) -> None:
    with step(f"generating {rows:,} rows of CSV"):
        facts = generate(folder, rows)
    with step("importing them by S3"):
        plain(url, "s3").create_bucket(Bucket=BUCKET)
        in_processes(partial(upload, url), [folder / f"{name}.csv" for name in ("lines", "orders", "customers")])
        assert import_table(url) == facts.rows
        set_up(url)
    with step("scanning it in parallel"):
        assert scan_all(url, TABLE) == facts
        print(f"    {facts.customers:,} customers, {facts.orders:,} orders, {facts.lines:,} lines, as generated")
    with step("asking"):
        ask(url, facts)
    with step("filling the projection"):
        fill(url, facts)
        check_projection(url, facts)
    with step("ordering"):
        sell(url, facts, max(100, rows // 1000))
    with step("following the stream, with a break"):
        print(f"    {follow(url, most=2)} records, then {follow(url)} more")
        check_projection(url, facts)
    with step("deploying what should not have been"):
        clock(url, advance="1m")
        moment = clock(url).replace(microsecond=0)
        clock(url, advance="1s")
        day = bad_deploy(url, facts)
        clock(url, advance="10m")
    with step("restoring the second before"):
        restore(url, moment, day, facts)
        assert scan_all(url, RESTORED) == facts
        print("    and everything else is as it was")
    with step("exporting the same second to S3 and reading it back"):
        assert export(url, moment) == facts
        print("    which hold what there was")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--endpoint-url", help="of a Hodei that runs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "csv"
        files.mkdir()
        if options.endpoint_url:
            run(options.endpoint_url, files, options.rows)
        else:
            with Hodei(Path(folder) / "data") as hodei:
                run(hodei.url, files, options.rows)
                print(f"the server uses {hodei.memory()} MB of memory")
    print("done")


if __name__ == "__main__":
    main()
