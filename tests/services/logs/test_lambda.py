"""Subscription filters to functions."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import GROUP, refusal

pytestmark = pytest.mark.feature("logs.subscriptions")
CODE = """
import base64, gzip, json
def handler(event, context):
    found = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    print("GOT " + json.dumps([found["messageType"], found["logGroup"], [one["message"] for one in found["logEvents"]]]))
"""


def function(cloud: Cloud) -> str:
    iam, packed = cloud.client("iam"), io.BytesIO()
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="fn", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.attach_role_policy(RoleName="fn", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", CODE)
    made = cloud.client("lambda").create_function(
        FunctionName="f", Runtime="python3.11", Handler="app.handler", Role=role, Code={"ZipFile": packed.getvalue()}
    )
    cloud.clock.advance(seconds=5)
    return str(made["FunctionArn"])


def test_a_function_gets_what_matches(cloud: Cloud, logs: Any, put: Any) -> None:
    arn = function(cloud)
    params = {"logGroupName": GROUP, "filterName": "f", "filterPattern": "ERROR", "destinationArn": arn}
    assert "Make sure you have given CloudWatch Logs permission" in refusal(logs.put_subscription_filter, **params)[1]
    cloud.client("lambda").add_permission(
        FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal="logs.us-east-1.amazonaws.com",
        SourceArn=f"arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}:*",
    )  # fmt: skip
    logs.put_subscription_filter(**params)
    put("an ERROR", "no matter")
    cloud.settle()
    cloud.clock.advance(seconds=5)
    found = logs.filter_log_events(logGroupName="/aws/lambda/f", filterPattern="GOT")["events"]
    assert [json.loads(event["message"][4:]) for event in found] == [["DATA_MESSAGE", GROUP, ["an ERROR"]]]
