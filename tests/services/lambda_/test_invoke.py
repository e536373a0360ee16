"""Functions really run."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from hodei.services.lambda_.runtime.unpacking import unpacked
from hodei.testing import ACCOUNT, Cloud

from .functions import PYTHON, function_of, role_of, zipped

CODE = """
import json, os, sys, time
import logging
print("loading")
counter = 0

def echo(event, context):
    global counter
    counter += 1
    return {"event": event, "count": counter, "left": context.get_remaining_time_in_millis(), "arn": context.invoked_function_arn,
            "id": context.aws_request_id, "version": context.function_version, "memory": context.memory_limit_in_mb}

def say(event, context):
    print("plain")
    sys.stderr.write("to stderr\\n")
    logging.getLogger().warning("careful")

def fail(event, context):
    raise ValueError("no way")

def sometimes(event, context):
    if event.get("fail"):
        raise RuntimeError("always")

def slow(event, context):
    time.sleep(30)

def leave(event, context):
    os._exit(event["code"])

def eat(event, context):
    data = bytearray(300 << 20)
    data[::4096] = b"x" * len(data[::4096])

def odd(event, context):
    return object()

def large(event, context):
    return "x" * 7_000_000

def see(event, context):
    return {"task": os.getcwd(), "tmp": os.listdir("/tmp"), "uid": os.getuid(), "env": dict(os.environ)}

def call(event, context):
    import boto3
    if event["depth"]:
        answer = boto3.client("lambda").invoke(FunctionName=context.function_name, Payload=json.dumps({"depth": event["depth"] - 1}))
        return json.loads(answer["Payload"].read()) + 1
    return 0

def denied(event, context):
    import boto3
    boto3.client("sqs").list_queues()
