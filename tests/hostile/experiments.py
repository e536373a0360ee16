"""Templates and experiments of FIS, and what requests may name of them."""

from __future__ import annotations

import json
from typing import Any

from hodei.testing import Cloud

ACCOUNT, OTHER = "000000000000", "111111111111"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/fis"
NONE = [{"source": "none"}]
WAIT = {"actionId": "aws:fis:wait", "parameters": {"duration": "PT5M"}}
INJECT = {
    "actionId": "aws:fis:inject-api-throttle-error",
    "parameters": {"duration": "PT5M", "service": "sqs", "operations": "ListQueues", "percentage": "50"},
    "targets": {"Roles": "t"},
}
TARGET = {"resourceType": "aws:iam:role", "resourceArns": [ROLE], "selectionMode": "COUNT(1)"}
TABLES = {
    "resourceType": "aws:dynamodb:global-table",
    "resourceTags": {"a": "b"},
    "filters": [{"path": "TableStatus.x", "values": ["ACTIVE"]}],
    "selectionMode": "PERCENT(50)",
}
LOG = {"logSchemaVersion": 2, "s3Configuration": {"bucketName": "plain", "prefix": "fis"}}
NAMES: dict[str, list[Any]] = {
    "actions": [{"one": WAIT}, {"t": INJECT}, {"one": WAIT, "two": WAIT | {"startAfter": ["one"]}}, {}],
    "targets": [{"t": TARGET}, {"t": TABLES}, {}],
    "actionId": ["aws:fis:wait", "aws:fis:inject-api-throttle-error", "aws:ec2:stop-instances"],
    "resourceType": ["aws:iam:role", "aws:s3:bucket", "aws:dynamodb:global-table", "aws:ec2:instance"],
    "selectionMode": ["ALL", "COUNT(1)", "PERCENT(50)", "COUNT(0)", "COUNT(99999999999)"],
    "stopConditions": [NONE, NONE, [], [{"source": "aws:cloudwatch:alarm", "value": "x" * 20}]],
    "roleArn": [ROLE, f"arn:aws:iam::{OTHER}:role/there", "x" * 20],
    "accountId": [OTHER, ACCOUNT, "x" * 12],
    "duration": ["PT1M", "PT12H", "P1D", "PT", "PT99999999999999999999S"],
    "logConfiguration": [LOG, {}],
    "accountTargeting": ["single-account", "multi-account"],
    "clientToken": ["a", "b"],
    "status": ["engaged", "disengaged"],
    "tags": [{"a": "b"}, {}],
    "tagKeys": [["a"], []],
    "targetName": ["t", "none"],
}


def prime(cloud: Cloud) -> dict[str, list[Any]]:
    """A template of each kind, an experiment that runs and one that has ended; gives the names of it all."""
    cloud.set("fis", "any-service", True)
    trust = {"Effect": "Allow", "Principal": {"Service": "fis.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam, fis = cloud.client("iam"), cloud.client("fis")
    iam.create_role(RoleName="fis", AssumeRolePolicyDocument=_policy(trust))
    iam.put_role_policy(RoleName="fis", PolicyName="all", PolicyDocument=_policy(allow))
    given = {"description": "d", "roleArn": ROLE, "stopConditions": NONE, "actions": {"one": WAIT, "t": INJECT}}
    made = [
        fis.create_experiment_template(
            **given, targets={"t": TARGET}, experimentOptions={"accountTargeting": accounts}
        )["experimentTemplate"]
        for accounts in ("single-account", "multi-account")
    ]
    single, multi = (template["id"] for template in made)
    fis.create_target_account_configuration(
        experimentTemplateId=multi, accountId=OTHER, roleArn=f"arn:aws:iam::{OTHER}:role/there"
    )
    runs = [fis.start_experiment(experimentTemplateId=id)["experiment"] for id in (single, single, multi)]
    fis.stop_experiment(id=runs[1]["id"])
    cloud.clock.advance(seconds=1)
    arns = [one["arn"] for one in (*made, *runs)]
    ids = [one["id"] for one in (*runs, *made)]
    return NAMES | {
        "id": [*ids, "default", "aws:fis:wait", "x"],
        "experimentId": [*ids[:3], "x"],
        "experimentTemplateId": [single, multi, multi, "x"],
        "resourceArn": [*arns, f"arn:aws:fis:us-east-1:{ACCOUNT}:action/aws:fis:wait", "x" * 20],
    }


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
