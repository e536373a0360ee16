"""Extensions get what is said in their environment: the Telemetry API, and the Logs API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hodei.testing import Cloud

from .calls import invoke
from .extending import PYTHON, extended, logged

SPEAKING = "print('beginning')\ndef handler(event, context):\n    print('at work')\n    return 'done'\n"
LISTENING = """
import http.server, socket, threading
got = []
class Listener(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        got.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
        self.send_response(200)
        self.end_headers()
    def log_message(self, *what):
        pass
listener = http.server.ThreadingHTTPServer(("sandbox.localdomain", 0), Listener)
threading.Thread(target=listener.serve_forever, daemon=True).start()
PORT = listener.server_address[1]
id = register()[2]["Lambda-Extension-Identifier"]
def subscribe(path="/2022-07-01/telemetry", **changed):
    wish = {"schemaVersion": "2022-12-13", "types": ["platform", "function"], "buffering": {"timeoutMs": 25},
            "destination": {"protocol": "HTTP", "URI": f"http://sandbox.localdomain:{PORT}/here"}}
    return call("PUT", path, {**wish, **changed}, Lambda_Extension_Identifier=id)
"""
TELLING = """
while True:
    event = following(id)
    if event["eventType"] == "SHUTDOWN":
        break
for path, batch in got:
    for event in batch:
        say(json.dumps([path, event]))
"""


def told(cloud: Cloud) -> list[Any]:
    """What the extension `one` has got, after its environment has ended."""
    cloud.client("lambda").update_function_configuration(FunctionName="extended", Description="changed")
    invoke(cloud, "extended")
    cloud.settle()
    return [json.loads(line.removeprefix("one ")) for line in logged(cloud) if line.startswith("one [")]


@pytest.mark.feature("lambda.aliases")
def test_telemetry_goes_to_who_has_subscribed(cloud: Cloud) -> None:
    name = extended(cloud, SPEAKING, {"one": f"{LISTENING}say(*subscribe()[:2]){TELLING}"})
    answer = invoke(cloud, name)
    assert "one 200 OK\n" in answer.log
    assert "TELEMETRY\tName: one\tState: Subscribed\tTypes: [Platform, Function]\n" in answer.log
    found = told(cloud)
    assert {path for path, _ in found} == {"/here"}
    events = [event for _, event in found]
    assert [event["type"].removeprefix("platform.") for event in events] == [
        "initStart", "telemetrySubscription", "function", "initRuntimeDone", "extension", "initReport",
        "start", "function", "runtimeDone", "report",
    ]  # fmt: skip
    records = {event["type"].removeprefix("platform."): event["record"] for event in events}
    id = records["start"]["requestId"]
    init = {"initializationType": "on-demand", "phase": "init"}
    version = records["initStart"]["runtimeVersion"]
    assert records["initStart"] == {**init, "runtimeVersion": version} and version.startswith("python:")
    assert records["initRuntimeDone"] == {**init, "status": "success"}
    assert records["telemetrySubscription"] == {"name": "one", "state": "Subscribed", "types": ["platform", "function"]}
    assert records["extension"] == {"name": "one", "state": "Ready", "events": ["INVOKE", "SHUTDOWN"]}
    assert records["start"] == {"requestId": id, "version": "$LATEST"}
    assert [event["record"] for event in events if event["type"] == "function"] == ["beginning", "at work"]
    done, report = records["runtimeDone"], records["report"]
    assert (done["requestId"], done["status"], done["metrics"]["producedBytes"]) == (id, "success", len('"done"'))
    assert (report["requestId"], report["status"]) == (id, "success")
    assert report["metrics"]["initDurationMs"] == records["initReport"]["metrics"]["durationMs"]
    assert report["metrics"]["memorySizeMB"] == 1769


@pytest.mark.feature("lambda.aliases")
def test_telemetry_over_tcp_in_lines(cloud: Cloud) -> None:
    begin = (
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "def read():\n"
        "    for line in server.accept()[0].makefile(): got.append(('', [json.loads(line)]))\n"
        "threading.Thread(target=read, daemon=True).start()\n"
        "there = {'protocol': 'TCP', 'URI': f'tcp://sandbox.localdomain:{server.getsockname()[1]}'}\n"
        "subscribe(types=['function', 'extension'], destination=there)\n"
        "say('hello')\n"
    )
    end = TELLING.replace("for path", "time.sleep(0.2)\nfor path", 1)
    invoke(cloud, extended(cloud, SPEAKING, {"one": LISTENING + begin + end}))
    records = [(event["type"], event["record"]) for _, event in told(cloud)]
    assert records == [("extension", "one hello"), ("function", "beginning"), ("function", "at work")]


@pytest.mark.feature("lambda.aliases")
def test_the_logs_api(cloud: Cloud) -> None:
    text = f"{LISTENING}say(*subscribe('/2020-08-15/logs', schemaVersion='2021-03-18')[:2]){TELLING}"
    answer = invoke(cloud, extended(cloud, SPEAKING, {"one": text}))
    assert (
        "one 200 OK\n" in answer.log
        and "LOGS\tName: one\tState: Subscribed\tTypes: [Platform, Function]\n" in answer.log
    )
    assert [event["type"].removeprefix("platform.") for _, event in told(cloud)] == [
        "logsSubscription", "function", "extension", "start", "function", "runtimeDone", "end", "report",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ("schemaVersion='2001-01-01'", "schemaVersion is not valid"),
        ("types=[]", "types should not be empty"),
        ("types=['gossip']", "types are not valid"),
        ("types=[], destination={'protocol': 'HTTP', 'URI': 'http://sandbox.localdomain'}", "types should not be empty; URI port is not provided"),
        ("destination={'protocol': 'UDP', 'URI': 'http://sandbox.localdomain:1'}", "destination protocol is not valid"),
        ("destination={'protocol': 'HTTP', 'URI': 'http://example.com:80'}", "URI host should be sandbox.localdomain"),
        ("buffering={'timeoutMs': 1}", "timeoutMs should be between 25 and 30000"),
        ("buffering=7", "maxItems should be between 1000 and 10000; maxBytes should be between 262144 and 1048576; timeoutMs should be between 25 and 30000"),
    ],
)  # fmt: skip
def test_subscriptions_that_are_refused(cloud: Cloud, changed: str, message: str) -> None:
    text = f"{LISTENING}\nstatus, body, _ = subscribe({changed})\nsay(status, body['errorType'], body['errorMessage'])\nfollowing(id)\n"
    assert f"one 400 ValidationError {message}\n" in invoke(cloud, extended(cloud, SPEAKING, {"one": text})).log


def test_one_of_the_two_apis_and_in_time(cloud: Cloud) -> None:
    text = (
        f"{LISTENING}\nsubscribe()\n"
        "say(subscribe('/2020-08-15/logs', schemaVersion='2021-03-18')[1]['errorType'])\n"
        "say(call('PUT', '/2022-07-01/telemetry', {}, Lambda_Extension_Identifier='other')[0])\n"
        "following(id)\n"
        "say(*subscribe()[:2])\n"
        "following(id)\n"
    )
    log = invoke(cloud, extended(cloud, SPEAKING, {"one": text})).log
    assert "one ValidationError\n" in log and "one 403\n" in log
    assert "one 403 {'errorType': 'Telemetry.SubscriptionClosed'" in log


@pytest.mark.feature("lambda.aliases")
def test_functions_that_log_json_tell_objects(cloud: Cloud) -> None:
    code = "import logging\ndef handler(event, context):\n    logging.getLogger().warning('careful')\n"
    config = {"LogFormat": "JSON", "SystemLogLevel": "WARN"}
    name = extended(cloud, code, {"one": f"{LISTENING}subscribe(types=['function']){TELLING}"}, LoggingConfig=config)
    invoke(cloud, name)
    ((_, event),) = told(cloud)
    assert (event["record"]["level"], event["record"]["message"]) == ("WARN", "careful")


def test_a_listener_that_is_not_there_does_not_hold_anybody_up(cloud: Cloud) -> None:
    nowhere = "subscribe(destination={'protocol': 'HTTP', 'URI': 'http://sandbox.localdomain:1'})"
    name = extended(cloud, SPEAKING, {"one": f"{LISTENING}{nowhere}\nfollowing(id)\nfollowing(id)\n"})
    assert invoke(cloud, name).payload == "done"


def test_names_of_the_environment(cloud: Cloud) -> None:
    code = "import socket\ndef handler(event, context):\n    return socket.gethostbyname('sandbox.localdomain')\n"
    name = extended(cloud, code, {}, Runtime=PYTHON)
    if (found := invoke(cloud, name)).error:
        pytest.skip("this machine isolates nothing")
    assert found.payload == "127.0.0.1"