"""


@pytest.fixture
def role(cloud: Cloud) -> str:
    """That of functions: they may invoke functions and send to queues."""
    arn, iam = role_of(cloud), cloud.client("iam")
    allow = {"Effect": "Allow", "Action": ["lambda:InvokeFunction", "sqs:SendMessage"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName="fn", PolicyName="p", PolicyDocument=policy)
    return arn


@pytest.fixture
def function(cloud: Cloud, role: str) -> Callable[..., str]:
    """Makes one of CODE, or of what is given. Its name."""

    def function(handler: str, code: bytes = b"", **options: Any) -> str:
        name = f"f-{handler.replace('.', '-')}"
        given = {"Runtime": PYTHON, "Handler": handler if "." in handler else f"app.{handler}", **options}
        cloud.client("lambda").create_function(
            FunctionName=name, Role=role, Code={"ZipFile": code or zipped(app__py=CODE)}, **given
        )
        return name

    return function


class Answer:
    def __init__(self, response: dict[str, Any]) -> None:
        self.status = response["StatusCode"]
        self.error = response.get("FunctionError")
        self.payload = json.loads(response["Payload"].read() or b"null")
        self.log = base64.b64decode(response.get("LogResult", "")).decode()


@pytest.fixture
def invoke(cloud: Cloud) -> Callable[..., Answer]:
    def invoke(name: str, event: Any = None, **options: Any) -> Answer:
        body = {"Payload": json.dumps(event)} if event is not None else {}
        return Answer(cloud.client("lambda").invoke(FunctionName=name, LogType="Tail", **body, **options))

    return invoke


@pytest.mark.feature("lambda.invoke")
def test_an_environment_serves_one_event_after_the_other(function: Any, invoke: Any) -> None:
    name = function("echo", Timeout=7, MemorySize=256)
    first, second = invoke(name, {"a": [1, "ü"]}), invoke(name)
    assert (first.status, first.error, first.payload["event"], first.payload["count"]) == (
        200,
        None,
        {"a": [1, "ü"]},
        1,
    )
    assert second.payload["event"] == {} and second.payload["count"] == 2
    assert 6000 < first.payload["left"] <= 7000
    assert first.payload["arn"] == f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}"
    assert (first.payload["version"], first.payload["memory"]) == ("$LATEST", "256")
    assert "INIT_START" in first.log and "loading" in first.log and "Init Duration" in first.log
    assert "INIT_START" not in second.log and "Init Duration" not in second.log


@pytest.mark.feature("lambda.invoke")
def test_what_the_log_says(function: Any, invoke: Any) -> None:
    answer = invoke(function("say"))
    id = re.search(r"START RequestId: ([0-9a-f-]{36}) Version: \$LATEST\n", answer.log)
    assert answer.payload is None and id
    lines = answer.log.split("\n")
    assert "plain" in lines and "to stderr" in lines
    assert any(re.fullmatch(rf"\[WARNING\]\t[0-9T:.Z-]+\t{id[1]}\tcareful", line) for line in lines)
    assert f"END RequestId: {id[1]}" in lines
    report = r"REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\t"
    assert re.match(report, lines[-2])


@pytest.mark.feature("lambda.invoke")
def test_the_log_is_in_cloudwatch_if_the_role_may_write_it(cloud: Cloud, function: Any, invoke: Any) -> None:
    name, logs = function("say"), cloud.client("logs")
    invoke(name)
    assert logs.describe_log_groups()["logGroups"] == []
    policy = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    cloud.client("iam").attach_role_policy(RoleName="fn", PolicyArn=policy)
    cloud.clock.advance(seconds=61)
    tail = invoke(name).log
    (stream,) = logs.describe_log_streams(logGroupName=f"/aws/lambda/{name}")["logStreams"]
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream["logStreamName"])
    events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    assert "".join(event["message"] for event in events) == tail
    assert len(logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="careful")["events"]) == 1


@pytest.mark.parametrize(
    ("handler", "event", "kind", "message"),
    [
        ("fail", {}, "ValueError", "no way"),
        ("leave", {"code": 0}, "Runtime.ExitError", "RequestId: {id} Error: Runtime exited without providing a reason"),
        ("leave", {"code": 3}, "Runtime.ExitError", "RequestId: {id} Error: Runtime exited with error: exit status 3"),
        (
            "odd",
            {},
            "Runtime.MarshalError",
            "Unable to marshal response: Object of type object is not JSON serializable",
        ),
        ("nothing", {}, "Runtime.HandlerNotFound", "Handler 'nothing' missing on module 'app'"),
        ("other.thing", {}, "Runtime.ImportModuleError", "Unable to import module 'other': No module named 'other'"),
        (
            *("large", {}, "Function.ResponseSizeTooLarge"),
            "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        ),
    ],
)
def test_functions_that_fail(function: Any, invoke: Any, handler: str, event: Any, kind: str, message: str) -> None:
    answer = invoke(function(handler, MemorySize=512, Timeout=10), event)
    id = re.search(r"START RequestId: (\S+)", answer.log)
    assert id and (answer.status, answer.error) == (200, "Unhandled")
    assert answer.payload["errorType"] == kind
    assert answer.payload["errorMessage"] == message.format(id=id[1])


def test_where_a_function_failed(function: Any, invoke: Any) -> None:
    payload = invoke(function("fail")).payload
    assert list(payload) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert payload["stackTrace"][0].startswith('  File "') and 'raise ValueError("no way")' in payload["stackTrace"][0]


@pytest.mark.feature("lambda.timeout")
def test_what_takes_too_long_is_ended(function: Any, invoke: Any) -> None:
    name = function("slow", Timeout=1)
    answer = invoke(name)
    id = re.search(r"START RequestId: (\S+)", answer.log)
    assert id and answer.error == "Unhandled"
    message = f"RequestId: {id[1]} Error: Task timed out after 1.00 seconds"
    assert answer.payload == {"errorType": "Sandbox.Timedout", "errorMessage": message}
    assert f"{id[1]} Task timed out after 1.00 seconds" in answer.log and "Status: timeout" in answer.log


@pytest.mark.feature("lambda.memory")
def test_what_takes_too_much_memory_is_ended(function: Any, invoke: Any) -> None:
    answer = invoke(function("eat", Timeout=20))
    assert answer.payload["errorType"] == "Runtime.OutOfMemory"
    assert "Max Memory Used: 128 MB" in answer.log


@pytest.mark.feature("lambda.invoke")
def test_what_a_function_sees(function: Any, invoke: Any) -> None:
    name = function("see", Environment={"Variables": {"COLOUR": "red"}})
    seen = invoke(name).payload
    env = seen["env"]
    assert seen["tmp"] == [] and env["COLOUR"] == "red"
    assert (env["AWS_REGION"], env["AWS_LAMBDA_FUNCTION_NAME"], env["_HANDLER"]) == ("us-east-1", name, "app.see")
    assert env["AWS_ACCESS_KEY_ID"].startswith("ASIA") and env["AWS_SESSION_TOKEN"]
    assert env["LAMBDA_TASK_ROOT"] == seen["task"]


@pytest.mark.feature("lambda.invoke")
def test_functions_call_the_cloud_back_at_any_depth(function: Any, invoke: Any) -> None:
    assert invoke(function("call", Timeout=60, MemorySize=1769), {"depth": 3}).payload == 3


@pytest.mark.feature("lambda.invoke", "iam.evaluation")
def test_functions_may_what_their_role_may(function: Any, invoke: Any) -> None:
    payload = invoke(function("denied", Timeout=30, MemorySize=1769)).payload
    who = f"arn:aws:sts::{ACCOUNT}:assumed-role/fn/f-denied"
    assert f"User: {who} is not authorized to perform: sqs:listqueues" in payload["errorMessage"]


NODE = """
let count = 0;
exports.handler = async (event, context) => {
  console.log("hello", event);
  if (event.fail) throw new TypeError("bad");
  return { event, count: ++count, left: context.getRemainingTimeInMillis() };
};
exports.home = async () => require("os").homedir();
exports.old = (event, context, callback) => callback(null, "called back");
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not on this machine")
@pytest.mark.feature("lambda.invoke")
def test_node(function: Any, invoke: Any) -> None:
    code = zipped(index__js=NODE)
    name = function("index.handler", code, Runtime="nodejs20.x", MemorySize=512)
    first = invoke(name, {"a": 1})
    assert first.payload["event"] == {"a": 1} and first.payload["count"] == 1
    assert re.search(r"\tINFO\thello \{ a: 1 \}\n", first.log)
    failed = invoke(name, {"fail": True})
    assert (failed.payload["errorType"], failed.payload["errorMessage"]) == ("TypeError", "bad")
    assert invoke(name, {}).payload["count"] == 2
    assert invoke(function("index.old", code, Runtime="nodejs20.x", MemorySize=512)).payload == "called back"
    home = function("index.home", code, Runtime="nodejs20.x", MemorySize=512)
    assert invoke(home).payload.startswith("/home/")  # the SDK cannot do without


