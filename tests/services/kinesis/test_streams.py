"""Streams and their settings."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import ACCOUNT, ARN, Make, Refused

pytestmark = pytest.mark.feature("kinesis.streams")
TOP = 2**128 - 1


def test_a_stream_is_described(cloud: Cloud, make: Make, kinesis: Any) -> None:
    stream = make(shards=3, Tags={"a": "1"})
    described = kinesis.describe_stream(StreamName="stream")["StreamDescription"]
    created = described.pop("StreamCreationTimestamp")
    assert abs(cloud.clock.now() - created) < timedelta(seconds=5)
    shards = described.pop("Shards")
    assert described == {
        "StreamName": "stream",
        "StreamARN": stream.arn,
        "StreamStatus": "ACTIVE",
        "StreamModeDetails": {"StreamMode": "PROVISIONED"},
        "HasMoreShards": False,
        "RetentionPeriodHours": 24,
        "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
        "EncryptionType": "NONE",
    }
    assert [shard["ShardId"] for shard in shards] == [f"shardId-00000000000{number}" for number in range(3)]
    assert [shard["HashKeyRange"] for shard in shards] == [  # as in AWS's documentation
        {"StartingHashKey": "0", "EndingHashKey": "113427455640312821154458202477256070484"},
        {
            "StartingHashKey": "113427455640312821154458202477256070485",
            "EndingHashKey": "226854911280625642308916404954512140969",
        },
        {"StartingHashKey": "226854911280625642308916404954512140970", "EndingHashKey": str(TOP)},
    ]
    assert shards == stream.shards()
    summary = stream.summary()
    assert (summary["OpenShardCount"], summary["ConsumerCount"], summary["MaxRecordSizeInKiB"]) == (3, 0, 1024)


def test_names_are_taken_once(cloud: Cloud, make: Make, kinesis: Any, refused: Refused) -> None:
    make()
    with refused("ResourceInUseException", f"Stream stream under account {ACCOUNT} already exists."):
        make()
    elsewhere = cloud.client("kinesis", region_name="eu-west-1")
    elsewhere.create_stream(StreamName="stream", ShardCount=1)
    kinesis.delete_stream(StreamName="stream")
    with refused("ResourceNotFoundException", f"Stream stream under account {ACCOUNT} not found."):
        kinesis.describe_stream(StreamName="stream")
    make()
    assert elsewhere.list_streams()["StreamNames"] == ["stream"]


def test_what_cannot_be_made(make: Make, refused: Refused) -> None:
    with refused("ValidationException", "ShardCount"):
        make(shards=0)
    with refused("ValidationException", "failed to satisfy constraint"):
        make("no good name")
    with refused("ValidationException", "ShardCount"):
        make(shards=2, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    with refused("LimitExceededException", "This request would exceed the shard limit for the account"):
        make(shards=20_001)


def test_streams_are_listed(make: Make, kinesis: Any) -> None:
    names = [f"s{number}" for number in range(5)]
    for name in names:
        make(name)
    page = kinesis.list_streams(Limit=2)
    assert (page["StreamNames"], page["HasMoreStreams"]) == (["s0", "s1"], True)
    assert page["StreamSummaries"][0]["StreamARN"] == f"{ARN}s0"
    following = kinesis.list_streams(Limit=2, NextToken=page["NextToken"])
    assert following["StreamNames"] == ["s2", "s3"]
    last = kinesis.list_streams(ExclusiveStartStreamName="s3")
    assert (last["StreamNames"], last["HasMoreStreams"]) == (["s4"], False)
    pages = kinesis.get_paginator("list_streams").paginate(PaginationConfig={"PageSize": 2})
    assert [name for page in pages for name in page["StreamNames"]] == names


def test_describe_stream_pages_its_shards(make: Make, kinesis: Any) -> None:
    make(shards=5)
    page = kinesis.describe_stream(StreamName="stream", Limit=2)["StreamDescription"]
    assert (len(page["Shards"]), page["HasMoreShards"]) == (2, True)
    last = page["Shards"][-1]["ShardId"]
    rest = kinesis.describe_stream(StreamName="stream", ExclusiveStartShardId=last)["StreamDescription"]
    assert (len(rest["Shards"]), rest["HasMoreShards"]) == (3, False)


def test_limits(make: Make, kinesis: Any, cloud: Cloud, refused: Refused) -> None:
    make("a", 3)
    make("b", 0, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    limits = kinesis.describe_limits()
    limits.pop("ResponseMetadata")
    assert limits == {
        "ShardLimit": 20000,
        "OpenShardCount": 3,
        "OnDemandStreamCount": 1,
        "OnDemandStreamCountLimit": 50,
    }
    cloud.quota("kinesis", "on-demand-streams", 1)
    with refused("LimitExceededException"):
        make("c", 0, StreamModeDetails={"StreamMode": "ON_DEMAND"})


def test_at_awss_pace(cloud: Cloud, make: Make, kinesis: Any, refused: Refused) -> None:
    cloud.set("kinesis", "lifecycle", "aws")
    stream = make(shards=2)
    assert stream.summary()["StreamStatus"] == "CREATING"
    with refused("ResourceNotFoundException"):
        stream.put()
    for number in range(4):
        make(f"more{number}")
    with refused("LimitExceededException", "CREATING"):
        make("sixth")
    cloud.clock.advance(seconds=30)
    assert stream.summary()["StreamStatus"] == "ACTIVE"
    kinesis.split_shard(StreamName="stream", ShardToSplit="shardId-000000000000", NewStartingHashKey="1000")
    assert (stream.summary()["StreamStatus"], len(stream.shards())) == ("UPDATING", 2)
    with refused(
        "ResourceInUseException", f"Stream stream under account {ACCOUNT} not ACTIVE, instead in state UPDATING"
    ):
        kinesis.merge_shards(
            StreamName="stream", ShardToMerge="shardId-000000000000", AdjacentShardToMerge="shardId-000000000001"
        )
    stream.put("while it is UPDATING")
    cloud.clock.advance(seconds=30)
    assert (stream.summary()["StreamStatus"], len(stream.shards())) == ("ACTIVE", 4)
    kinesis.delete_stream(StreamName="stream")
    assert stream.summary()["StreamStatus"] == "DELETING"
    cloud.clock.advance(seconds=30)
    assert "stream" not in kinesis.list_streams()["StreamNames"]


def test_tags(make: Make, kinesis: Any, refused: Refused) -> None:
    stream = make(Tags={"a": "1"})
    kinesis.add_tags_to_stream(StreamName="stream", Tags={"b": "2", "c": "3"})
    kinesis.tag_resource(ResourceARN=stream.arn, Tags={"a": "4"})
    page = kinesis.list_tags_for_stream(StreamName="stream", Limit=2)
    assert page["Tags"] == [{"Key": "a", "Value": "4"}, {"Key": "b", "Value": "2"}]
    assert page["HasMoreTags"]
    rest = kinesis.list_tags_for_stream(StreamName="stream", ExclusiveStartTagKey="b")
    assert (rest["Tags"], rest["HasMoreTags"]) == ([{"Key": "c", "Value": "3"}], False)
    kinesis.remove_tags_from_stream(StreamName="stream", TagKeys=["a"])
    kinesis.untag_resource(ResourceARN=stream.arn, TagKeys=["b"])
    assert kinesis.list_tags_for_resource(ResourceARN=stream.arn)["Tags"] == [{"Key": "c", "Value": "3"}]
    with refused("InvalidArgumentException", "50"):
        kinesis.tag_resource(ResourceARN=stream.arn, Tags={str(number): "" for number in range(50)})
    kinesis.delete_stream(StreamName="stream")
    make()
    assert kinesis.list_tags_for_stream(StreamName="stream")["Tags"] == []


def test_enhanced_monitoring(cloud: Cloud, make: Make, kinesis: Any) -> None:
    stream = make()
    answer = kinesis.enable_enhanced_monitoring(StreamName="stream", ShardLevelMetrics=["IncomingBytes"])
    assert (answer["CurrentShardLevelMetrics"], answer["DesiredShardLevelMetrics"]) == ([], ["IncomingBytes"])
    answer = kinesis.enable_enhanced_monitoring(StreamName="stream", ShardLevelMetrics=["ALL"])
    assert (len(answer["CurrentShardLevelMetrics"]), len(answer["DesiredShardLevelMetrics"])) == (1, 7)
    stream.put("12345", "k")
    stream.read()
    kinesis.disable_enhanced_monitoring(StreamName="stream", ShardLevelMetrics=["ALL"])
    assert stream.summary()["EnhancedMonitoring"] == [{"ShardLevelMetrics": []}]
    assert total(cloud, "IncomingBytes", StreamName="stream") == 6
    assert total(cloud, "IncomingRecords", StreamName="stream") == 1
    assert total(cloud, "GetRecords.Records", StreamName="stream") == 1
    shard = {"StreamName": "stream", "ShardId": "shardId-000000000000"}
    assert total(cloud, "IncomingBytes", **shard) == 6
    assert total(cloud, "OutgoingRecords", **shard) == 1


def total(cloud: Cloud, name: str, **dimensions: str) -> float:
    """The sum of one of Kinesis' metrics."""
    now = cloud.clock.now()
    (point,) = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Kinesis",
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=7200,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(point["Sum"])


