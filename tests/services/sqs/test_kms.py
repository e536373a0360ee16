"""Encrypted queues: what lies in the store is ciphertext, and KMS decides who sends and receives."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from hodei.testing import ACCOUNT, Cloud

pytestmark = pytest.mark.feature("sqs.kms")

Make = Callable[..., Any]
Refused = Callable[..., Any]
Hire = Callable[..., Any]
NEEDLE = "the text that must not be found on the disk "
SMALL, LARGE = NEEDLE, NEEDLE * 200
ARN = f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue"
ALL_OF_SQS = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}


@pytest.fixture
def kms(cloud: Cloud) -> Any:
    return cloud.client("kms")


@pytest.fixture
def key(kms: Any) -> str:
    """The ARN of a customer's key."""
    return str(kms.create_key()["KeyMetadata"]["Arn"])


@pytest.fixture
def hire(cloud: Cloud) -> Hire:
    """Makes a user who may do these things, and gives its client."""

    def hire(name: str, *statements: Any) -> Any:
        iam = cloud.client("iam")
        iam.create_user(UserName=name)
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        found = iam.create_access_key(UserName=name)["AccessKey"]
        return cloud.client(
            "sqs", aws_access_key_id=found["AccessKeyId"], aws_secret_access_key=found["SecretAccessKey"]
        )

    return hire


