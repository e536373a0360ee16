"""The tracing header: where it goes, and how it stops functions that invoke themselves over and over."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from hodei.testing import ACCOUNT, Cloud

from .calls import invoke
from .functions import role_of
from .parallel import make

ROOT = "1-5759e988-bd862e3fe1be46a994272793"
HEADER = re.compile(
    r"Root=(1-[0-9a-f]{8}-[0-9a-f]{24});Parent=([0-9a-f]{16});Sampled=([01]);Lineage=(\d+):([0-9a-f:|]+)"
)
CODE = """
import boto3, json, os
count = 0

def handler(event, context):
    return os.environ["_X_AMZN_TRACE_ID"]

def synchronous(event, context):
    names = event["names"]
    name = names[event["depth"] % len(names)]
    again = {"depth": event["depth"] + 1, "names": names}
    try:
        answer = boto3.client("lambda").invoke(FunctionName=name, Payload=json.dumps(again))
    except Exception as error:
        return [event["depth"], type(error).__name__, str(error)]
    return json.loads(answer["Payload"].read())

def asynchronous(event, context):
    boto3.client("lambda").invoke(FunctionName="loop", InvocationType="Event", Payload="{}")

def queue(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["URL"], MessageBody="again")

def bucket(event, context):
    boto3.client("s3").put_object(Bucket="loop", Key="again", Body=b"")
