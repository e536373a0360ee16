"""Streams with records, shards that were split, a consumer, and what requests to Kinesis may name."""

from __future__ import annotations

import json
from typing import Any

from hodei.testing import Cloud

ACCOUNT = "000000000000"
ARN = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/"
ALLOW = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kinesis:*", "Resource": f"{ARN}flow"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [ALLOW]})
NAMES: dict[str, list[Any]] = {
    "StreamName": ["flow", "flow", "sealed", "wide", "new", "none", "x" * 128],
    "StreamARN": [f"{ARN}flow", f"{ARN}wide", f"{ARN}none", "arn:aws:kinesis:us-east-1:111111111111:stream/flow", "x"],
    "ShardId": ["shardId-000000000000", "shardId-000000000001", "shardId-000000000099", "x", "shardId--1"],
    "ShardCount": [1, 2, 0, -1, 30_000],
    "TargetShardCount": [1, 2, 3, 4, 0, 10**9],
    "ScalingType": ["UNIFORM_SCALING"],
    "PartitionKey": ["k", "é" * 200, "x" * 256],
    "ExplicitHashKey": ["0", str(2**128 - 1), str(2**128), "00", "-1"],
    "NewStartingHashKey": [str(2**127), str(2**126), "0", "1", str(2**128)],
    "RetentionPeriodHours": [24, 48, 8760, 0, 10**9],
    "EncryptionType": ["KMS", "KMS", "NONE"],
    "KeyId": ["alias/aws/kinesis", "alias/none", "x"],
    "ShardLevelMetrics": [["ALL"], ["IncomingBytes"], []],
    "Policy": [POLICY, "{}", "x", "\x00"],
    "Tags": [{"a": "b"}, {"aws:x": "y"}, {}],
    "TagKeys": [["a"], []],
    "MaxRecordSizeInKiB": [1024, 10240, 1, 10**6],
    "WarmThroughputMiBps": [1, 8, 10**6],
    "StreamModeDetails": [{"StreamMode": "ON_DEMAND"}, {"StreamMode": "PROVISIONED"}, {"StreamMode": "x"}],
    "ChannelName": ["channel", "new", "x" * 128, "no good name"],
    "ServiceExecutionRoleARN": [f"arn:aws:iam::{ACCOUNT}:role/none", "arn:aws:iam::111111111111:role/x", "x"],
    "RecordFormatType": ["JSON", "STRING", "BYTE_ARRAY", "GSR_JSON"],
    "BucketARN": ["arn:aws:s3:::lake", "arn:aws:s3:::none", "x"],
    "ExpectedBucketOwner": [ACCOUNT, "111111111111", "x"],
    "CompressionType": ["NONE", "GZIP", "ZSTD", "SNAPPY"],
    "OutputKeyTemplate": ["x!{extension}", "!{yyyy}/", "!{", "!{extension:.a}", "/", "é", "x" * 1024],
    "DataFreshnessInSeconds": [300, 900, 0, 10**9],
    "ConsumerName": ["reader", "new", "x" * 128],
    "Limit": [1, 100, 10_000, 0, 10**9],
    "MaxResults": [1, 1000, 0],
}


def _channel(cloud: Cloud) -> str:
    """Its ARN; it has FAILED, as there is no such role."""
    storage = {"BucketARN": "arn:aws:s3:::lake", "ExpectedBucketOwner": ACCOUNT, "CompressionType": "NONE"}
    made = cloud.client("kinesis").create_channel(
        ChannelName="channel",
        ServiceExecutionRoleARN=f"arn:aws:iam::{ACCOUNT}:role/none",
        StreamConfigurationList=[{"StreamARN": f"{ARN}wide", "RecordConfiguration": {"RecordFormatType": "JSON"}}],
        S3DestinationConfiguration={"StorageConfiguration": storage},
    )
    return str(made["ChannelDescription"]["ChannelARN"])


def prime(cloud: Cloud) -> dict[str, list[Any]]:
    kinesis = cloud.client("kinesis")
    for name, count in (("flow", 2), ("sealed", 1)):
        kinesis.create_stream(StreamName=name, ShardCount=count)
    kinesis.create_stream(StreamName="wide", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    kinesis.start_stream_encryption(StreamName="sealed", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    numbers, iterators = [], []
    for name in ("flow", "sealed", "wide"):
        for key in "abc":
            put = kinesis.put_record(StreamName=name, Data=key.encode(), PartitionKey=key)
            numbers.append(put["SequenceNumber"])
            iterators.append(
                kinesis.get_shard_iterator(StreamName=name, ShardId=put["ShardId"], ShardIteratorType="TRIM_HORIZON")[
                    "ShardIterator"
                ]
            )
    kinesis.split_shard(StreamName="flow", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**126))
    consumer = kinesis.register_stream_consumer(StreamARN=f"{ARN}flow", ConsumerName="reader")["Consumer"][
        "ConsumerARN"
    ]
    channel = _channel(cloud)
    places = [{"Type": kind} for kind in ("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP")]
    places += [{"Type": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": number} for number in (*numbers[:2], "0", "x")]
    return {
        **NAMES,
        "ChannelARN": [channel, f"{channel}x", "x"],
        "ExclusiveStartShardId": NAMES["ShardId"],
        "ShardToSplit": ["shardId-000000000001", *NAMES["ShardId"]],
        "ShardToMerge": ["shardId-000000000002", *NAMES["ShardId"]],
        "AdjacentShardToMerge": ["shardId-000000000003", *NAMES["ShardId"]],
        "StartingSequenceNumber": [*numbers, "0", "1" * 129],
        "SequenceNumberForOrdering": [*numbers, "0", "9" * 60],
        "ShardIterator": [*iterators, "x", iterators[0][:-4]],
        "StartingPosition": places,
        "ConsumerARN": [consumer, consumer, consumer + "1", "x"],
        "ResourceARN": [f"{ARN}flow", consumer, channel, f"{ARN}none", "x"],
    }
