"""TableDescription: a table as AWS writes it."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.services.dynamodb.state import Index, Key, Replica, Stats, Table, Throughput, backups, stats, tables
from hodei.services.dynamodb.tables.throughput import describe_throughput

INACCESSIBLE = "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
ON_DEMAND_WARM = {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000}


def table_arn(ctx: Context, table: Table) -> str:
    return ctx.arn(f"table/{table.name}")


def index_arn(ctx: Context, table: Table, index: Index) -> str:
    return f"{table_arn(ctx, table)}/index/{index.name}"


def stream_arn(ctx: Context, table: Table) -> str:
    """Of the latest stream."""
    return f"{table_arn(ctx, table)}/stream/{table.stream_label}"


def describe(ctx: Context, table: Table) -> dict[str, Any]:
    """The TableDescription. What does not apply is left out, as AWS does."""
    counted = stats.get(ctx, table.id, "") or Stats(table=table.id, index="")
    found: dict[str, Any] = {
        "TableName": table.name,
        "TableStatus": _status(table),
        "ProvisionedThroughput": describe_throughput(ctx, table.throughput),
        "TableSizeBytes": counted.size,
        "ItemCount": counted.count,
        "TableArn": table_arn(ctx, table),
        "TableId": table.id,
        "DeletionProtectionEnabled": table.protected,
    }
    return found if table.status == "DELETING" else found | _describe_living(ctx, table)


def _describe_living(ctx: Context, table: Table) -> dict[str, Any]:
    """What AWS no longer tells of a table that is being deleted."""
    found: dict[str, Any] = {
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in sorted(table.attributes.items())
        ],
        "KeySchema": key_schema(table.key),
        "CreationDateTime": table.created,
    }
    if table.billing_changed:
        found["BillingModeSummary"] = _billing(table)
    if table.on_demand:
        found["OnDemandThroughput"] = table.on_demand
    if warm := _warm(table.warm, table.throughput, table, table.status):
        found["WarmThroughput"] = warm
    if table.table_key or table.rekeying:
        found["SSEDescription"] = _encryption(table)
    if table.archived:
        found["ArchivalSummary"] = _archival(ctx, table)
    if table.table_class:
        found["TableClassSummary"] = {"TableClass": table.table_class}
        if table.class_changed:
            found["TableClassSummary"]["LastUpdateDateTime"] = table.class_changed
    if table.restored:
        found["RestoreSummary"] = table.restored
    _add_indexes(ctx, table, found)
    _add_stream(ctx, table, found)
    if table.replicas:
        found |= _global(ctx, table)
    return found


def _status(table: Table) -> str:
    return INACCESSIBLE if table.inaccessible and table.status == "ACTIVE" else table.status


def _encryption(table: Table) -> dict[str, Any]:
    found = {"Status": "UPDATING" if table.rekeying else "ENABLED", **table.sse}
    return {**found, "InaccessibleEncryptionDateTime": table.inaccessible} if table.inaccessible else found


def _archival(ctx: Context, table: Table) -> dict[str, Any]:
    backup = backups.get(ctx, table.name, table.archived)
    found = {"ArchivalReason": INACCESSIBLE, "ArchivalBackupArn": f"{table_arn(ctx, table)}/backup/{table.archived}"}
    return {**found, "ArchivalDateTime": backup.created} if backup else found


def key_schema(key: Key) -> list[dict[str, str]]:
    return [
        {"AttributeName": name, "KeyType": "HASH" if at < key.partitions else "RANGE"}
        for at, name in enumerate(key.names)
    ]


def _billing(table: Table) -> dict[str, Any]:
    if table.status == "CREATING":  # AWS tells the time only when the table is there
        return {"BillingMode": table.billing}
    return {"BillingMode": table.billing, "LastUpdateToPayPerRequestDateTime": table.billing_changed}


def _warm(given: dict[str, int], provisioned: Throughput, table: Table, status: str) -> dict[str, Any]:
    """While a table is being made AWS shows only what was asked for."""
    if status == "CREATING":
        return {**given, "Status": "UPDATING"} if given else {}
    least = (
        ON_DEMAND_WARM
        if table.billing == "PAY_PER_REQUEST"
        else {"ReadUnitsPerSecond": provisioned.read, "WriteUnitsPerSecond": provisioned.write}
    )
    return {**least, **given, "Status": "ACTIVE" if status == "ACTIVE" else "UPDATING"}


def _add_indexes(ctx: Context, table: Table, found: dict[str, Any]) -> None:
    for index in table.indexes:
        member = "LocalSecondaryIndexes" if index.local else "GlobalSecondaryIndexes"
        found.setdefault(member, []).append(_index(ctx, table, index))


def index_summary(index: Index) -> dict[str, Any]:
    """What an index is: its keys and its projection."""
    projection: dict[str, Any] = {"ProjectionType": index.projection}
    if index.included:
        projection["NonKeyAttributes"] = list(index.included)
    return {"IndexName": index.name, "KeySchema": key_schema(index.key), "Projection": projection}


def _index(ctx: Context, table: Table, index: Index) -> dict[str, Any]:
    counted = stats.get(ctx, table.id, index.name) or Stats(table=table.id, index=index.name)
    found = index_summary(index) | {
        "IndexSizeBytes": counted.size,
        "ItemCount": counted.count,
        "IndexArn": index_arn(ctx, table, index),
    }
    if index.local:
        return found
    found |= {"IndexStatus": index.status, "ProvisionedThroughput": describe_throughput(ctx, index.throughput)}
    if index.status == "CREATING" and table.status != "CREATING":
        found["Backfilling"] = index.backfilling
    if index.on_demand:
        found["OnDemandThroughput"] = index.on_demand
    if warm := _warm(index.warm, index.throughput, table, index.status):
        found["WarmThroughput"] = warm
    return found


def _add_stream(ctx: Context, table: Table, found: dict[str, Any]) -> None:
    if table.stream_view:
        found["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": table.stream_view}
    if table.stream_label:
        found["LatestStreamLabel"] = table.stream_label
        found["LatestStreamArn"] = stream_arn(ctx, table)


def _global(ctx: Context, table: Table) -> dict[str, Any]:
    """What makes it a global table. AWS does not count the region that is asked among the replicas."""
    if table.global_version != "2019.11.21":
        return {"GlobalTableVersion": table.global_version}
    return {
        "GlobalTableVersion": table.global_version,
        "MultiRegionConsistency": "EVENTUAL",
        "Replicas": [_replica(ctx, table, region, replica) for region, replica in sorted(table.replicas.items())],
    }


def _replica(ctx: Context, table: Table, region: str, replica: Replica) -> dict[str, Any]:
    found = {"RegionName": region, "ReplicaStatus": replica.status, **replica.overrides}
    if member := tables.get(ctx.at(region=region), table.name):
        if member.table_key:
            found["KMSMasterKeyId"] = member.sse["KMSMasterKeyArn"]
        if member.inaccessible and replica.status == "ACTIVE":
            found["ReplicaStatus"] = INACCESSIBLE
    if (table_class := found.pop("TableClassOverride", "")) != "":
        found["ReplicaTableClassSummary"] = {"TableClass": table_class}
    return found