SHELL = """#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
while true; do
  head=$(mktemp); event=$(curl -sS -D "$head" "$api/next")
  id=$(grep -i aws-request-id "$head" | tr -d '\\r' | cut -d' ' -f2)
  curl -sS "$api/$id/response" -d "{\\"got\\": $event}" > /dev/null
done
"""


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on this machine")
@pytest.mark.feature("lambda.invoke")
def test_custom_runtimes(function: Any, invoke: Any) -> None:
    name = function("x.y", zipped(bootstrap=SHELL), Runtime="provided.al2023", MemorySize=1769)
    assert invoke(name, {"n": 1}).payload == {"got": {"n": 1}}
    assert invoke(name, {"n": 2}).payload == {"got": {"n": 2}}


def test_events_that_are_no_json(cloud: Cloud, function: Any) -> None:
    name = function("echo")
    with pytest.raises(ClientError, match=r"InvalidRequestContentException.*Could not parse request body into json"):
        cloud.client("lambda").invoke(FunctionName=name, Payload=b"{")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cloud.client("lambda").invoke(FunctionName="missing")
    assert cloud.client("lambda").invoke(FunctionName=name, InvocationType="DryRun")["StatusCode"] == 204


@pytest.mark.feature("lambda.invoke")
def test_changed_code_runs_at_once(cloud: Cloud, function: Any, invoke: Any) -> None:
    name = function("echo")
    assert invoke(name).payload["count"] == 1
    code = zipped(app__py="def echo(event, context):\n    return 'new'\n")
    cloud.client("lambda").update_function_code(FunctionName=name, ZipFile=code)
    assert invoke(name).payload == "new"


