"""`hodei lambda debug`: debuggers stop in functions."""

from __future__ import annotations

import importlib.util
import json
import shutil
import socket
import time
import urllib.request
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from hodei.cli import main
from hodei.testing import Cloud
from hostile.process import Process

from .calls import Answer, invoke
from .debuggers import Debugger, connected
from .functions import function_of, role_of, zipped

CODE = """import time

def handler(event, context):
    total = event["a"] + 1
    return {"total": total, "left": context.get_remaining_time_in_millis()}
"""
needs_debugpy = pytest.mark.skipif(importlib.util.find_spec("debugpy") is None, reason="debugpy is not installed")


def debug(cloud: Cloud, function: str, **given: Any) -> httpx.Response:
    admin = httpx.Client(transport=cloud.transport(), base_url=cloud.url)
    return admin.post("/_hodei/services/lambda/debug", json={"given": {"function": function, **given}})


def in_background(cloud: Cloud, name: str, event: Any) -> Future[Answer]:
    pool = ThreadPoolExecutor(1)
    future = pool.submit(invoke, cloud, name, event)
    pool.shutdown(wait=False)
    return future


def attached(port: int, line: int) -> Debugger:
    """A debugger that stops in app.py."""
    debugger = Debugger(port)
    debugger.ask("initialize", adapterID="python", pathFormat="path", linesStartAt1=True)
    attaching = debugger.send("attach", justMyCode=False)
    debugger.event("initialized")
    found = debugger.ask("setBreakpoints", source={"path": "/var/task/app.py"}, breakpoints=[{"line": line}])
    assert found["breakpoints"][0]["verified"]
    debugger.ask("configurationDone")
    debugger.answer(attaching)
    return debugger


@needs_debugpy
@pytest.mark.feature("lambda.invoke")
def test_a_debugger_stops_in_a_python_function(cloud: Cloud) -> None:
    name = function_of(cloud, role_of(cloud), "app.handler", zipped(app__py=CODE), Timeout=1)
    assert invoke(cloud, name, {"a": 1}).payload["left"] <= 1000
    told = debug(cloud, name, wait=True).json()
    assert told["debugger"] == "debugpy"
    answer = in_background(cloud, name, {"a": 1})
    debugger = attached(told["port"], 5)
    stopped = debugger.event("stopped")
    assert stopped["reason"] == "breakpoint"
    time.sleep(1.2)  # longer than its timeout
    frame = debugger.ask("stackTrace", threadId=stopped["threadId"])["stackFrames"][0]
    assert (frame["name"], frame["line"]) == ("handler", 5)
    assert debugger.ask("evaluate", expression="total", frameId=frame["id"])["result"] == "2"
    debugger.ask("evaluate", expression="total = 40 + total", frameId=frame["id"], context="repl")
    debugger.ask("continue", threadId=stopped["threadId"])
    found = answer.result(20)
    assert (found.error, found.payload["total"]) == (None, 42)
    debugger.close()
    assert debug(cloud, name, off=True).status_code == 200
    assert invoke(cloud, name, {"a": 1}).payload["left"] <= 1000
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", told["port"]))


@needs_debugpy
@pytest.mark.feature("lambda.invoke")
def test_changed_code_is_debugged_at_the_same_port(cloud: Cloud) -> None:
    name = function_of(cloud, role_of(cloud), "app.handler", zipped(app__py=CODE))
    port = debug(cloud, name).json()["port"]
    assert invoke(cloud, name, {"a": 1}).payload["total"] == 2  # nobody has to be there
    for text in ("return 1", "return 2"):
        code = f"def handler(event, context):\n    {text}\n"
        cloud.client("lambda").update_function_code(FunctionName=name, ZipFile=zipped(app__py=code))
        assert invoke(cloud, name).payload == int(text[-1])
        debugger = attached(port, 2)
        answer = in_background(cloud, name, None)
        stopped = debugger.event("stopped")
        others = in_background(cloud, name, None)  # runs beside the one that stands still
        assert others.result(20).payload == int(text[-1]) and not answer.done()
        debugger.ask("continue", threadId=stopped["threadId"])
        assert answer.result(20).payload == int(text[-1])
        debugger.ask("disconnect")
        debugger.close()


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not on this machine")
@pytest.mark.feature("lambda.invoke")
def test_a_node_function_listens_for_its_inspector(cloud: Cloud) -> None:
    code = zipped(app__js="exports.handler = async () => 1;\n")
    name = function_of(cloud, role_of(cloud), "app.handler", code, Runtime="nodejs22.x")
    port = debug(cloud, name).json()["port"]
    assert invoke(cloud, name).payload == 1
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=10) as response:
        (target,) = json.load(response)
    assert target["type"] == "node" and target["webSocketDebuggerUrl"].startswith(f"ws://127.0.0.1:{port}/")


