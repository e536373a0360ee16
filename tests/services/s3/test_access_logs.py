"""Server access logs arrive as objects, hour by hour."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hodei.testing import Cloud
from services.s3.callers import let, statement

pytestmark = pytest.mark.feature("s3.objects")

SOURCE, TARGET = "watched", "watching"
FIELD = re.compile(r'\[[^\]]*\]|"[^"]*"|\S+')


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    client = cloud.client("s3")
    for name in (SOURCE, TARGET):
        client.create_bucket(Bucket=name)
    open_target(client)
    return client


def open_target(s3: Any, **condition: Any) -> None:
    """Let the logging service write to the target."""
    logging = statement(TARGET, {"Service": "logging.s3.amazonaws.com"}, "s3:PutObject", **condition)
    let(s3, TARGET, {**logging, "Resource": f"arn:aws:s3:::{TARGET}/*"})


def configure(s3: Any, source: str = SOURCE, target: str = TARGET, **options: Any) -> None:
    enabled = {"TargetBucket": target, "TargetPrefix": "logs/", **options}
    s3.put_bucket_logging(Bucket=source, BucketLoggingStatus={"LoggingEnabled": enabled})


def lines(s3: Any) -> list[list[str]]:
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=TARGET).get("Contents", [])]
    texts = [s3.get_object(Bucket=TARGET, Key=key)["Body"].read().decode() for key in keys]
    return [FIELD.findall(line) for text in texts for line in text.splitlines()]


def test_requests_are_delivered_after_the_hour(s3: Any, cloud: Cloud) -> None:
    s3.put_object(Bucket=SOURCE, Key="before", Body=b"x")
    configure(s3)
    put = s3.put_object(Bucket=SOURCE, Key="a b", Body=b"12345")
    s3.get_object(Bucket=SOURCE, Key="a b", Range="bytes=1-2")
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=SOURCE, Key="none")
    s3.list_objects_v2(Bucket=SOURCE)
    s3.delete_objects(Bucket=SOURCE, Delete={"Objects": [{"Key": "a b"}]})
    assert lines(s3) == []
    cloud.clock.advance(hours=1)
    found = {line[6]: line for line in lines(s3) if line[9] != "404"}
    assert found.keys() == {
        "REST.PUT.LOGGING",
        "REST.PUT.OBJECT",
        "REST.GET.OBJECT",
        "REST.GET.BUCKET",
        "REST.POST.MULTI_OBJECT_DELETE",
    }
    owner = s3.list_buckets()["Owner"]["ID"]
    written = found["REST.PUT.OBJECT"]
    assert len(written) == 26
    assert (written[0], written[1], written[4], written[7]) == (owner, SOURCE, owner, "a%20b")
    assert written[5] == put["ResponseMetadata"]["RequestId"] and written[18] == put["ResponseMetadata"]["HostId"]
    assert (written[9], written[10], written[19], written[21]) == ("200", "-", "SigV4", "AuthHeader")
    read = found["REST.GET.OBJECT"]
    assert (read[9], read[11], read[12]) == ("206", "2", "5")
    (missing,) = (line for line in lines(s3) if line[9] == "404")
    assert missing[10] == "NoSuchKey"
    cloud.clock.advance(hours=3)
    assert len(lines(s3)) == 6, "each line is delivered once"


def test_key_formats(s3: Any, cloud: Cloud) -> None:
    configure(s3, TargetObjectKeyFormat={"PartitionedPrefix": {"PartitionDateSource": "DeliveryTime"}})
    cloud.clock.advance(hours=1)
    (entry,) = s3.list_objects_v2(Bucket=TARGET)["Contents"]
    pattern = rf"logs/000000000000/us-east-1/{SOURCE}/\d{{4}}/\d\d/\d\d/\d{{4}}-\d\d-\d\d-\d\d-00-\d\d-[A-Z0-9]{{16}}"
    assert re.fullmatch(pattern, entry["Key"])


def test_logging_is_read_back_and_turned_off(s3: Any, cloud: Cloud) -> None:
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=SOURCE)
    configure(s3)
    assert s3.get_bucket_logging(Bucket=SOURCE)["LoggingEnabled"] == {"TargetBucket": TARGET, "TargetPrefix": "logs/"}
    s3.put_bucket_logging(Bucket=SOURCE, BucketLoggingStatus={})
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=SOURCE)
    cloud.clock.advance(hours=2)
    assert lines(s3) == []


def test_the_target_must_let_the_logging_service_in(s3: Any, cloud: Cloud) -> None:
    def delivered() -> int:
        cloud.clock.advance(hours=1)
        return len(s3.list_objects_v2(Bucket=TARGET).get("Contents", []))

    open_target(s3, Condition={"StringEquals": {"aws:SourceAccount": "111111111111"}})
    configure(s3)
    assert delivered() == 0
    open_target(s3, Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{SOURCE}"}})
    s3.list_objects_v2(Bucket=SOURCE)
    assert delivered() == 1
    s3.delete_bucket_policy(Bucket=TARGET)
    s3.list_objects_v2(Bucket=SOURCE)
    assert delivered() == 1
    writer = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    s3.put_bucket_ownership_controls(Bucket=TARGET, OwnershipControls=writer)
    s3.put_bucket_acl(Bucket=TARGET, ACL="log-delivery-write")
    s3.list_objects_v2(Bucket=SOURCE)
    assert delivered() == 2


def test_refused_targets(s3: Any, cloud: Cloud, refused: Any) -> None:
    error = refused(lambda: configure(s3, target="no-such-bucket-here"))
    assert (error["Code"], error["Status"]) == ("InvalidTargetBucketForLogging", 400)
    assert error["Message"] == "The target bucket for logging does not exist"
    assert error["TargetBucket"] == "no-such-bucket-here"
    europe, ohio = (cloud.client("s3", region_name=region) for region in ("eu-west-1", "us-east-2"))
    europe.create_bucket(Bucket="european", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    ohio.create_bucket(Bucket="ohioan", CreateBucketConfiguration={"LocationConstraint": "us-east-2"})
    error = refused(lambda: configure(s3, target="european"))
    assert (error["Code"], error["Status"]) == ("CrossLocationLoggingProhibitted", 403)
    assert error["Message"] == "Cross S3 location logging not allowed. "
    assert error["TargetBucketLocation"] == "eu-west-1" and "SourceBucketLocation" not in error
    error = refused(lambda: configure(ohio, source="ohioan", target="european"))
    assert (error["SourceBucketLocation"], error["TargetBucketLocation"]) == ("us-east-2", "eu-west-1")
