"""What real AWS answered: our answers have the same members, values, codes and words."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from hodei.testing import Cloud

FOLDER = Path(os.environ.get("HODEI_RECORDED", Path(__file__).parents[4] / "shared" / "recorded"))
PATH = FOLDER / "kinesis.json"
RECORDED: dict[str, Any] = json.loads(PATH.read_text()) if PATH.exists() else {}
ACCOUNT = "111111111111"
ARN = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/stream"

pytestmark = [
    pytest.mark.skipif(not RECORDED, reason="no recorded answers here"),
    pytest.mark.feature("kinesis.streams", "kinesis.consumers"),
]


def content(name: str) -> dict[str, Any]:
    (found,) = [test["content"] for id, test in RECORDED.items() if id.endswith(f"::{name}")]
    return dict(found)


@pytest.fixture
def kinesis(cloud: Cloud) -> Any:
    client = cloud.client("kinesis", account=ACCOUNT)
    client.create_stream(StreamName="stream", ShardCount=1)
    return client


def test_resource_policy_crud(kinesis: Any) -> None:
    recorded = content("test_resource_policy_crud")

    def policy() -> Any:
        return json.loads(kinesis.get_resource_policy(ResourceARN=ARN)["Policy"])

    def stated(name: str) -> dict[str, Any]:
        text = json.dumps(recorded[name]["Policy"]).replace("<partition>", "aws").replace("<region>", "us-east-1")
        return dict(json.loads(text.replace(":<stream-name>", ":stream/stream")))

    assert policy() == recorded["default_policy_if_not_set"]["Policy"]
    for name in ("get_resource_policy_after_set", "get_resource_policy_after_update"):
        kinesis.put_resource_policy(ResourceARN=ARN, Policy=json.dumps(stated(name)))
        assert policy() == stated(name)
    kinesis.delete_resource_policy(ResourceARN=ARN)
    assert policy() == recorded["get_resource_policy_after_delete"]["Policy"]


def test_subscribe_to_shard(kinesis: Any) -> None:
    (recorded,) = content("test_subscribe_to_shard")["Events"]
    consumer = kinesis.register_stream_consumer(StreamARN=ARN, ConsumerName="c")["Consumer"]["ConsumerARN"]
    answer = kinesis.subscribe_to_shard(
        ConsumerARN=consumer, ShardId="shardId-000000000000", StartingPosition={"Type": "LATEST"}
    )
    records = [{"Data": f"Hello world_{number}", "PartitionKey": "1"} for number in range(5)]
    kinesis.put_records(StreamName="stream", Records=records)
    events = (event["SubscribeToShardEvent"] for event in answer["EventStream"])
    event = next(event for event in events if event["Records"])
    assert event.keys() == recorded.keys()
    assert event["MillisBehindLatest"] == recorded["MillisBehindLatest"]
    for ours, theirs in zip(event["Records"], recorded["Records"], strict=True):
        assert ours.keys() == theirs.keys()
        assert str(ours["Data"]) == theirs["Data"]
        assert ours["PartitionKey"] == theirs["PartitionKey"]
    answer["EventStream"].close()
