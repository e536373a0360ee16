"""The phases of an environment: initialisation, shutdown, snapshots; and what its log says of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from typing import Any

import pytest

from hodei.services.lambda_.runtime import environment, processes
from hodei.testing import Cloud

from .calls import invoke
from .extending import FOLLOWING, PYTHON, extended, logged
from .functions import role_of, zipped

LOGS = "service-role/AWSLambdaBasicExecutionRole"


def make(cloud: Cloud, code: str, handler: str = "app.handler", runtime: str = PYTHON, **options: Any) -> str:
    given = {"Runtime": runtime, "MemorySize": 1769, "Timeout": 20, **options}
    cloud.client("lambda").create_function(
        FunctionName="f", Role=role_of(cloud, LOGS), Handler=handler, Code={"ZipFile": zipped(app__py=code)}, **given
    )
    return "f"


def change(cloud: Cloud, name: str) -> None:
    """End its environments, by an invoke of what it is now."""
    cloud.client("lambda").update_function_configuration(FunctionName=name, Description="changed")
    invoke(cloud, name)
    cloud.settle()


# initialisation


@pytest.mark.feature("lambda.invoke")
def test_an_initialisation_that_fails_is_done_again_by_the_first_invoke(cloud: Cloud) -> None:
    answer = invoke(cloud, make(cloud, "print('trying')\nraise ValueError('not today')\n"))
    assert answer.error and answer.payload["errorMessage"] == "not today"
    lines = answer.log.splitlines()
    kinds = [line.partition(" ")[0] for line in lines if re.match(r"INIT_|START|END|REPORT|trying", line)]
    assert kinds == [
        "INIT_START",
        "trying",
        "INIT_REPORT",
        "INIT_START",
        "trying",
        "INIT_REPORT",
        "START",
        "END",
        "REPORT",
    ]
    first, second = (line for line in lines if line.startswith("INIT_REPORT"))
    wording = r"INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: {}\tStatus: error\tError Type: ValueError"
    assert re.fullmatch(wording.format("init"), first) and re.fullmatch(wording.format("invoke"), second)
    assert lines[-1].endswith("\tStatus: error\tError Type: ValueError\t") and "Init Duration" not in lines[-1]


@pytest.mark.feature("lambda.invoke")
def test_an_initialisation_that_fails_once(cloud: Cloud) -> None:
    code = (
        "import boto3\n"
        "queue = boto3.client('sqs')\n"
        "url = queue.get_queue_url(QueueName='q')['QueueUrl']\n"
        "if not queue.receive_message(QueueUrl=url).get('Messages'):\n"
        "    queue.send_message(QueueUrl=url, MessageBody='x')\n"
        "    raise SystemExit(1)\n"
        "def handler(event, context): return 'well'\n"
    )
    cloud.client("sqs").create_queue(QueueName="q")
    name = make(cloud, code)
    cloud.client("iam").attach_role_policy(RoleName="fn", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSFullAccess")
    answer = invoke(cloud, name)
    assert answer.payload == "well" and not answer.error
    assert (
        "Phase: init\tStatus: error\tError Type: Runtime.ExitError" in answer.log and "Phase: invoke" not in answer.log
    )


@pytest.mark.feature("lambda.timeout")
def test_an_initialisation_that_takes_too_long(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "INIT_SECONDS", 0.3)
    name = make(cloud, "import time\ntime.sleep(0.8)\ndef handler(event, context): return 'late'\n")
    answer = invoke(cloud, name)
    assert answer.payload == "late"
    assert re.search(r"INIT_REPORT Init Duration: \d{3}\.\d\d ms\tPhase: init\tStatus: timeout\n", answer.log)
    assert float(answer.log.partition("\tDuration: ")[2].partition(" ")[0]) > 800


def test_what_ends_late_breaks_nothing_that_has_begun_since(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "INIT_SECONDS", 0.3)
    monkeypatch.setattr(processes, "PATIENCE", 0.0)  # a busy fork server tells late that a process has ended
    name = make(cloud, "import time\ntime.sleep(0.8)\ndef handler(event, context): return 'late'\n")
    assert invoke(cloud, name).payload == "late"


def test_an_initialisation_that_never_ends(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "INIT_SECONDS", 0.2)
    answer = invoke(cloud, make(cloud, "import time\ntime.sleep(60)\n", Timeout=1))
    assert answer.payload["errorType"] == "Sandbox.Timedout"
    assert answer.log.count("Status: timeout") == 3 and "Phase: invoke\tStatus: timeout" in answer.log


# shutdown

POLITE = "import signal\nsignal.signal(signal.SIGTERM, lambda *_: print('goodbye') or exit(0))\ndef handler(event, context): pass\n"


@pytest.mark.feature("lambda.aliases")
def test_the_runtime_ends_first_and_the_extensions_then(cloud: Cloud) -> None:
    name = extended(cloud, POLITE, {"one": FOLLOWING})
    invoke(cloud, name)
    change(cloud, name)
    lines = logged(cloud)
    (shutdown,) = (line for line in lines if '"SHUTDOWN"' in line)
    event = json.loads(shutdown.removeprefix("one "))
    assert sorted(event) == ["deadlineMs", "eventType", "shutdownReason"] and event["shutdownReason"] == "spindown"
    assert lines.index("goodbye") < lines.index(shutdown)


def test_a_runtime_is_not_asked_where_nothing_listens(cloud: Cloud) -> None:
    name = make(cloud, POLITE)
    invoke(cloud, name)
    change(cloud, name)
    assert "goodbye" not in logged(cloud, name)


def test_the_end_of_an_environment_is_not_in_its_log(cloud: Cloud) -> None:
    """Nor that nobody answers the runtime's question for the next event any more."""
    name = make(cloud, "def handler(event, context): pass")
    invoke(cloud, name)
    for _ in range(3):
        change(cloud, name)
    assert [line.split(" ")[0] for line in logged(cloud, name)] == ["INIT_START", "START", "END", "REPORT"] * 4


