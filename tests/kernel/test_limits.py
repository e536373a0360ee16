"""Request rates: token buckets, AWS's documented numbers, each service's own throttling error."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from hodei.kernel.limits import Bucket
from hodei.kernel.manifest import all_manifests
from hodei.kernel.service import load_service
from hodei.testing import Cloud

ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})
OTHER = "111122223333"


@pytest.fixture(autouse=True)
def still(cloud: Cloud) -> None:
    """Nothing refills but by `advance`."""
    cloud.clock.freeze()


@pytest.fixture
def connect(cloud: Cloud) -> Callable[..., Any]:
    return lambda service, **options: cloud.client(service, config=ONCE, **options)


def passed(call: Callable[..., Any], times: int, **params: Any) -> int:
    """How many of so many calls are not throttled."""
    count = 0
    for _ in range(times):
        try:
            call(**params)
            count += 1
        except ClientError as error:
            assert any(word in error.response["Error"]["Code"] for word in ("Thrott", "SlowDown", "TooMany")), error
    return count


def test_a_bucket_fills_to_its_burst() -> None:
    bucket = Bucket(tokens=0, at=100.0)
    assert not bucket.fill(100.4, rate=2, burst=3)
    assert bucket.fill(100.5, rate=2, burst=3)
    assert bucket.fill(1000.0, rate=2, burst=3)
    assert bucket.tokens == 3
    bucket.tokens = 0
    assert not bucket.fill(50.0, rate=2, burst=3), "the clock was set back"
    assert bucket.fill(51.0, rate=2, burst=3)


@pytest.mark.feature("cloud.throttling")
@pytest.mark.parametrize(
    ("service", "operation", "code", "status", "message"),
    [
        ("sqs", "list_queues", "RequestThrottled", 403, "Rate exceeded"),
        ("s3", "list_buckets", "SlowDown", 503, "Please reduce your request rate."),
        ("sts", "get_caller_identity", "Throttling", 400, "Rate exceeded"),
        ("iam", "list_users", "Throttling", 400, "Rate exceeded"),
        ("dynamodb", "list_tables", "ThrottlingException", 400, "Rate of requests exceeds the allowed throughput."),
        (
            "kms",
            "list_keys",
            "ThrottlingException",
            400,
            "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
        ),
        ("secretsmanager", "list_secrets", "ThrottlingException", 400, "Rate exceeded"),
        ("ssm", "describe_parameters", "ThrottlingException", 400, "Rate exceeded"),
        ("service-quotas", "list_services", "TooManyRequestsException", 400, "Rate exceeded"),
    ],
)
def test_each_service_has_its_own_throttling_error(
    cloud: Cloud, connect: Callable[..., Any], service: str, operation: str, code: str, status: int, message: str
) -> None:
    client = connect(service)
    cloud.limit(service, "*", rate=1)
    getattr(client, operation)()
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)()
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["Error"]["Message"]) == (code, message)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    if "RequestThrottled" in dir(client.exceptions):
        assert isinstance(caught.value, client.exceptions.RequestThrottled)


def test_no_rate_holds_unless_asked_for(connect: Callable[..., Any]) -> None:
    assert passed(connect("kms").create_key, 10) == 10


@pytest.mark.feature("cloud.throttling")
def test_a_limit_that_is_set_refills_with_the_clock(cloud: Cloud, connect: Callable[..., Any]) -> None:
    sqs = connect("sqs")
    cloud.limit("sqs", "ListQueues", rate=2, burst=5)
    assert passed(sqs.list_queues, 8) == 5
    cloud.clock.advance(seconds=1)
    assert passed(sqs.list_queues, 8) == 2
    cloud.clock.advance(hours=1)
    assert passed(sqs.list_queues, 8) == 5
    assert passed(sqs.create_queue, 1, QueueName="q") == 1, "another operation"


def test_accounts_and_regions_have_their_own(cloud: Cloud, connect: Callable[..., Any]) -> None:
    cloud.limit("sqs", "ListQueues", rate=1)
    for options in ({}, {"region_name": "eu-west-1"}, {"account": OTHER}):
        assert passed(connect("sqs", **options).list_queues, 3) == 1


def test_a_limit_of_one_place(cloud: Cloud, connect: Callable[..., Any]) -> None:
    cloud.limit("sqs", "*", rate=1, account=OTHER, region="eu-west-1")
    assert passed(connect("sqs", account=OTHER, region_name="eu-west-1").list_queues, 3) == 1
    assert passed(connect("sqs", account=OTHER).list_queues, 3) == 3
    assert passed(connect("sqs", region_name="eu-west-1").list_queues, 3) == 3


def test_all_operations_together(cloud: Cloud, connect: Callable[..., Any]) -> None:
    sqs = connect("sqs")
    cloud.limit("sqs", "*", rate=4)
    assert passed(sqs.list_queues, 3) + passed(sqs.create_queue, 3, QueueName="q") == 4


def test_what_is_throttled_takes_no_token(cloud: Cloud, connect: Callable[..., Any]) -> None:
    """A call that one rate refuses costs nothing of another's."""
    sqs = connect("sqs")
    cloud.limit("sqs", "*", rate=3)
    cloud.limit("sqs", "ListQueues", rate=1)
    assert passed(sqs.list_queues, 5) == 1
    assert passed(sqs.create_queue, 5, QueueName="q") == 2