"""


@pytest.fixture
def role(cloud: Cloud) -> str:
    return role_of(cloud, "AmazonSQSFullAccess", "AWSLambda_FullAccess", "AmazonS3FullAccess")


@pytest.fixture
def function(cloud: Cloud, role: str) -> Callable[..., str]:
    def function(name: str, handler: str, **options: Any) -> str:
        variables = {"Variables": {"AWS_MAX_ATTEMPTS": "1"}}
        given = {"Handler": f"app.{handler}", "MemorySize": 1769, "Environment": variables, **options}
        return make(cloud, role, name, CODE, **given)

    return function


def runs(cloud: Cloud, metric: str = "Invocations", name: str = "loop") -> float:
    cloud.clock.advance(minutes=2)
    now = cloud.clock.now()
    points = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda", MetricName=metric, Dimensions=[{"Name": "FunctionName", "Value": name}],
        StartTime=now.replace(year=now.year - 1), EndTime=now, Period=365 * 86400, Statistics=["Sum"],
    )["Datapoints"]  # fmt: skip
    return sum(point["Sum"] for point in points)


def test_every_invoke_has_a_header(cloud: Cloud, function: Any) -> None:
    function("f", "handler")
    first, second = (HEADER.fullmatch(invoke(cloud, "f").payload) for _ in range(2))
    assert first and second and first[1] != second[1]
    assert first[3] == "0" and re.fullmatch("[0-9a-f]{8}:0", first[5]) and first[4] == "1"
    assert first[5] == second[5]


def test_a_header_that_comes_with_an_invoke_goes_on(cloud: Cloud, function: Any) -> None:
    client = cloud.client("lambda")
    given = f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1"
    client.meta.events.register("before-call", lambda params, **_: params["headers"].update({"X-Amzn-Trace-Id": given}))
    for name, mode in (("passes", "PassThrough"), ("traces", "Active")):
        function(name, "handler", TracingConfig={"Mode": mode})
        found = HEADER.fullmatch(json.loads(client.invoke(FunctionName=name)["Payload"].read()))
        assert found and (found[1], found[3]) == (ROOT, "1")
        assert (found[2] == "53995c3f42cd8ad8") is (mode == "PassThrough")


def test_what_is_sampled_is_in_the_log(cloud: Cloud, function: Any) -> None:
    function("f", "handler", TracingConfig={"Mode": "Active"})
    answer = invoke(cloud, "f")
    found = HEADER.fullmatch(answer.payload)
    assert found and found[3] == "1"
    assert f"XRAY TraceId: {found[1]}\tSegmentId: {found[2]}\tSampled: true\t\n" in answer.log


@pytest.mark.parametrize("header", ["nonsense", "Root=;;=;Lineage=x:y|:|z:-1", "Lineage=" + "9" * 50, "é" * 2000])
def test_headers_that_are_none(cloud: Cloud, function: Any, header: str) -> None:
    function("f", "handler")
    client = cloud.client("lambda")
    encoded = header.encode().decode("latin-1")
    client.meta.events.register(
        "before-sign", lambda request, **_: request.headers.add_header("X-Amzn-Trace-Id", encoded)
    )
    assert HEADER.fullmatch(json.loads(client.invoke(FunctionName="f")["Payload"].read()))


@pytest.mark.feature("lambda.invoke")
def test_functions_that_wait_for_themselves_are_stopped(cloud: Cloud, function: Any) -> None:
    function("loop", "synchronous", Timeout=60)
    depth, kind, message = invoke(cloud, "loop", {"depth": 0, "names": ["loop"]}).payload
    assert (depth, kind) == (15, "RecursiveInvocationException")
    assert "your function being invoked in a recursive loop" in message
    assert (runs(cloud), runs(cloud, "RecursiveInvocationsDropped")) == (16, 1)


@pytest.mark.feature("lambda.invoke")
def test_functions_are_counted_one_by_one(cloud: Cloud, function: Any) -> None:
    for name in ("loop", "other"):
        function(name, "synchronous", Timeout=60)
    depth, kind, _ = invoke(cloud, "loop", {"depth": 0, "names": ["other", "loop"]}).payload
    assert (depth, kind) == (31, "RecursiveInvocationException")


@pytest.mark.feature("lambda.invoke", "lambda.dlq")
def test_events_that_a_function_sends_itself_are_given_up(cloud: Cloud, function: Any) -> None:
    dead = cloud.client("sqs").create_queue(QueueName="dead")["QueueUrl"]
    function("loop", "asynchronous", DeadLetterConfig={"TargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead"})
    cloud.client("lambda").invoke(FunctionName="loop", InvocationType="Event", Payload="{}")
    counts = [runs(cloud, name) for name in ("Invocations", "RecursiveInvocationsDropped", "AsyncEventsDropped")]
    assert counts == [16, 1, 1]
    (letter,) = cloud.client("sqs").receive_message(QueueUrl=dead, MessageAttributeNames=["All"])["Messages"]
    assert "recursive loop" in letter["MessageAttributes"]["ErrorMessage"]["StringValue"]


@pytest.mark.feature("lambda.invoke", "lambda.event-sources")
def test_messages_that_go_round_end_in_the_dead_letters(cloud: Cloud, function: Any) -> None:
    sqs = cloud.client("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    policy = {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead", "maxReceiveCount": "2"}
    url = sqs.create_queue(QueueName="loop", Attributes={"RedrivePolicy": json.dumps(policy)})["QueueUrl"]
    function("loop", "queue", Environment={"Variables": {"URL": url}})
    cloud.client("lambda").create_event_source_mapping(
        EventSourceArn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:loop", FunctionName="loop"
    )
    sqs.send_message(QueueUrl=url, MessageBody="first")
    cloud.clock.advance(minutes=10)
    assert (runs(cloud), runs(cloud, "RecursiveInvocationsDropped")) == (16, 2)
    (letter,) = sqs.receive_message(QueueUrl=dead, AttributeNames=["All"])["Messages"]
    found = HEADER.fullmatch(letter["Attributes"]["AWSTraceHeader"])
    assert letter["Body"] == "again" and found and found[5].endswith(":15")


@pytest.mark.feature("lambda.invoke", "s3.notifications")
def test_objects_that_make_objects(cloud: Cloud, function: Any) -> None:
    s3, fn = cloud.client("s3"), cloud.client("lambda")
    s3.create_bucket(Bucket="loop")
    function("loop", "bucket")
    arn = fn.get_function(FunctionName="loop")["Configuration"]["FunctionArn"]
    fn.add_permission(
        FunctionName="loop", StatementId="s", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
    )
    s3.put_bucket_notification_configuration(
        Bucket="loop",
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    s3.put_object(Bucket="loop", Key="first")
    assert (runs(cloud), runs(cloud, "RecursiveInvocationsDropped")) == (16, 1)


@pytest.mark.feature("lambda.invoke")
def test_a_function_may_be_let(cloud: Cloud, function: Any) -> None:
    function("loop", "synchronous", Timeout=60)
    fn = cloud.client("lambda", config=Config(retries={"total_max_attempts": 1}, read_timeout=60))
    fn.put_function_recursion_config(FunctionName="loop", RecursiveLoop="Allow")
    cloud.quota("lambda", "concurrent-executions", 20)
    answer = fn.invoke(FunctionName="loop", Payload=json.dumps({"depth": 0, "names": ["loop"]}))
    depth, kind, _ = json.loads(answer["Payload"].read())
    assert (depth, kind) == (19, "TooManyRequestsException")
    assert runs(cloud, "RecursiveInvocationsDropped") == 0
    fn.put_function_recursion_config(FunctionName="loop", RecursiveLoop="Terminate")
    with pytest.raises(ClientError, match="RecursiveInvocationException"):
        _with(fn, f"Root={ROOT};Lineage=16:{_digest(ACCOUNT)}:15").invoke(FunctionName="loop", Payload="{}")


def _with(client: Any, header: str) -> Any:
    client.meta.events.register(
        "before-call", lambda params, **_: params["headers"].update({"X-Amzn-Trace-Id": header})
    )
    return client


def _digest(account: str) -> str:
    return hashlib.sha256(f"arn:aws:lambda:us-east-1:{account}:function:loop".encode()).hexdigest()[:8]