def lets(key: str, *actions: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": [f"kms:{action}" for action in actions], "Resource": key}


def guard(kms: Any, key: str, **condition: Any) -> None:
    """Have the key policy let its account do all, but decrypt and make data keys under that condition only."""
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Resource": "*"}
    free = {**root, "NotAction": ["kms:Decrypt", "kms:GenerateDataKey"]}
    bound = {**root, "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Condition": {"StringEquals": condition}}
    kms.put_key_policy(KeyId=key, Policy=json.dumps({"Version": "2012-10-17", "Statement": [free, bound]}))


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["in the row", "beside it"])
@pytest.mark.parametrize(
    ("attributes", "readable"),
    [
        ({"KmsMasterKeyId": "alias/aws/sqs"}, False),
        ({}, False),
        ({"SqsManagedSseEnabled": "false"}, True),
    ],
    ids=["SSE-KMS", "SSE-SQS", "none"],
)
def test_what_lies_on_the_disk(tmp_path: Path, attributes: dict[str, str], readable: bool, body: str) -> None:
    with Cloud(directory=tmp_path) as cloud:
        sqs = cloud.client("sqs")
        url = sqs.create_queue(QueueName="queue", Attributes=attributes)["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=body)
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert (NEEDLE.encode() in stored) is readable
    with Cloud(directory=tmp_path) as cloud:
        (message,) = cloud.client("sqs").receive_message(QueueUrl=url)["Messages"]
        assert message["Body"] == body


@pytest.mark.parametrize("fifo", [False, True], ids=["standard", "FIFO"])
def test_send_and_receive(make: Make, key: str, fifo: bool) -> None:
    queue = make(fifo=fifo, KmsMasterKeyId=key)
    order = {"MessageGroupId": "group"} if fifo else {}
    unique = [{"MessageDeduplicationId": f"{number}"} if fifo else {} for number in range(3)]
    one = queue.send("first", **order, **unique[0])
    entries = [{"Id": f"{n}", "MessageBody": f"ä{n}", **order, **unique[n]} for n in (1, 2)]
    assert len(queue.sqs.send_message_batch(QueueUrl=queue.url, Entries=entries)["Successful"]) == 2
    found = queue.receive()
    assert {message["Body"] for message in found} == {"first", "ä1", "ä2"}
    assert one["MD5OfMessageBody"] in {message["MD5OfBody"] for message in found}  # of the plain text


def test_the_state_of_the_key_counts(make: Make, kms: Any, key: str, refused: Refused, cloud: Cloud) -> None:
    queue = make(KmsMasterKeyId=key, VisibilityTimeout="0", KmsDataKeyReusePeriodSeconds="60")
    queue.send("before")
    kms.disable_key(KeyId=key)
    queue.send("with the data key that is still good")
    cloud.clock.advance(seconds=61)
    with refused("KMS.DisabledException", f"{key} is disabled."):
        queue.send()
    with refused("KMS.DisabledException"):
        queue.sqs.send_message_batch(QueueUrl=queue.url, Entries=[{"Id": "1", "MessageBody": "x"}])
    with refused("KMS.DisabledException"):
        queue.receive()
    assert queue.counts == (2, 0, 0)
    kms.enable_key(KeyId=key)
    assert queue.receive(1, MessageSystemAttributeNames=["All"])[0]["Attributes"]["ApproximateReceiveCount"] == "1"
    cloud.clock.advance(seconds=61)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    with refused("KMS.InvalidStateException", f"{key} is pending deletion."):
        queue.receive()


def test_a_key_that_is_not_there(make: Make, refused: Refused) -> None:
    queue = make(KmsMasterKeyId="alias/none")
    with refused("KMS.NotFoundException", "alias/none is not found"):
        queue.send()
    assert queue.receive() == []


def test_a_key_that_does_not_encrypt(make: Make, kms: Any, refused: Refused) -> None:
    signing = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    with refused("KMS.InvalidKeyUsageException"):
        make(KmsMasterKeyId=signing).send()


def test_who_may_send_and_receive(make: Make, key: str, hire: Hire, refused: Refused) -> None:
    queue = make(KmsMasterKeyId=key)
    queue.send("body")
    stranger = hire("stranger", ALL_OF_SQS)
    with refused("KMS.AccessDeniedException", "user/stranger is not authorized to perform: kms:GenerateDataKey"):
        stranger.send_message(QueueUrl=queue.url, MessageBody="x")
    with refused("KMS.AccessDeniedException", "user/stranger is not authorized to perform: kms:Decrypt"):
        stranger.receive_message(QueueUrl=queue.url)
    producer = hire("producer", ALL_OF_SQS, lets(key, "GenerateDataKey", "Decrypt"))
    producer.send_message(QueueUrl=queue.url, MessageBody="body")
    half = hire("half", ALL_OF_SQS, lets(key, "GenerateDataKey"))
    with refused("KMS.AccessDeniedException", "kms:Decrypt"):  # by which SQS verifies a new data key
        half.send_message(QueueUrl=queue.url, MessageBody="x")
    consumer = hire("consumer", ALL_OF_SQS, lets(key, "Decrypt"))
    found = consumer.receive_message(QueueUrl=queue.url, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in found] == ["body", "body"]


def test_of_awss_own_key_sqss_permissions_are_enough(make: Make, kms: Any, hire: Hire) -> None:
    queue = make(KmsMasterKeyId="alias/aws/sqs")
    worker = hire("worker", ALL_OF_SQS)
    worker.send_message(QueueUrl=queue.url, MessageBody="body")
    assert worker.receive_message(QueueUrl=queue.url)["Messages"][0]["Body"] == "body"
    assert kms.describe_key(KeyId="alias/aws/sqs")["KeyMetadata"]["KeyManager"] == "AWS"


def test_the_encryption_context(make: Make, kms: Any, key: str, refused: Refused) -> None:
    guard(kms, key, **{"kms:EncryptionContext:aws:sqs:arn": ARN, "kms:ViaService": "sqs.us-east-1.amazonaws.com"})
    queue, other = make(KmsMasterKeyId=key), make("other", KmsMasterKeyId=key)
    queue.send("body")
    assert queue.bodies() == ["body"]
    with refused("KMS.AccessDeniedException"):
        other.send()


def test_messages_stay_under_the_key_they_were_sent_with(make: Make, kms: Any, key: str, refused: Refused) -> None:
    queue = make(KmsMasterKeyId=key, VisibilityTimeout="0")
    queue.send("under the key")
    queue.set(KmsMasterKeyId="")
    queue.send("plain")
    assert set(queue.bodies()) == {"under the key", "plain"}
    queue.set(KmsMasterKeyId="alias/aws/sqs")
    queue.send("under another")
    assert set(queue.bodies()) == {"under the key", "plain", "under another"}


def test_dead_letters_and_their_way_back(make: Make, kms: Any, key: str, refused: Refused, cloud: Cloud) -> None:
    dead = make("dead", VisibilityTimeout="0")
    policy = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 1})
    queue = make(KmsMasterKeyId=key, VisibilityTimeout="0", RedrivePolicy=policy)
    queue.send("body")
    assert (queue.bodies(), queue.bodies()) == (["body"], [])
    assert dead.bodies() == ["body"]
    cloud.clock.advance(minutes=6)
    kms.disable_key(KeyId=key)
    with refused("KMS.DisabledException"):
        dead.receive()
    kms.enable_key(KeyId=key)
    queue.sqs.start_message_move_task(SourceArn=dead.arn)
    cloud.clock.advance(seconds=2)
    assert queue.bodies() == ["body"]


def test_the_developers_look(cloud: Cloud, make: Make, kms: Any, key: str) -> None:
    queue = make(KmsMasterKeyId=key)
    queue.send("body")
    with httpx.Client(transport=cloud.transport(), base_url=cloud.url) as web:
        look = {"url": "/_aws/sqs/messages", "params": {"QueueUrl": queue.url}}
        assert "<Body>body</Body>" in web.get(**look).text
        kms.disable_key(KeyId=key)
        cloud.clock.advance(minutes=6)
        assert web.get(**look).status_code == 400


def test_a_snapshot_takes_no_data_keys_back(cloud: Cloud, make: Make, key: str) -> None:
    """What was made after it is gone: messages are sealed under keys that are there."""
    queue = make(KmsMasterKeyId=key)
    cloud.save("before")
    queue.send("gone")
    cloud.load("before")
    queue.send("kept")
    cloud.save("after")
    cloud.load("after")
    assert queue.bodies() == ["kept"]
