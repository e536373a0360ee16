"""CBOR as the Java SDKs speak it to Kinesis."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest

from hodei.protocol.eventstream import parse_frame
from hodei.protocol.http import Body, Headers, Request
from hodei.testing import Cloud

from .conftest import ACCOUNT, Make

pytestmark = pytest.mark.feature("kinesis.streams")
MEDIA = "application/x-amz-cbor-1.1"


def call(cloud: Cloud, operation: str, body: bytes | dict[str, Any]) -> tuple[int, str, bytes]:
    headers = Headers(
        [
            ("Host", "localhost:4566"),
            ("X-Amz-Target", f"Kinesis_20131202.{operation}"),
            ("Content-Type", MEDIA),
            ("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/kinesis/aws4_request, Signature=0"),
        ]
    )
    data = body if isinstance(body, bytes) else cbor2.dumps(body)
    response = cloud.send(Request("POST", "/", headers, Body(data)))
    assert isinstance(response.body, bytes)
    return response.status, dict(response.headers)["Content-Type"], response.body


def answered(cloud: Cloud, operation: str, **params: Any) -> dict[str, Any]:
    status, media, body = call(cloud, operation, params)
    assert (status, media) == (200, MEDIA), body
    return dict(cbor2.loads(body, semantic_decoders={1: lambda value, immutable: ("millis", value)}))


def test_records(cloud: Cloud, make: Make) -> None:
    make()
    put = answered(cloud, "PutRecord", StreamName="stream", Data=b"\x00\xff", PartitionKey="k")
    assert put["ShardId"] == "shardId-000000000000"
    answered(cloud, "PutRecords", StreamName="stream", Records=[{"Data": b"two", "PartitionKey": "k"}])
    millis = int(cloud.clock.now().timestamp() * 1000) - 60_000
    place = {"ShardId": put["ShardId"], "ShardIteratorType": "AT_TIMESTAMP", "Timestamp": cbor2.CBORTag(1, millis)}
    iterator = answered(cloud, "GetShardIterator", StreamName="stream", **place)["ShardIterator"]
    first, second = answered(cloud, "GetRecords", ShardIterator=iterator)["Records"]
    assert (first["Data"], second["Data"]) == (b"\x00\xff", b"two")
    kind, arrived = first["ApproximateArrivalTimestamp"]
    assert kind == "millis"
    assert millis < arrived <= millis + 120_000


def test_times_and_what_has_no_answer(cloud: Cloud) -> None:
    status, media, body = call(cloud, "CreateStream", {"StreamName": "stream", "ShardCount": 1})
    assert (status, media, body) == (200, MEDIA, b"")
    described = answered(cloud, "DescribeStreamSummary", StreamName="stream")["StreamDescriptionSummary"]
    kind, created = described["StreamCreationTimestamp"]
    assert kind == "millis"
    assert abs(created - cloud.clock.now().timestamp() * 1000) < 60_000


def test_errors_as_recorded(cloud: Cloud) -> None:
    status, media, body = call(cloud, "DescribeStream", {"StreamName": "wrong-stream-name"})
    assert (status, media) == (400, MEDIA)
    assert cbor2.loads(body) == {
        "__type": "ResourceNotFoundException",
        "message": f"Stream wrong-stream-name under account {ACCOUNT} not found.",
    }


@pytest.mark.parametrize("body", [b"\xff", b"\x5f", b"{}", cbor2.dumps([1]), cbor2.dumps({"StreamName": 3})])
def test_what_is_no_cbor_of_the_operation(cloud: Cloud, body: bytes) -> None:
    status, media, answer = call(cloud, "DescribeStream", body)
    assert (status, media) == (400, MEDIA)
    assert "__type" in cbor2.loads(answer)


def test_events(cloud: Cloud, make: Make, kinesis: Any) -> None:
    stream = make()
    arn = kinesis.register_stream_consumer(StreamARN=stream.arn, ConsumerName="c")["Consumer"]["ConsumerARN"]
    stream.put("pushed")
    kinesis.split_shard(StreamName="stream", ShardToSplit="shardId-000000000000", NewStartingHashKey="1000")
    body = {
        "ConsumerARN": arn,
        "ShardId": "shardId-000000000000",
        "StartingPosition": {"Type": "TRIM_HORIZON"},
    }
    status, media, data = call(cloud, "SubscribeToShard", body)
    assert (status, media) == (200, "application/vnd.amazon.eventstream")
    frames = []
    while data:
        size = int.from_bytes(data[:4])
        frames.append(parse_frame(data[:size]))
        data = data[size:]
    (first, _), (headers, payload) = frames
    assert first[":event-type"] == "initial-response"
    assert headers[":event-type"] == "SubscribeToShardEvent"
    event = cbor2.loads(payload, semantic_decoders={1: lambda value, immutable: value})
    assert event["Records"][0]["Data"] == b"pushed"
    assert len(event["ChildShards"]) == 2
