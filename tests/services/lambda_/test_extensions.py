"""Extensions take part in the life of an environment."""

from __future__ import annotations

import json
import socket
import time
from datetime import timedelta

import pytest

from hodei.testing import ACCOUNT, Cloud

from .calls import invoke
from .extending import BEGIN, FOLLOWING, extended, logged

PLAIN = "def handler(event, context):\n    return context.aws_request_id\n"


def events_of(lines: list[str], name: str) -> list[dict[str, object]]:
    return [json.loads(line.removeprefix(f"{name} ")) for line in lines if line.startswith(f"{name} {{")]


@pytest.mark.feature("lambda.aliases", "lambda.invoke")
def test_external_extensions_hear_of_every_invoke(cloud: Cloud) -> None:
    name = extended(
        cloud, PLAIN, {"one": FOLLOWING, "two": FOLLOWING.replace("register()", 'register(events=["INVOKE"])')}
    )
    first, second = invoke(cloud, name), invoke(cloud, name)
    assert "EXTENSION\tName: one\tState: Ready\tEvents: [INVOKE,SHUTDOWN]\n" in first.log
    assert "EXTENSION\tName: two\tState: Ready\tEvents: [INVOKE]\n" in first.log
    assert "EXTENSION" not in second.log
    for extension in ("one", "two"):
        (event,) = events_of(first.log.splitlines(), extension)
        assert event.pop("deadlineMs", 0) > (time.time() + 10) * 1000  # type: ignore[operator]
        assert event == {
            "eventType": "INVOKE",
            "requestId": first.payload,
            "invokedFunctionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:extended",
            "tracing": {"type": "X-Amzn-Trace-Id", "value": event["tracing"]["value"]},  # type: ignore[index]
        }
        assert events_of(second.log.splitlines(), extension)[0]["requestId"] == second.payload


@pytest.mark.feature("lambda.aliases")
def test_what_an_extension_learns_of_its_function(cloud: Cloud) -> None:
    ask = "status, body, headers = register({more})\nsay(json.dumps([status, body]))\nfollowing(headers['Lambda-Extension-Identifier'])\n"
    more = 'Lambda_Extension_Accept_Feature="accountId"'
    name = extended(cloud, PLAIN, {"one": ask.format(more=""), "two": ask.format(more=more)})
    lines = invoke(cloud, name).log.splitlines()
    told = {"functionName": "extended", "functionVersion": "$LATEST", "handler": "app.handler"}
    assert f"one {json.dumps([200, told])}" in lines
    assert f"two {json.dumps([200, {**told, 'accountId': ACCOUNT}])}" in lines


@pytest.mark.feature("lambda.aliases")
def test_extensions_share_the_environment_but_not_all_variables(cloud: Cloud) -> None:
    see = (
        "open('/tmp/left', 'w').write('by an extension')\nsay(json.dumps({'eventType': sorted(os.environ)}))\n"
        + FOLLOWING
    )
    code = "def handler(event, context):\n    return open('/tmp/left').read()\n"
    name = extended(cloud, code, {"one": see}, Environment={"Variables": {"COLOUR": "red"}})
    answer = invoke(cloud, name)
    assert answer.payload == "by an extension"
    names = events_of(answer.log.splitlines(), "one")[0]["eventType"]
    assert {"COLOUR", "AWS_ACCESS_KEY_ID", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_RUNTIME_API"} <= set(names)  # type: ignore[call-overload]
    assert not {"_HANDLER", "LAMBDA_TASK_ROOT", "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME"} & set(names)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("text", "status", "kind"),
    [
        ("register(name='')", 403, "Extension.InvalidExtensionName"),
        ("register(name='other')", 403, "Extension.InvalidExtensionName"),
        ("register(events=['SLEEP'])", 400, "Extension.InvalidEventType"),
        ("call('POST', '/2020-01-01/extension/register', [1], Lambda_Extension_Name=NAME)", 400, "InvalidRequestFormat"),
        ("call('GET', '/2020-01-01/extension/event/next')", 403, "Extension.MissingHeader"),
        ("call('GET', '/2020-01-01/extension/event/next', Lambda_Extension_Identifier='x')", 403, "Extension.UnknownExtensionIdentifier"),
        ("call('GET', '/2020-01-01/extension/other')", 404, "InvalidRequest"),
    ],
)  # fmt: skip
def test_what_the_api_refuses(cloud: Cloud, text: str, status: int, kind: str) -> None:
    name = extended(cloud, PLAIN, {"one": f"status, body, _ = {text}\nsay(status, body['errorType'])\n" + FOLLOWING})
    assert f"one {status} {kind}" in invoke(cloud, name).log.splitlines()