@pytest.mark.parametrize(
    ("code", "reason"), [("import time; time.sleep(30)", "timeout"), ("import os; os._exit(1)", "failure")]
)
def test_why_an_environment_is_shut_down(cloud: Cloud, code: str, reason: str) -> None:
    name = extended(cloud, f"def handler(event, context): {code}\n", {"one": FOLLOWING}, Timeout=1)
    assert invoke(cloud, name).error
    cloud.settle()
    (shutdown,) = (line for line in logged(cloud) if '"SHUTDOWN"' in line)
    assert json.loads(shutdown.removeprefix("one "))["shutdownReason"] == reason


def test_extensions_end_with_the_cloud() -> None:
    stubborn = FOLLOWING.replace("sys.exit()", "time.sleep(60)")
    with Cloud() as cloud:
        name = extended(cloud, "def handler(event, context): pass\n", {"one": stubborn, "two": stubborn})
        invoke(cloud, name)


KILLED = """
import sys
from hodei.testing import Cloud
from tests.services.lambda_.calls import invoke
from tests.services.lambda_.extending import FOLLOWING, extended
with Cloud() as cloud:
    sleep = "import subprocess\\nsubprocess.Popen(['setsid', 'sleep', '%s'])\\n"
    name = extended(cloud, "def handler(event, context): pass", {"one": sleep + FOLLOWING})
    invoke(cloud, name)
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_extensions_end_with_a_cloud_that_is_killed() -> None:
    mark = f"7{time.monotonic_ns() % 10**9}"
    argv = [sys.executable, "-c", KILLED % mark]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and "ready" in process.stdout.readline()
        assert sleeping(mark)
        process.kill()
    for _ in range(100):
        if not sleeping(mark):
            break
        time.sleep(0.1)
    assert not sleeping(mark)


def sleeping(mark: str) -> bool:
    return subprocess.run(["pgrep", "-f", f"^sleep {mark}"], capture_output=True, check=False).returncode == 0


# SnapStart

HOOKED = """
import time
from snapshot_restore_py import register_after_restore, register_before_snapshot
order = []
@register_before_snapshot
def first():
    order.append("first before")
register_before_snapshot(order.append, "last before")
@register_after_restore
def again():
    order.append("first after")
register_after_restore(order.append, "last after")
def handler(event, context):
    import os
    return [order, os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], context.log_stream_name]