@pytest.mark.skipif(shutil.which("javac") is None, reason="there is no compiler for Java here")
@pytest.mark.feature("lambda.invoke")
def test_a_java_function_waits_for_its_debugger(cloud: Cloud, tmp_path: Path) -> None:
    import subprocess

    (tmp_path / "App.java").write_text(
        "public class App { public static int handler(int event) { return event + 1; } }"
    )
    subprocess.run(["javac", "--release", "17", "-d", str(tmp_path), str(tmp_path / "App.java")], check=True)
    code = _class((tmp_path / "App.class").read_bytes())
    name = function_of(cloud, role_of(cloud), "App.handler", code, Runtime="java17", Timeout=1)
    cloud.client("lambda").update_function_configuration(FunctionName=name, Handler="App::handler")
    port = debug(cloud, name, wait=True).json()["port"]
    answer = in_background(cloud, name, 1)
    with connected(port) as wire:
        wire.sendall(b"JDWP-Handshake")
        assert wire.recv(14) == b"JDWP-Handshake" and not answer.done()
        resume = (11).to_bytes(4, "big") + (1).to_bytes(4, "big") + bytes((0, 1, 9))  # VirtualMachine.Resume
        wire.sendall(resume)
        assert answer.result(20).payload == 2


def _class(content: bytes) -> bytes:
    import io
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("App.class", content)
    return packed.getvalue()


def test_what_cannot_be_debugged(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    role = role_of(cloud)
    ruby = function_of(cloud, role, "app.ruby", zipped(app__rb=""), Runtime="ruby3.4")
    python = function_of(cloud, role, "app.python", zipped(app__py=""))
    refused = debug(cloud, ruby)
    assert (refused.status_code, refused.json()) == (
        400,
        {"error": "There is no debugger for f-app-ruby, which is ruby3.4"},
    )
    assert "Function not found" in debug(cloud, "none").json()["error"]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        node = function_of(cloud, role, "app.node", zipped(app__js=""), Runtime="nodejs22.x")
        assert debug(cloud, node, port=port).json()["error"] == f"Port {port} cannot be had: Address already in use"
    assert debug(cloud, node, port="many").status_code == 400
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert debug(cloud, python).json()["error"].endswith("pip install 'hodei[debug]'")


@pytest.mark.socket
@pytest.mark.feature("lambda.invoke")
def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Process(tmp_path / "data", tmp_path / "log") as process:
        assert main(["lambda", "debug", "none", "--url", process.url]) == 1
        assert "Function not found" in capsys.readouterr().err
        import boto3

        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        aws = {
            name: boto3.client(name, endpoint_url=process.url, region_name="eu-west-1", **keys)
            for name in ("iam", "lambda")
        }
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = aws["iam"].create_role(RoleName="fn", AssumeRolePolicyDocument=document)["Role"]["Arn"]
        code = {"ZipFile": zipped(app__js="exports.handler = async () => 1;\n")}
        given = {"FunctionName": "app", "Role": role, "Handler": "app.handler", "Runtime": "nodejs22.x"}
        aws["lambda"].create_function(Code=code, **given)
        assert main(["lambda", "debug", "app", "--region", "eu-west-1", "--wait", "--url", process.url]) == 0
        told = capsys.readouterr().out
        assert told.startswith("app listens for a debugger (the inspector of Node.js) at 127.0.0.1:")
        assert "It waits for it from its next invoke on" in told
        assert main(["lambda", "debug", "app", "--region", "eu-west-1", "--off", "--url", process.url]) == 0
        assert capsys.readouterr().out == "app is not debugged any more\n"
