"""A function that speaks to the APIs of another environment, whose address and request it knows."""

from __future__ import annotations

from typing import Any

import pytest

from hodei.engines.sandbox.users import FIRST
from hodei.testing import Cloud
from services.lambda_.calls import invoke
from services.lambda_.extending import PYTHON
from services.lambda_.functions import role_of, zipped

SPY = """
import http.client, os
TRIED = {
    "next": ("GET", "/2018-06-01/runtime/invocation/next", None),
    "restore": ("GET", "/2018-06-01/runtime/restore/next", None),
    "response": ("POST", "/2018-06-01/runtime/invocation/{id}/response", "forged"),
    "error": ("POST", "/2018-06-01/runtime/invocation/{id}/error", "forged"),
    "init": ("POST", "/2018-06-01/runtime/init/error", "forged"),
    "extension": ("POST", "/2020-01-01/extension/register", '{{"events": []}}'),
    "telemetry": ("PUT", "/2022-07-01/telemetry", "{{}}"),
}
def said(api, method, path, body):
    connection = http.client.HTTPConnection(api, timeout=3)
    try:
        connection.request(method, path, body, {"Lambda-Extension-Name": "spy"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()
def handler(event, context):
    told = {name: said(event["api"], *(part and part.format(**event) for part in one)) for name, one in TRIED.items()}
    return {"user": os.getuid(), "told": told}
"""
VICTIM = """
import boto3, http.client, json, os, subprocess, sys
CHILD = '''
import http.client, os
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
connection.request("POST", "/2018-06-01/runtime/invocation/none/response", "x")
print(connection.getresponse().status)
'''
calls = []
def handler(event, context):
    calls.append(event)
    told = {"api": os.environ["AWS_LAMBDA_RUNTIME_API"], "id": context.aws_request_id}
    answer = boto3.client("lambda").invoke(FunctionName="spy", Payload=json.dumps(told))
    child = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, check=True, start_new_session=True)
    return {"user": os.getuid(), "calls": calls, "spy": json.load(answer["Payload"]), "child": int(child.stdout)}
"""


@pytest.mark.feature("lambda.invoke")
def test_the_apis_of_another_environment(cloud: Cloud) -> None:
    role = role_of(cloud, "service-role/AWSLambdaRole")
    for name, code in (("spy", SPY), ("victim", VICTIM)):
        given: dict[str, Any] = {"Runtime": PYTHON, "Handler": "app.handler", "MemorySize": 1769, "Timeout": 60}
        package = {"ZipFile": zipped(app__py=code)}
        cloud.client("lambda").create_function(FunctionName=name, Role=role, Code=package, **given)
    answers = [invoke(cloud, "victim", number) for number in (1, 2)]
    first, second = (answer.payload for answer in answers)
    if first["user"] < FIRST:
        pytest.skip("functions have no users of their own on this machine")
    assert [answer.error for answer in answers] == [None, None]
    assert first["spy"]["user"] != first["user"]
    for told in (first["spy"]["told"], second["spy"]["told"]):
        assert len(told) == 7 and set(told.values()) <= {
            "ConnectionResetError",
            "RemoteDisconnected",
            "BrokenPipeError",
        }
    assert first["child"] == second["child"] == 400  # answered: what a function has started is at home
    assert second["calls"] == [1, 2]  # in the same environment
