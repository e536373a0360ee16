"""Custom runtimes that do not keep to the Runtime API."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hodei.testing import ACCOUNT, Cloud
from hostile.runaways import call, functions
from services.lambda_.functions import zipped

pytestmark = [
    pytest.mark.feature("lambda.invoke"),
    pytest.mark.skipif(not Path("/usr/bin/python3").exists(), reason="this machine has no Python of its own"),
]
HEAD = """#!/usr/bin/python3
import http.client, os, sys, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

def ask(method, path, body=None, **headers):
    api.request(method, "/2018-06-01/runtime/" + path, body, headers)
    answer = api.getresponse()
    text = answer.read()
    return answer.status, answer.headers["Lambda-Runtime-Aws-Request-Id"], text

def next():
    return ask("GET", "invocation/next")[1]

def answer(id, body=b'"ok"'):
    return ask("POST", f"invocation/{id}/response", body)[0]

"""
FORWARD = "while True:\n    answer(next())\n"


@pytest.fixture
def runtime(cloud: Cloud) -> Callable[..., str]:
    """Makes a function of a bootstrap. Its name."""
    made = functions(cloud)

    def runtime(body: str, **options: Any) -> str:
        made("odd", **{"Timeout": 3, **options})
        fn = cloud.client("lambda")
        fn.delete_function(FunctionName="odd")
        role = cloud.client("iam").get_role(RoleName="fn")["Role"]["Arn"]
        given = {"Runtime": "provided.al2023", "Handler": "x", "Timeout": 3, "MemorySize": 1769, **options}
        fn.create_function(FunctionName="odd", Role=role, Code={"ZipFile": zipped(bootstrap=HEAD + body)}, **given)
        return "odd"

    return runtime


def test_two_answers(cloud: Cloud, runtime: Any) -> None:
    name = runtime("while True:\n    id = next()\n    answer(id)\n    print('again', answer(id, b'2'), flush=True)\n")
    assert [call(cloud, name) for _ in range(3)] == ["ok"] * 3


def test_an_answer_to_another_request(cloud: Cloud, runtime: Any) -> None:
    name = runtime(
        "id = next()\ntold = answer('00000000-0000-0000-0000-000000000000')\nanswer(id, str(told).encode())\n" + FORWARD
    )
    assert call(cloud, name) == 400
    assert call(cloud, name) == "ok"


def test_an_answer_before_any_request(cloud: Cloud, runtime: Any) -> None:
    name = runtime("told = answer('x')\nanswer(next(), str(told).encode())\n" + FORWARD)
    assert call(cloud, name) == 400


def test_no_answer(cloud: Cloud, runtime: Any) -> None:
    name = runtime("next()\ntime.sleep(60)\n", Timeout=1)
    assert call(cloud, name)["errorType"] == "Sandbox.Timedout"


def test_another_question_instead_of_an_answer(cloud: Cloud, runtime: Any) -> None:
    name = runtime("while True:\n    next()\n", Timeout=1)
    assert call(cloud, name)["errorType"] == "Sandbox.Timedout"
    assert call(cloud, name)["errorType"] == "Sandbox.Timedout"


def test_an_end_amid_an_invoke(cloud: Cloud, runtime: Any) -> None:
    name = runtime("next()\nsys.exit(7)\n")
    for _ in range(2):
        assert call(cloud, name)["errorMessage"].endswith("Error: Runtime exited with error: exit status 7")


def test_an_end_after_an_answer(cloud: Cloud, runtime: Any) -> None:
    name = runtime("answer(next())\nsys.exit(1)\n")
    assert call(cloud, name) == "ok"
    time.sleep(0.5)
    assert call(cloud, name) == "ok"


@pytest.mark.parametrize("body", ["b'\\xff\\xfe{{{'", "b''", "b'[' * 100000", "b'not json'"])
def test_answers_that_are_no_json(cloud: Cloud, runtime: Any, body: str) -> None:
    """Who waits gets them as they are; records of them have them as text."""
    queue = cloud.client("sqs").create_queue(QueueName="done")["QueueUrl"]
    name = runtime(f"while True:\n    answer(next(), {body})\n", MemorySize=512)
    iam, fn = cloud.client("iam"), cloud.client("lambda")
    iam.attach_role_policy(RoleName="fn", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSFullAccess")
    answer = fn.invoke(FunctionName=name)
    assert answer["Payload"].read() == eval(body) and "FunctionError" not in answer
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:done"
    fn.put_function_event_invoke_config(FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": arn}})
    fn.invoke(FunctionName=name, InvocationType="Event")
    cloud.clock.advance(seconds=1)
    assert len(cloud.client("sqs").receive_message(QueueUrl=queue)["Messages"]) == 1


@pytest.mark.parametrize("kind", ["x" * 5000, "a\\tb"])
def test_errors_that_are_none(cloud: Cloud, runtime: Any, kind: str) -> None:
    send = "ask('POST', f'invocation/{id}/error', b'\\xff', **{'Lambda-Runtime-Function-Error-Type': '" + kind + "'})"
    name = runtime(f"while True:\n    id = next()\n    {send}\n")
    dead = cloud.client("sqs").create_queue(QueueName="dead")["QueueUrl"]
    cloud.client("iam").attach_role_policy(RoleName="fn", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSFullAccess")
    fn = cloud.client("lambda")
    fn.update_function_configuration(
        FunctionName=name, DeadLetterConfig={"TargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead"}
    )
    answer = fn.invoke(FunctionName=name)
    assert (answer["FunctionError"], answer["Payload"].read()) == ("Unhandled", b"\xff")
    fn.invoke(FunctionName=name, InvocationType="Event")
    cloud.clock.advance(minutes=4)
    assert len(cloud.client("sqs").receive_message(QueueUrl=dead)["Messages"]) == 1


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not on this machine")
def test_no_runtime_at_all(cloud: Cloud, runtime: Any) -> None:
    name = runtime("", Timeout=2)
    assert call(cloud, name)["errorType"] == "Runtime.ExitError"
