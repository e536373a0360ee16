"""Imports from S3: what becomes of objects in each format, what is skipped, what fails, and what exports give back."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from botocore.exceptions import ClientError

from hodei.services.dynamodb.transfer import importing, ion
from hodei.testing import Cloud

from .conftest import attributes, index, key_schema
from .test_export import EVERY_TYPE

pytestmark = pytest.mark.feature("dynamodb.export-import")

Refused = Callable[..., Any]
SOURCE = {"S3Bucket": "imports"}
NEW_TABLE = {
    "TableName": "new",
    "AttributeDefinitions": attributes(pk="S"),
    "KeySchema": key_schema("pk"),
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="imports")
    return s3


def put(s3: Any, key: str, body: bytes | str) -> None:
    s3.put_object(Bucket="imports", Key=key, Body=body)


def begin(dynamodb: Any, format: str = "DYNAMODB_JSON", table: dict[str, Any] = NEW_TABLE, **params: Any) -> Any:
    given = {"S3BucketSource": SOURCE, "InputFormat": format, "TableCreationParameters": table, **params}
    return dynamodb.import_table(**given)["ImportTableDescription"]


def imported(cloud: Cloud, dynamodb: Any, *args: Any, **params: Any) -> dict[str, Any]:
    """The description of an import that has ended."""
    arn = begin(dynamodb, *args, **params)["ImportArn"]
    cloud.clock.advance(seconds=1)
    return dict(dynamodb.describe_import(ImportArn=arn)["ImportTableDescription"])


def json_lines(*items: dict[str, Any]) -> bytes:
    return "".join(json.dumps({"Item": item}) + "\n" for item in items).encode()


def contents(dynamodb: Any, table: str = "new") -> dict[str, dict[str, Any]]:
    pages = dynamodb.get_paginator("scan").paginate(TableName=table)
    return {item["pk"].get("S", item["pk"].get("N")): item for page in pages for item in page["Items"]}


def counts(description: dict[str, Any]) -> tuple[int, int, int]:
    """(processed, imported, errors)"""
    return tuple(description[name] for name in ("ProcessedItemCount", "ImportedItemCount", "ErrorCount"))  # type: ignore[return-value]


def test_an_import_makes_a_table(cloud: Cloud, dynamodb: Any, s3: Any) -> None:
    cloud.set("dynamodb", "lifecycle", "aws")
    body = json_lines({"pk": {"S": "a"}, "n": {"N": "1"}}, {"pk": {"S": "b"}, "n": {"N": "1e2"}})
    put(s3, "data/1", body)
    source = {"S3Bucket": "imports", "S3KeyPrefix": "data/"}
    first = begin(dynamodb, S3BucketSource=source)
    assert first == {
        "ImportArn": first["ImportArn"],
        "ImportStatus": "IN_PROGRESS",
        "CloudWatchLogGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:/aws-dynamodb/imports:*",
        "TableArn": "arn:aws:dynamodb:us-east-1:000000000000:table/new",
        "TableId": first["TableId"],
        "ClientToken": first["ClientToken"],
        "S3BucketSource": source,
        "ErrorCount": 0,
        "InputFormat": "DYNAMODB_JSON",
        "InputCompressionType": "NONE",
        "TableCreationParameters": NEW_TABLE,
        "StartTime": first["StartTime"],
        "ProcessedItemCount": 0,
        "ImportedItemCount": 0,
    }
    assert first["ImportArn"].startswith(f"{first['TableArn']}/import/")
    table = dynamodb.describe_table(TableName="new")["Table"]
    assert (table["TableStatus"], table["TableId"]) == ("CREATING", first["TableId"])
    cloud.clock.advance(minutes=2)
    done = dynamodb.describe_import(ImportArn=first["ImportArn"])["ImportTableDescription"]
    assert done == first | {
        "ImportStatus": "COMPLETED",
        "EndTime": done["EndTime"],
        "ProcessedItemCount": 2,
        "ImportedItemCount": 2,
        "ProcessedSizeBytes": len(body),
    }
    table = dynamodb.describe_table(TableName="new")["Table"]
    assert (table["TableStatus"], table["ItemCount"]) == ("ACTIVE", 2)
    assert contents(dynamodb)["b"] == {"pk": {"S": "b"}, "n": {"N": "100"}}


@pytest.mark.parametrize(
    ("compression", "compress"),
    [
        ("NONE", bytes),
        ("GZIP", gzip.compress),
        ("ZSTD", zstandard.compress),
        ("GZIP", lambda body: gzip.compress(body[:1000]) + gzip.compress(body[1000:])),
        ("ZSTD", lambda body: zstandard.compress(body[:1000]) + zstandard.compress(body[1000:])),
    ],
)
def test_compressed_objects(
    cloud: Cloud, dynamodb: Any, s3: Any, compression: str, compress: Callable[[bytes], bytes]
) -> None:
    items = [{"pk": {"S": f"{number:04}"}, "text": {"S": "é" * (number % 300)}} for number in range(1_000)]
    bodies = [json_lines(*items[:700]), json_lines(*items[700:])]
    for number, body in enumerate(bodies):
        put(s3, f"part-{number}", compress(body))
    done = imported(cloud, dynamodb, InputCompressionType=compression)
    assert (done["ImportStatus"], counts(done)) == ("COMPLETED", (1_000, 1_000, 0))
    assert done["ProcessedSizeBytes"] == sum(map(len, bodies))
    assert sorted(contents(dynamodb).values(), key=lambda item: item["pk"]["S"]) == items


@pytest.mark.parametrize("format", ["DYNAMODB_JSON", "ION"])
def test_what_is_exported_can_be_imported(cloud: Cloud, dynamodb: Any, s3: Any, make: Any, format: str) -> None:
    arn = make(AttributeDefinitions=attributes(pk="S"), KeySchema=key_schema("pk"))["TableArn"]
    specification = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName="table", PointInTimeRecoverySpecification=specification)
    dynamodb.put_item(TableName="table", Item=EVERY_TYPE)
    for number in ("1E-130", "-9.99E+125", "0", "0.1", "-7", "1E+20"):
        dynamodb.put_item(TableName="table", Item={"pk": {"S": number}, "n": {"N": number}, "ns": {"NS": [number]}})
    exported = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket="imports", ExportFormat=format)
    cloud.clock.advance(seconds=1)
    prefix = f"AWSDynamoDB/{exported['ExportDescription']['ExportArn'].rpartition('/')[2]}/data/"
    source = SOURCE | {"S3KeyPrefix": prefix}
    done = imported(cloud, dynamodb, format, S3BucketSource=source, InputCompressionType="GZIP")
    assert (done["ImportStatus"], counts(done)) == ("COMPLETED", (7, 7, 0))
    assert contents(dynamodb) == contents(dynamodb, "table")


def test_waiters_of_sdks_need_no_turned_clock(dynamodb: Any, s3: Any, make: Any) -> None:
    arn = make()["TableArn"]
    specification = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName="table", PointInTimeRecoverySpecification=specification)
    dynamodb.put_item(TableName="table", Item={"pk": {"S": "a"}})
    exported = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket="imports", S3Prefix="from")
    often = {"Delay": 0, "MaxAttempts": 10_000}
    arn = exported["ExportDescription"]["ExportArn"]
    dynamodb.get_waiter("export_completed").wait(ExportArn=arn, WaiterConfig=often)
    prefix = f"from/AWSDynamoDB/{arn.rpartition('/')[2]}/data/"
    first = begin(dynamodb, S3BucketSource=SOURCE | {"S3KeyPrefix": prefix}, InputCompressionType="GZIP")
    dynamodb.get_waiter("import_completed").wait(ImportArn=first["ImportArn"], WaiterConfig=often)
    assert contents(dynamodb) == {"a": {"pk": {"S": "a"}}}


def test_csv_has_strings_but_for_keys(cloud: Cloud, dynamodb: Any, s3: Any) -> None:
    table = {
        **NEW_TABLE,
        "AttributeDefinitions": attributes(pk="N", sk="B", code="N"),
        "KeySchema": key_schema("pk", "sk"),
        "GlobalSecondaryIndexes": [index("gsi", "code")],
    }
    put(s3, "1.csv", 'pk,sk,code,text,number\r\n1,aGk=,2,"a ""b"", \nc",3\r\n2,aGk=,,,\r\n')
    done = imported(cloud, dynamodb, "CSV", table)
    assert (done["ImportStatus"], counts(done)) == ("COMPLETED", (2, 2, 0))
    assert contents(dynamodb) == {
        "1": {
            "pk": {"N": "1"}, "sk": {"B": b"hi"}, "code": {"N": "2"}, "text": {"S": 'a "b", \nc'}, "number": {"S": "3"},
        },
        "2": {"pk": {"N": "2"}, "sk": {"B": b"hi"}},
    }  # fmt: skip
    found = dynamodb.query(
        TableName="new",
        IndexName="gsi",
        KeyConditionExpression="code = :two",
        ExpressionAttributeValues={":two": {"N": "2"}},
    )
    assert found["Count"] == 1
    assert dynamodb.describe_table(TableName="new")["Table"]["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE"


def test_csv_with_headers_and_delimiter(cloud: Cloud, dynamodb: Any, s3: Any) -> None:
    put(s3, "1.csv", "a|x,y\nb|z")
    options = {"Csv": {"Delimiter": "|", "HeaderList": ["pk", "text"]}}
    done = imported(cloud, dynamodb, "CSV", InputFormatOptions=options)
    assert (counts(done), done["InputFormatOptions"], done["ProcessedSizeBytes"]) == ((2, 2, 0), options, 9)
    assert {key: item["text"]["S"] for key, item in contents(dynamodb).items()} == {"a": "x,y", "b": "z"}


def test_ion_as_people_write_it(cloud: Cloud, dynamodb: Any, s3: Any) -> None:
    lines = [
        '$ion_1_0 { Item: { pk: "a", n: 6d2, int: 7, ss: $dynamodb_SS::["x", "y"], "q": null, b: {{ aGk= }} } }',
        "{Item:{'pk':'''b''', l:[true, {deep: 1.50}], ns:$dynamodb_NS::[1., 2d1]}} // no marker",
        "",
    ]
    put(s3, "1.ion", "\n".join(lines))
    done = imported(cloud, dynamodb, "ION")
    assert (done["ImportStatus"], counts(done)) == ("COMPLETED", (2, 2, 0))
    found = contents(dynamodb)
    assert found["a"] == {
        "pk": {"S": "a"}, "n": {"N": "600"}, "int": {"N": "7"}, "ss": {"SS": ["x", "y"]}, "q": {"NULL": True},
        "b": {"B": b"hi"},
    }  # fmt: skip
    assert found["b"] == {
        "pk": {"S": "b"}, "l": {"L": [{"BOOL": True}, {"M": {"deep": {"N": "1.5"}}}]}, "ns": {"NS": ["1", "20"]},
    }  # fmt: skip


def test_items_that_do_not_fit_are_skipped(cloud: Cloud, dynamodb: Any, s3: Any) -> None:
    nested: dict[str, Any] = {"L": []}
    for _ in range(200):
        nested = {"L": [nested]}
    bad: list[dict[str, Any]] = [
        {"other": {"S": "no key"}},
        {"pk": {"N": "1"}},
        {"pk": {"S": ""}},
        {"pk": {"S": "x"}, "n": {"N": "one"}},
        {"pk": {"S": "x"}, "n": {"NS": ["1", "1.0"]}},
        {"pk": {"S": "x"}, "large": {"S": "x" * 410_000}},
        {"pk": {"S": "x"}, "deep": nested},
    ]
    put(s3, "1", json_lines(*bad, {"pk": {"S": "good"}}))
    done = imported(cloud, dynamodb)
    assert (done["ImportStatus"], counts(done)) == ("FAILED", (8, 1, 7))
    assert (done["FailureCode"], done["FailureMessage"]) == (
        "ItemValidationError",
        "Some of the items failed validation checks and were not imported. "
        "Please check CloudWatch error logs for more details.",
    )
    assert list(contents(dynamodb)) == ["good"]
    assert dynamodb.describe_table(TableName="new")["Table"]["TableStatus"] == "ACTIVE"


@pytest.mark.parametrize(
    ("format", "line"),
    [
        ("DYNAMODB_JSON", '{"pk": {"S": "no Item"}}'),
        ("DYNAMODB_JSON", '{"Item": {"pk": {"S": "b", "N": "1"}}}'),
        ("DYNAMODB_JSON", '{"Item": {"pk": {"S": 5}}}'),
        ("DYNAMODB_JSON", '{"Item": {"pk": {"S": "b"}, "b": {"B": "*"}}}'),
        ("DYNAMODB_JSON", "[" * 5_000),
        ("DYNAMODB_JSON", "not JSON"),
        ("ION", "$ion_1_0 {Item:{pk:"),
        ("ION", '$ion_1_0 {Item:{pk:"b",t:2020-01-01T}}'),
        ("ION", '$ion_1_0 {Item:{pk:"b",s:other::["x"]}}'),
        ("ION", "[" * 5_000),
        ("CSV", "one column too many,x,y"),
        ("CSV", 'b,"x"y"'),
    ],
)
def test_the_rest_of_a_malformed_object_is_left(cloud: Cloud, dynamodb: Any, s3: Any, format: str, line: str) -> None:
    good = {"DYNAMODB_JSON": '{{"Item": {{"pk": {{"S": "{}"}}}}}}', "ION": '{{Item:{{pk:"{}"}}}}', "CSV": "{},x"}[
        format
    ]
    header = "pk,text\n" if format == "CSV" else ""
    put(s3, "1", header + "\n".join([good.format("before"), line, good.format("after")]))
    put(s3, "2", header + good.format("next object"))
    done = imported(cloud, dynamodb, format)
    assert (done["FailureCode"], counts(done)) == ("ItemValidationError", (3, 2, 1))
    assert set(contents(dynamodb)) == {"before", "next object"}


@pytest.mark.parametrize(
    ("format", "body"),
    [
        ("CSV", b'pk,text\na,"' + b"never closed\n" * 700_000),
        ("DYNAMODB_JSON", b" " * 9_000_000),
        ("DYNAMODB_JSON", b"\n" * 9_000_000),
    ],
)
def test_hostile_objects_end_soon(cloud: Cloud, dynamodb: Any, s3: Any, format: str, body: bytes) -> None:
    put(s3, "1", gzip.compress(body, 1))
    done = imported(cloud, dynamodb, format, InputCompressionType="GZIP")
    blank = not body.strip(b"\n")
    assert (done["ImportStatus"], counts(done)) == (("COMPLETED", (0, 0, 0)) if blank else ("FAILED", (1, 0, 1)))


@pytest.mark.parametrize(
    "body", [b"no gzip", gzip.compress(json_lines({"pk": {"S": "a"}}))[:-9]], ids=["not at all", "cut off"]
)
def test_objects_that_are_not_compressed_as_said(cloud: Cloud, dynamodb: Any, s3: Any, body: bytes) -> None:
    put(s3, "1", body)
    done = imported(cloud, dynamodb, InputCompressionType="GZIP")
    assert (done["ImportStatus"], done["FailureCode"], done["ErrorCount"]) == ("FAILED", "ItemValidationError", 1)


def test_a_source_that_is_not_there_leaves_no_table(cloud: Cloud, dynamodb: Any, s3: Any) -> None:
    done = imported(cloud, dynamodb, S3BucketSource={"S3Bucket": "nowhere"})
    assert (done["ImportStatus"], done["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    assert done["FailureMessage"].startswith(
        "The specified bucket does not exist (Service: Amazon S3; Status Code: 404; Error Code: NoSuchBucket; "
    )
    assert (counts(done), done["ProcessedSizeBytes"]) == ((0, 0, 0), 0)
    done = imported(cloud, dynamodb, S3BucketSource=SOURCE | {"S3KeyPrefix": "nothing/"})
    assert done["ImportStatus"] == "FAILED"
    done = imported(cloud, dynamodb, S3BucketSource=SOURCE | {"S3BucketOwner": "123456789012"})
    assert (done["ImportStatus"], done["FailureCode"]) == ("FAILED", "S3AccessDenied")
    assert dynamodb.list_tables()["TableNames"] == []


def test_the_last_of_items_with_one_key_stays(cloud: Cloud, dynamodb: Any, s3: Any) -> None:
    put(s3, "1", json_lines(*({"pk": {"S": "a"}, "n": {"N": str(number)}} for number in range(3))))
    assert counts(imported(cloud, dynamodb)) == (3, 3, 0)
    assert contents(dynamodb) == {"a": {"pk": {"S": "a"}, "n": {"N": "2"}}}
    assert dynamodb.describe_table(TableName="new")["Table"]["ItemCount"] == 1


def test_a_restart_in_between_loses_nothing(tmp_path: Path, monkeypatch: Any) -> None:
    items = [{"pk": {"S": f"{number:04}"}, "n": {"N": str(number)}} for number in range(2_000)]
    original, reached, objects = importing._chunks, threading.Event(), itertools.count()

    async def chunks_of_three(body: bytes) -> Any:
        stop = next(objects) == 2
        async for chunk in original(body):
            if stop and chunk is None:
                reached.set()
                await asyncio.Event().wait()
            yield chunk

    with Cloud(directory=tmp_path) as cloud:
        dynamodb, s3 = cloud.client("dynamodb"), cloud.client("s3")
        s3.create_bucket(Bucket="imports")
        for number in range(4):
            put(s3, f"{number}", json_lines(*items[number * 500 : number * 500 + 500]))
        monkeypatch.setattr(importing, "_chunks", chunks_of_three)
        arn = begin(dynamodb)["ImportArn"]
        assert reached.wait(10)
    monkeypatch.setattr(importing, "_chunks", original)
    with Cloud(directory=tmp_path) as cloud:
        dynamodb = cloud.client("dynamodb")
        assert dynamodb.describe_table(TableName="new")["Table"]["ItemCount"] == 1_500
        cloud.clock.advance(minutes=1)
        done = dynamodb.describe_import(ImportArn=arn)["ImportTableDescription"]
        assert (done["ImportStatus"], counts(done)) == ("COMPLETED", (2_000, 2_000, 0))
        assert sorted(contents(dynamodb).values(), key=lambda item: item["pk"]["S"]) == items
        assert dynamodb.describe_table(TableName="new")["Table"]["ItemCount"] == 2_000


def test_a_client_token_is_good_for_eight_hours(cloud: Cloud, dynamodb: Any, s3: Any) -> None:
    put(s3, "1", json_lines({"pk": {"S": "a"}}))
    first = begin(dynamodb, ClientToken="t")
    cloud.clock.advance(hours=7)
    again = begin(dynamodb, ClientToken="t")
    assert (again["ImportArn"], again["ImportStatus"]) == (first["ImportArn"], "COMPLETED")
    with pytest.raises(dynamodb.exceptions.ImportConflictException):
        begin(dynamodb, "ION", ClientToken="t")
    cloud.clock.advance(hours=2)
    with pytest.raises(dynamodb.exceptions.ResourceInUseException):
        begin(dynamodb, "ION", ClientToken="t")


def test_imports_are_listed_for_ninety_days(cloud: Cloud, dynamodb: Any, s3: Any, refused: Refused) -> None:
    put(s3, "1", json_lines({"pk": {"S": "a"}}))
    names = ("one", "three", "two")
    done = [imported(cloud, dynamodb, table=NEW_TABLE | {"TableName": name}) for name in names]
    first = dynamodb.list_imports(PageSize=2)
    arns = [one["ImportArn"] for one in first["ImportSummaryList"]]
    assert arns == [done[2]["ImportArn"], done[1]["ImportArn"]]
    rest = dynamodb.list_imports(PageSize=2, NextToken=first["NextToken"])
    members = ("ImportArn", "ImportStatus", "TableArn", "S3BucketSource", "InputFormat", "StartTime", "EndTime")
    members += ("CloudWatchLogGroupArn",)
    assert rest["ImportSummaryList"] == [{name: done[0][name] for name in members}]
    assert "NextToken" not in rest
    of_two = dynamodb.list_imports(TableArn=done[2]["TableArn"])["ImportSummaryList"]
    assert [one["ImportArn"] for one in of_two] == [done[2]["ImportArn"]]
    cloud.clock.advance(days=91)
    assert dynamodb.list_imports()["ImportSummaryList"] == []
    with refused("ImportNotFoundException", f"Import not found: {arns[0]}"):
        dynamodb.describe_import(ImportArn=arns[0])


def test_what_is_refused(cloud: Cloud, dynamodb: Any, s3: Any, make: Any, refused: Refused) -> None:
    make("taken")
    with refused("ResourceInUseException", "Table already exists: taken"):
        begin(dynamodb, table=NEW_TABLE | {"TableName": "taken"})
    with pytest.raises(ClientError, match="ReadCapacityUnits and WriteCapacityUnits must both be specified"):
        begin(dynamodb, table={name: value for name, value in NEW_TABLE.items() if name != "BillingMode"})
    with pytest.raises(ClientError, match="InputFormatOptions can only be specified when InputFormat is CSV"):
        begin(dynamodb, InputFormatOptions={"Csv": {"Delimiter": ";"}})
    assert dynamodb.list_imports()["ImportSummaryList"] == []


def test_a_missing_library_is_named(cloud: Cloud, dynamodb: Any, s3: Any, monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "amazon.ion.simpleion", None)
    ion.library.cache_clear()
    with pytest.raises(ClientError, match=r"ION needs a library .*hodei\[dynamodb\]"):
        begin(dynamodb, InputFormat="ION")


def test_what_is_wrong_with_items_is_in_a_log_group(cloud: Cloud, dynamodb: Any, s3: Any) -> None:
    put(s3, "data/1", json_lines({"pk": {"S": "a"}}, {"pk": {"S": ""}}, {"pk": {"S": "b"}}) + b"no json")
    arn = begin(dynamodb)["ImportArn"]
    cloud.clock.advance(seconds=1)
    done = dynamodb.describe_import(ImportArn=arn)["ImportTableDescription"]
    assert counts(done) == (4, 2, 2)
    group = "arn:aws:logs:us-east-1:000000000000:log-group:/aws-dynamodb/imports:*"
    assert done["CloudWatchLogGroupArn"] == group
    assert dynamodb.list_imports()["ImportSummaryList"][0]["CloudWatchLogGroupArn"] == group
    stream = f"{arn.rpartition('/')[2]}/error"
    events = cloud.client("logs").get_log_events(logGroupName="/aws-dynamodb/imports", logStreamName=stream)["events"]
    first, second = (json.loads(event["message"]) for event in events)
    assert first["itemS3Pointer"] == {"bucket": "imports", "key": "data/1", "itemIndex": 1}
    assert first["importArn"] == arn
    assert "empty" in first["errorMessages"][0]
    assert second["itemS3Pointer"]["itemIndex"] == 3


def test_an_import_outlasts_trouble_of_s3(cloud: Cloud, dynamodb: Any, s3: Any) -> None:
    cloud.clock.freeze()
    for number in range(6):
        put(s3, f"{number}.json", json_lines({"pk": {"S": str(number)}}))
    for operation in ("ListObjectsV2", "GetObject"):
        cloud.fault(service="s3", operation=operation, error="SlowDown", rate=0.4)
        cloud.fault(service="s3", operation=operation, reset=True, rate=0.2)
    begun = imported(cloud, dynamodb)
    cloud.clock.advance(hours=2)
    ended = dynamodb.describe_import(ImportArn=begun["ImportArn"])["ImportTableDescription"]
    assert (ended["ImportStatus"], counts(ended)) == ("COMPLETED", (6, 6, 0))
    assert set(contents(dynamodb)) == {str(number) for number in range(6)}