def test_modes(cloud: Cloud, make: Make, kinesis: Any, refused: Refused) -> None:
    stream = make()
    on_demand, provisioned = {"StreamMode": "ON_DEMAND"}, {"StreamMode": "PROVISIONED"}
    with refused("ValidationException"):
        kinesis.update_stream_mode(StreamARN=stream.arn, StreamModeDetails=provisioned)
    kinesis.update_stream_mode(StreamARN=stream.arn, StreamModeDetails=on_demand)
    assert stream.summary()["StreamModeDetails"] == on_demand
    assert stream.summary()["OpenShardCount"] == 1
    with refused("ValidationException", "On-Demand"):
        kinesis.update_shard_count(StreamName="stream", TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    kinesis.update_stream_mode(StreamARN=stream.arn, StreamModeDetails=provisioned)
    with refused("LimitExceededException", "2 times"):
        kinesis.update_stream_mode(StreamARN=stream.arn, StreamModeDetails=on_demand)
    cloud.clock.advance(days=1, seconds=1)
    kinesis.update_stream_mode(StreamARN=stream.arn, StreamModeDetails=on_demand)


@pytest.mark.feature("cloud.elastic")
def test_on_demand_streams_grow_with_their_traffic_and_shrink_a_month_later(cloud: Cloud, make: Make) -> None:
    stream = make(shards=0, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    assert stream.summary()["OpenShardCount"] == 4
    cloud.clock.freeze()
    data = bytes(2**20 - 10)
    for number in range(150):  # 2.5 MiB a second, over a minute
        stream.put(data, str(number % 60))
    cloud.clock.advance(minutes=1)
    assert stream.summary()["OpenShardCount"] == 5
    stream.put("small")
    cloud.clock.advance(days=29)
    assert stream.summary()["OpenShardCount"] == 5
    cloud.clock.advance(days=3)
    assert stream.summary()["OpenShardCount"] == 4
    assert len(stream.open()) == 4


def test_warm_throughput(cloud: Cloud, make: Make, kinesis: Any, refused: Refused) -> None:
    stream = make(shards=0, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    with refused("ValidationException", "MinimumThroughputBillingCommitment"):
        kinesis.update_stream_warm_throughput(StreamName="stream", WarmThroughputMiBps=8)
    assert kinesis.describe_account_settings()["MinimumThroughputBillingCommitment"] == {"Status": "DISABLED"}
    enabled = kinesis.update_account_settings(MinimumThroughputBillingCommitment={"Status": "ENABLED"})
    assert enabled["MinimumThroughputBillingCommitment"]["Status"] == "ENABLED"
    answer = kinesis.update_stream_warm_throughput(StreamName="stream", WarmThroughputMiBps=8)
    assert answer["WarmThroughput"]["TargetMiBps"] == 8
    assert stream.summary()["WarmThroughput"] == {"TargetMiBps": 8, "CurrentMiBps": 8}
    assert stream.summary()["OpenShardCount"] == 8
    ended = kinesis.update_account_settings(MinimumThroughputBillingCommitment={"Status": "DISABLED"})
    assert ended["MinimumThroughputBillingCommitment"]["Status"] == "ENABLED_UNTIL_EARLIEST_ALLOWED_END"
    cloud.clock.advance(days=1, seconds=1)
    assert kinesis.describe_account_settings()["MinimumThroughputBillingCommitment"]["Status"] == "DISABLED"
    provisioned = make("provisioned")
    with refused("ValidationException"):
        kinesis.update_stream_warm_throughput(StreamARN=provisioned.arn, WarmThroughputMiBps=8)


def test_records_can_be_distributed_without_their_keys(make: Make, kinesis: Any, refused: Refused) -> None:
    stream = make(shards=0, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    assert stream.summary()["RecordDistributionStrategy"] == "USER_PARTITION_KEY"
    kinesis.update_stream_record_distribution_strategy(StreamARN=stream.arn, RecordDistributionStrategy="AUTO")
    assert len({stream.put(key="same", ExplicitHashKey="0")["ShardId"] for _ in range(100)}) == 4
    kinesis.put_record(StreamName="stream", Data=b"without a key")
    provisioned = make("provisioned")
    with refused("InvalidArgumentException"):
        kinesis.update_stream_record_distribution_strategy(StreamARN=provisioned.arn, RecordDistributionStrategy="AUTO")


def test_resource_policies_let_other_accounts_in(cloud: Cloud, make: Make, kinesis: Any, refused: Refused) -> None:
    stream = make()
    other = cloud.client("kinesis", account="111111111111")
    put = {"StreamARN": stream.arn, "Data": b"theirs", "PartitionKey": "k"}
    with refused("AccessDeniedException"):
        other.put_record(**put)
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "111111111111"},
                "Action": ["kinesis:PutRecord", "kinesis:GetShardIterator", "kinesis:GetRecords"],
                "Resource": stream.arn,
            }
        ],
    }
    assert kinesis.get_resource_policy(ResourceARN=stream.arn)["Policy"] == "{}"
    kinesis.put_resource_policy(ResourceARN=stream.arn, Policy=json.dumps(policy))
    assert json.loads(kinesis.get_resource_policy(ResourceARN=stream.arn)["Policy"])["Version"] == "2012-10-17"
    other.put_record(**put)
    place = {"ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    iterator = other.get_shard_iterator(StreamARN=stream.arn, **place)["ShardIterator"]
    for more in ({}, {"StreamARN": stream.arn}):
        (record,) = other.get_records(ShardIterator=iterator, **more)["Records"]
        assert record["Data"] == b"theirs"
    with refused("AccessDeniedException"):
        other.describe_stream(StreamARN=stream.arn)
    kinesis.delete_resource_policy(ResourceARN=stream.arn)
    with refused("AccessDeniedException"):
        other.get_records(ShardIterator=iterator)
    with refused("InvalidArgumentException"):
        kinesis.put_resource_policy(ResourceARN=stream.arn, Policy="{")


def test_what_users_may_do(cloud: Cloud, make: Make, refused: Refused) -> None:
    stream = make()
    iam = cloud.client("iam")
    iam.create_user(UserName="reader")
    statement = {"Effect": "Allow", "Action": ["kinesis:Get*", "kinesis:UpdateShardCount"], "Resource": stream.arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    reader = cloud.client("kinesis", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    iterator = reader.get_shard_iterator(
        StreamName="stream", ShardId="shardId-000000000000", ShardIteratorType="LATEST"
    )["ShardIterator"]
    assert reader.get_records(ShardIterator=iterator)["Records"] == []
    reader.update_shard_count(StreamName="stream", TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    with refused("AccessDeniedException", f"not authorized to perform: kinesis:PutRecord on resource: {stream.arn}"):
        reader.put_record(StreamName="stream", Data=b"", PartitionKey="k")


def test_the_bill(cloud: Cloud, make: Make) -> None:
    stream = make(shards=2)
    cloud.clock.freeze()
    stream.put(bytes(26 * 1024))
    stream.put_many(("a", "b"), ("c", "d"))
    cloud.clock.advance(hours=3)

    def used(usage_type: str) -> float:
        return sum(line.quantity for line in cloud.bill.lines(service="kinesis", usage_type=usage_type))

    assert used("PutRequestPayloadUnits") == 4
    assert used("Storage-ShardHour") == pytest.approx(6)


def test_snapshots_carry_streams(cloud: Cloud, make: Make, kinesis: Any) -> None:
    stream = make(shards=2)
    stream.put("kept")
    cloud.save("before")
    kinesis.update_shard_count(StreamName="stream", TargetShardCount=4, ScalingType="UNIFORM_SCALING")
    stream.put("gone", "another")
    cloud.load("before")
    assert len(stream.open()) == 2
    stream.put("new")
    assert sorted(stream.read() + stream.read("shardId-000000000001")) == ["kept", "new"]


def test_streams_go_with_their_account(cloud: Cloud, make: Make, kinesis: Any) -> None:
    make().put("gone")
    cloud.reset(ACCOUNT)
    assert kinesis.list_streams()["StreamNames"] == []
    assert make().read() == []


def test_tags_at_creation_need_a_permission_of_their_own(cloud: Cloud, refused: Refused) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="maker")
    statement = {"Effect": "Allow", "Action": "kinesis:CreateStream", "Resource": f"{ARN}*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="maker", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="maker")["AccessKey"]
    maker = cloud.client("kinesis", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    with refused("AccessDeniedException", "kinesis:AddTagsToStream"):
        maker.create_stream(StreamName="stream", ShardCount=1, Tags={"a": "b"})
    maker.create_stream(StreamName="stream", ShardCount=1)