def test_nothing_is_left_when_the_cloud_is_gone(tmp_path: Path) -> None:
    def servers() -> int:
        found = 0
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                found += str(tmp_path) in Path(f"/proc/{pid}/environ").read_text()
            except OSError:
                continue
        return found

    with Cloud(directory=tmp_path / "data", seed=None) as cloud:
        name = function_of(cloud, role_of(cloud), "app.echo", zipped(app__py=CODE))
        cloud.client("lambda").invoke(FunctionName=name)
        assert servers() > 0
    assert servers() == 0
    assert not list((tmp_path / "data" / "sandboxes").iterdir())


# asynchronous invokes


def queue(cloud: Cloud, name: str) -> tuple[str, str]:
    url = cloud.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    return url, f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"


def received(cloud: Cloud, url: str) -> list[dict[str, Any]]:
    cloud.clock.advance(seconds=1)
    answer = cloud.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
    found: list[dict[str, Any]] = answer.get("Messages", [])
    return found


@pytest.mark.feature("lambda.dlq", "lambda.destinations")
def test_events_that_fail_are_tried_again_and_given_up(cloud: Cloud, function: Any) -> None:
    dead, dead_arn = queue(cloud, "dead")
    failed, failed_arn = queue(cloud, "failed")
    name, client = function("sometimes", DeadLetterConfig={"TargetArn": dead_arn}), cloud.client("lambda")
    client.put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnFailure": {"Destination": failed_arn}}
    )
    answer = client.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"fail": 1}')
    assert answer["StatusCode"] == 202 and answer["Payload"].read() == b""
    assert received(cloud, dead) == []
    cloud.clock.advance(seconds=60)
    assert received(cloud, dead) == []
    cloud.clock.advance(seconds=121)
    (letter,) = received(cloud, dead)
    assert letter["Body"] == '{"fail": 1}'
    attributes = {key: value["StringValue"] for key, value in letter["MessageAttributes"].items()}
    id = answer["ResponseMetadata"]["RequestId"]
    assert attributes == {"RequestID": id, "ErrorCode": "200", "ErrorMessage": "always"}
    (message,) = received(cloud, failed)
    record = json.loads(message["Body"])
    assert record["requestContext"] == {
        "requestId": id,
        "functionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    }
    assert record["requestPayload"] == {"fail": 1}
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    assert record["responsePayload"]["errorMessage"] == "always"


@pytest.mark.feature("lambda.dlq", "lambda.destinations")
def test_what_cannot_be_sent_for_a_while_is_sent_later(cloud: Cloud, function: Any) -> None:
    dead, dead_arn = queue(cloud, "dead")
    failed, failed_arn = queue(cloud, "failed")
    name, client = function("sometimes", DeadLetterConfig={"TargetArn": dead_arn}), cloud.client("lambda")
    client.put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": failed_arn}}
    )
    cloud.fault(service="sqs", operation="SendMessage", error="RequestThrottled", count=3)
    cloud.fault(service="sqs", operation="SendMessage", reset=True, count=3)
    client.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"fail": 1}')
    assert received(cloud, dead) == [] == received(cloud, failed)
    cloud.clock.advance(seconds=60)
    assert [len(received(cloud, url)) for url in (dead, failed)] == [1, 1]


