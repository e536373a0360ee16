"""How much may run at a time, and what becomes of the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.services.lambda_.runtime import pool
from hodei.testing import ACCOUNT, Cloud

from .functions import role_of
from .parallel import Gate, make


@pytest.fixture
def gate(cloud: Cloud) -> Iterator[Gate]:
    with Gate(cloud) as gate:
        yield gate


def refused(gate: Gate, name: str, reason: str) -> dict[str, Any]:
    """The response to an invoke that there is no room for."""
    with pytest.raises(ClientError, match=r"TooManyRequestsException.*Rate Exceeded\.") as caught:
        gate.call(name)
    response: dict[str, Any] = dict(caught.value.response)
    assert (response["Reason"], response["Type"]) == (reason, "User")
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
    return response


def sums(cloud: Cloud, metric: str, statistic: str = "Sum") -> float:
    """Of a metric of the function `f`, so far."""
    cloud.clock.advance(minutes=2)
    now = cloud.clock.now()
    points = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": "FunctionName", "Value": "f"}],
        StartTime=now.replace(year=now.year - 1),
        EndTime=now,
        Period=365 * 86400,
        Statistics=[statistic],
    )["Datapoints"]
    return sum(point[statistic] for point in points)


@pytest.mark.feature("lambda.throttles")
def test_an_account_runs_so_many_in_a_region(cloud: Cloud, gate: Gate) -> None:
    cloud.quota("lambda", "concurrent-executions", 3)
    role = role_of(cloud)
    for name in ("f", "g"):
        make(cloud, role, name)
    gate.hold("f", 2)
    gate.hold("g", 1)
    refused(gate, "f", "ConcurrentInvocationLimitExceeded")
    assert len(gate.open()) == 3
    assert gate.call("f")["served"] == 2
    assert (sums(cloud, "Throttles"), sums(cloud, "Invocations")) == (1, 3)


@pytest.mark.feature("lambda.throttles")
def test_as_many_at_once_as_there_is_room_for(cloud: Cloud, gate: Gate) -> None:
    """All of them come before any has begun to run."""
    cloud.quota("lambda", "concurrent-executions", 5)
    make(cloud, role_of(cloud), "f")
    for _ in range(12):
        gate.begin("f")
    gate.accept(5)
    answers = gate.open(errors=True)
    assert sum("served" in answer for answer in answers) == 5
    assert sum(answer.get("Reason") == "ConcurrentInvocationLimitExceeded" for answer in answers) == 7


@pytest.mark.feature("lambda.reserved-concurrency")
def test_a_reservation_is_a_guarantee_and_a_ceiling(cloud: Cloud, gate: Gate) -> None:
    cloud.quota("lambda", "concurrent-executions", 104)
    role = role_of(cloud)
    for name in ("f", "g"):
        make(cloud, role, name)
    cloud.client("lambda").put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=2)
    cloud.quota("lambda", "concurrent-executions", 5)
    gate.hold("g", 3)
    refused(gate, "g", "ConcurrentInvocationLimitExceeded")
    gate.hold("f", 2)
    refused(gate, "f", "ReservedFunctionConcurrentInvocationLimitExceeded")
    gate.open()
    gate.hold("f", 2)
    gate.hold("g", 3)
    refused(gate, "g", "ConcurrentInvocationLimitExceeded")


@pytest.mark.feature("lambda.throttles")
def test_a_function_can_only_grow_so_fast(cloud: Cloud, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "BURST", 2)
    monkeypatch.setattr(pool, "GROWTH", 0.2)
    role = role_of(cloud)
    for name in ("f", "g"):
        make(cloud, role, name)
    cloud.clock.freeze()
    gate.hold("f", 2)
    refused(gate, "f", "ConcurrentInvocationLimitExceeded")
    gate.hold("g", 2)
    cloud.clock.advance(seconds=5)
    gate.hold("f", 1)
    refused(gate, "f", "ConcurrentInvocationLimitExceeded")
    gate.open()
    gate.hold("f", 3)  # those that are there already


@pytest.mark.feature("lambda.throttles", "cloud.throttling")
def test_requests_are_ten_a_second_for_each_concurrent_execution(cloud: Cloud, gate: Gate) -> None:
    make(cloud, role_of(cloud), "f")
    cloud.client("lambda").put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=1)
    cloud.clock.freeze()
    cloud.limits("aws")
    for _ in range(10):
        gate.call("f")
    response = refused(gate, "f", "ReservedFunctionInvocationRateLimitExceeded")
    assert response["retryAfterSeconds"] == "1"
    cloud.clock.advance(seconds=0.2)
    gate.call("f")


@pytest.mark.feature("lambda.throttles")
def test_callers_of_the_control_plane_are_told_why(cloud: Cloud, gate: Gate) -> None:
    make(cloud, role_of(cloud), "f")
    cloud.clock.freeze()
    cloud.limits("aws")
    with pytest.raises(ClientError, match=r"TooManyRequestsException.*Rate exceeded") as caught:
        for _ in range(20):
            gate.client.list_functions()
    assert caught.value.response["Reason"] == "CallerRateLimitExceeded"


def queue(cloud: Cloud, name: str) -> tuple[str, str]:
    """The URL and the ARN of a new one."""
    url = cloud.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    return url, f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"


def received(cloud: Cloud, url: str) -> list[dict[str, Any]]:
    answer = cloud.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
    found: list[dict[str, Any]] = answer.get("Messages", [])
    return found


@pytest.mark.feature("lambda.throttles")
def test_events_that_there_is_no_room_for_wait(cloud: Cloud, gate: Gate) -> None:
    cloud.quota("lambda", "concurrent-executions", 1)
    role = role_of(cloud)
    for name in ("f", "g"):
        make(cloud, role, name)
    gate.hold("g")
    gate.client.invoke(FunctionName="f", InvocationType="Event")
    cloud.clock.advance(hours=5)
    assert sums(cloud, "Throttles") > 50 and sums(cloud, "Invocations") == 0
    gate.open()
    cloud.clock.advance(minutes=6)
    assert (sums(cloud, "Invocations"), sums(cloud, "AsyncEventsDropped")) == (1, 0)
    assert sums(cloud, "AsyncEventAge", "Maximum") >= 5 * 3600 * 1000


@pytest.mark.feature("lambda.destinations", "lambda.dlq")
def test_events_that_there_is_no_room_for_in_six_hours_are_given_up(cloud: Cloud, gate: Gate) -> None:
    cloud.quota("lambda", "concurrent-executions", 1)
    role = role_of(cloud, "AmazonSQSFullAccess")
    dead, dead_arn = queue(cloud, "dead")
    failed, failed_arn = queue(cloud, "failed")
    make(cloud, role, "f", DeadLetterConfig={"TargetArn": dead_arn})
    make(cloud, role, "g")
    cloud.client("lambda").put_function_event_invoke_config(
        FunctionName="f", DestinationConfig={"OnFailure": {"Destination": failed_arn}}
    )
    gate.hold("g")
    gate.client.invoke(FunctionName="f", InvocationType="Event", Payload=b'{"n": 1}')
    cloud.clock.advance(hours=6, minutes=10)
    (letter,) = received(cloud, dead)
    assert letter["Body"] == '{"n": 1}'
    (message,) = received(cloud, failed)
    record = json.loads(message["Body"])
    assert record["requestContext"]["condition"] == "EventAgeExceeded" and "responsePayload" not in record
    assert (sums(cloud, "Invocations"), sums(cloud, "AsyncEventsDropped")) == (0, 1)


@pytest.mark.feature("lambda.dlq", "lambda.reserved-concurrency")
def test_events_of_a_function_that_may_not_run_are_dead_at_once(cloud: Cloud, gate: Gate) -> None:
    dead, arn = queue(cloud, "dead")
    make(cloud, role_of(cloud, "AmazonSQSFullAccess"), "f", DeadLetterConfig={"TargetArn": arn})
    cloud.client("lambda").put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    gate.client.invoke(FunctionName="f", InvocationType="Event", Payload=b'{"n": 1}')
    cloud.settle()
    (letter,) = received(cloud, dead)
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert letter["Body"] == '{"n": 1}' and attributes["ErrorCode"] == "429"


@pytest.mark.feature("lambda.dlq", "lambda.destinations")
def test_letters_that_cannot_be_delivered_are_counted(cloud: Cloud, gate: Gate) -> None:
    _, dead = queue(cloud, "dead")
    _, failed = queue(cloud, "failed")
    role = role_of(cloud, "AmazonSQSFullAccess")
    make(cloud, role, "f", DeadLetterConfig={"TargetArn": dead})
    cloud.client("lambda").put_function_event_invoke_config(
        FunctionName="f", MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": failed}}
    )
    cloud.client("iam").detach_role_policy(RoleName="fn", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSFullAccess")
    gate.client.invoke(FunctionName="f", InvocationType="Event", Payload=b'{"exit": 1}')
    cloud.clock.advance(minutes=1)
    counts = [sums(cloud, name) for name in ("DeadLetterErrors", "DestinationDeliveryFailures", "AsyncEventsDropped")]
    assert counts == [1, 1, 1]
