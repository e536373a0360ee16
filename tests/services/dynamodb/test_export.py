"""Exports to S3: what the bucket holds afterwards, of which moment, and what is refused."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import itertools
import json
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.services.dynamodb.transfer import exporting
from hodei.testing import Cloud

from .conftest import attributes, key_schema

pytestmark = pytest.mark.feature("dynamodb.export-import")

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]

EVERY_TYPE = {
    "pk": {"S": "every 'type' \"é\"\n"},
    "n": {"N": "600"},
    "negative": {"N": "-0.00012"},
    "big": {"N": "12345678901234567890123456789012345678"},
    "zero": {"N": "0"},
    "b": {"B": b"\x00\xff"},
    "yes": {"BOOL": True},
    "none": {"NULL": True},
    "ss": {"SS": ["a", "b"]},
    "ns": {"NS": ["1", "2.5", "300"]},
    "bs": {"BS": [b"x", b"y"]},
    "l": {"L": [{"S": ""}, {"N": "7"}, {"L": []}, {"M": {}}]},
    "m": {"M": {"in side": {"M": {"null": {"NULL": True}, "$7": {"S": "quoted"}}}}},
}


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="exports")
    return s3


@pytest.fixture
def arn(make: Make, dynamodb: Any) -> str:
    """Of "table", which has point-in-time recovery."""
    arn = make()["TableArn"]
    specification = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName="table", PointInTimeRecoverySpecification=specification)
    return str(arn)


def put(dynamodb: Any, key: str, value: str) -> None:
    dynamodb.put_item(TableName="table", Item={"pk": {"S": key}, "value": {"S": value}})


def delete(dynamodb: Any, key: str) -> None:
    dynamodb.delete_item(TableName="table", Key={"pk": {"S": key}})


def export(cloud: Cloud, dynamodb: Any, arn: str, **params: Any) -> dict[str, Any]:
    """The description of an export that has ended."""
    begun = dynamodb.export_table_to_point_in_time(TableArn=arn, **{"S3Bucket": "exports", **params})
    cloud.clock.advance(seconds=1)
    found = dynamodb.describe_export(ExportArn=begun["ExportDescription"]["ExportArn"])
    return dict(found["ExportDescription"])


def body(s3: Any, key: str) -> bytes:
    return bytes(s3.get_object(Bucket="exports", Key=key)["Body"].read())


def manifest(s3: Any, description: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(body(s3, description["ExportManifest"])))


def files(s3: Any, description: dict[str, Any]) -> list[dict[str, Any]]:
    text = body(s3, manifest(s3, description)["manifestFilesS3Key"])
    return [json.loads(line) for line in text.splitlines()]


def lines(s3: Any, description: dict[str, Any]) -> list[bytes]:
    keys = [one["dataFileS3Key"] for one in files(s3, description)]
    return [line for key in keys for line in gzip.decompress(body(s3, key)).splitlines()]


def values(s3: Any, description: dict[str, Any]) -> dict[str, str]:
    found = [json.loads(line)["Item"] for line in lines(s3, description)]
    return {item["pk"]["S"]: item["value"]["S"] for item in found}


def test_a_full_export_is_laid_out_as_documented(cloud: Cloud, dynamodb: Any, s3: Any, arn: str) -> None:
    put(dynamodb, "a", "1")
    put(dynamodb, "b", "2")
    begun = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket="exports", S3Prefix="2020-Nov")
    first = begun["ExportDescription"]
    assert first["ExportStatus"] == "IN_PROGRESS"
    assert first["ExportArn"].startswith(f"{arn}/export/")
    assert first.keys() == {
        "ClientToken", "ExportArn", "ExportFormat", "ExportStatus", "ExportTime", "ExportType", "S3Bucket", "S3Prefix",
        "S3SseAlgorithm", "StartTime", "TableArn", "TableId",
    }  # fmt: skip
    cloud.clock.advance(seconds=1)
    done = dynamodb.describe_export(ExportArn=first["ExportArn"])["ExportDescription"]
    root = f"2020-Nov/AWSDynamoDB/{first['ExportArn'].rpartition('/')[2]}"
    assert done == first | {
        "ExportStatus": "COMPLETED",
        "EndTime": done["EndTime"],
        "ExportManifest": f"{root}/manifest-summary.json",
        "BilledSizeBytes": 18,
        "ItemCount": 2,
    }
    summary, (listed,) = manifest(s3, done), files(s3, done)
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="exports")["Contents"]]
    names = ["manifest-files.checksum", "manifest-files.json", "manifest-summary.checksum", "manifest-summary.json"]
    assert keys == [f"{root}/_started", listed["dataFileS3Key"], *(f"{root}/{name}" for name in names)]
    assert listed["dataFileS3Key"].startswith(f"{root}/data/") and listed["dataFileS3Key"].endswith(".json.gz")
    data = s3.get_object(Bucket="exports", Key=listed["dataFileS3Key"])
    assert (listed["itemCount"], f'"{listed["etag"]}"') == (2, data["ETag"])
    assert listed["md5Checksum"] == base64.b64encode(hashlib.md5(data["Body"].read()).digest()).decode()
    for name in ("manifest-files", "manifest-summary"):
        digest = hashlib.md5(body(s3, f"{root}/{name}.json")).digest()
        assert body(s3, f"{root}/{name}.checksum") == base64.b64encode(digest)
    assert summary == {
        "version": "2020-06-30",
        "exportArn": first["ExportArn"],
        "startTime": summary["startTime"],
        "endTime": summary["endTime"],
        "tableArn": arn,
        "tableId": first["TableId"],
        "exportTime": first["ExportTime"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "s3Bucket": "exports",
        "s3Prefix": "2020-Nov",
        "s3SseAlgorithm": "AES256",
        "s3SseKmsKeyId": None,
        "manifestFilesS3Key": f"{root}/manifest-files.json",
        "billedSizeBytes": 18,
        "itemCount": 2,
        "outputFormat": "DYNAMODB_JSON",
        "exportType": "FULL_EXPORT",
    }
    assert datetime.fromisoformat(summary["startTime"]) <= datetime.fromisoformat(summary["endTime"])
    assert values(s3, done) == {"a": "1", "b": "2"}


def test_every_type_as_dynamodb_json(cloud: Cloud, dynamodb: Any, s3: Any, arn: str) -> None:
    dynamodb.put_item(TableName="table", Item=EVERY_TYPE)
    (line,) = lines(s3, export(cloud, dynamodb, arn))
    assert line.startswith(b'{"Item":{')
    expected = {**EVERY_TYPE, "b": {"B": "AP8="}, "bs": {"BS": ["eA==", "eQ=="]}}
    assert json.loads(line) == {"Item": expected}


def test_every_type_as_ion(cloud: Cloud, dynamodb: Any, s3: Any, arn: str) -> None:
    dynamodb.put_item(TableName="table", Item=EVERY_TYPE)
    done = export(cloud, dynamodb, arn, ExportFormat="ION")
    assert (done["ExportFormat"], manifest(s3, done)["outputFormat"]) == ("ION", "ION")
    assert files(s3, done)[0]["dataFileS3Key"].endswith(".ion.gz")
    (line,) = lines(s3, done)
    assert line.decode() == (
        r"""$ion_1_0 {Item:{pk:"every 'type' \"é\"\n",n:6d2,negative:-0.00012,"""
        r"""big:12345678901234567890123456789012345678.,zero:0.,b:{{AP8=}},yes:true,none:null,"""
        r"""ss:$dynamodb_SS::["a","b"],ns:$dynamodb_NS::[1.,2.5,3d2],bs:$dynamodb_BS::[{{eA==}},{{eQ==}}],"""
        r"""l:["",7.,[],{}],m:{'in side':{'null':null,'$7':"quoted"}}}}"""
    )


def test_an_empty_table_has_a_file(cloud: Cloud, dynamodb: Any, s3: Any, arn: str) -> None:
    done = export(cloud, dynamodb, arn)
    assert (done["ExportStatus"], done["ItemCount"], done["BilledSizeBytes"]) == ("COMPLETED", 0, 0)
    assert [one["itemCount"] for one in files(s3, done)] == [0]
    assert lines(s3, done) == []


def test_the_table_is_exported_as_it_was(cloud: Cloud, dynamodb: Any, s3: Any, arn: str) -> None:
    for key in ("kept", "changed", "gone"):
        put(dynamodb, key, "before")
    cloud.clock.advance(seconds=5)
    moment = cloud.clock.now()
    cloud.clock.advance(seconds=5)
    put(dynamodb, "changed", "after")
    put(dynamodb, "new", "after")
    delete(dynamodb, "gone")
    done = export(cloud, dynamodb, arn, ExportTime=moment)
    assert done["ExportTime"] == moment.replace(microsecond=0)
    assert values(s3, done) == {"kept": "before", "changed": "before", "gone": "before"}
    assert values(s3, export(cloud, dynamodb, arn)) == {"kept": "before", "changed": "after", "new": "after"}


def fill(dynamodb: Any, count: int, value: str) -> None:
    for start in range(0, count, 25):
        items = [
            {
                "pk": {"S": f"{number:04}"},
                "value": {"S": value},
                "text": {"S": hashlib.sha512(b"%d" % number).hexdigest()},
            }
            for number in range(start, min(start + 25, count))
        ]
        dynamodb.batch_write_item(RequestItems={"table": [{"PutRequest": {"Item": item}} for item in items]})


def test_changes_while_it_is_read_are_not_in_it(cloud: Cloud, dynamodb: Any, s3: Any, arn: str) -> None:
    cloud.set("dynamodb", "lifecycle", "aws")  # so that there is time between the request and the reading
    fill(dynamodb, 900, "before")
    begun = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket="exports")["ExportDescription"]
    fill(dynamodb, 300, "after")
    for number in range(800, 900):
        delete(dynamodb, f"{number:04}")
    put(dynamodb, "new", "after")
    assert dynamodb.describe_export(ExportArn=begun["ExportArn"])["ExportDescription"] == begun
    with pytest.raises(ClientError, match="still in use"):
        dynamodb.delete_table(TableName="table")
    cloud.clock.advance(minutes=6)
    done = dynamodb.describe_export(ExportArn=begun["ExportArn"])["ExportDescription"]
    assert values(s3, done) == {f"{number:04}": "before" for number in range(900)}
    assert sum(one["itemCount"] for one in files(s3, done)) == done["ItemCount"] == 900
    dynamodb.delete_table(TableName="table")


def test_recovery_can_be_switched_off_meanwhile(cloud: Cloud, dynamodb: Any, s3: Any, arn: str) -> None:
    fill(dynamodb, 100, "before")
    cloud.clock.advance(seconds=2)
    moment = cloud.clock.now()
    cloud.clock.advance(seconds=2)
    for value in map(str, range(25)):
        fill(dynamodb, 100, value)
        cloud.clock.advance(seconds=1)
    cloud.set("dynamodb", "lifecycle", "aws")
    begun = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket="exports", ExportTime=moment)
    off = {"PointInTimeRecoveryEnabled": False}
    dynamodb.update_continuous_backups(TableName="table", PointInTimeRecoverySpecification=off)
    fill(dynamodb, 100, "after")
    cloud.clock.advance(minutes=6)
    done = dynamodb.describe_export(ExportArn=begun["ExportDescription"]["ExportArn"])["ExportDescription"]
    assert values(s3, done) == {f"{number:04}": "before" for number in range(100)}


def test_a_restart_in_between_loses_nothing(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(exporting, "FILE_BYTES", 10_000)
    original, reached, puts = exporting._put, threading.Event(), itertools.count()

    async def put_three(*args: Any) -> Any:
        if next(puts) == 3:
            reached.set()
            await asyncio.Event().wait()
        return await original(*args)

    with Cloud(directory=tmp_path) as cloud:
        dynamodb, s3 = cloud.client("dynamodb"), cloud.client("s3")
        s3.create_bucket(Bucket="exports")
        arn = dynamodb.create_table(
            TableName="table",
            AttributeDefinitions=attributes(pk="S"),
            KeySchema=key_schema("pk"),
            BillingMode="PAY_PER_REQUEST",
        )["TableDescription"]["TableArn"]
        specification = {"PointInTimeRecoveryEnabled": True}
        dynamodb.update_continuous_backups(TableName="table", PointInTimeRecoverySpecification=specification)
        fill(dynamodb, 1_000, "before")
        monkeypatch.setattr(exporting, "_put", put_three)
        begun = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket="exports")["ExportDescription"]
        assert reached.wait(10)
    monkeypatch.setattr(exporting, "_put", original)
    with Cloud(directory=tmp_path) as cloud:
        dynamodb, s3 = cloud.client("dynamodb"), cloud.client("s3")
        assert len(s3.list_objects_v2(Bucket="exports")["Contents"]) == 3
        fill(dynamodb, 1_000, "after")
        cloud.clock.advance(minutes=1)
        done = dynamodb.describe_export(ExportArn=begun["ExportArn"])["ExportDescription"]
        assert done["ExportStatus"] == "COMPLETED"
        assert values(s3, done) == {f"{number:04}": "before" for number in range(1_000)}
        assert sum(one["itemCount"] for one in files(s3, done)) == done["ItemCount"] == 1_000


def test_work_that_does_not_get_on_is_given_up(
    cloud: Cloud, dynamodb: Any, s3: Any, arn: str, monkeypatch: Any
) -> None:
    async def broken(*args: Any) -> Any:
        raise RuntimeError

    monkeypatch.setattr(exporting, "_put", broken)
    begun = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket="exports")["ExportDescription"]
    cloud.clock.advance(minutes=2)
    done = dynamodb.describe_export(ExportArn=begun["ExportArn"])["ExportDescription"]
    assert (done["ExportStatus"], done["FailureCode"]) == ("FAILED", "InternalServerError")
    dynamodb.delete_table(TableName="table")


def window(cloud: Cloud, arn: str, begin: datetime, view: str | None = None, **more: Any) -> dict[str, Any]:
    specification = {"ExportFromTime": begin, **({"ExportViewType": view} if view else {}), **more}
    return {"ExportType": "INCREMENTAL_EXPORT", "IncrementalExportSpecification": specification}


def test_an_incremental_export_has_what_changed(cloud: Cloud, dynamodb: Any, s3: Any, arn: str) -> None:
    for key in ("same", "changed", "deleted", "later"):
        put(dynamodb, key, "before")
    cloud.clock.advance(seconds=10)
    begin = cloud.clock.now()
    cloud.clock.advance(minutes=5)
    for value in ("between", "after"):
        put(dynamodb, "changed", value)
        put(dynamodb, "passing", value)
        put(dynamodb, "new", value)
    written = cloud.clock.now().timestamp()
    delete(dynamodb, "deleted")
    delete(dynamodb, "passing")
    cloud.clock.advance(minutes=15)
    end = cloud.clock.now() - timedelta(seconds=1)
    put(dynamodb, "changed", "too late")
    put(dynamodb, "later", "too late")
    cloud.clock.advance(minutes=1)

    def image(key: str, value: str) -> dict[str, Any]:
        return {"pk": {"S": key}, "value": {"S": value}}

    def found(view: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
        done = export(cloud, dynamodb, arn, **window(cloud, arn, begin, view, ExportToTime=end))
        records = [json.loads(line) for line in lines(s3, done)]
        for record in records:
            at = int(record.pop("Metadata")["WriteTimestampMicros"]["N"]) / 1e6
            assert abs(at - written) < 30
        return done, {record.pop("Keys")["pk"]["S"]: record for record in records}

    done, records = found(None)
    assert records == {
        "changed": {"NewImage": image("changed", "after"), "OldImage": image("changed", "before")},
        "new": {"NewImage": image("new", "after")},
        "deleted": {"OldImage": image("deleted", "before")},
    }
    specification = done["IncrementalExportSpecification"]
    assert specification["ExportViewType"] == "NEW_AND_OLD_IMAGES"
    assert (done["ExportType"], done["ItemCount"], "ExportTime" in done) == ("INCREMENTAL_EXPORT", 3, False)
    summary = manifest(s3, done)
    assert (summary["outputView"], summary["exportType"]) == ("NEW_AND_OLD_IMAGES", "INCREMENTAL_EXPORT")
    assert summary["exportFromTime"] == begin.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert summary["exportToTime"] == end.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert all(one["dataFileS3Key"].startswith("AWSDynamoDB/data/") for one in files(s3, done))
    _, records = found("NEW_IMAGE")
    assert records == {
        "changed": {"NewImage": image("changed", "after")},
        "new": {"NewImage": image("new", "after")},
        "deleted": {},
    }


def test_an_incremental_export_as_ion(cloud: Cloud, dynamodb: Any, s3: Any, arn: str) -> None:
    begin = cloud.clock.now() + timedelta(seconds=1)
    cloud.clock.advance(seconds=90)
    put(dynamodb, "a", "1")
    cloud.clock.advance(minutes=20)
    (line,) = lines(s3, export(cloud, dynamodb, arn, ExportFormat="ION", **window(cloud, arn, begin)))
    assert line.startswith(b"$ion_1_0 {Record:{Metadata:{WriteTimestampMicros:")
    assert line.endswith(b'Keys:{pk:"a"},NewImage:{pk:"a",value:"1"}}}')


ORDERS = {
    "AttributeDefinitions": attributes(pk="S", sk="N"),
    "KeySchema": key_schema("pk", "sk"),
}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"KeyConditionExpression": "pk = :a"}, ["a1", "a2", "a3"]),
        ({"KeyConditionExpression": "pk = :a AND sk > :one"}, ["a2", "a3"]),
        ({"KeyConditionExpression": "pk = :a AND sk BETWEEN :one AND :two"}, ["a1", "a2"]),
        ({"KeyConditionExpression": "pk = :b", "FilterExpression": "odd = :yes"}, ["b1", "b3"]),
        ({"FilterExpression": "sk = :two OR (pk = :b AND odd = :yes)"}, ["a2", "b1", "b2", "b3"]),
        ({"FilterExpression": "attribute_not_exists(odd)"}, []),
    ],
)
def test_a_filter_lets_some_items_through(
    cloud: Cloud, dynamodb: Any, s3: Any, make: Make, given: dict[str, Any], expected: list[str]
) -> None:
    arn = make(**ORDERS)["TableArn"]
    specification = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName="table", PointInTimeRecoverySpecification=specification)
    for pk in ("a", "ab", "b"):
        for sk in (1, 2, 3):
            if pk != "ab" or sk == 3:
                item = {"pk": {"S": pk}, "sk": {"N": str(sk)}, "odd": {"BOOL": sk % 2 == 1}, "more": {"S": "x"}}
                dynamodb.put_item(TableName="table", Item=item)
    values = {":a": {"S": "a"}, ":b": {"S": "b"}, ":one": {"N": "1"}, ":two": {"N": "2"}, ":yes": {"BOOL": True}}
    text = " ".join(given.values())
    used = {name: value for name, value in values.items() if re.search(rf"{name}\b", text)}
    filtered = {**given, "ProjectionExpression": "pk, sk", **({"ExpressionAttributeValues": used} if used else {})}
    done = export(cloud, dynamodb, arn, FilterSpecification=filtered)
    assert (done["FilterSpecification"], done["ItemCount"]) == (filtered, len(expected))
    found = [json.loads(line)["Item"] for line in lines(s3, done)]
    assert all(item.keys() == {"pk", "sk"} for item in found)
    assert sorted(item["pk"]["S"] + item["sk"]["N"] for item in found) == expected


def test_a_filter_of_an_incremental_export(cloud: Cloud, dynamodb: Any, s3: Any, arn: str, refused: Refused) -> None:
    for key in ("in", "out", "gone"):
        put(dynamodb, key, "yes" if key != "in" else "no")
    cloud.clock.advance(seconds=10)
    begin = cloud.clock.now()
    cloud.clock.advance(seconds=10)
    put(dynamodb, "in", "yes")
    put(dynamodb, "out", "no")
    delete(dynamodb, "gone")
    cloud.clock.advance(minutes=20)
    given = {
        "FilterExpression": "#v = :yes",
        "ProjectionExpression": "#v",
        "ExpressionAttributeNames": {"#v": "value"},
        "ExpressionAttributeValues": {":yes": {"S": "yes"}},
    }
    done = export(cloud, dynamodb, arn, FilterSpecification=given, **window(cloud, arn, begin))
    records = {record["Keys"]["pk"]["S"]: record for record in map(json.loads, lines(s3, done))}
    assert records.keys() == {"in", "gone"}
    assert (records["in"]["OldImage"], records["in"]["NewImage"]) == ({"value": {"S": "no"}}, {"value": {"S": "yes"}})
    with refused(
        "ValidationException",
        "Filter Expression can only contain non-primary key attributes: Primary key attribute: pk",
    ):
        bad = {"KeyConditionExpression": "pk = :v", "FilterExpression": "pk = :v"}
        values = {"ExpressionAttributeValues": {":v": {"S": "a"}}}
        dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket="exports", FilterSpecification=bad | values)


def test_large_tables_have_several_files(cloud: Cloud, dynamodb: Any, s3: Any, arn: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(exporting, "FILE_BYTES", 10_000)
    fill(dynamodb, 1_100, "v")
    done = export(cloud, dynamodb, arn)
    assert len(files(s3, done)) > 1
    assert len({one["dataFileS3Key"] for one in files(s3, done)}) == len(files(s3, done))
    assert set(values(s3, done)) == {f"{number:04}" for number in range(1_100)}


def test_failures_of_s3_fail_the_export(cloud: Cloud, dynamodb: Any, s3: Any, arn: str) -> None:
    failed = export(cloud, dynamodb, arn, S3Bucket="nowhere")
    assert (failed["ExportStatus"], failed["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    assert failed["FailureMessage"].startswith(
        "The specified bucket does not exist (Service: Amazon S3; Status Code: 404; Error Code: NoSuchBucket; "
    )
    assert "EndTime" in failed and "ExportManifest" not in failed and "ItemCount" not in failed
    failed = export(cloud, dynamodb, arn, S3BucketOwner="123456789012")
    assert (failed["ExportStatus"], failed["FailureCode"]) == ("FAILED", "S3AccessDenied")
    dynamodb.delete_table(TableName="table")


def test_a_client_token_is_good_for_eight_hours(
    cloud: Cloud, dynamodb: Any, s3: Any, arn: str, refused: Refused
) -> None:
    params = {"TableArn": arn, "S3Bucket": "exports", "ClientToken": "t"}
    first = dynamodb.export_table_to_point_in_time(**params)["ExportDescription"]
    cloud.clock.advance(hours=7)
    again = dynamodb.export_table_to_point_in_time(**params)["ExportDescription"]
    assert (again["ExportArn"], again["ExportStatus"]) == (first["ExportArn"], "COMPLETED")
    with refused("ExportConflictException", "There was a conflict when writing to the specified S3 bucket."):
        dynamodb.export_table_to_point_in_time(**params, S3Prefix="else")
    cloud.clock.advance(hours=2)
    new = dynamodb.export_table_to_point_in_time(**params, S3Prefix="else")["ExportDescription"]
    assert new["ExportArn"] != first["ExportArn"]


def test_exports_are_listed_for_ninety_days(
    cloud: Cloud, dynamodb: Any, s3: Any, arn: str, make: Make, refused: Refused
) -> None:
    arns = [export(cloud, dynamodb, arn)["ExportArn"] for _ in range(3)]
    other = make("tables")["TableArn"]
    first = dynamodb.list_exports(TableArn=arn, MaxResults=2)
    assert first["ExportSummaries"] == [
        {"ExportArn": one, "ExportStatus": "COMPLETED", "ExportType": "FULL_EXPORT"} for one in (arns[2], arns[1])
    ]
    rest = dynamodb.list_exports(TableArn=arn, MaxResults=2, NextToken=first["NextToken"])
    assert [one["ExportArn"] for one in rest["ExportSummaries"]] == arns[:1]
    assert "NextToken" not in rest
    assert dynamodb.list_exports(TableArn=other)["ExportSummaries"] == []
    assert len(dynamodb.list_exports()["ExportSummaries"]) == 3
    cloud.clock.advance(days=91)
    assert dynamodb.list_exports()["ExportSummaries"] == []
    with refused("ExportNotFoundException", f"Export not found: {arns[0]}"):
        dynamodb.describe_export(ExportArn=arns[0])


def test_what_is_refused(cloud: Cloud, dynamodb: Any, s3: Any, arn: str, make: Make, refused: Refused) -> None:
    plain = make("plain")["TableArn"]
    call = dynamodb.export_table_to_point_in_time
    with refused("TableNotFoundException", "Table not found: nothing"):
        call(TableArn=arn.replace("table/table", "table/nothing"), S3Bucket="exports")
    with refused("PointInTimeRecoveryUnavailableException", "Point in time recovery is not enabled for table 'plain'"):
        call(TableArn=plain, S3Bucket="exports")
    now = cloud.clock.now()
    for moment in (now - timedelta(days=1), now + timedelta(hours=1)):
        with pytest.raises(dynamodb.exceptions.InvalidExportTimeException):
            call(TableArn=arn, S3Bucket="exports", ExportTime=moment)
    cloud.clock.advance(days=3)
    for hours in (0.2, 25):
        begin = cloud.clock.now() - timedelta(hours=hours)
        with pytest.raises(ClientError, match="at least 15 minutes and at most 24 hours"):
            call(TableArn=arn, S3Bucket="exports", **window(cloud, arn, begin))
    with pytest.raises(ClientError, match="IncrementalExportSpecification must be provided"):
        call(TableArn=arn, S3Bucket="exports", ExportType="INCREMENTAL_EXPORT")
    assert dynamodb.list_exports()["ExportSummaries"] == []


def test_an_export_outlasts_trouble_of_s3(cloud: Cloud, dynamodb: Any, arn: str, s3: Any) -> None:
    cloud.clock.freeze()
    for number in range(9):
        put(dynamodb, f"key-{number}", "v")
    cloud.fault(service="s3", operation="PutObject", error="SlowDown", rate=0.5)
    cloud.fault(service="s3", operation="PutObject", reset=True, rate=0.3)
    begun = export(cloud, dynamodb, arn)
    cloud.clock.advance(hours=2)
    cloud.clear_faults()
    ended = dynamodb.describe_export(ExportArn=begun["ExportArn"])["ExportDescription"]
    assert (ended["ExportStatus"], ended["ItemCount"]) == ("COMPLETED", 9)
    assert body(s3, ended["ExportManifest"])


def test_an_export_that_s3_never_takes_fails(cloud: Cloud, dynamodb: Any, arn: str, s3: Any) -> None:
    cloud.clock.freeze()
    cloud.fault(service="s3", operation="PutObject", error="SlowDown")
    begun = export(cloud, dynamodb, arn)
    cloud.clock.advance(hours=25)
    ended = dynamodb.describe_export(ExportArn=begun["ExportArn"])["ExportDescription"]
    assert (ended["ExportStatus"], ended["FailureCode"]) == ("FAILED", "S3SlowDown")
