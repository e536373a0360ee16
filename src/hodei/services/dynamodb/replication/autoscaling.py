"""Auto scaling of global tables: what Application Auto Scaling has in the replicas' regions, told and changed at once.

Writes are scaled alike in all replicas, reads in each by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hodei.kernel.context import Context
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.find import described
from hodei.services.dynamodb.replication import groups
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Table
from hodei.services.dynamodb.values import invalid

Update = Mapping[str, Any]
SCALING = "application-autoscaling"
READ, WRITE = "Read", "Write"
NOTHING: Update = {}


class Scaled(NamedTuple):
    """Capacity of a table or (with its name) a global index, in the region of `ctx`."""

    ctx: Context
    table: str
    gsi: str
    kind: str

    @property
    def named(self) -> dict[str, str]:
        resource = f"table/{self.table}" + (f"/index/{self.gsi}" if self.gsi else "")
        what = "index" if self.gsi else "table"
        dimension = f"dynamodb:{what}:{self.kind}CapacityUnits"
        return {"ServiceNamespace": "dynamodb", "ResourceId": resource, "ScalableDimension": dimension}

    async def target(self) -> dict[str, Any] | None:
        named = self.named
        named["ResourceIds"] = [named.pop("ResourceId")]  # type: ignore[assignment]
        found = await self.ctx.call(SCALING, "DescribeScalableTargets", **named)
        return next(iter(found["ScalableTargets"]), None)

    async def policies(self) -> list[dict[str, Any]]:
        found = await self.ctx.call(SCALING, "DescribeScalingPolicies", **self.named)
        return list(found["ScalingPolicies"])


@dynamodb.operation("DescribeTableReplicaAutoScaling")
async def describe_table_replica_auto_scaling(ctx: Context, *, TableName: str) -> dict[str, Any]:
    """Here the region that is asked is one of the replicas."""
    where, table = described(ctx, TableName)
    return {"TableAutoScalingDescription": await _described(where, table)}


async def _described(ctx: Context, table: Table) -> dict[str, Any]:
    found: dict[str, Any] = {"TableName": table.name, "TableStatus": table.status}
    if table.replicas:
        found["Replicas"] = [await _replica(there, one) for there, one in _members(ctx, table)]
    return found


def _members(ctx: Context, table: Table) -> list[tuple[Context, Table]]:
    return [(ctx, table), *groups.members(ctx, table)]


async def _replica(ctx: Context, table: Table) -> dict[str, Any]:
    indexes = []
    for index in table.indexes:
        if not index.local:
            settings = await _both(ctx, table, index.name, "Provisioned")
            indexes.append({"IndexName": index.name, "IndexStatus": index.status, **settings})
    settings = await _both(ctx, table, "", "ReplicaProvisioned")
    return {"RegionName": ctx.region, "GlobalSecondaryIndexes": indexes, **settings, "ReplicaStatus": table.status}


async def _both(ctx: Context, table: Table, index: str, prefix: str) -> dict[str, Any]:
    """The settings of reads and writes, those that there are."""
    found = {}
    for kind in (READ, WRITE):
        scaled = Scaled(ctx, table.name, index, kind)
        if target := await scaled.target():
            found[f"{prefix}{kind}CapacityAutoScalingSettings"] = {
                "MinimumUnits": target["MinCapacity"],
                "MaximumUnits": target["MaxCapacity"],
                "AutoScalingDisabled": False,
                "AutoScalingRoleArn": target["RoleARN"],
                "ScalingPolicies": [_policy(one) for one in await scaled.policies()],
            }
    return found


def _policy(policy: Mapping[str, Any]) -> dict[str, Any]:
    configuration = policy["TargetTrackingScalingPolicyConfiguration"]
    names = ("DisableScaleIn", "ScaleInCooldown", "ScaleOutCooldown", "TargetValue")
    shown = {name: configuration[name] for name in names if name in configuration}
    return {"PolicyName": policy["PolicyName"], "TargetTrackingScalingPolicyConfiguration": shown}


@dynamodb.operation("UpdateTableReplicaAutoScaling")
async def update_table_replica_auto_scaling(
    ctx: Context,
    *,
    TableName: str,
    ProvisionedWriteCapacityAutoScalingUpdate: Update | None = None,
    GlobalSecondaryIndexUpdates: Sequence[Update] = (),
    ReplicaUpdates: Sequence[Update] = (),
) -> dict[str, Any]:
    """Raises: ResourceNotFoundException, ValidationException, what Application Auto Scaling refuses."""
    where, table = described(ctx, TableName)
    if not table.replicas:
        raise invalid(f"Table {table.name} is not a global table")
    members = {there.region: there for there, _ in _members(where, table)}
    _check(table, members, GlobalSecondaryIndexUpdates, ReplicaUpdates)
    for there in members.values():
        if ProvisionedWriteCapacityAutoScalingUpdate:
            await _change(Scaled(there, table.name, "", WRITE), ProvisionedWriteCapacityAutoScalingUpdate)
        for one in GlobalSecondaryIndexUpdates:
            update = one.get("ProvisionedWriteCapacityAutoScalingUpdate", NOTHING)
            await _change(Scaled(there, table.name, one["IndexName"], WRITE), update)
    for replica in ReplicaUpdates:
        for index, update in _reads(replica):
            await _change(Scaled(members[replica["RegionName"]], table.name, index, READ), update)
    return {"TableAutoScalingDescription": await _described(where, table)}


def _check(table: Table, members: Mapping[str, Context], indexes: Sequence[Update], replicas: Sequence[Update]) -> None:
    """Raises: ValidationException, ReplicaNotFoundException."""
    if table.billing != "PROVISIONED":
        raise invalid("Auto scaling cannot be configured for a table whose BillingMode is PAY_PER_REQUEST")
    if unknown := next((one["RegionName"] for one in replicas if one["RegionName"] not in members), None):
        raise errors.ReplicaNotFoundException(name=table.name, region=unknown)
    known = {index.name for index in table.indexes if not index.local}
    wanted = [one.get("IndexName", "") for one in indexes]
    wanted += [index for replica in replicas for index, _ in _reads(replica) if index]
    if missing := next((name for name in wanted if name not in known), None):
        raise errors.IndexNotFoundException(name=missing)


def _reads(replica: Update) -> Iterator[tuple[str, Update]]:
    """What is to change of a replica: by the name of an index, "" for the table."""
    if update := replica.get("ReplicaProvisionedReadCapacityAutoScalingUpdate"):
        yield "", update
    for one in replica.get("ReplicaGlobalSecondaryIndexUpdates", ()):
        yield one.get("IndexName", ""), one.get("ProvisionedReadCapacityAutoScalingUpdate", NOTHING)


async def _change(scaled: Scaled, update: Update) -> None:
    if update.get("AutoScalingDisabled"):
        if await scaled.target():
            await scaled.ctx.call(SCALING, "DeregisterScalableTarget", **scaled.named)
        return
    bounds = {"MinCapacity": update.get("MinimumUnits"), "MaxCapacity": update.get("MaximumUnits")}
    given = {name: value for name, value in bounds.items() if value is not None}
    if given:
        await scaled.ctx.call(SCALING, "RegisterScalableTarget", **scaled.named, **given)
    if policy := update.get("ScalingPolicyUpdate"):
        await _put_policy(scaled, policy)


async def _put_policy(scaled: Scaled, policy: Update) -> None:
    """Under its name, or that of the one which is there."""
    metric = f"DynamoDB{scaled.kind}CapacityUtilization"
    there = next((one["PolicyName"] for one in await scaled.policies()), f"{metric}:{scaled.named['ResourceId']}")
    tracked = {"PredefinedMetricSpecification": {"PredefinedMetricType": metric}}
    await scaled.ctx.call(
        SCALING,
        "PutScalingPolicy",
        **scaled.named,
        PolicyName=policy.get("PolicyName", there),
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={**policy["TargetTrackingScalingPolicyConfiguration"], **tracked},
    )
