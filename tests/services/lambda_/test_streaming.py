"""Answers of functions that are streamed: InvokeWithResponseStream, and the Runtime API's side of it."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.services.lambda_.runtime.apis import answering
from hodei.testing import ACCOUNT, Cloud

from .calls import invoke
from .functions import function_of, role_of, zipped

NODE = {"Runtime": "nodejs20.x", "MemorySize": 512}
PROVIDED = {"Runtime": "provided.al2023", "MemorySize": 512}
node = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not on this machine")

HANDLERS = """
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
exports.parts = awslambda.streamifyResponse(async (event, stream, context) => {
  stream.setContentType("text/plain");
  console.log("streaming");
  for (const part of event.parts) { stream.write(part); await later(20); }
  stream.end();
});
exports.fails = awslambda.streamifyResponse(async (event, stream) => {
  stream.write("so far ");
  await later(20);
  throw new RangeError("no further");
});
exports.early = awslambda.streamifyResponse(async () => { throw new TypeError("not at all"); });
exports.plain = async (event) => ({ plain: event });
exports.stalls = awslambda.streamifyResponse(async (event, stream) => { stream.write("begun"); await later(60000); });
exports.dies = awslambda.streamifyResponse(async (event, stream) => { stream.write("begun"); await later(50); process.exit(3); });
exports.large = awslambda.streamifyResponse(async (event, stream) => {
  const part = Buffer.alloc(1 << 20, "x");
  for (let i = 0; i < event.megabytes; i++)
    if (!stream.write(part)) await new Promise((resolve) => stream.once("drain", resolve));
  stream.end();
});
"""

# A runtime of its own, which streams as the documentation says.
BOOTSTRAP = """#!/usr/bin/env python3
import base64, http.client, json, os, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
BASE = "/2018-06-01/runtime/invocation/"
def chunk(part):
    api.send(b"%x\\r\\n%s\\r\\n" % (len(part), part))
while True:
    api.request("GET", BASE + "next")
    got = api.getresponse()
    event, id = json.loads(got.read()), got.headers["Lambda-Runtime-Aws-Request-Id"]
    api.putrequest("POST", BASE + id + "/response")
    api.putheader("Lambda-Runtime-Function-Response-Mode", "streaming")
    api.putheader("Transfer-Encoding", "chunked")
    api.putheader("Content-Type", event.get("type", "text/plain"))
    api.putheader("Trailer", "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body")
    api.endheaders()
    for part in event["parts"]:
        chunk(part.encode())
        time.sleep(0.02)
    if event.get("break"):
        api.close()
        continue
    trailers = b""
    if event.get("error"):
        body = base64.b64encode(json.dumps({"errorType": "Odd", "errorMessage": event["error"]}).encode())
        trailers = b"Lambda-Runtime-Function-Error-Type: Odd\\r\\nLambda-Runtime-Function-Error-Body: " + body + b"\\r\\n"
    api.send(b"0\\r\\n" + trailers + b"\\r\\n")
    print("told", api.getresponse().read().decode(), flush=True)
