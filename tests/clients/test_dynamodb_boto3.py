"""boto3's DynamoDB, client and resource: tables, batches, paginators, waiters, numbers."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer
from botocore.config import Config

from hostile.process import Process

pytestmark = pytest.mark.socket

Connect = Callable[..., Any]
PATIENCE = {"Delay": 1, "MaxAttempts": 10}


def resource(url: str, account: str = "111122223333", region: str = "us-east-1") -> Any:
    keys = {"aws_access_key_id": account, "aws_secret_access_key": "any"}
    return boto3.resource("dynamodb", endpoint_url=url, region_name=region, **keys)


@pytest.fixture
def dynamodb(server: Process) -> Any:
    return resource(server.url)


def make(dynamodb: Any, name: str, **more: Any) -> Any:
    """A table with the keys pk (S) and sk (N)."""
    table = dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )
    table.wait_until_exists()
    table.reload()
    return table


@pytest.mark.feature("dynamodb.items")
def test_a_table_is_a_resource(dynamodb: Any) -> None:
    table = make(dynamodb, "boto3-table", Tags=[{"Key": "team", "Value": "cloud"}])
    assert (table.table_status, table.item_count, table.key_schema[1]["AttributeName"]) == ("ACTIVE", 0, "sk")
    assert table.table_arn == "arn:aws:dynamodb:us-east-1:111122223333:table/boto3-table"
    table.put_item(Item={"pk": "a", "sk": 1, "name": "one", "when": {"y": 2026, "tags": {"x", "y"}}})
    assert table.get_item(Key={"pk": "a", "sk": 1})["Item"]["when"] == {"y": Decimal(2026), "tags": {"x", "y"}}
    changed = table.update_item(
        Key={"pk": "a", "sk": 1},
        UpdateExpression="SET #n = :two, hits = if_not_exists(hits, :zero) + :one ADD #w.tags :tag",
        ConditionExpression=Attr("name").eq("one") & Attr("when.y").gt(2000) & Attr("none").not_exists(),
        ExpressionAttributeNames={"#n": "name", "#w": "when"},
        ExpressionAttributeValues={":two": "two", ":zero": 0, ":one": 1, ":tag": {"z"}},
        ReturnValues="UPDATED_NEW",
    )
    assert changed["Attributes"] == {"name": "two", "hits": 1, "when": {"tags": {"x", "y", "z"}}}
    with pytest.raises(table.meta.client.exceptions.ConditionalCheckFailedException) as caught:
        table.put_item(Item={"pk": "a", "sk": 1}, ConditionExpression=Attr("pk").not_exists())
    assert caught.value.response["Error"]["Message"] == "The conditional request failed"
    old = table.delete_item(Key={"pk": "a", "sk": 1}, ReturnValues="ALL_OLD")
    assert old["Attributes"]["hits"] == 1
    table.delete()
    table.wait_until_not_exists()
    with pytest.raises(table.meta.client.exceptions.ResourceNotFoundException):
        table.load()


@pytest.mark.feature("dynamodb.items")
def test_keys_and_attributes_as_conditions(dynamodb: Any) -> None:
    table = make(dynamodb, "boto3-conditions")
    with table.batch_writer() as batch:
        for n in range(100):
            batch.put_item(
                Item={"pk": "even" if n % 2 == 0 else "odd", "sk": n, "word": f"w{n:02}", "list": [n, n + 1]}
            )

    def numbers(condition: Any, **more: Any) -> list[int]:
        return [int(item["sk"]) for item in table.query(KeyConditionExpression=condition, **more)["Items"]]

    odd = Key("pk").eq("odd")
    assert numbers(odd) == list(range(1, 100, 2))
    assert numbers(odd & Key("sk").between(10, 20)) == [11, 13, 15, 17, 19]
    assert numbers(odd & Key("sk").lt(5), ScanIndexForward=False) == [3, 1]
    assert numbers(odd & Key("sk").gte(95)) == [95, 97, 99]
    assert numbers(odd, FilterExpression=Attr("word").begins_with("w1") & Attr("list[1]").ne(14)) == [11, 15, 17, 19]
    assert numbers(odd, FilterExpression=Attr("list[0]").is_in([3, 4, 5]) | Attr("word").contains("99")) == [3, 5, 99]
    assert numbers(odd, FilterExpression=~Attr("word").size().eq(3)) == []
    assert numbers(odd, FilterExpression=Attr("list").attribute_type("L"), Limit=2) == [1, 3]


@pytest.mark.feature("dynamodb.items")
def test_batches_of_a_resource(dynamodb: Any) -> None:
    table = make(dynamodb, "boto3-batches")
    with table.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
        for n in range(130):
            batch.put_item(Item={"pk": "p", "sk": n % 120, "n": n})
        batch.delete_item(Key={"pk": "p", "sk": 7})
    keys = [{"pk": "p", "sk": n} for n in range(100)]
    got = dynamodb.batch_get_item(RequestItems={table.name: {"Keys": keys, "ProjectionExpression": "sk, n"}})
    found = {int(item["sk"]): int(item["n"]) for item in got["Responses"][table.name]}
    assert found == {n: n + 120 if n < 10 else n for n in range(100) if n != 7}
    assert table.scan(Select="COUNT")["Count"] == 119


@pytest.mark.feature("dynamodb.capacity", "dynamodb.items")
def test_a_batch_writer_gets_everything_through_a_throttled_table(tmp_path: Path) -> None:
    """Unprocessed items come again, refused batches are retried by botocore, until all is there."""
    with Process(None, tmp_path / "log") as process:
        change = {"service": "dynamodb", "key": "throttling", "value": "aws"}
        request = urllib.request.Request(f"{process.url}/_hodei/config", json.dumps(change).encode(), method="POST")
        urllib.request.urlopen(request).close()
        table = make(resource(process.url), "slow", OnDemandThroughput={"MaxWriteRequestUnits": 20})
        unprocessed: list[int] = []
        table.meta.client.meta.events.register(
            "after-call.dynamodb.BatchWriteItem",
            lambda parsed, **_: unprocessed.append(len(parsed.get("UnprocessedItems", {}).get("slow", ()))),
        )
        with table.batch_writer() as batch:
            for n in range(60):
                batch.put_item(Item={"pk": "p", "sk": n})
        assert sum(unprocessed) > 0
        assert [item["sk"] for item in table.query(KeyConditionExpression=Key("pk").eq("p"))["Items"]] == list(
            range(60)
        )


@pytest.mark.feature("dynamodb.items")
def test_numbers_and_types_come_back_as_they_went(dynamodb: Any, connect: Connect) -> None:
    table = make(dynamodb, "boto3-types")
    digits = ["0", "-0.5", "1E-130", "9E+37", "3." + "1" * 37, "-12345678901234567890"]
    item = {
        "numbers": [Decimal(one) for one in digits],
        "set": {Decimal("1.50"), Decimal(2)},
        "bytes": Binary(b"\x00\xff"),
        "byte sets": {Binary(b"a"), Binary(b"")},
        "nested": {"list": [None, True, False, "", {"": []}], "ünï🂡": {}},
        "strings": {"a", "ä", "🂡"},
    }
    table.put_item(Item={"pk": "p", "sk": Decimal("1.0"), **item})
    got = table.get_item(Key={"pk": "p", "sk": 1})["Item"]
    assert {name: got[name] for name in item} == item
    raw = connect("dynamodb").get_item(TableName=table.name, Key={"pk": {"S": "p"}, "sk": {"N": "1.00"}})["Item"]
    assert raw["sk"] == {"N": "1"} and sorted(raw["set"]["NS"]) == ["1.5", "2"]
    assert TypeDeserializer().deserialize({"M": raw}) == got
    assert TypeSerializer().serialize(got["nested"]) == raw["nested"]


@pytest.mark.feature("dynamodb.items")
def test_paginators(dynamodb: Any, connect: Connect) -> None:
    table = make(dynamodb, "boto3-pages")
    with table.batch_writer() as batch:
        for n in range(60):
            batch.put_item(Item={"pk": f"p{n % 3}", "sk": n, "n": n, "fill": "x" * 50_000})
    client = connect("dynamodb")
    query = client.get_paginator("query").paginate(
        TableName=table.name,
        KeyConditionExpression="pk = :p",
        FilterExpression="n <> :no",
        ExpressionAttributeValues={":p": {"S": "p1"}, ":no": {"N": "4"}},
        PaginationConfig={"PageSize": 7},
    )
    pages = [[int(item["sk"]["N"]) for item in page["Items"]] for page in query]
    assert [len(page) for page in pages] == [6, 7, 6]
    assert list(chain(*pages)) == [n for n in range(1, 60, 3) if n != 4]
    scans = list(client.get_paginator("scan").paginate(TableName=table.name))
    assert len(scans) == 3, "3 MB come in pages of one"
    assert sum(page["Count"] for page in scans) == 60
    first = client.get_paginator("scan").paginate(
        TableName=table.name, PaginationConfig={"MaxItems": 25, "PageSize": 10}
    )
    found = first.build_full_result()
    rest = client.get_paginator("scan").paginate(
        TableName=table.name, PaginationConfig={"StartingToken": found["NextToken"]}
    )
    seen = [item["sk"]["N"] for item in found["Items"]] + [item["sk"]["N"] for page in rest for item in page["Items"]]
    assert (len(found["Items"]), sorted(map(int, seen))) == (25, list(range(60)))


@pytest.mark.feature("dynamodb.items")
def test_lists_of_tables(server: Process) -> None:
    dynamodb = resource(server.url, account="444455556666")
    names = [f"list-{n:02}" for n in range(12)]
    for name in names:
        make(dynamodb, name)
    assert [table.name for table in dynamodb.tables.all()] == names
    assert [table.name for table in dynamodb.tables.limit(3)] == names[:3]
    pages = list(dynamodb.meta.client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(page["TableNames"]) for page in pages] == [5, 5, 2]


@pytest.mark.feature("dynamodb.items", "cloud.accounts-regions")
def test_another_account_and_region_see_nothing_of_it(server: Process, dynamodb: Any) -> None:
    table = make(dynamodb, "boto3-mine")
    table.put_item(Item={"pk": "p", "sk": 1, "whose": "mine"})
    for account, region in (("777788889999", "us-east-1"), ("111122223333", "eu-west-1")):
        other = resource(server.url, account, region)
        with pytest.raises(other.meta.client.exceptions.ResourceNotFoundException):
            other.Table("boto3-mine").get_item(Key={"pk": "p", "sk": 1})
        assert "boto3-mine" not in [one.name for one in other.tables.all()]
        theirs = make(other, "boto3-mine")
        theirs.put_item(Item={"pk": "p", "sk": 1, "whose": region + account})
        assert theirs.scan()["Count"] == 1
        theirs.delete()
    assert table.get_item(Key={"pk": "p", "sk": 1})["Item"]["whose"] == "mine"


@pytest.mark.feature("dynamodb.transactions")
def test_transactions_tell_why_they_were_cancelled(dynamodb: Any) -> None:
    table, client = make(dynamodb, "boto3-transactions"), dynamodb.meta.client
    table.put_item(Item={"pk": "stock", "sk": 1, "left": 1})
    take = {
        "Update": {
            "TableName": table.name,
            "Key": {"pk": "stock", "sk": 1},
            "UpdateExpression": "SET #l = #l - :n",
            "ConditionExpression": "#l >= :n",
            "ExpressionAttributeNames": {"#l": "left"},
            "ExpressionAttributeValues": {":n": 1},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }
    order = {"Put": {"TableName": table.name, "Item": {"pk": "order", "sk": 1}}}
    for _ in range(2):
        client.transact_write_items(TransactItems=[take, order], ClientRequestToken="once")
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_write_items(TransactItems=[order, take])
    assert caught.value.response["Error"]["Message"] == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]"
    )
    reasons = caught.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert reasons[1]["Item"] == {"pk": {"S": "stock"}, "sk": {"N": "1"}, "left": {"N": "0"}}, "errors stay as they are"
    keys = [{"Get": {"TableName": table.name, "Key": {"pk": pk, "sk": 1}}} for pk in ("stock", "none", "order")]
    got = client.transact_get_items(TransactItems=keys)["Responses"]
    assert got == [{"Item": {"pk": "stock", "sk": 1, "left": 0}}, {}, {"Item": {"pk": "order", "sk": 1}}]


@pytest.mark.feature("dynamodb.partiql")
def test_partiql_by_a_resource_client(dynamodb: Any) -> None:
    table, client = make(dynamodb, "boto3-partiql"), dynamodb.meta.client
    for n in range(5):
        values = ["p", n, {"a": [n]}]
        client.execute_statement(
            Statement="INSERT INTO \"boto3-partiql\" VALUE {'pk': ?, 'sk': ?, 'm': ?}", Parameters=values
        )
    client.execute_statement(
        Statement='UPDATE "boto3-partiql" SET m.a[0] = m.a[0] + 10 WHERE pk = ? AND sk = ?', Parameters=["p", 3]
    )
    statement = 'SELECT m FROM "boto3-partiql" WHERE pk = ? AND sk > ?'
    pages = []
    asked: dict[str, Any] = {"Statement": statement, "Parameters": ["p", 1], "Limit": 2}
    while True:
        page = client.execute_statement(**asked)
        pages.append([item["m"]["a"] for item in page["Items"]])
        if "NextToken" not in page:
            break
        asked["NextToken"] = page["NextToken"]
    assert list(chain(*pages)) == [[2], [13], [4]]
    assert table.scan(Select="COUNT")["Count"] == 5


@pytest.mark.feature("dynamodb.streams")
def test_a_stream_is_read(dynamodb: Any, connect: Connect) -> None:
    table = make(
        dynamodb, "boto3-stream", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    )
    for n in range(30):
        table.put_item(Item={"pk": "p", "sk": n % 20, "n": n})
    table.delete_item(Key={"pk": "p", "sk": 0})
    streams = connect("dynamodbstreams")
    assert [one["TableName"] for one in streams.list_streams(TableName=table.name)["Streams"]] == [table.name]
    stream = streams.describe_stream(StreamArn=table.latest_stream_arn)["StreamDescription"]
    events = []
    for shard in stream["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=stream["StreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator, Limit=10)
            events += page["Records"]
            iterator = page.get("NextShardIterator") if page["Records"] else None
    assert [event["eventName"] for event in events] == ["INSERT"] * 20 + ["MODIFY"] * 10 + ["REMOVE"]
    assert TypeDeserializer().deserialize({"M": events[-1]["dynamodb"]["OldImage"]}) == {"pk": "p", "sk": 0, "n": 20}


@pytest.mark.feature("dynamodb.items")
@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_retry_modes_endpoint_discovery_and_https(server: Process, connect: Connect, authority: str, mode: str) -> None:
    url = f"https://localhost:{server.port}"
    client = connect("dynamodb", url=url, verify=authority, retries={"mode": mode}, endpoint_discovery_enabled=True)
    make_and_wait(client, f"boto3-{mode}")
    answer = client.scan(TableName=f"boto3-{mode}")  # the CRC32 of the answer is compared by botocore
    assert answer["ResponseMetadata"]["RetryAttempts"] == 0
    assert "x-amz-crc32" in answer["ResponseMetadata"]["HTTPHeaders"]


def make_and_wait(client: Any, name: str) -> None:
    key = {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **key,
    )
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig=PATIENCE)


@pytest.mark.feature("dynamodb.items")
def test_by_aws_own_host_through_a_proxy(server: Process) -> None:
    """No endpoint set: account-based hosts (111122223333.ddb.us-east-1.amazonaws.com) and the plain one."""
    for mode in ("disabled", "preferred"):
        client = boto3.client(
            "dynamodb",
            use_ssl=False,
            region_name="us-east-1",
            aws_access_key_id="111122223333",
            aws_secret_access_key="any",
            aws_account_id="111122223333",
            config=Config(proxies={"http": server.url}, account_id_endpoint_mode=mode),
        )
        hosts: list[str] = []
        client.meta.events.register("before-send.dynamodb", lambda request, seen=hosts, **_: seen.append(request.url))
        make_and_wait(client, f"boto3-proxied-{mode}")
        client.delete_table(TableName=f"boto3-proxied-{mode}")
        client.get_waiter("table_not_exists").wait(TableName=f"boto3-proxied-{mode}", WaiterConfig=PATIENCE)
        assert ("111122223333.ddb." in hosts[0]) == (mode == "preferred")
