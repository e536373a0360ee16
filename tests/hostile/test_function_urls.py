"""Function URLs behind a real socket: answers come as they are made, and clients that break off disturb nobody."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from hostile.process import Process
from services.lambda_.functions import function_of, role_of, zipped

pytestmark = [
    pytest.mark.socket,
    pytest.mark.feature("lambda.aliases"),
    pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not on this machine"),
]

CODE = """
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const asked = event.queryStringParameters || {};
  stream.setContentType("text/plain");
  if (asked.wait) await later(Number(asked.wait));
  for (let i = 0; i < Number(asked.parts || 0); i++) { stream.write(`part ${i};`); await later(300); }
  const large = Buffer.alloc(1 << 20, "x");
  for (let i = 0; i < Number(asked.megabytes || 0); i++)
    if (!stream.write(large)) await new Promise((resolve) => stream.once("drain", resolve));
  if (event.body) stream.write(`${Buffer.from(event.body, "base64").length}`);
  stream.end();
  console.log(`all of it: ${asked.name}`);
});
"""
MEGABYTES = 60
PATIENCE = 20  # seconds


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    with Process(None, tmp_path / "log") as started:
        yield started


@pytest.fixture
def host(process: Any) -> str:
    """The name of a function's URL, whose answers are streamed."""
    role = role_of(process, "service-role/AWSLambdaBasicExecutionRole")
    name = function_of(process, role, "app.handler", zipped(app__js=CODE), Runtime="nodejs20.x")
    client = process.client("lambda")
    made = client.create_function_url_config(FunctionName=name, AuthType="NONE", InvokeMode="RESPONSE_STREAM")
    for action in ("InvokeFunctionUrl", "InvokeFunction"):
        client.add_permission(FunctionName=name, StatementId=action, Action=f"lambda:{action}", Principal="*")
    return urlsplit(made["FunctionUrl"]).netloc


def asked(process: Process, host: str, target: str, method: str = "GET", **options: Any) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=PATIENCE)
    connection.request(method, target, headers={"Host": host} | options.pop("headers", {}), **options)
    return connection


def said(process: Process, text: str) -> bool:
    """Whether the function has come to say something, in time."""
    logs, end = process.client("logs"), time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if logs.filter_log_events(logGroupName="/aws/lambda/f-app-handler", filterPattern=f'"{text}"')["events"]:
                return True
        except logs.exceptions.ResourceNotFoundException:
            pass
        time.sleep(0.1)
    return False


def test_parts_come_as_they_are_made(process: Process, host: str) -> None:
    response = asked(process, host, "/?parts=4").getresponse()
    assert response.status == 200 and response.headers["Transfer-Encoding"] == "chunked"
    began, first = time.monotonic(), response.read1()
    at_first, rest = time.monotonic(), response.read()
    assert first.startswith(b"part 0;") and b"part 3" not in first
    assert first + rest == b"part 0;part 1;part 2;part 3;"
    assert time.monotonic() - at_first > 0.3 and at_first - began < PATIENCE


@pytest.mark.parametrize("query", ["parts=3", "wait=500&parts=1", "megabytes=30"])
def test_clients_that_go_away(process: Process, host: str, query: str) -> None:
    """The function goes on to its end, and its environment serves the next one."""
    asked(process, host, "/").getresponse().read()
    connection = asked(process, host, f"/?{query}&name=gone")
    if not query.startswith("wait"):
        assert connection.getresponse().read1()
    else:
        time.sleep(0.2)
    assert connection.sock
    connection.sock.close()
    connection.close()
    assert said(process, "all of it: gone") and said(process, "REPORT")
    assert asked(process, host, "/?parts=1").getresponse().read() == b"part 0;"
    events = process.client("logs").filter_log_events(logGroupName="/aws/lambda/f-app-handler")["events"]
    assert sum("INIT_START" in event["message"] for event in events) == 1


def test_a_slow_client_holds_the_function_up_and_not_the_cloud(process: Process, host: str) -> None:
    asked(process, host, "/").getresponse().read()
    before = process.resident
    response = asked(process, host, f"/?megabytes={MEGABYTES}").getresponse()
    size = len(response.read(1 << 16))
    time.sleep(1)
    assert process.resident - before < (MEGABYTES << 20) / 3
    assert process.client("sts").get_caller_identity()["Account"]  # others are served meanwhile
    while part := response.read(1 << 18):
        size += len(part)
    assert size == MEGABYTES << 20 and process.peak - before < (MEGABYTES << 20) / 2


def test_bodies_in_chunks_and_large_ones(process: Process, host: str) -> None:
    body = b"\0\1" * 500_000
    assert asked(process, host, "/", "POST", body=body).getresponse().read() == b"1000000"
    parts = iter([b"\0" * 70_000] * 3)
    assert asked(process, host, "/", "POST", body=parts, encode_chunked=True).getresponse().read() == b"210000"
    over = asked(process, host, "/", "POST", body=b"\0" * (7 << 20)).getresponse()
    assert over.status == 413 and json.loads(over.read())["Message"].startswith("Request must be smaller")
    head = asked(process, host, "/?parts=1", "HEAD").getresponse()
    assert (head.status, head.read()) == (200, b"")


def test_requests_that_break_off_or_are_none(process: Process, host: str) -> None:
    def raw(text: str) -> bytes:
        with socket.create_connection(("127.0.0.1", process.port), PATIENCE) as connection:
            connection.sendall(text.encode())
            connection.shutdown(socket.SHUT_WR)
            return connection.makefile("rb").readline()

    raw(f"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000000\r\n\r\nshort")
    raw(f"POST / HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    large = "x" * 200_000
    assert raw(f"GET / HTTP/1.1\r\nHost: {host}\r\nX-Large: {large}\r\n\r\n").split()[1] in (b"400", b"431")
    for other in (".lambda-url.", f"x.{host}", host.replace("us-east-1", ""), "none" + host):
        answer = asked(process, other, "/").getresponse()
        assert 400 <= answer.status < 500, answer.read()
    assert asked(process, host, "/?parts=1").getresponse().read() == b"part 0;"


def test_the_cloud_stops_amid_an_answer(process: Process, host: str) -> None:
    """And says nothing of an error; nothing of the function is left (see `Process.stop`)."""
    waiting = asked(process, host, "/?wait=60000")
    streaming = asked(process, host, "/?parts=100").getresponse()
    assert streaming.read1()
    process.stop()
    assert process.popen.returncode == 0
    with pytest.raises((http.client.HTTPException, OSError)):
        streaming.read()
    assert waiting.getresponse().status == 503