"""


def snapped(cloud: Cloud, code: str, **files: str) -> str:
    """The version 1 of a function with SnapStart."""
    make(cloud, code, runtime="python3.12", SnapStart={"ApplyOn": "PublishedVersions"})
    if files:
        package = zipped(app__py=code, **files)
        cloud.client("lambda").update_function_code(FunctionName="f", ZipFile=package)
    cloud.client("lambda").publish_version(FunctionName="f")
    return "f:1"


@pytest.mark.feature("lambda.invoke")
def test_hooks_around_a_snapshot(cloud: Cloud) -> None:
    name = snapped(cloud, HOOKED)
    first, second = invoke(cloud, name), invoke(cloud, name)
    order = ["last before", "first before", "first after", "last after"]
    assert first.payload == second.payload == [order, "snap-start", None]
    kinds = [line.partition(" ")[0] for line in first.log.splitlines()]
    assert kinds == ["INIT_START", "INIT_REPORT", "RESTORE_START", "RESTORE_REPORT", "START", "END", "REPORT"]
    report = first.log.splitlines()[-1]
    assert re.search(r"\tRestore Duration: \d+\.\d\d ms\tBilled Restore Duration: \d+ ms\t", report)
    assert "Init Duration" not in report and "Restore" not in second.log
    unpublished = invoke(cloud, "f")
    assert unpublished.payload[:2] == [[], "on-demand"] and unpublished.payload[2]


def test_a_function_brings_its_own_hooks(cloud: Cloud) -> None:
    own = (
        "def register_before_snapshot(function, *args): function(*args or ['own'])\n"
        "register_after_restore = register_before_snapshot\n"
        "get_before_snapshot = get_after_restore = list\n"
    )
    code = "import snapshot_restore_py\nfrom app2 import order\ndef handler(event, context): return order\n"
    files = {
        "snapshot_restore_py__py": own,
        "app2__py": "import snapshot_restore_py\norder = []\nsnapshot_restore_py.register_after_restore(order.append)\n",
    }
    assert invoke(cloud, snapped(cloud, code, **files)).payload == ["own"]


@pytest.mark.parametrize(
    ("hook", "kind"), [("before_snapshot", "BeforeSnapshotError"), ("after_restore", "AfterRestoreError")]
)
def test_hooks_that_fail(cloud: Cloud, hook: str, kind: str) -> None:
    code = (
        f"import snapshot_restore_py\n@snapshot_restore_py.register_{hook}\ndef no(): raise ValueError('no')\n"
        "def handler(event, context): pass\n"
    )
    answer = invoke(cloud, snapped(cloud, code))
    assert answer.payload["errorType"] == f"Runtime.{kind}" and answer.payload["errorMessage"] == "no"


# wrapper scripts

WRAPPER = """#!/bin/sh
export WRAPPED=yes
exec "$@" -X
"""


@pytest.mark.feature("lambda.aliases")
def test_a_wrapper_script_begins_the_runtime(cloud: Cloud) -> None:
    code = "import boto3, os, sys\ndef handler(event, context): return [os.environ['WRAPPED'], sys.argv[-1], boto3.__name__]\n"
    variables = {"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrapper"}}
    name = make(cloud, code, Environment=variables)
    package = zipped(app__py=code, wrapper=WRAPPER)
    cloud.client("lambda").update_function_code(FunctionName=name, ZipFile=package)
    answer = invoke(cloud, name)
    if "No such file" in answer.log:
        pytest.skip("this machine isolates nothing")
    assert answer.payload == ["yes", "-X", "boto3"]


def test_a_wrapper_that_is_not_there(cloud: Cloud) -> None:
    name = make(cloud, "", Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/none"}})
    answer = invoke(cloud, name)
    assert answer.payload["errorType"] == "Runtime.ExitError" and "/opt/none: No such file or directory" in answer.log


# logs in JSON

SPEAKING = """
import logging
def handler(event, context):
    print("plain")
    print('{"level": "debug", "msg": "fine"}')
    print('{"level": "error", "msg": "bad"}')
    logging.getLogger().warning("careful")
"""


@pytest.mark.feature("lambda.invoke")
@pytest.mark.parametrize(
    ("application", "system", "said", "events"),
    [
        ("INFO", "INFO", ["plain", "bad", "careful"], ["initStart", "start", "report"]),
        ("WARN", "WARN", ["bad", "careful"], []),
        ("DEBUG", "DEBUG", ["plain", "fine", "bad", "careful"],
         ["initStart", "initRuntimeDone", "initReport", "start", "runtimeDone", "report"]),
    ],
)  # fmt: skip
def test_levels(cloud: Cloud, application: str, system: str, said: list[str], events: list[str]) -> None:
    config = {"LogFormat": "JSON", "ApplicationLogLevel": application, "SystemLogLevel": system, "LogGroup": "/own"}
    lines = invoke(cloud, make(cloud, SPEAKING, LoggingConfig=config)).log.splitlines()
    read = [json.loads(line) if line.startswith("{") else {"message": line} for line in lines]
    assert [one["type"].removeprefix("platform.") for one in read if "type" in one] == events
    assert [one.get("message") or one["msg"] for one in read if "type" not in one] == said
    stored = cloud.client("logs").filter_log_events(logGroupName="/own")["events"]
    assert [event["message"].removesuffix("\n") for event in stored] == lines
    if "start" in events:
        start = next(one for one in read if one.get("type") == "platform.start")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", start["time"])
        assert start["record"]["version"] == "$LATEST" and start["record"]["requestId"]


def test_a_failure_is_a_warning(cloud: Cloud) -> None:
    config = {"LogFormat": "JSON", "SystemLogLevel": "WARN"}
    log = invoke(cloud, make(cloud, "import os\ndef handler(event, context): os._exit(3)\n", LoggingConfig=config)).log
    records = [json.loads(line) for line in log.splitlines()]
    assert [one["type"] for one in records] == ["platform.runtimeDone", "platform.report"]
    assert all(
        (one["record"]["status"], one["record"]["errorType"]) == ("error", "Runtime.ExitError") for one in records
    )
