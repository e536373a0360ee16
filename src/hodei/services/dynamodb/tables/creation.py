"""What CreateTable refuses, in AWS's order and words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from hodei.services.dynamodb import errors
from hodei.services.dynamodb.schemas import (
    MOST_INCLUDED,
    Definition,
    check_defined,
    check_global_schema,
    check_key_schema,
    check_projection,
    check_throughput,
    check_used,
)
from hodei.services.dynamodb.values import invalid

MOST_LOCAL, MOST_GLOBAL = 5, 20
BOTH_UNITS = "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
NO_UNITS = "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"


def check_creation(
    *,
    schema: Sequence[Definition],
    attributes: Mapping[str, str],
    billing: str,
    throughput: Definition,
    local: Sequence[Definition] | None,
    global_: Sequence[Definition] | None,
) -> None:
    """Raises: ValidationException. `attributes` are AttributeDefinitions, name -> type."""
    check_billing(billing, throughput)
    check_throughput(throughput)
    for one in global_ or ():
        check_throughput(one.get("ProvisionedThroughput"), one["IndexName"])
    if local is None and global_ is None and len(attributes) < len(schema):
        raise errors.ValidationException("Invalid KeySchema: Some index key attribute have no definition")
    check_defined(schema, attributes)
    check_key_schema(schema)
    if local is not None:
        _check_local(schema, local, attributes)
    if global_ is not None:
        _check_global(global_, billing, attributes)
    indexes = [*(local or ()), *(global_ or ())]
    _check_names(indexes)
    if global_ and len(global_) > MOST_GLOBAL:
        raise invalid(f"GlobalSecondaryIndex count exceeds the per-table limit of {MOST_GLOBAL}")
    _check_included(indexes)
    check_used(schema, indexes, attributes)


def check_billing(billing: str, throughput: Definition) -> None:
    if billing == "PROVISIONED" and not throughput:
        raise invalid(BOTH_UNITS)
    if billing == "PAY_PER_REQUEST" and throughput:
        raise invalid(NO_UNITS)


def _check_local(schema: Sequence[Definition], indexes: Sequence[Definition], attributes: Mapping[str, str]) -> None:
    if not indexes:
        raise invalid("List of LocalSecondaryIndexes is empty")
    if len(schema) < 2:
        raise invalid(
            "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"
        )
    for index in indexes:
        name, keys = index["IndexName"], index["KeySchema"]
        check_defined(keys, attributes)
        check_key_schema(keys)
        if len(keys) < 2:
            raise invalid(f"Index KeySchema does not have a range key for index: {name}")
        table_hash, index_hash = schema[0]["AttributeName"], keys[0]["AttributeName"]
        if table_hash != index_hash:
            raise invalid(
                "Index KeySchema does not have the same leading hash key as table KeySchema for index: "
                f"{name}. index hash key: {index_hash}, table hash key: {table_hash}"
            )
        check_projection(index["Projection"])
    _check_names(indexes)
    if len(indexes) > MOST_LOCAL:
        raise invalid("Number of LocalSecondaryIndexes exceeds per-table limit of 5")


def _check_global(indexes: Sequence[Definition], billing: str, attributes: Mapping[str, str]) -> None:
    if not indexes:
        raise invalid("List of GlobalSecondaryIndexes is empty")
    for index in indexes:
        name, throughput = index["IndexName"], index.get("ProvisionedThroughput")
        check_defined(index["KeySchema"], attributes)
        check_global_schema(index["KeySchema"])
        check_projection(index["Projection"])
        if billing == "PROVISIONED" and not throughput:
            raise invalid(f"ProvisionedThroughput is not specified for index: {name}")
        if billing == "PAY_PER_REQUEST" and throughput:
            raise invalid(
                f"ProvisionedThroughput should not be specified for index: {name} when BillingMode is PAY_PER_REQUEST"
            )


def _check_names(indexes: Sequence[Definition]) -> None:
    counted = Counter(index["IndexName"] for index in indexes)
    if repeated := next((name for name, count in counted.items() if count > 1), None):
        raise invalid(f"Duplicate index name: {repeated}")


def _check_included(indexes: Sequence[Definition]) -> None:
    included = sum(len(index["Projection"].get("NonKeyAttributes", ())) for index in indexes)
    if included > MOST_INCLUDED:
        raise invalid(f"Number of projected attributes in all indexes exceeds the limit of {MOST_INCLUDED}")
