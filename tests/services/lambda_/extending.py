"""Extensions in layers, for tests."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from hodei.testing import Cloud

from .functions import role_of, zipped

PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"  # whose library the extensions have too
LOGS = "service-role/AWSLambdaBasicExecutionRole"

BEGIN = f"""#!{sys.base_prefix}/bin/python3
import http.client, json, os, signal, sys, time
NAME = os.path.basename(sys.argv[0])
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def call(method, path, body=None, **headers):
    sent = {{name.replace("_", "-"): value for name, value in headers.items()}}
    api.request(method, path, None if body is None else json.dumps(body), sent)
    response = api.getresponse()
    return response.status, json.loads(response.read() or b"null"), response.headers
def register(name=NAME, events=("INVOKE", "SHUTDOWN"), **headers):
    return call("POST", "/2020-01-01/extension/register", {{"events": events}}, Lambda_Extension_Name=name, **headers)
def following(id):
    return call("GET", "/2020-01-01/extension/event/next", Lambda_Extension_Identifier=id)[1]
def say(*what):
    print(NAME, *what, flush=True)
"""

FOLLOWING = """
id = register()[2]["Lambda-Extension-Identifier"]
while True:
    event = following(id)
    say(json.dumps(event))
    if event["eventType"] == "SHUTDOWN":
        sys.exit()
"""


def extended(cloud: Cloud, code: str, extensions: Mapping[str, str], **options: Any) -> str:
    """A function with the handler app.handler, and a layer with extensions, of which BEGIN is the beginning if they have none."""
    client = cloud.client("lambda")
    programs = {name: text if text.startswith("#!") else BEGIN + text for name, text in extensions.items()}
    files = {f"extensions/{name}": text for name, text in programs.items()}
    layer = client.publish_layer_version(LayerName="extensions", Content={"ZipFile": zipped(**files)})
    given = {"Runtime": PYTHON, "MemorySize": 1769, "Timeout": 20, "Layers": [layer["LayerVersionArn"]], **options}
    client.create_function(
        FunctionName="extended",
        Role=role_of(cloud, LOGS),
        Handler="app.handler",
        Code={"ZipFile": zipped(app__py=code)},
        **given,
    )
    return "extended"


def logged(cloud: Cloud, name: str = "extended") -> list[str]:
    """All that is in its log."""
    events = cloud.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    return [event["message"].removesuffix("\n") for event in events]