# AWS's numbers


@pytest.mark.feature("cloud.throttling")
def test_awss_numbers_hold_when_turned_on(cloud: Cloud, connect: Callable[..., Any]) -> None:
    kms = connect("kms")
    cloud.limits("aws")
    assert passed(kms.create_key, 8) == 5
    assert passed(kms.list_keys, 8) == 8
    dynamodb = connect("dynamodb")
    assert passed(dynamodb.describe_limits, 3) == 1
    cloud.clock.advance(seconds=59)
    assert passed(dynamodb.describe_limits, 1) == 0
    cloud.clock.advance(seconds=2)
    assert passed(dynamodb.describe_limits, 3) == 1
    cloud.limits("off")
    assert passed(kms.create_key, 8) == 8


@pytest.mark.feature("cloud.throttling")
def test_a_fifo_queue_has_its_rate_for_each_operation(cloud: Cloud, connect: Callable[..., Any]) -> None:
    sqs = connect("sqs")
    fast = {"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
    one, two, high = (
        sqs.create_queue(QueueName=f"{name}.fifo", Attributes={"FifoQueue": "true", **more})["QueueUrl"]
        for name, more in (("one", {}), ("two", {}), ("high", fast))
    )
    standard = sqs.create_queue(QueueName="standard")["QueueUrl"]
    cloud.limits("aws")
    assert passed(sqs.receive_message, 310, QueueUrl=one) == 300
    assert passed(sqs.receive_message, 1, QueueUrl=two) == 1
    assert passed(sqs.send_message, 1, QueueUrl=one, MessageBody="b", MessageGroupId="g", MessageDeduplicationId="d")
    assert passed(sqs.receive_message, 310, QueueUrl=standard) == 310
    assert passed(sqs.receive_message, 310, QueueUrl=high) == 310


def test_a_documented_rate_is_a_quota_and_rises_with_it(cloud: Cloud, connect: Callable[..., Any]) -> None:
    cloud.limits("aws")
    cloud.quota("kms", "create-key-rate", 7)
    assert passed(connect("kms").create_key, 10) == 7
    assert passed(connect("kms", region_name="eu-west-1").create_key, 10) == 5


def test_calls_that_services_make_are_counted(cloud: Cloud, connect: Callable[..., Any]) -> None:
    """Each send of S3's notifications is a request for the queue."""
    sqs, s3 = connect("sqs"), connect("s3")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:*", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    s3.create_bucket(Bucket="bbb")
    rule = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(Bucket="bbb", NotificationConfiguration={"QueueConfigurations": [rule]})
    cloud.settle()
    sqs.purge_queue(QueueUrl=url)  # of the test event
    cloud.limit("sqs", "SendMessage", rate=1)
    for key in "abc":
        s3.put_object(Bucket="bbb", Key=key)
    cloud.settle()
    count = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    assert count["Attributes"] == {"ApproximateNumberOfMessages": "1"}
    cloud.clock.advance(hours=1)
    count = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    assert count["Attributes"] == {"ApproximateNumberOfMessages": "3"}


@pytest.mark.parametrize("name", sorted(all_manifests()))
def test_the_operations_of_a_documented_rate_are_there(name: str) -> None:
    service = load_service(name)
    limits = service.manifest.limits
    assert service.rates.keys() <= limits.keys()
    for limit in limits.values():
        assert set(limit.operations) <= service.model.operations.keys()
        assert limit.key in service.manifest.quotas


# kept, shown, changed


def test_limits_are_kept_and_part_of_snapshots(cloud: Cloud, connect: Callable[..., Any]) -> None:
    sqs = connect("sqs")
    cloud.limit("sqs", "ListQueues", rate=1)
    cloud.limits("aws")
    cloud.save("limited")
    cloud.reset()
    assert not cloud.world.limits.active
    assert passed(sqs.list_queues, 3) == 3
    cloud.load("limited")
    assert cloud.world.limits.mode == "aws"
    assert passed(sqs.list_queues, 3) == 1


def test_an_account_that_is_reset_loses_its_limits(cloud: Cloud) -> None:
    cloud.limit("sqs", "*", rate=1, account=OTHER)
    cloud.limit("sqs", "*", rate=1)
    cloud.reset(OTHER)
    assert [limit.account for limit in cloud.world.limits.listed()] == [""]


def test_limits_over_the_admin_api(cloud: Cloud, connect: Callable[..., Any]) -> None:
    with httpx.Client(transport=cloud.transport(), base_url=f"{cloud.url}/_hodei") as admin:
        told = admin.get("/limits", params={"region": "eu-west-2"}).json()
        assert (told["mode"], told["set"]) == ("off", [])
        rates = {(limit["service"], limit["quota"]): limit["rate"] for limit in told["documented"]}
        assert rates["kms", "create-key-rate"] == 5
        assert rates["kms", "cryptographic-symmetric-rate"] == 20_000
        assert admin.post("/limits", json={"mode": "aws"}).json()["mode"] == "aws"
        body = {"service": "sqs", "operation": "ListQueues", "rate": 0.5}
        (limit,) = admin.post("/limits", json=body).json()["set"]
        assert (limit["rate"], limit["burst"]) == (0.5, 1)
        assert passed(connect("sqs").list_queues, 3) == 1
        gone = {"service": "sqs", "operation": "ListQueues"}
        assert admin.delete("/limits", params=gone).json()["set"] == []
        assert admin.delete("/limits", params=gone).status_code == 404
        admin.post("/limits", json=body)
        assert admin.delete("/limits").json()["set"] == []
        assert passed(connect("sqs").list_queues, 3) == 3


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "mode and rate"),
        ({"mode": "aws", "rate": 1}, "mode and rate"),
        ({"mode": "gcp"}, "gcp"),
        ({"service": "nosuch", "operation": "X", "rate": 1}, "no service"),
        ({"service": "sqs", "operation": "Nosuch", "rate": 1}, "no operation"),
        ({"service": "sqs", "operation": "*", "rate": -1}, "rate"),
        ({"service": "sqs", "operation": "*", "rate": 1, "burst": 0.5}, "burst"),
        ({"service": "sqs", "operation": "*", "rate": 1, "account": "12"}, "account"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(cloud: Cloud, body: dict[str, Any], reason: str) -> None:
    with httpx.Client(transport=cloud.transport(), base_url=f"{cloud.url}/_hodei") as admin:
        answer = admin.post("/limits", json=body)
    assert answer.status_code == 400
    assert reason in answer.json()["error"]
