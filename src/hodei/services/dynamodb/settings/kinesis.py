"""Kinesis data streams that a table's changes go to: switched on and off. See `streams.destinations`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from hodei.kernel.arns import partition_of
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.find import described
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Destination, Table, destinations, tables

EMPTY: Mapping[str, str] = {}
MOST = 2  # active ones of a table
PRECISION = "ApproximateCreationDateTimePrecision"


@dynamodb.operation("EnableKinesisStreamingDestination")
def enable_kinesis_streaming_destination(
    ctx: Context,
    *,
    TableName: str,
    StreamArn: str,
    EnableKinesisStreamingConfiguration: Mapping[str, str] = EMPTY,
) -> dict[str, Any]:
    where, table = described(ctx, TableName)
    found = destinations.get(where, table.id, StreamArn)
    if found and found.status == "ACTIVE":
        raise _invalid_state(
            "KinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation."
        )
    if sum(one.status == "ACTIVE" for one in destinations.scan(where, table.id)) >= MOST:
        raise errors.LimitExceededException(
            f"Table already has the maximum number of {MOST} Kinesis streaming destinations"
        )
    precision = EnableKinesisStreamingConfiguration.get(PRECISION, "")
    status = "ACTIVE" if _is_there(where, StreamArn) else "ENABLE_FAILED"
    destinations.put(where, Destination(table=table.id, stream=StreamArn, status=status, precision=precision))
    _follow(where, table)
    configuration = {PRECISION: precision} if precision else {}
    return _answer(table, StreamArn, "ENABLING") | {"EnableKinesisStreamingConfiguration": configuration}


@dynamodb.operation("DisableKinesisStreamingDestination")
def disable_kinesis_streaming_destination(ctx: Context, *, TableName: str, StreamArn: str) -> dict[str, Any]:
    where, table = described(ctx, TableName)
    found = destinations.get(where, table.id, StreamArn)
    if found is None or found.status != "ACTIVE":
        raise _invalid_state("KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.")
    destinations.put(where, msgspec.structs.replace(found, status="DISABLED"))
    _follow(where, table)
    return _answer(table, StreamArn, "DISABLING")


@dynamodb.operation("UpdateKinesisStreamingDestination")
def update_kinesis_streaming_destination(
    ctx: Context,
    *,
    TableName: str,
    StreamArn: str,
    UpdateKinesisStreamingConfiguration: Mapping[str, str] = EMPTY,
) -> dict[str, Any]:
    where, table = described(ctx, TableName)
    if not UpdateKinesisStreamingConfiguration:
        raise errors.ValidationException(
            "Streaming destination cannot be updated with given parameters: "
            "UpdateKinesisStreamingConfiguration cannot be null or contain only null values"
        )
    precision = UpdateKinesisStreamingConfiguration[PRECISION]
    found = destinations.get(where, table.id, StreamArn)
    if found is None or found.status != "ACTIVE":
        raise _invalid_state(
            f"No streaming destination with streamArn: {StreamArn} found for table with tableName: {table.name}"
        )
    if precision == found.precision:
        raise errors.ValidationException(
            f"Invalid Request: Precision is already set to the desired value of {precision} "
            f"for tableId: {table.id}, kdsArn: {StreamArn}"
        )
    destinations.put(where, msgspec.structs.replace(found, precision=precision))
    configuration = {"UpdateKinesisStreamingConfiguration": {PRECISION: precision}}
    return _answer(table, StreamArn, "UPDATING") | configuration


@dynamodb.operation("DescribeKinesisStreamingDestination")
def describe_kinesis_streaming_destination(ctx: Context, *, TableName: str) -> dict[str, Any]:
    where, table = described(ctx, TableName)
    found = [_describe(one) for one in destinations.scan(where, table.id)]
    return {"TableName": table.name, "KinesisDataStreamDestinations": found}


def _is_there(where: Context, arn: str) -> bool:
    """Whether a stream of this account and region has the ARN."""
    import hodei.services.kinesis.api as kinesis  # loaded where a table has such a destination

    if not arn.startswith(f"arn:{partition_of(where.region)}:kinesis:{where.region}:{where.account}:stream/"):
        return False
    try:
        kinesis.open_stream(where, arn)
    except AwsError:
        return False
    return True


def _follow(where: Context, table: Table) -> None:
    """Let the changes of a table go to what is active now."""
    active = tuple(one.stream for one in destinations.scan(where, table.id) if one.status == "ACTIVE")
    tables.put(where, msgspec.structs.replace(table, kinesis=active))


def _describe(destination: Destination) -> dict[str, str]:
    found = {"StreamArn": destination.stream, "DestinationStatus": destination.status}
    if destination.status == "ENABLE_FAILED":
        found["DestinationStatusDescription"] = f"The stream {destination.stream} was not found."
    return {**found, PRECISION: destination.precision} if destination.precision else found


def _answer(table: Table, stream: str, status: str) -> dict[str, Any]:
    return {"TableName": table.name, "StreamArn": stream, "DestinationStatus": status}


def _invalid_state(reason: str) -> AwsError:
    return errors.ValidationException(
        f"Table is not in a valid state to enable Kinesis Streaming Destination: {reason}"
    )
