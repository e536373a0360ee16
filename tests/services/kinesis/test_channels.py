"""Channels: delivery of streams to buckets."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest
import zstandard

from hodei.testing import Cloud

from .conftest import ACCOUNT, ARN, Make, Refused, Stream

pytestmark = pytest.mark.feature("kinesis.streams")

ROLE = f"arn:aws:iam::{ACCOUNT}:role/delivery"
TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "kinesis.amazonaws.com"},
    "Action": "sts:AssumeRole",
    "Condition": {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:kinesis:us-east-1:{ACCOUNT}:channel/*"},
    },
}
MAY = {"Effect": "Allow", "Action": ["s3:PutObject", "logs:*", "kms:*"], "Resource": "*"}


class Delivery:
    """A stream, a bucket, a role that may write to it, and channels from one to the other."""

    def __init__(self, cloud: Cloud, kinesis: Any, stream: Stream) -> None:
        self.cloud, self.kinesis, self.stream = cloud, kinesis, stream
        self.s3, self.iam, self.logs = cloud.client("s3"), cloud.client("iam"), cloud.client("logs")
        self.s3.create_bucket(Bucket="lake")
        self.iam.create_role(RoleName="delivery", AssumeRolePolicyDocument=document(TRUST))
        self.allow(MAY)

    def allow(self, *statements: dict[str, Any]) -> None:
        self.iam.put_role_policy(RoleName="delivery", PolicyName="may", PolicyDocument=document(*statements))

    def create(
        self, format: str = "BYTE_ARRAY", *, storage: dict[str, Any] | None = None, s3: dict[str, Any] | None = None,
        name: str = "channel", arn: str = "", **more: Any,
    ) -> dict[str, Any]:  # fmt: skip
        given = {"BucketARN": "arn:aws:s3:::lake", "ExpectedBucketOwner": ACCOUNT, "CompressionType": "NONE"}
        source = {"StreamARN": arn or self.stream.arn, "RecordConfiguration": {"RecordFormatType": format}}
        request = {
            "ChannelName": name,
            "ServiceExecutionRoleARN": ROLE,
            "StreamConfigurationList": [source],
            "S3DestinationConfiguration": {"StorageConfiguration": {**given, **(storage or {})}, **(s3 or {})},
        }
        return dict(self.kinesis.create_channel(**{**request, **more})["ChannelDescription"])

    def describe(self, arn: str) -> dict[str, Any]:
        return dict(self.kinesis.describe_channel(ChannelARN=arn)["ChannelDescription"])

    def objects(self, prefix: str = "", bucket: str = "lake") -> dict[str, bytes]:
        listed = self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        return {one["Key"]: self.s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in listed}

    def logged(self, group: str) -> list[dict[str, Any]]:
        events = self.logs.filter_log_events(logGroupName=group)["events"]
        return [json.loads(event["message"]) for event in events]

    def metric(self, name: str, channel: dict[str, Any]) -> float:
        of = {"StreamName": self.stream.name, "ChannelName": channel["ChannelName"], "ChannelId": channel["ChannelId"]}
        now = self.cloud.clock.now()
        points = self.cloud.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Kinesis", MetricName=f"DeliveryToS3.{name}", StartTime=now.replace(year=now.year - 1),
            EndTime=now.replace(year=now.year + 1), Period=10 * 365 * 86400, Statistics=["Sum"],
            Dimensions=[{"Name": key, "Value": value} for key, value in of.items()],
        )["Datapoints"]  # fmt: skip
        return float(sum(point["Sum"] for point in points))


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@pytest.fixture
def delivery(cloud: Cloud, kinesis: Any, make: Make) -> Delivery:
    stream = make(shards=0, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    return Delivery(cloud, kinesis, stream)


def test_a_channel_is_described(delivery: Delivery, kinesis: Any) -> None:
    made = delivery.create("JSON", Tags={"team": "lake"})
    assert made["ChannelStatus"] == "CREATING"
    channel = delivery.describe(made["ChannelARN"])
    id = channel["ChannelId"]
    assert channel["ChannelARN"] == f"arn:aws:kinesis:us-east-1:{ACCOUNT}:channel/{id}"
    assert (channel["ChannelStatus"], channel["ServiceExecutionRoleARN"]) == ("ACTIVE", ROLE)
    assert channel["LoggingConfiguration"] == {"CloudWatchLogs": {"Enabled": False}}
    assert channel["S3DestinationConfiguration"] == {
        "DataFreshnessInSeconds": 300,
        "DeadLetterQueueS3Configuration": {
            "BucketARN": "arn:aws:s3:::lake",
            "ExpectedBucketOwner": ACCOUNT,
            "ErrorOutputPrefix": f"kinesis-channel/errors/channel/{id}/",
        },
        "StorageConfiguration": {
            "BucketARN": "arn:aws:s3:::lake",
            "ExpectedBucketOwner": ACCOUNT,
            "OutputKeyTemplate": "kinesis-channel/!{channel-name}/!{channel-id}/!{yyyy}/!{MM}/!{dd}/!{HH}/"
            "!{channel-name}-!{channel-id}-!{yyyy}-!{MM}-!{dd}-!{HH}-!{mm}!{extension}",
            "StorageClass": "STANDARD",
            "CompressionType": "NONE",
        },
    }
    (source,) = channel["StreamConfigurationList"]
    assert (source["StreamARN"], source["RecordConfiguration"]) == (delivery.stream.arn, {"RecordFormatType": "JSON"})
    tags = kinesis.list_tags_for_resource(ResourceARN=channel["ChannelARN"])["Tags"]
    assert tags == [{"Key": "team", "Value": "lake"}]
    kinesis.untag_resource(ResourceARN=channel["ChannelARN"], TagKeys=["team"])
    assert kinesis.list_tags_for_resource(ResourceARN=channel["ChannelARN"])["Tags"] == []


def test_records_are_delivered_when_they_are_as_old_as_said(delivery: Delivery) -> None:
    delivery.stream.put("before", "a")  # there is no backfill
    channel = delivery.create("STRING", s3={"DataFreshnessInSeconds": 600})
    delivery.cloud.clock.advance(seconds=1000)
    for key in "abcdef":
        delivery.stream.put(key, key)
    delivery.cloud.clock.advance(seconds=599)
    assert delivery.objects() == {}
    delivery.cloud.clock.advance(seconds=2)
    ((key, body),) = delivery.objects().items()
    assert sorted(body.decode().splitlines()) == list("abcdef")
    id = channel["ChannelId"]
    named = (
        rf"kinesis-channel/channel/{id}/\d{{4}}/\d\d/\d\d/\d\d/channel-{id}-\d{{4}}-\d\d-\d\d-\d\d-\d\d-[0-9a-f]{{32}}"
    )
    assert re.fullmatch(named, key)
    delivery.cloud.clock.advance(seconds=3600)
    assert list(delivery.objects()) == [key]  # nothing twice, and no empty objects
    delivery.stream.put("later", "a")
    delivery.cloud.clock.advance(seconds=601)
    (later,) = delivery.objects().items() - {(key, body)}
    assert later[1] == b"later\n"
    assert delivery.metric("SuccessfulRecordCount", channel) == 7
    assert delivery.metric("BytesIn", channel) == 6 + len("later")
    assert delivery.metric("DeliverySuccess", channel) == 2


def test_shards_that_come_later_are_delivered_too(delivery: Delivery, kinesis: Any) -> None:
    delivery.create(storage={"OutputKeyTemplate": "all"})
    kinesis.update_account_settings(MinimumThroughputBillingCommitment={"Status": "ENABLED"})
    for key in "abcdefgh":
        delivery.stream.put(key, key)
    kinesis.update_stream_warm_throughput(StreamARN=delivery.stream.arn, WarmThroughputMiBps=8)
    assert len(delivery.stream.open()) == 8
    for key in "ijklmnop":
        delivery.stream.put(key, key)
    delivery.cloud.clock.advance(seconds=301)
    (body,) = delivery.objects().values()
    assert "".join(sorted(body.decode())) == "abcdefghijklmnop"


@pytest.mark.parametrize(("compression", "end"), [("GZIP", ".gz"), ("ZSTD", ".zst")])
def test_objects_are_compressed(delivery: Delivery, compression: str, end: str) -> None:
    template = "data/stream=!{stream-name}/!{yyyy}!{yy}!{MM}!{dd}!{HH}!{mm}!{extension}"
    delivery.create(storage={"CompressionType": compression, "OutputKeyTemplate": template})
    delivery.stream.put(b"\xff\x00raw", "k")
    delivery.stream.put(b"more", "k")
    moment = delivery.cloud.clock.now()
    delivery.cloud.clock.advance(seconds=301)
    ((key, body),) = delivery.objects().items()
    assert key.startswith(f"data/stream=stream/{moment:%Y%y%m%d}")
    assert key.endswith(end)
    plain = gzip.decompress(body) if compression == "GZIP" else zstandard.ZstdDecompressor().decompress(body)
    assert plain == b"\xff\x00rawmore"


def test_much_goes_into_several_objects(delivery: Delivery) -> None:
    channel = delivery.create()
    for number in range(20):
        delivery.stream.put(bytes([number]) * 1_000_000, str(number))
    delivery.cloud.clock.advance(seconds=301)
    bodies = list(delivery.objects().values())
    assert len(bodies) == 2
    whole = b"".join(bodies)
    assert len(whole) == 20_000_000
    assert sorted({*whole}) == list(range(20))
    assert delivery.metric("BytesOut", channel) == 20_000_000


def test_objects_are_stored_as_said(delivery: Delivery) -> None:
    key_id = delivery.cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    storage = {"StorageClass": "GLACIER_IR", "OutputKeyTemplate": "x!{extension:.json.gz}", "CompressionType": "GZIP"}
    channel = delivery.create(storage=storage, EncryptionConfiguration={"EncryptionType": "KMS", "KeyId": key_id})
    assert channel["EncryptionConfiguration"] == {"EncryptionType": "KMS", "KeyId": key_id}
    delivery.stream.put("data", "k")
    delivery.cloud.clock.advance(seconds=301)
    (key,) = delivery.objects()
    assert re.fullmatch(r"x-[0-9a-f]{32}\.json\.gz", key)
    head = delivery.s3.head_object(Bucket="lake", Key=key)
    assert (head["StorageClass"], head["SSEKMSKeyId"]) == ("GLACIER_IR", key_id)


@pytest.mark.parametrize(
    ("format", "good", "bad", "code"),
    [("JSON", b'{"a": 1}', b"{a}", "InvalidJson"), ("STRING", "é".encode(), b"\xff", "InvalidString")],
)
def test_what_is_not_of_the_format_goes_to_the_dead_letters(
    delivery: Delivery, format: str, good: bytes, bad: bytes, code: str
) -> None:
    delivery.s3.create_bucket(Bucket="dead")
    letters = {"BucketARN": "arn:aws:s3:::dead", "ExpectedBucketOwner": ACCOUNT, "ErrorOutputPrefix": "errors/"}
    logging = {"CloudWatchLogs": {"Enabled": True}}
    channel = delivery.create(format, s3={"DeadLetterQueueS3Configuration": letters}, LoggingConfiguration=logging)
    delivery.stream.put(good, "k")
    put = delivery.stream.put(bad, "k")
    delivery.cloud.clock.advance(seconds=301)
    assert list(delivery.objects().values()) == [good + b"\n"]
    ((key, body),) = delivery.objects(bucket="dead").items()
    assert key.startswith("errors/")
    letter = json.loads(body)
    assert (letter["sequenceNumber"], letter["shardId"]) == (put["SequenceNumber"], put["ShardId"])
    assert letter["errorCode"] == code
    assert delivery.metric("FailedRecordCount", channel) == 1
    assert delivery.metric("DLQDeliverySuccess", channel) == 1
    group = channel["LoggingConfiguration"]["CloudWatchLogs"]["LogGroupName"]
    assert group == f"/aws/kinesis/channel/{channel['ChannelId']}"
    assert [event["code"] for event in delivery.logged(group)] == ["Delivered", code]


def test_what_cannot_be_delivered_waits(delivery: Delivery) -> None:
    channel = delivery.create(LoggingConfiguration={"CloudWatchLogs": {"Enabled": True, "LogGroupName": "told"}})
    delivery.allow({"Effect": "Allow", "Action": "logs:*", "Resource": "*"})
    delivery.stream.put("data", "k")
    delivery.cloud.clock.advance(seconds=700)
    assert delivery.objects() == {}
    assert delivery.describe(channel["ChannelARN"])["ChannelStatus"] == "ACTIVE"
    assert {event["code"] for event in delivery.logged("told")} == {"AccessDenied"}
    delivery.allow(MAY)
    delivery.cloud.clock.advance(seconds=61)
    assert list(delivery.objects().values()) == [b"data"]
    assert delivery.metric("SuccessfulRecordCount", channel) == 1


def test_an_encrypted_stream_is_read_as_the_role(delivery: Delivery, kinesis: Any) -> None:
    key_id = delivery.cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    kinesis.start_stream_encryption(StreamName="stream", EncryptionType="KMS", KeyId=key_id)
    delivery.create()
    delivery.allow({**MAY, "Action": ["s3:*"]})
    delivery.stream.put("data", "k")
    delivery.cloud.clock.advance(seconds=301)
    assert delivery.objects() == {}
    delivery.allow(MAY)
    delivery.cloud.clock.advance(seconds=61)
    assert list(delivery.objects().values()) == [b"data"]


def test_a_channel_that_can_deliver_nothing_fails(delivery: Delivery) -> None:
    reason = _reason(delivery, BucketARN="arn:aws:s3:::none")
    assert reason == "The bucket arn:aws:s3:::none does not exist."
    assert "owner" in _reason(delivery, ExpectedBucketOwner="111111111111")
    europe = delivery.cloud.client("s3", region_name="eu-west-1")
    europe.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert "Region" in _reason(delivery, BucketARN="arn:aws:s3:::far")
    trust = {**TRUST, "Principal": {"Service": "firehose.amazonaws.com"}}
    delivery.iam.update_assume_role_policy(RoleName="delivery", PolicyDocument=document(trust))
    assert ROLE in _reason(delivery)


def _reason(delivery: Delivery, **storage: Any) -> str:
    arn = delivery.create(storage=storage)["ChannelARN"]
    channel = delivery.describe(arn)
    delivery.kinesis.delete_channel(ChannelARN=arn)
    assert channel["ChannelStatus"] == "FAILED"
    return str(channel["ChannelStatusReason"])


def test_what_cannot_be_made(delivery: Delivery, make: Make, refused: Refused) -> None:
    provisioned = make("provisioned").arn
    with refused("ValidationException", "Provisioned"):
        delivery.create(arn=provisioned)
    with refused("ResourceNotFoundException"):
        delivery.create(arn=f"{ARN}none")
    for seconds in (299, 901):
        with refused("InvalidArgumentException", "between 300 and 900"):
            delivery.create(s3={"DataFreshnessInSeconds": seconds})
    with refused("InvalidArgumentException", "GSR_JSON"):
        delivery.create("GSR_JSON")
    with refused("InvalidArgumentException", "alias/aws/kinesis"):
        delivery.create(EncryptionConfiguration={"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"})
    with refused("KMSNotFoundException"):
        delivery.create(EncryptionConfiguration={"EncryptionType": "KMS", "KeyId": "alias/none"})
    with refused("InvalidArgumentException", "Exactly one"):
        source = {"StreamARN": delivery.stream.arn, "RecordConfiguration": {"RecordFormatType": "JSON"}}
        delivery.kinesis.create_channel(
            ChannelName="channel", ServiceExecutionRoleARN=ROLE, StreamConfigurationList=[source]
        )
    with refused("AccessDeniedException", "iam:PassRole"):
        delivery.create(ServiceExecutionRoleARN="arn:aws:iam::111111111111:role/x")
    delivery.create()
    with refused("ResourceInUseException", "Channel channel under account"):
        delivery.create()
    with refused("LimitExceededException", "already has a channel"):
        delivery.create(name="other")


def test_streaming_tables_are_not_there(delivery: Delivery, kinesis: Any, refused: Refused) -> None:
    table = {"TableBucketARN": f"arn:aws:s3tables:us-east-1:{ACCOUNT}:bucket/tables", "Namespace": "n"}
    letters = {"BucketARN": "arn:aws:s3:::lake", "ExpectedBucketOwner": ACCOUNT}
    tables = {
        "S3TablesConfigurationList": [{**table, "TableName": "t", "CompressionType": "NONE"}],
        "DeadLetterQueueS3Configuration": letters,
    }
    source = {"StreamARN": delivery.stream.arn, "RecordConfiguration": {"RecordFormatType": "JSON"}}
    with refused("NotImplemented", "S3 Tables"):
        kinesis.create_channel(
            ChannelName="channel",
            ServiceExecutionRoleARN=ROLE,
            StreamConfigurationList=[source],
            S3TablesDestinationConfiguration=tables,
        )


@pytest.mark.parametrize(
    "template",
    [  # of AWS's documentation
        "/data/!{channel-name}!{extension}",
        "data/../!{channel-name}!{extension}",
        "data//!{channel-name}!{extension}",
        "!{channel-name}!{extension}/!{yyyy}",
        "data/!{partition-id}!{extension}",
        "data/!{channel-name}",
        "data/!{channel-name}/!{yyyy",
        "./!{channel-name}!{extension}",
        "x!{extension}!{extension}",
        "x!{extension:.JSON}",
        "x" * 987 + "!{extension}",
    ],
)
def test_bad_templates(delivery: Delivery, refused: Refused, template: str) -> None:
    with refused("InvalidArgumentException", "OutputKeyTemplate"):
        delivery.create(storage={"OutputKeyTemplate": template, "CompressionType": "GZIP"})


def test_a_stream_with_a_channel_stays(delivery: Delivery, kinesis: Any, refused: Refused) -> None:
    arn = delivery.create()["ChannelARN"]
    with refused("ResourceInUseException", "channels"):
        kinesis.delete_stream(StreamName="stream")
    with refused("ResourceInUseException", "channels"):
        kinesis.update_stream_mode(StreamARN=delivery.stream.arn, StreamModeDetails={"StreamMode": "PROVISIONED"})
    delivery.stream.put("data", "k")
    kinesis.delete_channel(ChannelARN=arn)
    for gone in (arn, arn.replace("us-east-1", "eu-west-1")):
        with refused("ResourceNotFoundException"):
            kinesis.describe_channel(ChannelARN=gone)
    delivery.cloud.clock.advance(seconds=1000)
    assert delivery.objects() == {}
    kinesis.delete_stream(StreamName="stream")


def test_a_channel_is_updated(delivery: Delivery, kinesis: Any, refused: Refused) -> None:
    arn = delivery.create(s3={"DataFreshnessInSeconds": 900})["ChannelARN"]
    delivery.stream.put("data", "k")
    with refused("InvalidArgumentException"):
        kinesis.update_channel(ChannelARN=arn)
    with refused("InvalidArgumentException", "between"):
        kinesis.update_channel(ChannelARN=arn, S3DestinationConfiguration={"DataFreshnessInSeconds": 1})
    logging = {"CloudWatchLogs": {"Enabled": True, "LogGroupName": "g", "LogStreamName": "s"}}
    updated = kinesis.update_channel(
        ChannelARN=arn, S3DestinationConfiguration={"DataFreshnessInSeconds": 300}, LoggingConfiguration=logging
    )["ChannelDescription"]
    assert updated["ChannelStatus"] == "UPDATING"
    channel = delivery.describe(arn)
    assert (channel["ChannelStatus"], channel["LoggingConfiguration"]) == ("ACTIVE", logging)
    delivery.cloud.clock.advance(seconds=301)
    assert list(delivery.objects().values()) == [b"data"]


def test_channels_are_listed(delivery: Delivery, make: Make, kinesis: Any, refused: Refused) -> None:
    streams = [make(f"s{number}", shards=0, StreamModeDetails={"StreamMode": "ON_DEMAND"}) for number in range(3)]
    for number, stream in enumerate(streams):
        delivery.create(name=f"c{number}", arn=stream.arn)
    page = kinesis.list_channels(MaxResults=2)
    (summary, _) = page["ChannelSummaries"]
    assert (summary["ChannelName"], summary["ChannelDestinationType"]) == ("c0", "S3")
    rest = kinesis.list_channels(NextToken=page["NextToken"])
    assert [one["ChannelName"] for one in rest["ChannelSummaries"]] == ["c2"]
    assert "NextToken" not in rest
    (source,) = summary["Streams"]
    assert source["StreamARN"] == streams[0].arn
    assert kinesis.list_channels(StreamFilter=[source])["ChannelSummaries"] == [summary]
    other = {**source, "StreamCreationTimestamp": 1}
    assert kinesis.list_channels(StreamFilter=[other])["ChannelSummaries"] == []
    with refused("InvalidArgumentException"):
        kinesis.list_channels(NextToken="x")


def test_channels_take_their_time_as_on_aws(delivery: Delivery) -> None:
    delivery.cloud.set("kinesis", "lifecycle", "aws")
    arn = delivery.create()["ChannelARN"]
    assert delivery.describe(arn)["ChannelStatus"] == "CREATING"
    delivery.stream.put("too early", "k")
    delivery.cloud.clock.advance(seconds=16)
    assert delivery.describe(arn)["ChannelStatus"] == "ACTIVE"
    delivery.stream.put("data", "k")
    delivery.cloud.clock.advance(seconds=301)
    assert list(delivery.objects().values()) == [b"data"]
    delivery.kinesis.delete_channel(ChannelARN=arn)
    assert delivery.describe(arn)["ChannelStatus"] == "DELETING"


def test_who_may_make_a_channel(delivery: Delivery, refused: Refused) -> None:
    user = delivery.cloud.client("iam")
    user.create_user(UserName="ann")
    keys = user.create_access_key(UserName="ann")["AccessKey"]
    delivery.kinesis = delivery.cloud.client(
        "kinesis", aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"]
    )
    allowed: list[str] = []
    for action in ("kinesis:CreateChannel", "kinesis:AssociateStreamsWithChannel", "iam:PassRole"):
        with refused("AccessDeniedException", action):
            delivery.create()
        allowed.append(action)
        statement = {"Effect": "Allow", "Action": allowed, "Resource": [delivery.stream.arn, ROLE]}
        user.put_user_policy(UserName="ann", PolicyName="may", PolicyDocument=document(statement))
    arn = delivery.create()["ChannelARN"]
    with refused("AccessDeniedException", arn):
        delivery.describe(arn)


def test_what_cannot_be_put_for_a_while_is_delivered_once(delivery: Delivery) -> None:
    channel = delivery.create("JSON", storage={"OutputKeyTemplate": "!{yyyy}!{MM}!{dd}!{HH}!{mm}"})
    delivery.cloud.fault(service="s3", operation="PutObject", error="SlowDown", rate=0.5)
    delivery.cloud.fault(service="s3", operation="PutObject", latency="5ms", reset=True, rate=0.3)
    for number in range(6):
        delivery.stream.put("no JSON" if number == 3 else str(number), "k")
        delivery.cloud.clock.advance(minutes=7)
    delivery.cloud.clear_faults()
    delivery.cloud.clock.advance(minutes=10)
    objects = delivery.objects()
    errors = {key for key in objects if "errors" in key}
    lines = "".join(body.decode() for key, body in sorted(objects.items()) if key not in errors).split()
    assert lines == ["0", "1", "2", "4", "5"]
    assert sum(len(objects[key].splitlines()) for key in errors) == 1
    assert delivery.metric("SuccessfulRecordCount", channel) == 5