"""


@pytest.fixture
def role(cloud: Cloud) -> str:
    return role_of(cloud)


@dataclass
class Answer:
    parts: list[bytes] = field(default_factory=list)
    error: str | None = None
    details: Any = None
    log: str = ""

    @property
    def body(self) -> bytes:
        return b"".join(self.parts)


def events(cloud: Cloud, name: str, event: Any = None, **options: Any) -> Iterator[dict[str, Any]]:
    body = json.dumps(event).encode()
    client = cloud.client("lambda")
    yield from client.invoke_with_response_stream(FunctionName=name, Payload=body, **options)["EventStream"]


def streamed(cloud: Cloud, name: str, event: Any = None, **options: Any) -> Answer:
    answer = Answer()
    for one in events(cloud, name, event, **options):
        if "PayloadChunk" in one:
            answer.parts.append(one["PayloadChunk"]["Payload"])
        else:
            complete = one["InvokeComplete"]
            answer.error, details = complete.get("ErrorCode"), complete.get("ErrorDetails")
            answer.details = json.loads(details) if details else None
            answer.log = base64.b64decode(complete.get("LogResult", "")).decode()
    return answer


@node
@pytest.mark.feature("lambda.invoke")
def test_a_node_function_streams(cloud: Cloud, role: str) -> None:
    name = function_of(cloud, role, "app.parts", zipped(app__js=HANDLERS), **NODE)
    answer = streamed(cloud, name, {"parts": ["one ", "two ", "three"]}, LogType="Tail")
    assert answer.body == b"one two three" and len(answer.parts) > 1 and answer.error is None
    assert "streaming" in answer.log and "REPORT RequestId" in answer.log
    again = streamed(cloud, name, {"parts": []})
    assert again.parts == [] and again.error is None and again.log == ""


@node
@pytest.mark.feature("lambda.invoke")
def test_invoke_collects_what_is_streamed(cloud: Cloud, role: str) -> None:
    name = function_of(cloud, role, "app.parts", zipped(app__js=HANDLERS), **NODE)
    assert invoke(cloud, name, {"parts": ["[1,", "2]"]}).payload == [1, 2]


@node
@pytest.mark.feature("lambda.invoke")
def test_errors_of_handlers_that_stream(cloud: Cloud, role: str) -> None:
    code = zipped(app__js=HANDLERS)
    answer = streamed(cloud, function_of(cloud, role, "app.fails", code, **NODE), LogType="Tail")
    assert answer.body == b"so far " and answer.error == "Unhandled"
    assert answer.details["errorType"] == "RangeError" and answer.details["errorMessage"] == "no further"
    assert "no further" in answer.log
    early = function_of(cloud, role, "app.early", code, **NODE)
    answer = streamed(cloud, early)
    assert answer.parts == [] and answer.details["errorMessage"] == "not at all"
    told = invoke(cloud, early)
    assert told.error == "Unhandled" and told.payload["errorType"] == "TypeError"


@node
@pytest.mark.feature("lambda.invoke")
def test_a_function_that_does_not_stream_answers_in_parts_all_the_same(cloud: Cloud, role: str) -> None:
    name = function_of(cloud, role, "app.plain", zipped(app__js=HANDLERS), **NODE)
    answer = streamed(cloud, name, {"a": 1})
    assert json.loads(answer.body) == {"plain": {"a": 1}} and answer.error is None


@node
@pytest.mark.feature("lambda.invoke")
def test_timeouts_and_deaths_amid_an_answer(cloud: Cloud, role: str) -> None:
    code = zipped(app__js=HANDLERS)
    answer = streamed(cloud, function_of(cloud, role, "app.stalls", code, **NODE, Timeout=1))
    assert answer.body == b"begun" and answer.error == "Unhandled"
    assert answer.details["errorMessage"].endswith("Task timed out after 1.00 seconds")
    answer = streamed(cloud, function_of(cloud, role, "app.dies", code, **NODE))
    assert answer.body == b"begun" and answer.details["errorType"] == "Runtime.ExitError"


@node
@pytest.mark.feature("lambda.invoke")
def test_only_streamed_answers_may_be_larger_than_six_megabytes(cloud: Cloud, role: str) -> None:
    name = function_of(cloud, role, "app.large", zipped(app__js=HANDLERS), **NODE)
    sizes = [len(part) for part in streamed(cloud, name, {"megabytes": 12}).parts]
    assert sum(sizes) == 12 << 20 and max(sizes) <= 1 << 20
    told = invoke(cloud, name, {"megabytes": 7})
    assert told.error == "Unhandled" and told.payload["errorType"] == "Function.ResponseSizeTooLarge"


@pytest.mark.feature("lambda.invoke")
def test_streamed_answers_that_are_too_large(cloud: Cloud, role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hundred megabytes, brought down to some bytes."""
    monkeypatch.setattr(answering, "LARGEST_STREAMED", 10)
    name = function_of(cloud, role, "own.handler", zipped(bootstrap=BOOTSTRAP), **PROVIDED)
    assert streamed(cloud, name, {"parts": ["x" * 10]}).error is None
    over = streamed(cloud, name, {"parts": ["x" * 10, "y"]})
    assert over.body == b"x" * 10 and over.details["errorType"] == "Function.ResponseSizeTooLarge"
    assert "10 bytes" in over.details["errorMessage"]