@pytest.mark.feature("lambda.dlq")
def test_what_is_refused_or_fails_for_too_long_is_dropped(cloud: Cloud, function: Any) -> None:
    dead, arn = queue(cloud, "dead")
    name, client = function("sometimes", DeadLetterConfig={"TargetArn": arn}), cloud.client("lambda")
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    for error, hours in (("AccessDenied", 0), ("InternalFailure", 7)):
        cloud.fault(service="sqs", operation="SendMessage", error=error)
        client.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"fail": 1}')
        cloud.clock.advance(hours=hours, seconds=1)
        cloud.clear_faults()
        cloud.clock.advance(hours=1)
        assert received(cloud, dead) == []


@pytest.mark.feature("lambda.destinations")
def test_a_success_has_its_destination_only_when_asynchronous(cloud: Cloud, function: Any, invoke: Any) -> None:
    done, arn = queue(cloud, "done")
    name, client = function("sometimes"), cloud.client("lambda")
    client.put_function_event_invoke_config(FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": arn}})
    invoke(name, {})
    assert received(cloud, done) == []
    client.invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")
    (message,) = received(cloud, done)
    record = json.loads(message["Body"])
    assert record["requestContext"]["condition"] == "Success" and record["responsePayload"] is None


@pytest.mark.feature("lambda.destinations")
@pytest.mark.parametrize(
    ("where", "condition", "calls"), [("response", "Success", 1), ("error", "RetriesExhausted", 3)]
)
def test_answers_that_are_no_json_are_told_as_text(
    cloud: Cloud, function: Any, where: str, condition: str, calls: int
) -> None:
    told, arn = queue(cloud, "told")
    code = SHELL.replace("$id/response", f"$id/{where}").replace(r'"{\"got\": $event}"', "plainly")
    name = function("x.y", zipped(bootstrap=code), Runtime="provided.al2023", DeadLetterConfig={"TargetArn": arn})
    both = {"OnSuccess": {"Destination": arn}, "OnFailure": {"Destination": arn}}
    cloud.client("lambda").put_function_event_invoke_config(FunctionName=name, DestinationConfig=both)
    cloud.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")
    cloud.clock.advance(minutes=10)
    *dead, message = received(cloud, told)
    record = json.loads(message["Body"])
    assert record["requestContext"]["condition"] == condition and record["responsePayload"] == "plainly"
    assert record["requestContext"]["approximateInvokeCount"] == calls
    assert [one["MessageAttributes"]["ErrorMessage"]["StringValue"] for one in dead] == ["plainly"] * (calls > 1)


@pytest.mark.feature("lambda.reserved-concurrency")
def test_a_reservation_is_a_ceiling(cloud: Cloud, function: Any) -> None:
    name = function("echo")
    client = cloud.client("lambda", config=Config(retries={"total_max_attempts": 1}))
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError, match=r"TooManyRequestsException.*Rate Exceeded") as refused:
        client.invoke(FunctionName=name)
    assert refused.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429


def test_a_function_without_a_role_may_do_anything_by_a_setting(cloud: Cloud) -> None:
    cloud.set("lambda", "any-role", True)
    url, arn = queue(cloud, "work")
    code = zipped(
        app__py="import boto3\ndef who(event, context): return boto3.client('sts').get_caller_identity()['Arn']\n"
    )
    name = function_of(cloud, f"arn:aws:iam::{ACCOUNT}:role/none", "app.who", code)
    client = cloud.client("lambda")
    assert json.loads(client.invoke(FunctionName=name)["Payload"].read()) == f"arn:aws:iam::{ACCOUNT}:root"
    client.create_event_source_mapping(EventSourceArn=arn, FunctionName=name)
    cloud.client("sqs").send_message(QueueUrl=url, MessageBody="m")
    cloud.clock.advance(minutes=1)
    logged = cloud.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="START RequestId")
    assert len(logged["events"]) == 2 and received(cloud, url) == []


