"""Point-in-time recovery: tables restored to earlier moments, and what a deleted table leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import attributes, index

pytestmark = pytest.mark.feature("dynamodb.pitr")

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]


def switch(dynamodb: Any, enabled: bool = True) -> None:
    dynamodb.update_continuous_backups(
        TableName="table", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled}
    )


def put(dynamodb: Any, key: str, value: str) -> None:
    dynamodb.put_item(TableName="table", Item={"pk": {"S": key}, "value": {"S": value}})


def delete(dynamodb: Any, key: str) -> None:
    dynamodb.delete_item(TableName="table", Key={"pk": {"S": key}})


def fill(dynamodb: Any, count: int, value: str, step: int = 1) -> None:
    numbers = list(range(0, count, step))
    for start in range(0, len(numbers), 25):
        items = [{"pk": {"S": f"{number:04}"}, "value": {"S": value}} for number in numbers[start : start + 25]]
        dynamodb.batch_write_item(RequestItems={"table": [{"PutRequest": {"Item": item}} for item in items]})


def contents(dynamodb: Any, table: str) -> dict[str, str]:
    pages = dynamodb.get_paginator("scan").paginate(TableName=table)
    return {item["pk"]["S"]: item["value"]["S"] for page in pages for item in page["Items"]}


def restore(dynamodb: Any, name: str, at: datetime | None = None, **more: Any) -> dict[str, Any]:
    when: dict[str, Any] = {"RestoreDateTime": at} if at else {"UseLatestRestorableTime": True}
    params = {"SourceTableName": "table", "TargetTableName": name, **when, **more}
    return dict(dynamodb.restore_table_to_point_in_time(**params)["TableDescription"])


def test_every_moment_can_be_restored(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    make(AttributeDefinitions=attributes(pk="S", value="S"), GlobalSecondaryIndexes=[index("gsi", "value")])
    put(dynamodb, "a", "before")
    switch(dynamodb)
    cloud.clock.advance(seconds=2)
    moments: list[tuple[datetime, dict[str, str]]] = []

    def note() -> None:
        cloud.clock.advance(seconds=2)
        moments.append((cloud.clock.now(), contents(dynamodb, "table")))
        cloud.clock.advance(seconds=2)

    note()
    put(dynamodb, "a", "one")
    put(dynamodb, "b", "one")
    note()
    put(dynamodb, "a", "two")
    put(dynamodb, "a", "three")
    delete(dynamodb, "b")
    note()
    put(dynamodb, "b", "again")
    put(dynamodb, "c", "one")
    delete(dynamodb, "a")
    note()
    delete(dynamodb, "c")
    cloud.clock.advance(minutes=10)
    assert len({str(state) for _, state in moments}) == 4
    for number, (at, state) in enumerate(moments):
        made = restore(dynamodb, f"restored{number}", at)
        assert (made["TableStatus"], made["RestoreSummary"]["RestoreInProgress"]) == ("CREATING", True)
        table = dynamodb.describe_table(TableName=f"restored{number}")["Table"]
        assert (table["TableStatus"], table["ItemCount"]) == ("ACTIVE", len(state))
        assert table["RestoreSummary"]["RestoreInProgress"] is False
        assert "SourceBackupArn" not in table["RestoreSummary"]
        assert contents(dynamodb, f"restored{number}") == state
        assert dynamodb.scan(TableName=f"restored{number}", IndexName="gsi")["Count"] == len(state)
    restore(dynamodb, "latest")
    assert contents(dynamodb, "latest") == {"b": "again"}
    assert dynamodb.list_backups(BackupType="ALL")["BackupSummaries"] == []


def test_a_big_table_is_restored_while_it_changes(cloud: Cloud, dynamodb: Any, make: Make, refused: Refused) -> None:
    """More past than one batch takes in, more items than one batch copies, changes meanwhile, recovery switched off."""
    make()
    fill(dynamodb, 2500, "old")
    switch(dynamodb)
    cloud.clock.advance(seconds=2)
    at = cloud.clock.now()
    cloud.clock.advance(seconds=2)
    fill(dynamodb, 2500, "new", step=2)
    cloud.clock.advance(minutes=10)
    cloud.clock.freeze()
    cloud.set("dynamodb", "lifecycle", "aws")
    restore(dynamodb, "restored", at)
    fill(dynamodb, 2600, "newer", step=3)
    switch(dynamodb, False)
    delete(dynamodb, "0001")
    cloud.clock.advance(seconds=1)
    fill(dynamodb, 2600, "newest", step=5)
    cloud.clock.advance(hours=1)
    assert contents(dynamodb, "restored") == {f"{number:04}": "old" for number in range(2500)}
    assert dynamodb.describe_table(TableName="restored")["Table"]["TableStatus"] == "ACTIVE"


def test_what_cannot_be_restored(cloud: Cloud, dynamodb: Any, make: Make, refused: Refused) -> None:
    with refused("TableNotFoundException", "Table not found: table"):
        restore(dynamodb, "restored")
    make()
    with refused("PointInTimeRecoveryUnavailableException", "Point in time recovery is not enabled for table 'table'"):
        restore(dynamodb, "restored")
    switch(dynamodb)
    cloud.clock.advance(hours=1)
    for at in (cloud.clock.now(), cloud.clock.now() - timedelta(hours=2)):
        with pytest.raises(dynamodb.exceptions.InvalidRestoreTimeException):
            restore(dynamodb, "restored", at)
    with refused("TableAlreadyExistsException", "Table already exists: table"):
        restore(dynamodb, "table")


def test_the_past_is_kept_for_the_recovery_period(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    make()
    switch(dynamodb)
    put(dynamodb, "a", "one")
    cloud.clock.advance(days=1)
    put(dynamodb, "a", "two")
    cloud.clock.advance(days=20)
    at = cloud.clock.now()
    cloud.clock.advance(days=10)
    put(dynamodb, "a", "three")
    cloud.clock.advance(days=10)
    restore(dynamodb, "restored", at)
    assert contents(dynamodb, "restored") == {"a": "two"}
    assert past(cloud) == 1
    switch(dynamodb, False)
    cloud.clock.advance(seconds=1)
    assert past(cloud) == 0


def past(cloud: Cloud) -> int:
    """How many rows of the past are kept."""
    from hodei.services.dynamodb.state import pasts

    return pasts.count(cloud.world.context("dynamodb", account="000000000000", region="us-east-1"))


def test_a_deleted_table_leaves_a_backup_for_35_days(cloud: Cloud, dynamodb: Any, make: Make) -> None:
    make()
    switch(dynamodb)
    put(dynamodb, "a", "kept")
    dynamodb.delete_table(TableName="table")
    cloud.clock.advance(days=34)
    (left,) = dynamodb.list_backups(BackupType="SYSTEM")["BackupSummaries"]
    assert left["BackupName"] == "table$DeletedTableBackup"
    assert left["BackupExpiryDateTime"] - left["BackupCreationDateTime"] == timedelta(days=35)
    assert dynamodb.list_backups()["BackupSummaries"] == []
    dynamodb.restore_table_from_backup(TargetTableName="table", BackupArn=left["BackupArn"])
    assert contents(dynamodb, "table") == {"a": "kept"}
    cloud.clock.advance(days=2)
    assert dynamodb.list_backups(BackupType="ALL")["BackupSummaries"] == []
    assert contents(dynamodb, "table") == {"a": "kept"}
