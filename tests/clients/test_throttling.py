"""The SDKs' own retry modes against real throttling, errors of the server and slow answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from hostile.process import Process

pytestmark = [pytest.mark.socket, pytest.mark.feature("cli.sdk", "cloud.throttling")]

MODES = ("legacy", "standard", "adaptive")
RATE = 8.0
CALLS = 24


@pytest.fixture
def admin(server: Process) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server.url}/_hodei") as client:
        client.delete("/faults")
        client.delete("/limits")
        yield client
        client.delete("/faults")
        client.delete("/limits")


def limit(admin: httpx.Client, service: str, operation: str, rate: float = RATE) -> None:
    answer = admin.post("/limits", json={"service": service, "operation": operation, "rate": rate})
    assert answer.status_code == 200, answer.text


CASES = [
    ("sqs", "ListQueues", "list_queues"),
    ("s3", "ListBuckets", "list_buckets"),
    ("dynamodb", "ListTables", "list_tables"),
    ("iam", "ListUsers", "list_users"),
]


@pytest.mark.parametrize(("service", "operation", "method"), CASES, ids=[case[0] for case in CASES])
@pytest.mark.parametrize("mode", MODES)
def test_a_client_that_asks_too_fast_waits_and_succeeds(
    admin: httpx.Client, connect: Callable[..., Any], mode: str, service: str, operation: str, method: str
) -> None:
    """What is beyond the burst can only come as the bucket fills: the retries are those that wait."""
    limit(admin, service, operation)
    client = connect(service, retries={"mode": mode, "total_max_attempts": 12})
    begun = time.monotonic()
    retries = [getattr(client, method)()["ResponseMetadata"]["RetryAttempts"] for _ in range(CALLS)]
    assert time.monotonic() - begun >= (CALLS - RATE) / RATE * 0.9
    assert max(retries) >= 1


@pytest.mark.parametrize("mode", MODES)
def test_several_clients_at_once_all_get_through(admin: httpx.Client, connect: Callable[..., Any], mode: str) -> None:
    limit(admin, "sqs", "ListQueues", rate=20)
    clients = [connect("sqs", retries={"mode": mode, "total_max_attempts": 15}) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(client.list_queues) for client in clients for _ in range(10)]
    assert {call.result()["ResponseMetadata"]["HTTPStatusCode"] for call in calls} == {200}


@pytest.mark.parametrize("mode", MODES)
def test_a_client_whose_attempts_are_used_up_gets_the_error(
    admin: httpx.Client, connect: Callable[..., Any], mode: str
) -> None:
    limit(admin, "dynamodb", "ListTables", rate=0)
    client = connect("dynamodb", retries={"mode": mode, "total_max_attempts": 3})
    client.list_tables()  # the burst of one
    with pytest.raises(ClientError) as caught:
        client.list_tables()
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["RetryAttempts"]) == ("ThrottlingException", 2)
    assert answer["ResponseMetadata"]["MaxAttemptsReached"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "fault",
    [
        {"error": "ProvisionedThroughputExceededException"},
        {"error": "InternalServerError"},
        {"error": "ServiceUnavailable"},
        {"reset": True},
        {"abort_after": 5},
        {"down": True},
    ],
    ids=lambda fault: next(iter(fault.values())) if "error" in fault else next(iter(fault)),
)
def test_what_goes_wrong_twice_goes_right_the_third_time(
    admin: httpx.Client, connect: Callable[..., Any], mode: str, fault: dict[str, Any]
) -> None:
    assert admin.post("/faults", json={"service": "dynamodb", "count": 2, **fault}).status_code == 200
    client = connect("dynamodb", retries={"mode": mode, "total_max_attempts": 4})
    assert client.list_tables()["ResponseMetadata"]["RetryAttempts"] == 2


@pytest.mark.parametrize("mode", MODES)
def test_a_slow_answer_is_given_up_and_asked_for_again(
    admin: httpx.Client, connect: Callable[..., Any], mode: str
) -> None:
    slow = {"service": "sqs", "operation": "ListQueues", "latency": "3s"}
    admin.post("/faults", json={**slow, "count": 1})
    impatient = connect("sqs", read_timeout=0.3, retries={"mode": mode, "total_max_attempts": 3})
    begun = time.monotonic()
    assert impatient.list_queues()["ResponseMetadata"]["RetryAttempts"] == 1
    assert time.monotonic() - begun < 3
    admin.post("/faults", json=slow)
    with pytest.raises(ReadTimeoutError):
        impatient.list_queues()


@pytest.mark.parametrize("mode", ["standard", "adaptive"])
def test_the_aws_cli_retries_too(admin: httpx.Client, aws: Callable[..., str], mode: str, server: Process) -> None:
    admin.post("/faults", json={"service": "dynamodb", "error": "ThrottlingException", "count": 2})
    told = aws("dynamodb", "list-tables", "--output", "json", AWS_RETRY_MODE=mode, AWS_MAX_ATTEMPTS="5")
    assert '"TableNames"' in told
    (fault,) = admin.get("/faults").json()["faults"]
    assert fault["hits"] == 2