@pytest.mark.feature("lambda.aliases")
def test_an_internal_extension(cloud: Cloud) -> None:
    code = BEGIN + (
        "import threading\n"
        "refused = register('inside')\n"
        "status, body, headers = register('inside', ['INVOKE'])\n"
        "heard = []\n"
        "def follow():\n"
        "    global api\n"
        "    api = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])\n"
        "    while True:\n"
        "        heard.append(following(headers['Lambda-Extension-Identifier']))\n"
        "threading.Thread(target=follow, daemon=True).start()\n"
        "def handler(event, context):\n"
        "    while not heard or heard[-1]['requestId'] != context.aws_request_id:\n"
        "        time.sleep(0.01)\n"
        "    return [refused[0], refused[1]['errorType'], status, len(heard)]\n"
    )
    name = extended(cloud, code, {})
    first = invoke(cloud, name)
    assert first.payload == [403, "ShutdownEventNotSupportedForInternalExtension", 200, 1]
    assert "EXTENSION\tName: inside\tState: Ready\tEvents: [INVOKE]\n" in first.log
    assert invoke(cloud, name).payload[-1] == 2


SLOW = FOLLOWING.replace("    say(json.dumps(event))\n", "    time.sleep(float(os.environ['SLOW']))\n")


@pytest.mark.feature("lambda.aliases", "cloudwatch.metrics")
def test_the_invoke_lasts_until_all_extensions_are_done(cloud: Cloud) -> None:
    name = extended(cloud, PLAIN, {"slow": SLOW}, Environment={"Variables": {"SLOW": "0.5"}})
    log = invoke(cloud, name).log
    duration = float(log.partition("\tDuration: ")[2].partition(" ms")[0])
    assert 500 < duration < 5000
    cloud.clock.advance(minutes=1)
    (found,) = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda", MetricName="PostRuntimeExtensionsDuration", Period=3600, Statistics=["Maximum"],
        Dimensions=[{"Name": "FunctionName", "Value": name}],
        StartTime=cloud.clock.now() - timedelta(hours=1), EndTime=cloud.clock.now() + timedelta(hours=1),
    )["Datapoints"]  # fmt: skip
    assert 400 < found["Maximum"] <= duration


@pytest.mark.feature("lambda.invoke")
def test_nobody_waits_for_extensions(cloud: Cloud) -> None:
    """The extension goes on only when the function's answer has come."""
    waiting = "socket.create_connection(('127.0.0.1', int(os.environ['GATE']))).recv(1)"
    text = "import socket\n" + FOLLOWING.replace("    say(json", f"    {waiting}\n    say(json")
    with socket.create_server(("127.0.0.1", 0)) as gate:
        gate.settimeout(30)
        variables = {"GATE": str(gate.getsockname()[1])}
        name = extended(cloud, PLAIN, {"one": text}, Environment={"Variables": variables})
        answer = cloud.client("lambda").invoke(FunctionName=name)
        assert json.load(answer["Payload"]) and "FunctionError" not in answer
        connection, _ = gate.accept()
        connection.send(b"x")
        connection.close()
    for _ in range(100):
        if cloud.client("logs").describe_log_groups()["logGroups"] and logged(cloud):
            break
        time.sleep(0.1)
    assert "timeout" not in "".join(logged(cloud)) and events_of(logged(cloud), "one")


