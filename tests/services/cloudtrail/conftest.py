"""Looking events up, and the clients of those whom IAM and STS issue keys to."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import ACCOUNT, REGION, Cloud

OTHER = "111111111111"
Records = Callable[..., list[dict[str, Any]]]


def policy(*actions: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"} | more
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(principal: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def cloudtrail(cloud: Cloud) -> Any:
    return cloud.client("cloudtrail")


@pytest.fixture
def lookup(cloud: Cloud) -> Records:
    """The records of events with that name, the oldest first."""

    def lookup(name: str, account: str = ACCOUNT, **place: str) -> list[dict[str, Any]]:
        asked = [{"AttributeKey": "EventName", "AttributeValue": name}]
        found = cloud.client("cloudtrail", account=account, **place).lookup_events(LookupAttributes=asked)["Events"]
        return [json.loads(event["CloudTrailEvent"]) for event in reversed(found)]

    return lookup


@pytest.fixture
def client_of(cloud: Cloud) -> Callable[..., Any]:
    """A client that signs with credentials, as CreateAccessKey or STS gave them."""

    def client(service: str, credentials: dict[str, Any], **options: Any) -> Any:
        return cloud.client(
            service,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials.get("SessionToken"),
            **options,
        )

    return client


@pytest.fixture
def user(cloud: Cloud) -> Callable[..., dict[str, Any]]:
    """A user that may do these things; gives its access key."""

    def user(name: str, *actions: str) -> dict[str, Any]:
        iam = cloud.client("iam")
        iam.create_user(UserName=name)
        if actions:
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy(*actions))
        key: dict[str, Any] = iam.create_access_key(UserName=name)["AccessKey"]
        return key

    return user


BUCKET = "audit-logs"


def bucket_policy(*trails: str, prefix: str = "AWSLogs", bucket: str = BUCKET) -> str:
    """As AWS's documentation has it, for these trails (their ARNs)."""
    by = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    source = {"aws:SourceArn": list(trails)}
    put = {"s3:x-amz-acl": "bucket-owner-full-control"} | source
    arn = f"arn:aws:s3:::{bucket}"
    statements = [
        by | {"Action": "s3:GetBucketAcl", "Resource": arn, "Condition": {"StringEquals": source}},
        by | {"Action": "s3:PutObject", "Resource": f"{arn}/{prefix}/*", "Condition": {"StringEquals": put}},
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def trail_arn(name: str, account: str = ACCOUNT, region: str = REGION) -> str:
    return f"arn:aws:cloudtrail:{region}:{account}:trail/{name}"


@pytest.fixture
def bucket(cloud: Cloud) -> str:
    """A bucket that trails called "main" and "other" may write to."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=bucket_policy(trail_arn("main"), trail_arn("other")))
    return BUCKET


@pytest.fixture
def logging(cloudtrail: Any, bucket: str) -> Callable[..., str]:
    """A trail that logs; its ARN."""

    def logging(name: str = "main", **settings: Any) -> str:
        arn: str = cloudtrail.create_trail(Name=name, S3BucketName=bucket, **settings)["TrailARN"]
        cloudtrail.start_logging(Name=name)
        return arn

    return logging


@pytest.fixture
def files(cloud: Cloud) -> Callable[..., dict[str, Any]]:
    """The files in the bucket whose keys contain a word, unpacked."""

    def files(word: str = "/CloudTrail/", bucket: str = BUCKET, account: str = ACCOUNT) -> dict[str, Any]:
        s3 = cloud.client("s3", account=account)
        keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket).get("Contents", ()) if word in one["Key"]]
        bodies = {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}
        return {key: json.loads(gzip.decompress(body)) for key, body in bodies.items()}

    return files


def names(files: dict[str, Any]) -> list[str]:
    """Those of the events in log files."""
    return [record["eventName"] for file in files.values() for record in file["Records"]]
