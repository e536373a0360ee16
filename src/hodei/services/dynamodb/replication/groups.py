"""Who belongs to a global table: members are added, changed and removed, and share what AWS has them share.

Each member's record of its table has all the other members.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.encryption import specification
from hodei.services.dynamodb.encryption.keys import MANAGED, table_keys
from hodei.services.dynamodb.replication import queue, scaling
from hodei.services.dynamodb.replication.state import global_tables
from hodei.services.dynamodb.state import Index, Replica, Table, tables
from hodei.services.dynamodb.streams import lifecycle as streams
from hodei.services.dynamodb.values import invalid

VERSION = "2019.11.21"
ACTIONS = ("Create", "Update", "Delete", "Disassociate")
IMAGES = "NEW_AND_OLD_IMAGES"
KEY = "KMSMasterKeyId"
KEY_MISSING = "KMSMasterKeyId must be specified for each replica."
DAY = 86400.0
REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")

replace = msgspec.structs.replace


def members(ctx: Context, table: Table) -> Iterator[tuple[Context, Table]]:
    """The other members, and where they are."""
    for region in table.replicas:
        there = ctx.at(region=region)
        if member := tables.get(there, table.name):
            yield there, member


def note(ctx: Context, table: Table, region: str, replica: Replica) -> Table:
    """Let all members but itself know how a member is; returns the table as it knows it, which is not stored."""
    for there, member in members(ctx, table):
        if there.region != region:
            tables.put(there, replace(member, replicas={**member.replicas, region: replica}))
    return replace(table, replicas={**table.replicas, region: replica})


def changed(ctx: Context, table: Table, updates: Sequence[Mapping[str, Any]], consistency: str = "") -> Table:
    """The table, which is to be stored, and the members, which are, on their way to what ReplicaUpdates want.

    Raises: ValidationException, NotImplemented.
    """
    if consistency == "STRONG":
        raise errors.NotImplementedParameter(parameter="MultiRegionConsistency STRONG")
    for update in updates:
        action, given = _action(update)
        if not REGION.fullmatch(given["RegionName"]):
            raise invalid(f"Invalid region: {given['RegionName']}")
        if given["RegionName"] == ctx.region:
            raise errors.ValidationException(
                "Cannot add, delete, or update the local region through ReplicaUpdates. "
                "Use CreateTable, DeleteTable, or UpdateTable as required."
            )
        match action:
            case "Create":
                table = _add(ctx, table, given)
            case "Update":
                table = _update(ctx, table, given)
            case "Delete":
                table = _remove(ctx, table, given["RegionName"])
            case _:
                raise errors.NotImplementedParameter(parameter="ReplicaUpdates.Disassociate")
    return table


def _action(update: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    given = [action for action in ACTIONS if action in update]
    if len(given) != 1:
        raise invalid("Exactly one of Create, Update, Delete or Disassociate must be specified in a ReplicaUpdate")
    return given[0], update[given[0]]


def _add(ctx: Context, table: Table, given: Mapping[str, Any]) -> Table:
    region = given["RegionName"]
    there = ctx.at(region=region)
    if region in table.replicas or tables.get(there, table.name):
        raise errors.ValidationException(
            f"Failed to create a the new replica of table with name: '{table.name}' because one or more replicas "
            "already existed as tables."
        )
    if table.billing != "PAY_PER_REQUEST" and not scaling.writes_scaled(ctx, table):
        raise errors.ValidationException("Table write capacity should either be Pay-Per-Request or AutoScaled.")
    if not table.stream_view:
        table = streams.begin(ctx, table, IMAGES)
    elif table.stream_view != IMAGES:
        raise invalid(f"The stream of a global table must have the view type {IMAGES}")
    overrides = {name: value for name, value in given.items() if name not in ("RegionName", KEY)}
    replica = Replica(status="CREATING", source=ctx.region, created=ctx.now, overrides=overrides)
    others = {**table.replicas, ctx.region: Replica(status="ACTIVE", created=table.created)}
    for elsewhere, member in members(ctx, table):
        queue.share(elsewhere, member, ctx.region, region)
    table = replace(note(ctx, table, region, replica), global_version=VERSION)
    _create(there, table, others, overrides, _key(ctx, table, given.get(KEY)))
    scaling.share(ctx, table, region)
    return table


def _key(ctx: Context, table: Table, given: str | None) -> str | None:
    """The KMS key of a new member, as `specification` names it: of the kind that the others have."""
    own = table_keys.get(ctx, table.table_key) if table.table_key else None
    if own and own.managed and given is None:
        return ""
    if own is None and given is None:
        return None
    if own is None or given is None:
        raise invalid(KEY_MISSING)
    if own.managed != given.endswith(MANAGED):
        raise invalid("All replica keys must either be Customer Managed CMK or AWS Managed CMK.")
    return given


def _create(
    ctx: Context, source: Table, others: dict[str, Replica], overrides: Mapping[str, Any], key: str | None
) -> None:
    """The table of a new member, CREATING."""
    replica = replace(
        source,
        id=ctx.ids.uuid(),
        created=ctx.now,
        status="CREATING",
        billing_changed=ctx.now,
        indexes=tuple(replace(one, status="ACTIVE" if one.local else "CREATING") for one in source.indexes),
        next_billing="",
        next_throughput=None,
        stream_label="",
        kinesis=(),
        class_changed=0.0,
        protected=False,
        sse={},
        table_key="",
        rekeying=False,
        rekeyed=(),
        inaccessible=0.0,
        ttl_id=ctx.ids.uuid() if source.ttl_id else "",
        pitr=0.0,
        pitr_days=35,
        copying=(),
        restored={},
        replicas=others,
    )
    replica = _overridden(replica, overrides)
    if key is not None:
        replica = specification.under(ctx, replica, key, replica=True)
    tables.put(ctx, streams.begin(ctx, replica, IMAGES))


def _overridden(replica: Table, overrides: Mapping[str, Any]) -> Table:
    """A member's table with the settings of its own."""
    read = overrides.get("ProvisionedThroughputOverride", {}).get("ReadCapacityUnits", replica.throughput.read)
    return replace(
        replica,
        throughput=replace(replica.throughput, read=read),
        on_demand={**replica.on_demand, **overrides.get("OnDemandThroughputOverride", {})},
        indexes=_overridden_indexes(replica, overrides.get("GlobalSecondaryIndexes", ())),
        table_class=overrides.get("TableClassOverride", replica.table_class),
    )


