"""On-demand backups, and tables restored from them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import attributes, index, key_schema

pytestmark = pytest.mark.feature("dynamodb.pitr")

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/table/backup/01489602797149-73d8d5bc"


def put(dynamodb: Any, *keys: str, table: str = "table", **more: Any) -> None:
    for start in range(0, len(keys), 25):
        puts = [{"PutRequest": {"Item": {"pk": {"S": key}, **more}}} for key in keys[start : start + 25]]
        dynamodb.batch_write_item(RequestItems={table: puts})


def contents(dynamodb: Any, table: str = "table") -> dict[str, str]:
    """The items' `value` by key."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=table)
    return {item["pk"]["S"]: item.get("value", {}).get("S", "") for page in pages for item in page["Items"]}


def backup(dynamodb: Any, name: str = "backup", table: str = "table") -> str:
    return str(dynamodb.create_backup(TableName=table, BackupName=name)["BackupDetails"]["BackupArn"])


def restore(dynamodb: Any, arn: str, name: str = "restored", **overrides: Any) -> dict[str, Any]:
    answer = dynamodb.restore_table_from_backup(TargetTableName=name, BackupArn=arn, **overrides)
    return dict(answer["TableDescription"])


def test_a_backup_tells_what_it_has(dynamodb: Any, make: Make, refused: Refused) -> None:
    table = make(
        AttributeDefinitions=attributes(pk="S", other="N"),
        GlobalSecondaryIndexes=[index("gsi", "other", "", "INCLUDE", "x")],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )
    put(dynamodb, "a", "b")
    made = dynamodb.create_backup(TableName="table", BackupName="first")["BackupDetails"]
    assert re.fullmatch(rf"{table['TableArn']}/backup/\d{{14}}-[0-9a-f]{{8}}", made["BackupArn"])
    assert (made["BackupName"], made["BackupStatus"], made["BackupType"]) == ("first", "CREATING", "USER")
    found = dynamodb.describe_backup(BackupArn=made["BackupArn"])["BackupDescription"]
    assert found["BackupDetails"] == {**made, "BackupStatus": "AVAILABLE", "BackupSizeBytes": 6}
    assert found["SourceTableDetails"] == {
        "TableName": "table",
        "TableId": table["TableId"],
        "TableArn": table["TableArn"],
        "TableSizeBytes": 6,
        "KeySchema": key_schema("pk"),
        "TableCreationDateTime": table["CreationDateTime"],
        "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
        "ItemCount": 2,
        "BillingMode": "PAY_PER_REQUEST",
    }
    gsi = index("gsi", "other", "", "INCLUDE", "x")
    assert found["SourceTableFeatureDetails"] == {
        "GlobalSecondaryIndexes": [{**gsi, "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}}],
        "StreamDescription": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    }


def test_a_table_is_restored_as_it_was(dynamodb: Any, make: Make) -> None:
    make(
        AttributeDefinitions=attributes(pk="S", value="S"),
        GlobalSecondaryIndexes=[index("gsi", "value")],
        Tags=[{"Key": "team", "Value": "a"}],
    )
    put(dynamodb, "a", "b", "c", value={"S": "old"})
    arn = backup(dynamodb)
    put(dynamodb, "a", "new", value={"S": "new"})
    dynamodb.delete_item(TableName="table", Key={"pk": {"S": "b"}})
    made = restore(dynamodb, arn)
    assert (made["TableStatus"], made["RestoreSummary"]["RestoreInProgress"]) == ("CREATING", True)
    table = dynamodb.describe_table(TableName="restored")["Table"]
    assert (table["TableStatus"], table["ItemCount"]) == ("ACTIVE", 3)
    assert table["RestoreSummary"]["SourceBackupArn"] == arn
    assert table["RestoreSummary"]["RestoreInProgress"] is False
    assert contents(dynamodb, "restored") == dict.fromkeys("abc", "old")
    assert dynamodb.scan(TableName="restored", IndexName="gsi")["Count"] == 3
    assert dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"] == []
    assert contents(dynamodb) == {"a": "new", "c": "old", "new": "new"}


def test_a_backup_outlives_its_table(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    make()
    put(dynamodb, "a", value={"S": "kept"})
    arn = backup(dynamodb)
    dynamodb.delete_table(TableName="table")
    make()
    cloud.clock.advance(days=100)
    restore(dynamodb, arn)
    assert contents(dynamodb, "restored") == {"a": "kept"}
    assert dynamodb.list_backups(TableName="table")["BackupSummaries"][0]["BackupArn"] == arn


def test_a_big_table_is_backed_up_as_of_one_moment(cloud: Cloud, dynamodb: Any, make: Make, refused: Refused) -> None:
    """At AWS's pace the copy rests after each batch; what has been copied and what has not both change meanwhile."""
    make()
    keys = [f"{number:04}" for number in range(1500)]
    put(dynamodb, *keys, value={"S": "old"})
    cloud.clock.freeze()
    cloud.set("dynamodb", "lifecycle", "aws")
    arn = backup(dynamodb)
    assert dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"] == "CREATING"
    for operation in (dynamodb.delete_backup, lambda **backup: restore(dynamodb, backup["BackupArn"])):
        with refused("BackupInUseException", f"Backup is in use: {arn}"):
            operation(BackupArn=arn)
    with refused(
        "ResourceInUseException",
        "Attempt to change a resource which is still in use: Table is being backed up: table",
    ):
        dynamodb.delete_table(TableName="table")
    put(dynamodb, *keys[::3], *[f"new{number}" for number in range(100)], value={"S": "new"})
    for key in keys[1:300:3]:
        dynamodb.delete_item(TableName="table", Key={"pk": {"S": key}})
    cloud.clock.advance(seconds=1)
    put(dynamodb, *keys[1:150:3], value={"S": "again"})
    dynamodb.delete_item(TableName="table", Key={"pk": {"S": "new1"}})
    cloud.clock.advance(minutes=1)
    restore(dynamodb, arn)
    cloud.clock.advance(minutes=5)
    assert contents(dynamodb, "restored") == dict.fromkeys(keys, "old")
    assert dynamodb.describe_table(TableName="restored")["Table"]["ItemCount"] == 1500


def test_what_is_restored_can_be_overridden(dynamodb: Any, make: Make, refused: Refused) -> None:
    units = {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4}
    make(
        AttributeDefinitions=attributes(pk="S", a="S", b="S"),
        GlobalSecondaryIndexes=[index("one", "a"), index("two", "b")],
    )
    arn = backup(dynamodb)
    kept = {**index("two", "b"), "ProvisionedThroughput": units}
    restore(
        dynamodb,
        arn,
        BillingModeOverride="PROVISIONED",
        ProvisionedThroughputOverride=units,
        GlobalSecondaryIndexOverride=[kept],
    )
    table = dynamodb.describe_table(TableName="restored")["Table"]
    assert table["ProvisionedThroughput"] == {"NumberOfDecreasesToday": 0, **units}
    assert [one["IndexName"] for one in table["GlobalSecondaryIndexes"]] == ["two"]
    assert table["AttributeDefinitions"] == attributes(b="S", pk="S")
    with refused(
        "ValidationException",
        "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified "
        "when BillingMode is PROVISIONED",
    ):
        restore(dynamodb, arn, "other", BillingModeOverride="PROVISIONED")


def test_backups_are_listed_and_deleted(cloud: Cloud, dynamodb: Any, make: Make, refused: Refused) -> None:
    for table in ("table", "other"):
        make(table)
        for number in range(2):
            backup(dynamodb, f"{table}{number}", table)
            cloud.clock.advance(hours=1)

    def listed(**params: Any) -> list[str]:
        return [one["BackupName"] for one in dynamodb.list_backups(**params)["BackupSummaries"]]

    assert listed() == ["other0", "other1", "table0", "table1"]
    assert listed(TableName="table") == ["table0", "table1"]
    assert listed(BackupType="SYSTEM") == []
    now = cloud.clock.now()
    assert listed(TimeRangeLowerBound=now - timedelta(hours=1, minutes=1)) == ["other1"]
    assert listed(TimeRangeUpperBound=now - timedelta(hours=3, minutes=1)) == ["table0"]
    first = dynamodb.list_backups(Limit=3)
    rest = dynamodb.list_backups(Limit=3, ExclusiveStartBackupArn=first["LastEvaluatedBackupArn"])
    assert [one["BackupName"] for one in first["BackupSummaries"] + rest["BackupSummaries"]] == listed()
    arn = first["BackupSummaries"][0]["BackupArn"]
    gone = dynamodb.delete_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]
    assert gone["BackupStatus"] == "DELETED"
    assert listed() == ["other1", "table0", "table1"]
    with refused("BackupNotFoundException", f"Backup not found: {arn}"):
        dynamodb.describe_backup(BackupArn=arn)


@pytest.mark.parametrize("operation", ["describe_backup", "delete_backup"])
def test_backups_that_are_not_there(dynamodb: Any, refused: Refused, operation: str) -> None:
    with refused("BackupNotFoundException", f"Backup not found: {ARN}"):
        getattr(dynamodb, operation)(BackupArn=ARN)
    with refused("ValidationException", "Invalid Backup ARN"):
        getattr(dynamodb, operation)(BackupArn="x" * 40)


def test_what_cannot_be_backed_up_or_restored(dynamodb: Any, make: Make, refused: Refused) -> None:
    with refused("TableNotFoundException", "Table not found: table"):
        backup(dynamodb)
    make()
    arn = backup(dynamodb)
    with refused("TableAlreadyExistsException", "Table already exists: table"):
        restore(dynamodb, arn, "table")
    with refused("BackupNotFoundException", f"Backup not found: {ARN}"):
        restore(dynamodb, ARN)
