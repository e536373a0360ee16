"""DescribeTableReplicaAutoScaling. There is no auto scaling yet that replicas could tell of, only themselves."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.services.dynamodb.find import described
from hodei.services.dynamodb.replication import groups
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Table


@dynamodb.operation("DescribeTableReplicaAutoScaling")
def describe_table_replica_auto_scaling(ctx: Context, *, TableName: str) -> dict[str, Any]:
    """Here the region that is asked is one of the replicas."""
    where, table = described(ctx, TableName)
    found: dict[str, Any] = {"TableName": table.name, "TableStatus": table.status}
    if table.replicas:
        replicas = [(where, table), *groups.members(where, table)]
        found["Replicas"] = [_replica(there, one) for there, one in replicas]
    return {"TableAutoScalingDescription": found}


def _replica(ctx: Context, table: Table) -> dict[str, Any]:
    indexes = [{"IndexName": index.name, "IndexStatus": index.status} for index in table.indexes if not index.local]
    return {"RegionName": ctx.region, "GlobalSecondaryIndexes": indexes, "ReplicaStatus": table.status}
