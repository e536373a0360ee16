"""Tables: made, described, listed, deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Unpack

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.protocol.validate import Violation, aggregated_message
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.encryption.specification import encrypted
from hodei.services.dynamodb.find import described, place_of
from hodei.services.dynamodb.replication import groups
from hodei.services.dynamodb.schemas import attributes_of, index_of, key_of, throughput_of
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.settings.policies import put_policy
from hodei.services.dynamodb.settings.tagging import tag
from hodei.services.dynamodb.state import Table, tables
from hodei.services.dynamodb.tables import lifecycle
from hodei.services.dynamodb.tables.creation import check_creation
from hodei.services.dynamodb.tables.describe import describe, table_arn
from hodei.services.dynamodb.tables.refused import RefusedOfNew, refuse
from hodei.services.dynamodb.tables.streams import check_stream, stream_changed
from hodei.services.dynamodb.tables.updates import check_changeable

EMPTY: Mapping[str, Any] = {}
MOST_LISTED = 100
NULL = "Member must not be null"


@dynamodb.operation("CreateTable")
def create_table(
    ctx: Context,
    *,
    TableName: str,
    AttributeDefinitions: Sequence[Mapping[str, Any]] | None = None,
    KeySchema: Sequence[Mapping[str, Any]] | None = None,
    LocalSecondaryIndexes: Sequence[Mapping[str, Any]] | None = None,
    GlobalSecondaryIndexes: Sequence[Mapping[str, Any]] | None = None,
    BillingMode: str = "PROVISIONED",
    ProvisionedThroughput: Mapping[str, int] = EMPTY,
    StreamSpecification: Mapping[str, Any] | None = None,
    SSESpecification: Mapping[str, Any] = EMPTY,
    Tags: Sequence[Mapping[str, str]] = (),
    TableClass: str = "",
    DeletionProtectionEnabled: bool = False,
    WarmThroughput: Mapping[str, int] = EMPTY,
    ResourcePolicy: str = "",
    OnDemandThroughput: Mapping[str, int] = EMPTY,
    **refused: Unpack[RefusedOfNew],
) -> dict[str, Any]:
    """The answer says CREATING; the table is there with the next call, or when AWS's would be (setting `lifecycle`)."""
    refuse(refused)
    where, name = place_of(ctx, TableName)
    if AttributeDefinitions is None or KeySchema is None:
        raise _missing(attributeDefinitions=AttributeDefinitions, keySchema=KeySchema)
    attributes = attributes_of(AttributeDefinitions)
    check_creation(
        schema=KeySchema,
        attributes=attributes,
        billing=BillingMode,
        throughput=ProvisionedThroughput,
        local=LocalSecondaryIndexes,
        global_=GlobalSecondaryIndexes,
    )
    if StreamSpecification:
        check_stream(StreamSpecification)
    check_free(where, name)
    now = ctx.now
    table = Table(
        name=name,
        id=ctx.ids.uuid(),
        created=now,
        status="CREATING",
        key=key_of(KeySchema, attributes),
        attributes=attributes,
        indexes=(
            *(index_of(one, attributes, local=True, status="ACTIVE") for one in LocalSecondaryIndexes or ()),
            *(index_of(one, attributes, local=False, status="CREATING") for one in GlobalSecondaryIndexes or ()),
        ),
        billing=BillingMode,
        billing_changed=now if BillingMode == "PAY_PER_REQUEST" else 0.0,
        throughput=throughput_of(ProvisionedThroughput),
        on_demand=dict(OnDemandThroughput),
        warm=dict(WarmThroughput),
        table_class=TableClass,
        protected=DeletionProtectionEnabled,
        guarded=bool(ResourcePolicy),
    )
    table = encrypted(where, table, SSESpecification)
    if StreamSpecification and StreamSpecification["StreamEnabled"]:
        table = stream_changed(where, table, StreamSpecification)
    if Tags:
        tag(where, table_arn(where, table), Tags)
    if ResourcePolicy:
        put_policy(where, table_arn(where, table), ResourcePolicy)
    return {"TableDescription": lifecycle.begin(where, table)}


@dynamodb.operation("DescribeTable")
def describe_table(ctx: Context, *, TableName: str) -> dict[str, Any]:
    return {"Table": describe(*described(ctx, TableName))}


@dynamodb.operation("ListTables")
def list_tables(ctx: Context, *, ExclusiveStartTableName: str = "", Limit: int = MOST_LISTED) -> dict[str, Any]:
    """In the order of names."""
    after = (ExclusiveStartTableName,) if ExclusiveStartTableName else None
    names = [name for (name,) in islice(tables.keys(ctx, after=after), Limit + 1)]
    if len(names) <= Limit:
        return {"TableNames": names}
    return {"TableNames": names[:Limit], "LastEvaluatedTableName": names[Limit - 1]}


@dynamodb.operation("DeleteTable")
def delete_table(ctx: Context, *, TableName: str) -> dict[str, Any]:
    where, table = described(ctx, TableName)
    groups.check_deletable(where, table)
    if table.status == "DELETING":
        return {"TableDescription": describe(where, table)}
    check_changeable(table)
    if table.rekeying:
        raise errors.ResourceInUseException(
            f"Attempt to change a resource which is still in use: Table: {table.name} is in the process of being "
            "updated."
        )
    if table.copying:
        raise errors.ResourceInUseException(
            f"Attempt to change a resource which is still in use: Table is being backed up: {table.name}"
        )
    return {"TableDescription": lifecycle.begin(where, msgspec.structs.replace(table, status="DELETING"))}


def _missing(**members: Any) -> AwsError:
    """The model no longer requires what only replicas of another account's table do without."""
    missing = [Violation(name, "required", "null", NULL) for name, value in members.items() if value is None]
    return errors.ValidationException(aggregated_message(missing))


def check_free(ctx: Context, name: str) -> None:
    """That there may be another table, of that name. Raises: ResourceInUseException, LimitExceededException."""
    if tables.get(ctx, name):
        raise errors.ResourceInUseException(f"Table already exists: {name}")
    most = int(ctx.quota("tables"))
    if tables.count(ctx) >= most:
        raise errors.LimitExceededException(
            f"Subscriber limit exceeded: There is a limit of {most} tables per subscriber"
        )
