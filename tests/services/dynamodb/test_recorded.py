"""What real AWS answered: our answers have the same members, values, codes and words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud
from services.s3.recorded import FOLDER, Answers, Bindings, said, same

from .conftest import attributes, key_schema

Scenario = Callable[["Replay"], Answers]
SCENARIOS: dict[str, Scenario] = {}
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
VOLATILE = re.compile(r'"(starting-sequence-number|approximate-creation-date-time)"')

# Tests of which nothing is repeated, and answers left out of those that are.
LEFT_OUT = {
    "test_dynamodb_streams_describe_with_exclusive_start_shard_id": "nothing was recorded",
    "test_stream_destination_records": "nothing was recorded",
    "test_enable_kinesis_streaming_destination": "needs Kinesis",
    "test_dynamodb_update_table_without_sse_specification_change: describe_kms_key": "needs KMS",
}

pytestmark = [pytest.mark.feature("dynamodb.items"), pytest.mark.feature("dynamodb.streams")]


def load() -> dict[str, Any]:
    """The recorded tests of both services, by their names."""
    paths = [FOLDER / f"{service}.json" for service in ("dynamodb", "dynamodbstreams")]
    found = [json.loads(VOLATILE.sub(r'"<\1>"', path.read_text())) for path in paths if path.exists()]
    return {id.rpartition("::")[2]: test["content"] for tests in found for id, test in tests.items()}


RECORDED = load()


class Replay:
    """What a scenario works with."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.dynamodb = cloud.client("dynamodb")
        self.streams = cloud.client("dynamodbstreams")

    def make(self, name: str = "table", key: str = "id", view: str = "", **more: Any) -> Any:
        stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view}} if view else {}
        throughput = {} if "BillingMode" in more else {"ProvisionedThroughput": UNITS}
        given = {"AttributeDefinitions": attributes(**{key: "S"}), "KeySchema": key_schema(key)}
        return said(self.dynamodb.create_table, TableName=name, **(given | stream | throughput | more))

    def call(self, operation: str, **params: Any) -> Any:
        return said(getattr(self.dynamodb, operation), **params)

    def records(self, created: Any) -> Answers:
        """Of a table's stream: the stream, an iterator and the records from the first on."""
        arn = created["TableDescription"]["LatestStreamArn"]
        described = said(self.streams.describe_stream, StreamArn=arn)
        shard = described["StreamDescription"]["Shards"][0]["ShardId"]
        start = {"ShardIteratorType": "TRIM_HORIZON"}
        iterator = said(self.streams.get_shard_iterator, StreamArn=arn, ShardId=shard, **start)
        found = self.streams.get_records(ShardIterator=iterator["ShardIterator"])
        return {
            "describe-stream": described,
            "get-shard-iterator": iterator,
            "get-records": {"Records": found["Records"]},
        }


def scenario(function: Scenario) -> Scenario:
    """It has the name of its test, without `test_`."""
    SCENARIOS[f"test_{function.__name__}"] = function
    return function