def _overridden_indexes(replica: Table, overrides: Sequence[Mapping[str, Any]]) -> tuple[Index, ...]:
    """Raises: ValidationException for an index that the table does not have."""
    own = {override["IndexName"]: override for override in overrides}
    names = {index.name for index in replica.indexes if not index.local}
    if unknown := next((name for name in own if name not in names), None):
        raise invalid(f"Replica global secondary index not found: {unknown}")

    def overridden(index: Index) -> Index:
        override = own.get(index.name, {})
        read = override.get("ProvisionedThroughputOverride", {}).get("ReadCapacityUnits", index.throughput.read)
        return replace(
            index,
            throughput=replace(index.throughput, read=read),
            on_demand={**index.on_demand, **override.get("OnDemandThroughputOverride", {})},
        )

    return tuple(overridden(index) for index in replica.indexes)


def _update(ctx: Context, table: Table, given: Mapping[str, Any]) -> Table:
    region = given["RegionName"]
    replica = _existing(table, region)
    if KEY in given:
        raise invalid(KEY_MISSING)
    overrides = {name: value for name, value in given.items() if name != "RegionName"}
    there = ctx.at(region=region)
    if member := tables.get(there, table.name):
        tables.put(there, _overridden(member, overrides))
    return note(ctx, table, region, replace(replica, status="UPDATING", overrides={**replica.overrides, **overrides}))


def _remove(ctx: Context, table: Table, region: str) -> Table:
    replica = _existing(table, region)
    there = ctx.at(region=region)
    if member := tables.get(there, table.name):
        check_deletable(there, member)
        tables.put(there, replace(member, status="DELETING"))
    return note(ctx, table, region, replace(replica, status="DELETING"))


def _existing(table: Table, region: str) -> Replica:
    if (replica := table.replicas.get(region)) is None:
        raise errors.ValidationException(
            "Replica specified in the Replica Update or Replica Delete action of the request was not found."
        )
    return replica


def check_deletable(ctx: Context, table: Table) -> None:
    """Raises: ValidationException for a table that is protected, or from which a replica was made within the day."""
    if table.protected:
        raise errors.ValidationException(
            "Resource cannot be deleted as it is currently protected against deletion. "
            "Disable deletion protection first."
        )
    if any(replica.source == ctx.region and ctx.now < replica.created + DAY for replica in table.replicas.values()):
        raise errors.ValidationException(
            "Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the "
            "table in the last 24 hours."
        )


def leave(ctx: Context, table: Table) -> None:
    """A member's table is gone: the others go on without it, the last one as a table of one region."""
    if not table.replicas:
        return
    queue.part(ctx, table)
    for there, member in members(ctx, table):
        left = {region: replica for region, replica in member.replicas.items() if region != ctx.region}
        tables.put(there, replace(member, replicas=left, global_version=member.global_version if left else ""))
        if not left:
            queue.forget(there, member.id)
    if older := global_tables.get(ctx, table.name):
        regions = tuple(region for region in older.regions if region != ctx.region)
        global_tables.put(ctx, replace(older, regions=regions))


def shared(table: Table) -> tuple[Any, ...]:
    """The settings that all members have in common and UpdateTable changes."""
    writes = table.on_demand.get("MaxWriteRequestUnits")
    return table.attributes, table.indexes, table.next_billing, table.next_throughput, table.warm, writes


def followed(ctx: Context, table: Table) -> Iterator[tuple[Context, Table, Table]]:
    """The other members as they are, and on their way to share the settings of a table that is UPDATING."""
    for there, member in members(ctx, table):
        writes = {name: value for name, value in table.on_demand.items() if name == "MaxWriteRequestUnits"}
        following = replace(
            member,
            status="UPDATING",
            attributes=table.attributes,
            indexes=tuple(_followed_index(index, member) for index in table.indexes),
            next_billing=table.next_billing,
            next_throughput=table.next_throughput,
            warm=table.warm,
            on_demand={**member.on_demand, **writes},
        )
        yield there, member, following


def _followed_index(index: Index, member: Table) -> Index:
    """An index as another member is to have it, which reads at its own pace."""
    if (own := member.index(index.name)) is None:
        return index
    reads = {name: value for name, value in own.on_demand.items() if name == "MaxReadRequestUnits"}
    return replace(
        index,
        throughput=replace(index.throughput, read=own.throughput.read),
        on_demand={**index.on_demand, **reads},
    )


def settle(ctx: Context, name: str, region: str) -> None:
    """A member is ACTIVE, and all others know."""
    if (table := tables.get(ctx, name)) and (replica := table.replicas.get(region)):
        tables.put(ctx, note(ctx, table, region, replace(replica, status="ACTIVE")))
