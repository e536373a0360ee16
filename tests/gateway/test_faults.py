"""Faults as clients meet them: in-process, and on the wire where that is what breaks."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ResponseStreamingError

from hodei.testing import Cloud
from hostile.process import Process

ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})
KEY = "111122223333"
SIGNED = f"AWS4-HMAC-SHA256 Credential={KEY}/20300101/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=0"


def codes(call: Any, times: int, **params: Any) -> str:
    """One letter a call: `.` for success, `x` for an error."""
    told = ""
    for _ in range(times):
        try:
            call(**params)
            told += "."
        except ClientError:
            told += "x"
    return told


# errors


@pytest.mark.parametrize(
    ("service", "operation", "params", "code", "status"),
    [
        ("dynamodb", "put_item", {"TableName": "ttt", "Item": {"k": {"S": "a"}}}, "ThrottlingException", 400),
        ("dynamodb", "list_tables", {}, "InternalServerError", 500),
        ("s3", "list_buckets", {}, "SlowDown", 503),
        ("sts", "get_caller_identity", {}, "ServiceUnavailable", 503),
        ("iam", "list_users", {}, "ServiceFailure", 500),
        ("iam", "list_users", {}, "SomethingElse", 400),
    ],
)
def test_an_error_comes_in_the_services_own_format(
    cloud: Cloud, service: str, operation: str, params: dict[str, Any], code: str, status: int
) -> None:
    client = cloud.client(service, config=ONCE)
    name = "".join(map(str.capitalize, operation.split("_")))
    cloud.fault(service=service, operation=name, error=code, count=1)
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)(**params)
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert answer["Error"]["Message"] == "Injected by Hodei's fault 1."


def test_an_error_that_the_model_has_is_its_exception(cloud: Cloud) -> None:
    sqs = cloud.client("sqs", config=ONCE)
    cloud.fault(service="sqs", error="RequestThrottled", message="Slower", count=1)
    with pytest.raises(sqs.exceptions.RequestThrottled, match="Slower"):
        sqs.list_queues()
    cloud.fault(service="sqs", error="AnythingOfMine", status=418)
    with pytest.raises(ClientError) as caught:
        sqs.list_queues()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 418


def test_a_call_that_fails_has_no_effect(cloud: Cloud) -> None:
    sqs = cloud.client("sqs", config=ONCE)
    cloud.fault(operation="CreateQueue", error="InternalError")
    assert codes(sqs.create_queue, 1, QueueName="q") == "x"
    assert "QueueUrls" not in sqs.list_queues()


# which calls


def test_selectors_leave_other_calls_alone(cloud: Cloud) -> None:
    here, elsewhere = cloud.client("sqs", config=ONCE), cloud.client("sqs", config=ONCE, region_name="eu-west-1")
    other = cloud.client("sqs", config=ONCE, account=KEY)
    cloud.fault(service="sqs", operation="List*", region="us-east-1", account="000000000000", error="InternalError")
    assert codes(here.list_queues, 1) == "x"
    assert codes(here.create_queue, 1, QueueName="q") == "."
    assert codes(elsewhere.list_queues, 1) == codes(other.list_queues, 1) == "."
    assert codes(cloud.client("s3", config=ONCE).list_buckets, 1) == "."
    (fault,) = cloud.faults()
    assert (fault.calls, fault.hits) == (1, 1)


def test_by_access_key(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    user = iam.create_user(UserName="ada")["User"]["UserName"]
    iam.attach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    keys = [iam.create_access_key(UserName=user)["AccessKey"] for _ in range(2)]
    first, second = (
        cloud.client(
            "sqs", config=ONCE, aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
        )
        for key in keys
    )
    cloud.fault(key=keys[0]["AccessKeyId"], error="InternalError")
    assert codes(first.list_queues, 1) + codes(second.list_queues, 1) == "x."


@pytest.mark.parametrize("role", ["worker", "arn:aws:iam::000000000000:role/jobs/worker"])
def test_by_role(cloud: Cloud, role: str) -> None:
    iam = cloud.client("iam")
    principal = {"AWS": "arn:aws:iam::000000000000:root"}
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}],
    }
    user = iam.create_user(UserName="ada")["User"]["UserName"]
    iam.attach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    key = iam.create_access_key(UserName=user)["AccessKey"]
    sts = cloud.client(
        "sts", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"], config=ONCE
    )
    sessions = []
    for name in ("worker", "other"):
        made = iam.create_role(RoleName=name, Path="/jobs/", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        got = sts.assume_role(RoleArn=made, RoleSessionName="night")["Credentials"]
        secrets = {"aws_secret_access_key": got["SecretAccessKey"], "aws_session_token": got["SessionToken"]}
        sessions.append(cloud.client("sts", config=ONCE, aws_access_key_id=got["AccessKeyId"], **secrets))
    cloud.fault(role=role, error="InternalError")
    assert "".join(codes(session.get_caller_identity, 1) for session in sessions) == "x."


def test_a_rate_is_repeatable_by_its_seed_and_survives_a_restart(tmp_path: Path) -> None:
    def run(cloud: Cloud, calls: int) -> str:
        return codes(cloud.client("sqs", config=ONCE).list_queues, calls)

    fault: dict[str, Any] = {"service": "sqs", "error": "InternalError", "rate": 0.3, "seed": 7}
    with Cloud(seed=1) as cloud:
        cloud.fault(**fault)
        whole = run(cloud, 60)
        (told,) = cloud.faults()
        assert (told.calls, told.hits) == (60, whole.count("x"))
    assert 8 <= whole.count("x") <= 28
    with Cloud(seed=2, directory=tmp_path) as cloud:
        cloud.fault(**fault)
        first = run(cloud, 25)
    with Cloud(seed=3, directory=tmp_path) as cloud:
        assert first + run(cloud, 35) == whole


def test_a_fault_ends_by_count_and_by_the_clock(cloud: Cloud) -> None:
    sqs = cloud.client("sqs", config=ONCE)
    cloud.clock.freeze()
    cloud.fault(service="sqs", error="InternalError", count=2)
    assert codes(sqs.list_queues, 4) == "xx.."
    cloud.clear_faults()
    cloud.fault(service="sqs", error="InternalError", lasts=600)
    cloud.clock.advance(seconds=599)
    assert codes(sqs.list_queues, 1) == "x"
    cloud.clock.advance(seconds=1)
    assert codes(sqs.list_queues, 1) == "."
    assert cloud.faults() == []


def test_snapshots_carry_faults_and_reset_forgets_them(cloud: Cloud) -> None:
    sqs = cloud.client("sqs", config=ONCE)
    cloud.fault(service="sqs", error="InternalError")
    cloud.save("broken")
    cloud.reset()
    assert codes(sqs.list_queues, 1) == "."
    cloud.load("broken")
    assert codes(sqs.list_queues, 1) == "x"
    cloud.clear_faults()
    cloud.fault(account="000000000000", error="InternalError")
    cloud.fault(account=KEY, error="InternalError")
    cloud.reset("000000000000")
    assert [fault.account for fault in cloud.faults()] == [KEY]


# what it does to the wire


def test_latency_is_real_also_while_the_clock_stands_still(cloud: Cloud) -> None:
    cloud.clock.freeze()
    sqs = cloud.client("sqs", config=ONCE)
    cloud.fault(service="sqs", latency="60ms", operation="ListQueues")
    cloud.fault(service="sqs", latency="uniform(20ms,30ms)", operation="ListQueues")
    begun = time.monotonic()
    sqs.create_queue(QueueName="q")
    assert time.monotonic() - begun < 0.06
    begun = time.monotonic()
    sqs.list_queues()
    assert 0.08 <= time.monotonic() - begun < 1


def test_a_reset_has_no_effect_and_is_retried(cloud: Cloud) -> None:
    cloud.fault(service="sqs", operation="CreateQueue", reset=True, count=1)
    with pytest.raises(ConnectionClosedError):
        cloud.client("sqs", config=ONCE).create_queue(QueueName="q")
    assert "QueueUrls" not in cloud.client("sqs").list_queues()
    cloud.fault(service="sqs", operation="CreateQueue", reset=True, count=1)
    assert cloud.client("sqs").create_queue(QueueName="q")["ResponseMetadata"]["RetryAttempts"] == 1


def test_an_answer_that_breaks_off_has_had_its_effect(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    cloud.fault(service="sqs", operation="SendMessage", abort_after=0, count=1)
    sent = sqs.send_message(QueueUrl=queue, MessageBody="twice")
    assert sent["ResponseMetadata"]["RetryAttempts"] == 1
    received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in received] == ["twice", "twice"]


def test_a_streamed_body_breaks_off_after_some_bytes(cloud: Cloud) -> None:
    s3 = cloud.client("s3", config=ONCE)
    s3.create_bucket(Bucket="bbb")
    s3.put_object(Bucket="bbb", Key="k", Body=bytes(300_000))
    cloud.fault(service="s3", operation="GetObject", abort_after=100_000)
    body = s3.get_object(Bucket="bbb", Key="k")["Body"]
    got = 0
    with pytest.raises(ResponseStreamingError):
        while part := body.read(1000):
            got += len(part)
    assert 0 < got <= 100_000


def test_other_in_process_clients_see_the_connection_break(cloud: Cloud) -> None:
    cloud.fault(reset=True)
    form = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}
    client = httpx.Client(transport=cloud.transport(), base_url="http://sts.localhost")
    with client, pytest.raises(httpx.ReadError):
        client.post("/", data=form, headers={"Authorization": SIGNED})


# a region that is down, a clock that is wrong


def test_a_region_that_is_down_answers_nobody(cloud: Cloud) -> None:
    cloud.fault(region="eu-west-1", down=True)
    for service, operation in (("sqs", "list_queues"), ("s3", "list_buckets"), ("sts", "get_caller_identity")):
        with pytest.raises(ConnectionClosedError):
            getattr(cloud.client(service, config=ONCE, region_name="eu-west-1"), operation)()
        getattr(cloud.client(service, config=ONCE), operation)()
    unknown = cloud.client("sqs", config=ONCE, region_name="eu-west-1", aws_access_key_id="AKIAXXXXXXXXXXXXXXXX")
    with pytest.raises(ConnectionClosedError):
        unknown.list_queues()


def test_services_meet_faults_of_each_other(cloud: Cloud) -> None:
    """A notification for a queue that is down waits, and arrives when that is over."""
    sqs, s3 = cloud.client("sqs"), cloud.client("s3")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    s3.create_bucket(Bucket="bbb")
    rule = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(Bucket="bbb", NotificationConfiguration={"QueueConfigurations": [rule]})
    cloud.settle()
    sqs.purge_queue(QueueUrl=url)  # of the test event
    cloud.fault(service="sqs", down=True, count=2)
    s3.put_object(Bucket="bbb", Key="k", Body=b"")
    cloud.settle()
    assert cloud.faults()[0].hits == 1
    cloud.clear_faults()
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    cloud.clock.advance(hours=1)
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["Records"][0]["s3"]["object"]["key"] == "k"


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_wrong_clock_refuses_signatures_and_dates_answers(cloud: Cloud, seconds: float) -> None:
    cloud.fault(service="s3", skew=seconds)
    with pytest.raises(ClientError) as caught:
        cloud.client("s3", config=ONCE).list_buckets()
    assert caught.value.response["Error"]["Code"] == "RequestTimeTooSkewed"
    told = parsedate_to_datetime(caught.value.response["ResponseMetadata"]["HTTPHeaders"]["date"])
    assert abs(told - datetime.now(UTC) - timedelta(seconds=seconds)) < timedelta(seconds=5)
    assert codes(cloud.client("sqs", config=ONCE).list_queues, 1) == "."


def test_a_clock_that_is_a_little_off_is_told_of_only(cloud: Cloud) -> None:
    cloud.fault(skew=120)
    told = cloud.client("sqs", config=ONCE).list_queues()["ResponseMetadata"]["HTTPHeaders"]["date"]
    assert abs(parsedate_to_datetime(told) - datetime.now(UTC) - timedelta(seconds=120)) < timedelta(seconds=5)


# over a socket


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp("faults")
    with Process(folder / "data", folder / "log") as process:
        yield process


@pytest.fixture
def admin(server: Process) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server.url}/_hodei") as client:
        yield client
        client.delete("/faults")
        client.delete("/limits")


def connect(server: Process, service: str, **config: Any) -> Any:
    return boto3.client(
        service,
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id=KEY,
        aws_secret_access_key="any",
        config=Config(**config),
    )


@pytest.mark.socket
def test_on_the_wire_a_reset_is_a_reset(server: Process, admin: httpx.Client) -> None:
    admin.post("/faults", json={"service": "sts", "reset": True})
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    head = (
        f"POST / HTTP/1.1\r\nHost: sts.localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\nAuthorization: {SIGNED}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port)) as wire:
        wire.sendall(head.encode() + body)
        with pytest.raises(ConnectionResetError):
            wire.recv(1)


@pytest.mark.socket
@pytest.mark.parametrize("effect", [{"reset": True}, {"abort_after": 3}, {"down": True}])
def test_over_http2_the_stream_is_reset(server: Process, admin: httpx.Client, effect: dict[str, Any]) -> None:
    form = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}
    headers = {"Authorization": SIGNED, "Host": "sts.localhost"}
    with httpx.Client(http1=False, http2=True) as client:
        assert client.post(server.url, data=form, headers=headers).http_version == "HTTP/2"
        admin.post("/faults", json={"service": "sts", "count": 1, **effect})
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(server.url, data=form, headers=headers)
        assert client.post(server.url, data=form, headers=headers).status_code == 200


@pytest.mark.socket
@pytest.mark.parametrize("effect", [{"reset": True}, {"abort_after": 10}, {"down": True}])
def test_on_the_wire_boto3_tries_again(server: Process, admin: httpx.Client, effect: dict[str, Any]) -> None:
    sqs = connect(server, "sqs", retries={"mode": "standard", "total_max_attempts": 3})
    assert admin.post("/faults", json={"service": "sqs", "count": 1, **effect}).status_code == 200
    assert sqs.list_queues()["ResponseMetadata"]["RetryAttempts"] == 1


@pytest.mark.socket
@pytest.mark.parametrize("size", [1000, 3_000_000])
def test_on_the_wire_a_body_never_ends_whole(server: Process, admin: httpx.Client, size: int) -> None:
    s3 = connect(server, "s3")
    s3.create_bucket(Bucket=f"bucket-{size}")
    s3.put_object(Bucket=f"bucket-{size}", Key="k", Body=bytes(size))
    admin.post("/faults", json={"operation": "GetObject", "abort_after": size * 2})
    got = s3.get_object(Bucket=f"bucket-{size}", Key="k")
    assert got["ContentLength"] == size
    with pytest.raises(ResponseStreamingError):
        got["Body"].read()


# the admin API


def test_faults_are_added_listed_and_removed_over_the_admin_api(cloud: Cloud) -> None:
    with httpx.Client(transport=cloud.transport(), base_url=f"{cloud.url}/_hodei") as admin:
        added = admin.post("/faults", json={"service": "sqs", "error": "InternalError", "lasts": "10m"}).json()
        assert (added["id"], added["error"], added["hits"]) == (1, "InternalError", 0)
        ends = datetime.fromisoformat(added["until"])
        assert abs(ends - cloud.clock.now() - timedelta(minutes=10)) < timedelta(seconds=5)
        assert admin.post("/faults", json={"skew": "-90s"}).json()["skew"] == -90
        assert [fault["id"] for fault in admin.get("/faults").json()["faults"]] == [1, 2]
        assert admin.delete("/faults/1").json()["id"] == 1
        assert admin.delete("/faults/1").status_code == admin.delete("/faults/x").status_code == 404
        assert admin.delete("/faults").json() == {"removed": 1}
        assert "/_hodei/faults" in admin.get("/openapi.json").json()["paths"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "does something"),
        ({"service": "sqs"}, "does something"),
        ({"error": "X", "rate": 0}, "rate"),
        ({"error": "X", "rate": 1.5}, "rate"),
        ({"error": "X", "reset": True}, "not both"),
        ({"error": "X", "status": 200}, "status"),
        ({"reset": True, "message": "m"}, "message"),
        ({"error": "X", "count": 0}, "count"),
        ({"error": "X", "service": "nosuch"}, "no service"),
        ({"error": "X", "service": "sqs", "operation": "Nosuch"}, "no operation"),
        ({"error": "X", "account": "12"}, "account"),
        ({"error": "X", "lasts": "soon"}, "duration"),
        ({"latency": "200"}, "latency"),
        ({"latency": "normal(1s)"}, "latency"),
        ({"latency": "exponential(1s,2s)"}, "latency"),
        ({"down": True, "operation": "PutItem"}, "service and region"),
        ({"abort_after": -1}, "abort_after"),
        ({"errror": "X"}, "unknown field"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(cloud: Cloud, body: dict[str, Any], reason: str) -> None:
    with httpx.Client(transport=cloud.transport(), base_url=f"{cloud.url}/_hodei") as admin:
        answer = admin.post("/faults", json=body)
    assert answer.status_code == 400
    assert reason in answer.json()["error"]
    assert cloud.faults() == []
