"""Records of streams as functions get them.

https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from hodei.engines.kpl import UserRecord, deaggregated
from hodei.services.lambda_.polling.streams.checkpoints import Position

Wire = Mapping[str, Any]


class Item(NamedTuple):
    """A record: its place, whose order is to be kept (`key`), when it was written, and its part of the event."""

    position: Position
    sequence: str
    key: bytes
    at: float
    json: msgspec.Raw
    facts: Wire  # what filters see; its payload is a text under "data"

    @property
    def after(self) -> Position:
        """The place that follows."""
        number, sub = self.position
        return number, sub + 1


def of_kinesis(number: int, record: Wire, shard: str, stream: str, role: str, region: str) -> Iterator[Item]:
    """Those in a record as GetRecords has it: of an aggregated one each that is in it."""
    data: bytes = record["Data"]
    users = deaggregated(data) or [UserRecord(record["PartitionKey"], data)]
    sequence, at = record["SequenceNumber"], record["ApproximateArrivalTimestamp"]
    for sub, user in enumerate(users):
        told = {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": user.partition_key,
            "sequenceNumber": sequence,
            "data": base64.b64encode(user.data).decode(),
            "approximateArrivalTimestamp": at,
        }
        around = {
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard}:{sequence}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": role,
            "awsRegion": region,
            "eventSourceARN": stream,
        }
        facts = {**around, **told, "data": user.data.decode(errors="replace")}
        json = msgspec.Raw(msgspec.json.encode({"kinesis": told, **around}))
        yield Item((number, sub), sequence, user.partition_key.encode(), at, json, facts)


def of_dynamodb(number: int, record: Wire, stream: str, at: float) -> Item:
    """As GetRecords of DynamoDB Streams has it, with the stream."""
    change, told = record["dynamodb"], {**record, "eventSourceARN": stream}
    key = msgspec.json.encode(change["Keys"], order="sorted")
    json = msgspec.Raw(msgspec.json.encode(told))
    return Item((number, 0), change["SequenceNumber"], key, at, json, told)
