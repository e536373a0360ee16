"""KMS keys of streams, and of filter criteria."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import ACCOUNT, Cloud

from .streams import QUEUES, Feed

pytestmark = pytest.mark.feature("lambda.event-sources")
CRITERIA = {"Filters": [{"Pattern": json.dumps({"data": {"kind": ["order"]}})}]}
ROOT = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
LAMBDA = {
    "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*"
}  # fmt: skip


@pytest.fixture
def feed(cloud: Cloud) -> Feed:
    return Feed(cloud)


def key_of(cloud: Cloud, *statements: dict[str, Any]) -> str:
    policy = json.dumps({"Version": "2012-10-17", "Statement": [ROOT, *statements]})
    arn: str = cloud.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]
    return arn


def test_the_role_has_to_be_let_decrypt_the_stream(feed: Feed) -> None:
    key = key_of(feed.cloud)
    feed.kinesis.start_stream_encryption(StreamName="readings", EncryptionType="KMS", KeyId=key)
    uuid = feed.feed("all")
    feed.put("sealed")
    assert feed.notes(30) == []
    assert "kms:Decrypt" in feed.lambda_.get_event_source_mapping(UUID=uuid)["LastProcessingResult"]
    allow = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    feed.cloud.client("iam").put_role_policy(RoleName="fn", PolicyName="kms", PolicyDocument=document)
    assert feed.notes(90) == [["sealed"]]


def test_filters_under_a_key_work_and_are_told_to_who_may_decrypt(feed: Feed) -> None:
    key = key_of(feed.cloud, LAMBDA)
    uuid = feed.feed("all", FilterCriteria=CRITERIA, KMSKeyArn=key)
    order = json.dumps({"kind": "order"})
    feed.put(order, json.dumps({"kind": "note"}))
    assert feed.notes() == [[order]]
    assert feed.lambda_.get_event_source_mapping(UUID=uuid)["FilterCriteria"] == CRITERIA
    (listed,) = feed.lambda_.list_event_source_mappings()["EventSourceMappings"]
    assert "FilterCriteria" not in listed and listed["KMSKeyArn"] == key
    iam = feed.cloud.client("iam")
    iam.create_user(UserName="reader")
    iam.attach_user_policy(UserName="reader", PolicyArn="arn:aws:iam::aws:policy/AWSLambda_ReadOnlyAccess")
    made = iam.create_access_key(UserName="reader")["AccessKey"]
    keys = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
    told = feed.cloud.client("lambda", **keys).get_event_source_mapping(UUID=uuid)
    assert "FilterCriteria" not in told
    assert told["FilterCriteriaError"]["ErrorCode"] == "AccessDeniedException"
    feed.lambda_.update_event_source_mapping(UUID=uuid, KMSKeyArn="")
    feed.cloud.clock.advance(seconds=1)
    (listed,) = feed.lambda_.list_event_source_mappings()["EventSourceMappings"]
    assert listed["FilterCriteria"] == CRITERIA and "KMSKeyArn" not in listed


def test_lambda_has_to_be_let_decrypt_the_filters(feed: Feed) -> None:
    key = key_of(feed.cloud)
    uuid = feed.feed("all", FilterCriteria=CRITERIA, KMSKeyArn=key)
    feed.put(json.dumps({"kind": "order"}))
    assert feed.notes(5) == []
    assert "kms:Decrypt" in feed.lambda_.get_event_source_mapping(UUID=uuid)["LastProcessingResult"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [ROOT, LAMBDA]})
    feed.cloud.client("kms").put_key_policy(KeyId=key, Policy=policy)
    assert len(feed.notes(60)) == 1


def test_a_key_that_is_not_there(feed: Feed) -> None:
    arn = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{'0' * 8}-0000-0000-0000-{'0' * 12}"
    with pytest.raises(ClientError, match="KMS Exception: NotFoundException") as caught:
        feed.feed("all", FilterCriteria=CRITERIA, KMSKeyArn=arn)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert feed.lambda_.list_event_source_mappings()["EventSourceMappings"] == []


def test_queues_have_filters_under_keys_too(feed: Feed) -> None:
    url = feed.sqs.create_queue(QueueName="jobs")["QueueUrl"]
    criteria = {"Filters": [{"Pattern": json.dumps({"body": ["a"]})}]}
    given = {"EventSourceArn": f"{QUEUES}:jobs", "FunctionName": feed.function("sizes"), "FilterCriteria": criteria}
    feed.lambda_.create_event_source_mapping(KMSKeyArn=key_of(feed.cloud, LAMBDA), **given)
    for body in "ab":
        feed.sqs.send_message(QueueUrl=url, MessageBody=body)
    assert feed.notes(5) == [1]
