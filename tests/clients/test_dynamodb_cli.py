"""The aws CLI's dynamodb and dynamodbstreams."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.socket

Aws = Callable[..., str]


@pytest.fixture
def db(aws: Aws) -> Callable[..., Any]:
    """`db("get-item", ...)`: the parsed answer of `aws dynamodb get-item ...`."""

    def run(*arguments: str) -> Any:
        return json.loads(aws("dynamodb", *arguments) or "{}")

    return run


def create(db: Callable[..., Any], name: str, *more: str) -> None:
    """A table with the keys pk and sk, which are strings."""
    keys = ("AttributeName=pk,KeyType=HASH", "AttributeName=sk,KeyType=RANGE")
    kinds = ("AttributeName=pk,AttributeType=S", "AttributeName=sk,AttributeType=S")
    where = ("--key-schema", *keys, "--attribute-definitions", *kinds, "--billing-mode", "PAY_PER_REQUEST")
    db("create-table", "--table-name", name, *where, *more)
    db("wait", "table-exists", "--table-name", name)


@pytest.mark.feature("dynamodb.items", "cli.profile")
def test_the_life_of_an_item(db: Callable[..., Any], aws: Aws, tmp_path: Path) -> None:
    create(db, "cli-item", "--tags", "Key=team,Value=cloud")
    table = ("--table-name", "cli-item")
    described = db("describe-table", *table)["Table"]
    assert (described["TableStatus"], described["ItemCount"]) == ("ACTIVE", 0)
    (tmp_path / "item.json").write_text('{"pk": {"S": "a"}, "sk": {"S": "1"}, "n": {"N": "1.50"}, "s": {"SS": ["x"]}}')
    put = db("put-item", *table, "--item", "file://item.json", "--return-consumed-capacity", "TOTAL")
    assert put == {"ConsumedCapacity": {"TableName": "cli-item", "CapacityUnits": 1.0}}
    key = ("--key", '{"pk": {"S": "a"}, "sk": {"S": "1"}}')
    got = db("get-item", *table, *key, "--consistent-read", "--projection-expression", "n, s")
    assert got == {"Item": {"n": {"N": "1.5"}, "s": {"SS": ["x"]}}}
    update = ("--update-expression", "SET n = n + :one", "--expression-attribute-values", '{":one": {"N": "1"}}')
    assert db("update-item", *table, *key, *update, "--return-values", "UPDATED_NEW") == {
        "Attributes": {"n": {"N": "2.5"}}
    }
    failed = aws("dynamodb", "update-item", *table, *key, *update, "--condition-expression", "n < :one", code=255)
    assert "An error occurred (ConditionalCheckFailedException) when calling the UpdateItem operation" in failed
    assert db("delete-item", *table, *key, "--return-values", "ALL_OLD")["Attributes"]["n"] == {"N": "2.5"}
    assert db("get-item", *table, *key) == {}
    db("delete-table", *table)
    db("wait", "table-not-exists", *table)
    assert "ResourceNotFoundException" in aws("dynamodb", "describe-table", *table, code=255)


@pytest.mark.feature("dynamodb.items")
def test_binary_values(db: Callable[..., Any], tmp_path: Path) -> None:
    """Version 1 of the CLI takes what it is given for the bytes themselves and shows base64."""
    create(db, "cli-binary")
    (tmp_path / "item.json").write_text(json.dumps({"pk": {"S": "a"}, "sk": {"S": "1"}, "b": {"B": "plain é"}}))
    db("put-item", "--table-name", "cli-binary", "--item", "file://item.json")
    got = db("get-item", "--table-name", "cli-binary", "--key", '{"pk": {"S": "a"}, "sk": {"S": "1"}}')
    assert base64.b64decode(got["Item"]["b"]["B"]).decode() == "plain é"


@pytest.mark.feature("dynamodb.items", "dynamodb.indexes")
def test_pages_of_queries_and_scans(db: Callable[..., Any], aws: Aws, tmp_path: Path) -> None:
    """Made from a filled-in skeleton, with a global index."""
    skeleton = json.loads(aws("dynamodb", "create-table", "--generate-cli-skeleton"))
    assert {"TableName", "KeySchema", "GlobalSecondaryIndexes"} <= skeleton.keys()
    index = {
        "IndexName": "inverted",
        "KeySchema": [{"AttributeName": "sk", "KeyType": "HASH"}, {"AttributeName": "pk", "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    given = {
        "TableName": "cli-pages",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "BillingMode": "PAY_PER_REQUEST",
        "GlobalSecondaryIndexes": [index],
    }
    (tmp_path / "table.json").write_text(json.dumps(given))
    db("create-table", "--cli-input-json", "file://table.json")
    requests = [
        {"PutRequest": {"Item": {"pk": {"S": f"p{n % 2}"}, "sk": {"S": f"s{n:02}"}, "word": {"S": "w" * n}}}}
        for n in range(25)
    ]
    (tmp_path / "batch.json").write_text(json.dumps({"cli-pages": requests}))
    assert db("batch-write-item", "--request-items", "file://batch.json") == {"UnprocessedItems": {}}
    table = ("--table-name", "cli-pages")
    query = (
        *("query", *table, "--key-condition-expression", "pk = :p and begins_with(sk, :s)"),
        *("--expression-attribute-values", '{":p": {"S": "p1"}, ":s": {"S": "s1"}}'),
    )
    backwards = aws("dynamodb", *query, "--no-scan-index-forward", "--query", "Items[].sk.S", "--output", "text")
    assert backwards.split() == ["s19", "s17", "s15", "s13", "s11"]
    assert db(*query, "--page-size", "2", "--select", "COUNT")["Count"] == 5
    by_index = ("--index-name", "inverted", "--key-condition-expression", "sk = :s")
    found = db("query", *table, *by_index, "--expression-attribute-values", '{":s": {"S": "s03"}}')
    assert found["Items"] == [{"pk": {"S": "p1"}, "sk": {"S": "s03"}}]
    assert len(db("scan", *table, "--page-size", "4")["Items"]) == 25
    first = db("scan", *table, "--page-size", "4", "--max-items", "10")
    rest = db("scan", *table, "--starting-token", first["NextToken"])
    assert (len(first["Items"]), len(rest["Items"])) == (10, 15)
    segments = [db("scan", *table, "--segment", str(n), "--total-segments", "3")["Items"] for n in range(3)]
    assert sorted(item["sk"]["S"] for items in segments for item in items) == [f"s{n:02}" for n in range(25)]


@pytest.mark.feature("dynamodb.transactions", "dynamodb.partiql")
def test_transactions_and_partiql(db: Callable[..., Any], aws: Aws, tmp_path: Path) -> None:
    create(db, "cli-transactions")
    item = {"pk": {"S": "a"}, "sk": {"S": "1"}, "n": {"N": "1"}}
    put = {"Put": {"TableName": "cli-transactions", "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}}
    (tmp_path / "items.json").write_text(json.dumps([put]))
    write = ("transact-write-items", "--transact-items", "file://items.json")
    assert db(*write) == {}
    cancelled = aws("dynamodb", *write, code=255)
    assert "TransactionCanceledException" in cancelled and "[ConditionalCheckFailed]" in cancelled
    get = {"Get": {"TableName": "cli-transactions", "Key": {"pk": item["pk"], "sk": item["sk"]}}}
    assert db("transact-get-items", "--transact-items", json.dumps([get])) == {"Responses": [{"Item": item}]}
    statement = "INSERT INTO \"cli-transactions\" VALUE {'pk': ?, 'sk': ?, 'n': 2}"
    db("execute-statement", "--statement", statement, "--parameters", '[{"S": "a"}, {"S": "2"}]')
    select = "SELECT n FROM \"cli-transactions\" WHERE pk = 'a'"
    assert db("execute-statement", "--statement", select)["Items"] == [{"n": {"N": "1"}}, {"n": {"N": "2"}}]
    statements = json.dumps([{"Statement": f"{select} AND sk = '{sk}'"} for sk in "129"])
    batch = db("batch-execute-statement", "--statements", statements)["Responses"]
    assert [answer.get("Item") for answer in batch] == [{"n": {"N": "1"}}, {"n": {"N": "2"}}, None]


@pytest.mark.feature("dynamodb.streams")
def test_streams(db: Callable[..., Any], aws: Aws) -> None:
    create(db, "cli-stream", "--stream-specification", "StreamEnabled=true,StreamViewType=KEYS_ONLY")

    def streams(*arguments: str) -> Any:
        return json.loads(aws("dynamodbstreams", *arguments))

    db("put-item", "--table-name", "cli-stream", "--item", '{"pk": {"S": "a"}, "sk": {"S": "1"}}')
    (listed,) = streams("list-streams", "--table-name", "cli-stream")["Streams"]
    stream = ("--stream-arn", listed["StreamArn"])
    description = streams("describe-stream", *stream)["StreamDescription"]
    assert (description["StreamStatus"], description["StreamViewType"]) == ("ENABLED", "KEYS_ONLY")
    found = []
    for shard in description["Shards"]:
        at = ("--shard-id", shard["ShardId"], "--shard-iterator-type", "TRIM_HORIZON")
        iterator = streams("get-shard-iterator", *stream, *at)["ShardIterator"]
        found += streams("get-records", "--shard-iterator", iterator)["Records"]
    (record,) = found
    assert (record["eventName"], record["eventSource"]) == ("INSERT", "aws:dynamodb")
    assert record["dynamodb"]["Keys"] == {"pk": {"S": "a"}, "sk": {"S": "1"}}


@pytest.mark.feature("dynamodb.pitr", "dynamodb.ttl")
def test_settings_and_backups(db: Callable[..., Any]) -> None:
    create(db, "cli-settings")
    table = ("--table-name", "cli-settings")
    db("update-time-to-live", *table, "--time-to-live-specification", "Enabled=true,AttributeName=expires")
    ttl = db("describe-time-to-live", *table)["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    db("update-continuous-backups", *table, "--point-in-time-recovery-specification", "PointInTimeRecoveryEnabled=true")
    recovery = db("describe-continuous-backups", *table)["ContinuousBackupsDescription"]
    assert recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    db("put-item", *table, "--item", '{"pk": {"S": "a"}, "sk": {"S": "1"}}')
    arn = db("create-backup", *table, "--backup-name", "first")["BackupDetails"]["BackupArn"]
    db("delete-item", *table, "--key", '{"pk": {"S": "a"}, "sk": {"S": "1"}}')
    db("restore-table-from-backup", "--target-table-name", "cli-restored", "--backup-arn", arn)
    db("wait", "table-exists", "--table-name", "cli-restored")
    assert db("scan", "--table-name", "cli-restored")["Count"] == 1
    assert [one["BackupName"] for one in db("list-backups", *table)["BackupSummaries"]] == ["first"]
    db("delete-backup", "--backup-arn", arn)
    assert db("describe-limits")["TableMaxReadCapacityUnits"] == 40000
    assert db("describe-endpoints")["Endpoints"][0]["CachePeriodInMinutes"] == 1440