def words(call: Callable[..., Any], **params: Any) -> str:
    """Of the error that a call answers."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    return str(caught.value)


def without(answers: Answers, *names: str) -> Answers:
    return {name: answer for name, answer in answers.items() if name not in names}


# batches


def put(item: dict[str, Any]) -> dict[str, Any]:
    return {"PutRequest": {"Item": item}}


FRED, NEW = {"id": {"S": "Fred"}}, {"id": {"S": "NewKey"}}


@scenario
def batch_write_binary(r: Replay) -> Answers:
    r.make()
    requests = [put({"id": {"S": "1"}, "data": {"B": b"\x90"}})]
    return {"Response": r.call("batch_write_item", RequestItems={"table": requests})}


@scenario
def batch_write_items(r: Replay) -> Answers:
    r.make()
    requests = [put(FRED), {"DeleteRequest": {"Key": NEW}}]
    return {"BatchWriteResponse": r.call("batch_write_item", RequestItems={"table": requests})}


@scenario
def batch_write_items_streaming(r: Replay) -> Answers:
    created = r.make(view="NEW_AND_OLD_IMAGES")
    answers = {"create-table": created, "put-item-1": r.call("put_item", TableName="table", Item=FRED)}
    batches = {
        "batch-write-response-overwrite-item-1": [put(FRED), put(NEW)],
        "batch-write-response-delete": [{"DeleteRequest": {"Key": NEW}}, put(FRED | {"name": {"S": "Fred"}})],
    }
    for name, requests in batches.items():
        answers[name] = r.call("batch_write_item", RequestItems={"table": requests})
    return answers | without(r.records(created), "get-shard-iterator")


@scenario
def batch_write_not_existing_table(r: Replay) -> Answers:
    items = [{"Put": {"TableName": "nothing", "Item": FRED}}]
    return {"exc-not-found-transact-write-items": r.call("transact_write_items", TransactItems=items)}


@scenario
def dynamodb_get_batch_items(r: Replay) -> Answers:
    r.make("test-table", "PK")
    asked = {"test-table": {"Keys": [{"PK": {"S": "test-key"}}]}}
    answer = r.call("batch_get_item", RequestItems=asked)
    answer["Responses"] = {f"<{name}>": items for name, items in answer["Responses"].items()}
    return {"Response": answer}


@scenario
def dynamodb_batch_execute_statement(r: Replay) -> Answers:
    r.make(key="Username", BillingMode="PAY_PER_REQUEST")
    for number, age in (("01", "30"), ("02", "40")):
        item = {"Username": {"S": f"user{number}"}, **({"Age": {"N": age}} if number == "02" else {})}
        r.dynamodb.put_item(TableName="table", Item=item)
    statements = [
        "INSERT INTO \"table\" VALUE {'Username': 'user03'}",
        "UPDATE \"table\" SET Age=20 WHERE Username='user02'",
    ]
    answer = r.call("batch_execute_statement", Statements=[{"Statement": one} for one in statements])
    found = {
        f"ItemUser{number}": r.dynamodb.get_item(TableName="table", Key={"Username": {"S": f"user0{number}"}})["Item"]
        for number in (1, 2)
    }
    return {"ExecutedStatement": answer, **found}


# items


@scenario
def data_encoding_consistency(r: Replay) -> Answers:
    created = r.make(view="NEW_AND_OLD_IMAGES")
    key = {"id": {"S": "id1"}}
    r.dynamodb.put_item(TableName="table", Item={**key, "version": {"N": "1"}, "data": {"B": b"\x90"}})
    first = r.dynamodb.get_item(TableName="table", Key=key)["Item"]
    update = {"UpdateExpression": "SET version = :v", "ExpressionAttributeValues": {":v": {"N": "2"}}}
    r.dynamodb.update_item(TableName="table", Key=key, **update)
    records = [one["dynamodb"]["NewImage"] for one in r.records(created)["get-records"]["Records"]]
    return {
        "GetItem": first,
        "GetItemAfterUpdate": r.dynamodb.get_item(TableName="table", Key=key)["Item"],
        "GetRecords": records[0],
        "GetRecordsAfterUpdate": records[1],
    }


@scenario
def return_values_in_put_item(r: Replay) -> Answers:
    r.make()

    def put(key: str, **more: Any) -> Any:
        item = {"id": {"S": key}, "data": {"S": "foobar"}}
        return r.call("put_item", TableName="table", Item=item, **more)

    return {
        "PutFirstItem": put("id1", ReturnValues="ALL_OLD"),
        "PutFirstItemOLD": put("id1", ReturnValues="ALL_OLD"),
        "PutFirstItemB": put("id1", ReturnValues="ALL_OLD"),
        "PutSecondItem": put("id2"),
        "PutSecondItemReturnNone": put("id2", ReturnValues="NONE"),
    }


@scenario
def return_values_on_conditions_check_failure(r: Replay) -> Answers:
    r.make()
    item = {"id": {"S": "456"}, "price": {"N": "650"}, "product": {"S": "sporting goods"}}
    r.dynamodb.put_item(TableName="table", Item=item)
    condition = {
        "ConditionExpression": "price BETWEEN :low AND :high",
        "ExpressionAttributeValues": {":low": {"N": "100"}, ":high": {"N": "200"}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    return {"items": r.call("delete_item", TableName="table", Key={"id": {"S": "456"}}, **condition)}


@scenario
def valid_local_secondary_index(r: Replay) -> Answers:
    local = {"IndexName": "LSI1", "KeySchema": key_schema("PK", "LSI1SK"), "Projection": {"ProjectionType": "ALL"}}
    r.make(
        AttributeDefinitions=attributes(PK="S", SK="S", LSI1SK="N"),
        KeySchema=key_schema("PK", "SK"),
        LocalSecondaryIndexes=[local],
    )
    item = {"SK": {"S": "hello"}, "LSI1SK": {"N": "123"}, "PK": {"S": "test one"}}
    r.dynamodb.put_item(TableName="table", Item=item)
    query = {"KeyConditionExpression": "PK = :v1", "ExpressionAttributeValues": {":v1": {"S": "test one"}}}
    found = r.call("query", TableName="table", IndexName="LSI1", Select="ALL_ATTRIBUTES", **query)
    return {"Items": found}


# transactions


@scenario
def transact_write_items_streaming_for_different_tables(r: Replay) -> Answers:
    with_stream, plain = r.make("with", view="NEW_AND_OLD_IMAGES"), r.make("without")
    items = [{"Put": {"TableName": "without", "Item": NEW}}, {"Put": {"TableName": "with", "Item": FRED}}]
    return {
        "create-table-stream": with_stream,
        "create-table-no-stream": plain,
        "transact-write-two-tables": r.call("transact_write_items", TransactItems=items),
        **without(r.records(with_stream), "get-shard-iterator"),
    }


@scenario
def transaction_write_binary_data(r: Replay) -> Answers:
    r.make()
    item = {"id": {"S": "someUser"}, "binaryData": {"B": b"foobar"}}
    written = r.call("transact_write_items", TransactItems=[{"Put": {"TableName": "table", "Item": item}}])
    found = r.dynamodb.get_item(TableName="table", Key={"id": {"S": "someUser"}})["Item"]
    return {"WriteResponse": written, "GetItem": found}


@scenario
def transaction_write_canceled(r: Replay) -> Answers:
    r.make()
    missing = {"TableName": "table", "Key": FRED, "ConditionExpression": "attribute_exists(id)"}
    items = [{"ConditionCheck": missing}, {"Delete": {"TableName": "table", "Key": NEW}}]
    return {"Error": words(r.dynamodb.transact_write_items, TransactItems=items)}


@scenario
def transaction_write_items(r: Replay) -> Answers:
    arn = r.make()["TableDescription"]["TableArn"]

    def write(table: str) -> Any:
        keys = ({"id": {"S": name}} for name in "abc")
        check, deleted, item = keys
        update = {"UpdateExpression": "SET attr1 = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}}
        items = [
            {"ConditionCheck": {"TableName": table, "Key": check, "ConditionExpression": "attribute_not_exists(id)"}},
            {"Put": {"TableName": table, "Item": item}},
            {"Update": {"TableName": table, "Key": {"id": {"S": "d"}}, **update}},
            {"Delete": {"TableName": table, "Key": deleted}},
        ]
        return r.call("transact_write_items", TransactItems=items)

    return {"Response": write("table"), "Response_using_table_arn": write(arn)}


# streams


@scenario
def dynamodb_stream_records_with_update_item(r: Replay) -> Answers:
    created = r.make(view="NEW_AND_OLD_IMAGES")
    for one, two in (("value1", "value2"), ("value2", "value3")):
        r.dynamodb.update_item(
            TableName="table",
            Key={"id": {"S": "my-item-id"}},
            UpdateExpression="SET attr1 = :v1, attr2 = :v2",
            ExpressionAttributeValues={":v1": {"S": one}, ":v2": {"S": two}},
        )
    return {"create-table": created, **r.records(created)}


@scenario
def dynamodb_stream_stream_view_type(r: Replay) -> Answers:
    created = r.make(key="Username", view="KEYS_ONLY")
    fred, alice = ({"Username": {"S": name}} for name in ("Fred", "Alice"))
    r.dynamodb.batch_write_item(RequestItems={"table": [put(fred)]})
    update = {"UpdateExpression": "SET S = :r", "ExpressionAttributeValues": {":r": {"S": "Fred_Modified"}}}
    r.dynamodb.update_item(TableName="table", Key=fred, **update)
    r.dynamodb.delete_item(TableName="table", Key=fred)
    for change in (
        {"Put": {"TableName": "table", "Item": alice}},
        {"Update": {"TableName": "table", "Key": alice, **update}},
        {"Delete": {"TableName": "table", "Key": alice}},
    ):
        r.dynamodb.transact_write_items(TransactItems=[change])
    return {"create-table": created, **r.records(created)}


@scenario
def non_existent_stream(r: Replay) -> Answers:
    arn = "arn:aws:dynamodb:us-east-1:000000000000:table/bad-table/stream/2024-11-18T14:36:44.149"
    return {"non-existent-stream": said(r.streams.describe_stream, StreamArn=arn)}


@scenario
def table_v2_stream(r: Replay) -> Answers:
    r.make(view="NEW_AND_OLD_IMAGES", BillingMode="PAY_PER_REQUEST")
    return {"global-table-v2": r.call("describe_table", TableName="table")}


@scenario
def streams_on_global_tables(r: Replay) -> Answers:
    r.make(view="NEW_AND_OLD_IMAGES", BillingMode="PAY_PER_REQUEST")
    r.dynamodb.update_table(TableName="table", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    r.cloud.clock.advance(minutes=5)
    there = r.cloud.client("dynamodbstreams", region_name="eu-west-1")
    return {
        "region-streams": said(r.streams.list_streams, TableName="table"),
        "secondary-region-streams": said(there.list_streams, TableName="table"),
    }


# tables


@scenario
def create_duplicate_table(r: Replay) -> Answers:
    r.make("test-table")
    params = {"AttributeDefinitions": attributes(id="S"), "KeySchema": key_schema("id")}
    call = words(r.dynamodb.create_table, TableName="test-table", ProvisionedThroughput=UNITS, **params)
    return {"Error": call}


@scenario
def dynamodb_pay_per_request(r: Replay) -> Answers:
    params = {"AttributeDefinitions": attributes(PK="S"), "KeySchema": key_schema("PK"), "ProvisionedThroughput": UNITS}
    return {"Error": words(r.dynamodb.create_table, TableName="table", BillingMode="PAY_PER_REQUEST", **params)}


@scenario
def table_warm_throughput(r: Replay) -> Answers:
    warm = {"ReadUnitsPerSecond": 1000, "WriteUnitsPerSecond": 1200}
    created = r.make(WarmThroughput=warm)
    return {"create-table": created, "describe-table": r.call("describe_table", TableName="table")}


@scenario
def dynamodb_update_table_without_sse_specification_change(r: Replay) -> Answers:
    sse = {"Enabled": True, "SSEType": "KMS"}
    created = r.make(SSESpecification=sse)["TableDescription"]
    updated = r.call("update_table", TableName="table", BillingMode="PAY_PER_REQUEST")["TableDescription"]
    return {
        "create_table_sse_description": created["SSEDescription"],
        "update_table_sse_description": updated["SSEDescription"],
    }


@scenario
def continuous_backup_update(r: Replay) -> Answers:
    r.make()
    switch = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    return {
        "update-continuous-backup": r.call("update_continuous_backups", TableName="table", **switch),
        "describe-continuous-backup": r.call("describe_continuous_backups", TableName="table"),
    }


@scenario
def dynamodb_describe_contributor_insights(r: Replay) -> Answers:
    r.make()
    return {"describe-contributor-insights-disabled": r.call("describe_contributor_insights", TableName="table")}


@scenario
def kinesis_streaming_destination_crud(r: Replay) -> Answers:
    r.cloud.client("kinesis").create_stream(StreamName="stream", ShardCount=1)
    r.make()
    streams = "arn:aws:kinesis:us-east-1:000000000000:stream"

    def call(operation: str, table: str = "table", stream: str = "stream", **more: Any) -> Any:
        params = {"TableName": table, "StreamArn": f"{streams}/{stream}", **more}
        return r.call(f"{operation}_kinesis_streaming_destination", **params)

    def update(precision: str, stream: str = "stream") -> Any:
        change = {"ApproximateCreationDateTimePrecision": precision}
        return call("update", stream=stream, UpdateKinesisStreamingConfiguration=change)

    return {
        "enable-bad-table": call("enable", "bad-table"),
        "disable-bad-table": call("disable", "bad-table"),
        "enable": call("enable"),
        "describe": r.call("describe_kinesis_streaming_destination", TableName="table"),
        "update": update("MICROSECOND"),
        "update-no-idempotency": update("MICROSECOND"),
        "update-bad-precision": update("SECOND"),
        "update-bad-stream-arn": update("MICROSECOND", "bad-stream"),
        "update-missing-params": call("update"),
        "disable": call("disable"),
    }


# all of them


def cases() -> Iterator[Any]:
    for name, content in RECORDED.items():
        if name in SCENARIOS:
            expected = {key: value for key, value in content.items() if f"{name}: {key}" not in LEFT_OUT}
            yield pytest.param(SCENARIOS[name], expected, id=name)


@pytest.mark.skipif(not RECORDED, reason="no recorded answers here")
@pytest.mark.parametrize(("function", "expected"), list(cases()))
def test_as_recorded(cloud: Cloud, function: Scenario, expected: Answers) -> None:
    same(expected, function(Replay(cloud)), Bindings())


@pytest.mark.skipif(not RECORDED, reason="no recorded answers here")
def test_nothing_is_forgotten() -> None:
    assert RECORDED.keys() - SCENARIOS.keys() == {name for name in LEFT_OUT if ": " not in name}
    assert SCENARIOS.keys() <= RECORDED.keys()
