"""The books: what is written down of a call, and what must not be."""

from __future__ import annotations

import pytest

from hodei.kernel.ledger.audit import Event, audited
from hodei.kernel.tables import Place
from hodei.protocol.http import Body, Headers, Request
from hodei.testing import ACCOUNT, REGION, Cloud

ALWAYS = {"start": 0.0, "end": 1e11}


def events(cloud: Cloud, region: str = REGION, *, data: bool = False) -> list[Event]:
    world = cloud.world

    def read() -> list[Event]:
        world.ledger.flush()
        chunks = world.ledger.audit.events(Place(world.store, ACCOUNT, region), data=data, **ALWAYS)
        return [event for chunk in chunks for event in chunk]

    found: list[Event] = cloud._runner.call(read)
    return found


def test_a_call_is_recorded_with_its_result_and_resources(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.get_queue_attributes(QueueUrl=url)
    create, read = events(cloud)
    assert create.operation == "CreateQueue"
    assert create.params == {"QueueName": "orders"}
    assert create.result == {"QueueUrl": url}
    assert create.resources == (f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders",)
    assert create.recipients == (ACCOUNT,)
    assert create.user_agent.startswith("Boto3/")
    assert (read.operation, read.result) == ("GetQueueAttributes", None)


def test_a_call_that_fails_is_recorded_with_its_error(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.get_queue_url(QueueName="missing")
    (event,) = events(cloud)
    assert event.error == "QueueDoesNotExist"
    assert event.message == "The specified queue does not exist."


def test_secrets_and_bodies_are_not_written_down(cloud: Cloud) -> None:
    secret = "correct horse battery staple"
    cloud.client("secretsmanager").create_secret(Name="db", SecretString=secret)
    cloud.client("ssm").put_parameter(Name="/db", Value=secret, Type="SecureString")
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.encrypt(KeyId=key, Plaintext=secret.encode())
    iam = cloud.client("iam")
    iam.create_user(UserName="ann")
    made = iam.create_access_key(UserName="ann")["AccessKey"]
    found = repr(events(cloud))
    assert "CreateSecret" in found and "PutParameter" in found and "Encrypt" in found and made["AccessKeyId"] in found
    assert secret not in found
    assert made["SecretAccessKey"] not in found


def test_data_events_are_kept_for_those_who_want_them(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="unseen")

    def want(*types: str) -> None:
        with cloud.world.store.batch():
            cloud.world.ledger.audit.want(ACCOUNT, types)

    cloud._runner.call(want, "AWS::SQS::Queue")
    sqs.send_message(QueueUrl=url, MessageBody="seen")
    (event,) = events(cloud, data=True)
    assert (event.operation, event.data) == ("SendMessage", "AWS::SQS::Queue")
    assert event.params is not None and "seen" not in repr(event.params)
    cloud._runner.call(want)
    sqs.send_message(QueueUrl=url, MessageBody="unseen")
    assert len(events(cloud, data=True)) == 1


def test_an_acknowledged_change_has_its_event(cloud: Cloud) -> None:
    """It is written with the change, not a moment later."""
    cloud.client("sqs").create_queue(QueueName="orders")
    world = cloud.world
    table = world.ledger.audit.management
    chunks = cloud._runner.call(lambda: list(table.scan(Place(world.store, ACCOUNT, REGION))))
    assert len(chunks) == 1


@pytest.mark.parametrize(
    ("service", "operation", "reads"),
    [("sqs", "ListQueues", True), ("sqs", "DeleteQueue", False), ("kms", "Decrypt", True), ("sts", "AssumeRole", True)],
)
def test_what_only_reads(service: str, operation: str, reads: bool) -> None:
    assert audited(service, operation).read_only is reads


@pytest.mark.parametrize("odd", ["2" * 40, '"\\ud800"'])
def test_what_cannot_be_encoded_takes_nothing_with_it(cloud: Cloud, odd: str) -> None:
    cloud.client("sqs").create_queue(QueueName="orders")
    body = f'{{"QueueUrl": "http://localhost/{ACCOUNT}/orders", "Tags": {{"a": "b"}}, "Odd": 1, "QueueName": {odd}}}'
    headers = [
        ("host", "localhost"),
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-target", "AmazonSQS.CreateQueue"),
        ("authorization", f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/sqs/aws4_request"),
    ]
    cloud.send(Request("POST", "/", Headers(headers), Body(body.encode())))
    cloud.client("sqs").create_queue(QueueName="books")
    found = [event.operation for event in events(cloud)]
    assert found[0] == found[-1] == "CreateQueue" and len(found) >= 2