@pytest.mark.feature("lambda.timeout")
def test_an_extension_that_takes_too_long(cloud: Cloud) -> None:
    name = extended(cloud, PLAIN, {"slow": SLOW}, Environment={"Variables": {"SLOW": "60"}}, Timeout=1)
    answer = invoke(cloud, name)
    assert "Task timed out after 1.00 seconds" in answer.log and "Status: timeout" in answer.log


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("sys.exit(0)", "Extension.Crash", "exit code 0"),
        ("sys.exit(3)", "Extension.Crash", "exit status 3"),
        ("register()\nsys.exit(3)", "Extension.Crash", "exit status 3"),
        ("os.kill(os.getpid(), 11)", "Extension.Crash", "signal: segmentation fault"),
    ],
)
def test_an_extension_that_does_not_begin(cloud: Cloud, text: str, kind: str, message: str) -> None:
    answer = invoke(cloud, extended(cloud, PLAIN, {"bad": text}))
    id = answer.log.partition("START RequestId: ")[2].partition(" ")[0]
    assert answer.error == "Unhandled"
    assert answer.payload == {"errorType": kind, "errorMessage": f"RequestId: {id} Error: {message}"}
    assert f"RequestId: {id} Error: {message}\n{kind}\n" in answer.log
    assert answer.log.count(f"Status: error\tError Type: {kind}") == 3  # of init, of init in the invoke, of the invoke


@pytest.mark.feature("lambda.aliases")
@pytest.mark.parametrize(("phase", "state"), [("init", "InitError"), ("exit", "ExitError")])
def test_an_extension_that_reports_an_error(cloud: Cloud, phase: str, state: str) -> None:
    text = (
        "id = register()[2]['Lambda-Extension-Identifier']\n"
        f"answer = call('POST', '/2020-01-01/extension/{phase}/error', {{'errorMessage': 'no'}}, Lambda_Extension_Identifier=id,"
        " Lambda_Extension_Function_Error_Type='Extension.NoTea')\n"
        "say(answer[0], answer[1])\n"
    )
    answer = invoke(cloud, extended(cloud, PLAIN, {"bad": text}))
    assert answer.payload["errorType"] == f"Extension.{state}"
    assert answer.payload["errorMessage"].endswith("Error: exit code 0")
    assert "bad 202 {'status': 'OK'}\n" in answer.log
    line = f"EXTENSION\tName: bad\tState: {state}\tEvents: [INVOKE,SHUTDOWN]\tError Type: Extension.NoTea\n"
    assert line in answer.log


@pytest.mark.feature("lambda.aliases")
def test_an_extension_that_crashes_later_takes_the_environment_with_it(cloud: Cloud) -> None:
    text = "id = register()[2]['Lambda-Extension-Identifier']\nfollowing(id), following(id), sys.exit(1)"
    code = (
        "import time\n"
        "calls = []\n"
        "def handler(event, context):\n"
        "    calls.append(event)\n"
        "    if len(calls) == 2: time.sleep(15)\n"
    )
    name = extended(cloud, code, {"bad": text})
    assert invoke(cloud, name).payload is None
    crashed = invoke(cloud, name)
    assert crashed.payload["errorType"] == "Extension.Crash"
    assert invoke(cloud, name).payload is None


def test_no_more_than_ten_extensions(cloud: Cloud) -> None:
    """All external ones have registered when the runtime begins."""
    code = BEGIN + "refused = register('one more', ['INVOKE'])[:2]\ndef handler(event, context):\n    return refused\n"
    answer = invoke(cloud, extended(cloud, code, {f"e{number}": FOLLOWING for number in range(10)}))
    begun = [line for line in logged(cloud) if line.startswith("EXTENSION\t")]
    assert len(begun) == 10 and all("\tState: Ready\t" in line for line in begun)
    status, body = answer.payload
    assert (status, body["errorType"]) == (403, "Extension.TooManyExtensions")


def test_an_extension_that_is_no_program(cloud: Cloud) -> None:
    answer = invoke(cloud, extended(cloud, PLAIN, {"bad": "#!/no/such/program\n"}))
    assert answer.payload["errorType"] == "Extension.LaunchError"
    assert answer.payload["errorMessage"].endswith("Error: fork/exec /opt/extensions/bad: no such file or directory")
    assert "EXTENSION\tName: bad\tState: LaunchError\tEvents: []\tError Type: UnknownError\n" in answer.log