@pytest.mark.feature("lambda.invoke")
def test_a_custom_runtime_streams(cloud: Cloud, role: str) -> None:
    name = function_of(cloud, role, "own.handler", zipped(bootstrap=BOOTSTRAP), **PROVIDED)
    assert streamed(cloud, name, {"parts": ["a", "b"]}).body == b"ab"
    failed = streamed(cloud, name, {"parts": ["a"], "error": "what"})
    assert failed.body == b"a" and failed.details == {"errorType": "Odd", "errorMessage": "what"}
    broken = streamed(cloud, name, {"parts": ["a"], "break": True})
    assert broken.body == b"a" and broken.details["errorType"] == "Runtime.TruncatedResponse"
    whole = streamed(cloud, name, {"parts": ["c"]}, LogType="Tail")
    assert whole.body == b"c" and whole.error is None


@pytest.mark.feature("lambda.invoke")
def test_what_is_refused_before_it_streams(cloud: Cloud, role: str) -> None:
    name = function_of(cloud, role, "own.handler", zipped(bootstrap=BOOTSTRAP), **PROVIDED)
    client = cloud.client("lambda")
    dry = client.invoke_with_response_stream(FunctionName=name, InvocationType="DryRun")
    assert dry["StatusCode"] == 204

    def refused(name: str, payload: bytes = b"{}", **options: Any) -> str:
        with pytest.raises(ClientError) as caught:
            client.invoke_with_response_stream(FunctionName=name, Payload=payload, **options)
        code: str = caught.value.response["Error"]["Code"]
        return code

    assert refused("none") == "ResourceNotFoundException"
    assert refused(name, b"{") == "InvalidRequestContentException"
    assert refused(name, b"[" * 100_000) == "InvalidRequestContentException"
    assert refused(name, ClientContext="%%") == "InvalidRequestContentException"
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    assert refused(name) == "TooManyRequestsException"


@node
@pytest.mark.feature("lambda.invoke")
def test_the_bandwidth_of_aws(cloud: Cloud, role: str) -> None:
    """After six megabytes two in a second, on the cloud's clock: where AWS's request rates are on."""
    name = function_of(cloud, role, "app.large", zipped(app__js=HANDLERS), **NODE)
    cloud.limits("aws")
    began = cloud.clock.now()
    cloud.clock.run(20)
    assert len(streamed(cloud, name, {"megabytes": 16}).body) == 16 << 20
    assert (cloud.clock.now() - began).total_seconds() >= 5


@pytest.mark.feature("lambda.invoke")
def test_streamed_invokes_are_measured_and_billed(cloud: Cloud, role: str) -> None:
    name = function_of(cloud, role, "own.handler", zipped(bootstrap=BOOTSTRAP), **PROVIDED)
    streamed(cloud, name, {"parts": ["a"]})
    streamed(cloud, name, {"parts": ["a"], "error": "what"})
    (requests,) = cloud.bill.lines(service="lambda", usage_type="Request")
    assert requests.quantity == 2 and requests.resource.endswith(f":{ACCOUNT}:function:{name}")


@pytest.mark.feature("lambda.invoke")
def test_the_log_says_how_much_was_streamed(cloud: Cloud, role: str) -> None:
    logging = {"LogFormat": "JSON", "SystemLogLevel": "DEBUG"}
    code = zipped(bootstrap=BOOTSTRAP)
    name = function_of(cloud, role, "own.handler", code, **PROVIDED, LoggingConfig=logging)
    lines = streamed(cloud, name, {"parts": ["a", "bc"]}, LogType="Tail").log.splitlines()
    records = [json.loads(line) for line in lines if line.startswith("{")]
    (done,) = [one["record"] for one in records if one.get("type") == "platform.runtimeDone"]
    assert done["status"] == "success" and done["metrics"]["producedBytes"] == 3
