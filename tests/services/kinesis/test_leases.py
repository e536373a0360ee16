"""Workers that share a stream as the Kinesis Client Library's do: by leases in a DynamoDB table.

A worker takes, renews and checkpoints leases by conditional updates of their counter. A shard's children get leases when
it was read to its end, so the records of a key are read in order even while the stream is resharded.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud

from .conftest import Make

pytestmark = pytest.mark.feature("kinesis.kcl-kpl")
TABLE, END = "leases", "SHARD_END"
FAILOVER = 10.0  # seconds after which a lease that nobody renews is free


class Worker:
    """`seen` are (key, value) of the records that it has processed, shared by all workers of a test."""

    def __init__(self, cloud: Cloud, name: str, seen: list[tuple[str, int]]) -> None:
        self.cloud, self.name, self.seen = cloud, name, seen
        self.kinesis, self.leases = cloud.client("kinesis"), cloud.client("dynamodb")
        self.held: dict[str, dict[str, Any]] = {}  # shard -> its lease
        self.watched: dict[str, tuple[str, float]] = {}  # shard -> another's counter, and since when it is so

    def step(self) -> None:
        """What a worker does again and again."""
        self.sync()
        found = {
            item["leaseKey"]["S"]: item for item in self.leases.scan(TableName=TABLE, ConsistentRead=True)["Items"]
        }
        self.renew(found)
        self.take(found)
        for shard in list(self.held):
            self.process(shard)

    def sync(self) -> None:
        """Leases for shards whose parents were read, or of which nobody knows any more."""
        shards = self.kinesis.list_shards(StreamName="stream")["Shards"]
        known = {one["ShardId"] for one in shards}
        leases = self.leases.scan(TableName=TABLE, ConsistentRead=True)["Items"]
        ended = {item["leaseKey"]["S"] for item in leases if item["checkpoint"]["S"] == END}
        for shard in shards:
            parents = {shard.get("ParentShardId"), shard.get("AdjacentParentShardId")} & known
            if parents <= ended:
                item = {"leaseKey": {"S": shard["ShardId"]}, "checkpoint": {"S": "TRIM_HORIZON"}, "counter": {"N": "0"}}
                self.attempt(Item=item, ConditionExpression="attribute_not_exists(leaseKey)")

    def attempt(self, **put: Any) -> bool:
        try:
            self.leases.put_item(TableName=TABLE, **put)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ConditionalCheckFailedException"
            return False
        return True

    def update(self, lease: dict[str, Any], **changes: str) -> bool:
        """Change a lease that has not changed since; it is this worker's then."""
        counter = lease["counter"]["N"]
        new = {**lease, "owner": {"S": self.name}, "counter": {"N": str(int(counter) + 1)}}
        new |= {name: {"S": value} for name, value in changes.items()}
        names, values = {"#c": "counter"}, {":c": {"N": counter}}
        shard = lease["leaseKey"]["S"]
        if not self.attempt(
            Item=new, ConditionExpression="#c = :c", ExpressionAttributeNames=names, ExpressionAttributeValues=values
        ):
            self.held.pop(shard, None)
            return False
        self.held[shard] = new
        return True

    def renew(self, found: dict[str, Any]) -> None:
        for shard, lease in list(self.held.items()):
            if found[shard].get("owner") != {"S": self.name}:
                del self.held[shard]
            else:
                self.update(lease)

    def take(self, found: dict[str, Any]) -> None:
        """Free leases; and one of who has more than his part."""
        live = {shard: lease for shard, lease in found.items() if lease["checkpoint"]["S"] != END}
        free = [lease for shard, lease in live.items() if self.free(shard, lease)]
        busy = [lease["owner"]["S"] for lease in live.values() if lease not in free]
        fair = -(-len(live) // len({self.name, *busy}))
        for lease in free[: max(0, fair - len(self.held))]:
            self.update(lease)
        if not free and len(self.held) < fair:
            most = max(set(busy), key=busy.count)
            if busy.count(most) > fair and most != self.name:
                self.update(next(lease for lease in live.values() if lease["owner"]["S"] == most))

    def free(self, shard: str, lease: dict[str, Any]) -> bool:
        now, counter = self.cloud.clock.now().timestamp(), lease["counter"]["N"]
        if "owner" not in lease:
            return True
        if lease["owner"]["S"] == self.name or self.watched.get(shard, ("",))[0] != counter:
            self.watched[shard] = (counter, now)
            return False
        return now > self.watched[shard][1] + FAILOVER

    def process(self, shard: str) -> None:
        """Some records, and then their checkpoint: nobody else may have taken the lease meanwhile."""
        lease = self.held[shard]
        checkpoint = lease["checkpoint"]["S"]
        place = {"ShardIteratorType": "TRIM_HORIZON"}
        if checkpoint != "TRIM_HORIZON":
            place = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": checkpoint}
        iterator = self.kinesis.get_shard_iterator(StreamName="stream", ShardId=shard, **place)["ShardIterator"]
        page = self.kinesis.get_records(ShardIterator=iterator, Limit=7)
        records = page["Records"]
        reached = records[-1]["SequenceNumber"] if records else checkpoint
        ended = "NextShardIterator" not in page
        if (records or ended) and self.update(lease, checkpoint=END if ended else reached):
            self.seen += [(record["PartitionKey"], int(record["Data"])) for record in records]
            if ended:
                assert page["ChildShards"]
                del self.held[shard]


def lease_table(cloud: Cloud) -> None:
    cloud.client("dynamodb").create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "leaseKey", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "leaseKey", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )


def test_workers_share_rebalance_take_over_and_follow_reshards(cloud: Cloud, make: Make, kinesis: Any) -> None:
    lease_table(cloud)
    stream = make(shards=4)
    keys = [f"key{number}" for number in range(12)]
    seen: list[tuple[str, int]] = []
    written = 0

    def write(turns: int) -> None:
        nonlocal written
        for _ in range(turns):
            stream.put_many(*((str(written), key) for key in keys))
            written += 1

    def step(*workers: Worker, times: int) -> None:
        for _ in range(times):
            for worker in workers:
                worker.step()
            cloud.clock.advance(seconds=1)

    def scale(count: int) -> None:
        kinesis.update_shard_count(StreamName="stream", TargetShardCount=count, ScalingType="UNIFORM_SCALING")

    one, two = Worker(cloud, "one", seen), Worker(cloud, "two", seen)
    write(3)
    step(one, times=1)
    assert len(one.held) == 4
    step(one, two, times=6)
    assert (len(one.held), len(two.held)) == (2, 2)  # rebalanced
    write(3)
    scale(7)
    write(3)
    step(one, two, times=12)
    assert len(one.held) + len(two.held) == 7
    scale(4)
    write(3)
    step(one, times=30)  # the other one has died
    three = Worker(cloud, "three", seen)
    step(one, three, times=20)
    assert sorted((len(one.held), len(three.held))) == [2, 2]
    for key in keys:
        assert [value for name, value in seen if name == key] == list(range(written))