@pytest.mark.feature("lambda.invoke")
def test_what_this_machine_cannot_run_says_so(cloud: Cloud, function: Any) -> None:
    dead, arn = queue(cloud, "dead")
    name = function("X.Y", zipped(x__dll=""), Runtime="dotnet8", DeadLetterConfig={"TargetArn": arn})
    client = cloud.client("lambda", config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(ClientError, match=r"InvalidRuntimeException.*The runtime dotnet8 cannot run on this machine"):
        client.invoke(FunctionName=name)
    client.invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")
    cloud.clock.advance(minutes=4)
    (letter,) = received(cloud, dead)
    assert "dotnet8" in letter["MessageAttributes"]["ErrorMessage"]["StringValue"]


@pytest.mark.feature("cloud.pay-per-use")
def test_invokes_are_billed(cloud: Cloud, function: Any, invoke: Any) -> None:
    invoke(function("echo", MemorySize=512))
    lines = {line.usage.key: line.quantity for line in cloud.bill.lines(service="lambda")}
    assert lines["requests"] == 1 and 0 < lines["duration"] < 5


def test_links_in_packages(function: Any, invoke: Any) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", "def read(event, context):\n    return open('link').read()\n")
        archive.writestr("data.txt", "linked")
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "data.txt")
    assert invoke(function("read", packed.getvalue())).payload == "linked"


def test_nothing_is_written_through_the_links_of_a_package(tmp_path: Path) -> None:
    outside, packages = tmp_path / "outside", []
    outside.mkdir()
    for number, (name, mode, text) in enumerate(((("lib"), 0o120777, str(outside)), ("lib/x.txt", 0o100644, "bad"))):
        with zipfile.ZipFile(tmp_path / f"{number}.zip", "w") as archive:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, text)
        packages.append(tmp_path / f"{number}.zip")
    folder = unpacked(tmp_path / "cache", "key", packages)
    assert (folder / "lib" / "x.txt").read_text() == "bad" and not (folder / "lib").is_symlink()
    assert not list(outside.iterdir())


@pytest.mark.feature("lambda.aliases")
def test_variables_under_a_key_reach_the_function_by_a_grant_to_its_role(cloud: Cloud, role: str) -> None:
    code = zipped(app__py="import os\ndef told(event, context): return os.environ['SECRET']\n")
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    options = {"KMSKeyArn": key, "Environment": {"Variables": {"SECRET": "s3cret-in-the-open"}}}
    name = function_of(cloud, role, "app.told", code, **options)
    fn = cloud.client("lambda", config=Config(retries={"total_max_attempts": 1}))
    assert fn.invoke(FunctionName=name)["Payload"].read() == b'"s3cret-in-the-open"'
    (grant,) = cloud.client("kms").list_grants(KeyId=key)["Grants"]
    assert (grant["GranteePrincipal"], grant["Operations"]) == (role, ["Decrypt"])
    cloud.client("kms").disable_key(KeyId=key)
    assert fn.invoke(FunctionName=name)["Payload"].read() == b'"s3cret-in-the-open"', "its environment is warm"
    fn.update_function_code(FunctionName=name, ZipFile=zipped(app__py="def told(event, context): return 1\n"))
    with pytest.raises(ClientError, match="KMSDisabledException"):
        fn.invoke(FunctionName=name)


def test_a_key_of_a_function_can_be_changed_and_given_up(cloud: Cloud, role: str) -> None:
    code = zipped(app__py="import os\ndef told(event, context): return os.environ['SECRET']\n")
    kms = cloud.client("kms")
    first, second = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    options = {"KMSKeyArn": first, "Environment": {"Variables": {"SECRET": "s"}}}
    name = function_of(cloud, role, "app.told", code, **options)
    fn = cloud.client("lambda")
    for key in (second, ""):
        fn.update_function_configuration(FunctionName=name, KMSKeyArn=key)
        assert fn.invoke(FunctionName=name)["Payload"].read() == b'"s"'
        assert [len(kms.list_grants(KeyId=one)["Grants"]) for one in (first, second)] == [0, int(bool(key))]
