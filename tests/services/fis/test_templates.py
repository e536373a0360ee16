"""Experiment templates: what is kept of them, and what FIS does not accept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud

from .conftest import ACCOUNT, NONE, ROLE, wait

Refused = Callable[..., Any]

TABLES = {
    "resourceType": "aws:dynamodb:global-table",
    "resourceTags": {"env": "test"},
    "filters": [{"path": "TableStatus", "values": ["ACTIVE"]}],
    "selectionMode": "PERCENT(50)",
}
PAUSE = {
    "actionId": "aws:dynamodb:global-table-pause-replication",
    "description": "stop",
    "parameters": {"duration": "PT1H30M"},
    "targets": {"Tables": "tables"},
    "startAfter": ["wait"],
}


def given(**changes: Any) -> dict[str, Any]:
    return {"description": "d", "roleArn": ROLE, "stopConditions": NONE, "actions": {"wait": wait(1)}} | changes


def create(fis: Any, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = fis.create_experiment_template(**given(**changes))["experimentTemplate"]
    return made


def test_a_template_is_kept(fis: Any) -> None:
    actions = {"wait": wait(1), "pause": PAUSE}
    options = {"accountTargeting": "single-account", "emptyTargetResolutionMode": "skip"}
    made = create(fis, actions=actions, targets={"tables": TABLES}, tags={"a": "1"}, experimentOptions=options)
    assert made["id"].startswith("EXT")
    assert made["arn"] == f"arn:aws:fis:us-east-1:{ACCOUNT}:experiment-template/{made['id']}"
    assert made["actions"] == actions
    assert made["targets"] == {"tables": TABLES}
    assert made["stopConditions"] == NONE
    assert made["roleArn"] == ROLE
    assert made["tags"] == {"a": "1"}
    assert made["experimentOptions"] == options
    assert made["targetAccountConfigurationsCount"] == 0
    assert fis.get_experiment_template(id=made["id"])["experimentTemplate"] == made


def test_a_template_is_changed(cloud: Cloud, fis: Any, refused: Refused) -> None:
    made = create(fis)
    cloud.clock.advance(hours=1)
    changed = fis.update_experiment_template(
        id=made["id"], description="other", experimentOptions={"emptyTargetResolutionMode": "skip"}
    )["experimentTemplate"]
    assert changed["description"] == "other"
    assert changed["actions"] == made["actions"]
    assert changed["experimentOptions"]["emptyTargetResolutionMode"] == "skip"
    assert changed["lastUpdateTime"] > changed["creationTime"] == made["creationTime"]
    changed = fis.update_experiment_template(id=made["id"], actions={"other": wait(2)})["experimentTemplate"]
    assert list(changed["actions"]) == ["other"]
    with refused("ValidationException", 'Action "other" must have an actionId'):
        fis.update_experiment_template(id=made["id"], actions={"other": {}})
    with refused("ResourceNotFoundException", status=404):
        fis.update_experiment_template(id="EXTnone", description="d")


def test_a_template_is_deleted(fis: Any, refused: Refused) -> None:
    made = create(fis)
    assert fis.delete_experiment_template(id=made["id"])["experimentTemplate"] == made
    for call in (fis.get_experiment_template, fis.delete_experiment_template):
        with refused("ResourceNotFoundException", made["id"], status=404):
            call(id=made["id"])
    with refused("ResourceNotFoundException", status=404):
        fis.start_experiment(experimentTemplateId=made["id"])


def test_templates_are_listed(cloud: Cloud, fis: Any) -> None:
    made = [create(fis, description=f"{number}", tags={"n": f"{number}"}) for number in range(5)]
    pages = fis.get_paginator("list_experiment_templates").paginate(PaginationConfig={"PageSize": 2})
    found = {one["id"]: one for page in pages for one in page["experimentTemplates"]}
    assert {id: one["description"] for id, one in found.items()} == {one["id"]: one["description"] for one in made}
    assert all(found[one["id"]]["tags"] == one["tags"] for one in made)
    for place in ({"account": "111111111111"}, {"region_name": "eu-west-1"}):
        assert cloud.client("fis", **place).list_experiment_templates()["experimentTemplates"] == []


def test_a_token_is_of_its_list(fis: Any, refused: Refused) -> None:
    for _ in range(2):
        create(fis)
    token = fis.list_experiment_templates(maxResults=1)["nextToken"]
    for call in (fis.list_experiments, fis.list_actions):
        with refused("ValidationException", "token"):
            call(nextToken=token)


def test_a_client_token_makes_one_template(fis: Any, refused: Refused) -> None:
    first, again = (create(fis, clientToken="t") for _ in range(2))
    assert first == again
    assert create(fis, clientToken="u")["id"] != first["id"]
    with refused("ConflictException", status=409):
        create(fis, clientToken="t", description="other")


def test_tags(fis: Any, refused: Refused) -> None:
    made = create(fis, tags={"a": "1"})
    fis.tag_resource(resourceArn=made["arn"], tags={"b": "2"})
    assert fis.list_tags_for_resource(resourceArn=made["arn"])["tags"] == {"a": "1", "b": "2"}
    fis.untag_resource(resourceArn=made["arn"], tagKeys=["a"])
    assert fis.get_experiment_template(id=made["id"])["experimentTemplate"]["tags"] == {"b": "2"}
    fis.untag_resource(resourceArn=made["arn"])
    assert fis.list_tags_for_resource(resourceArn=made["arn"])["tags"] == {}
    with refused("ValidationException", "begin with aws:"):
        fis.tag_resource(resourceArn=made["arn"], tags={"aws:x": "1"})
    with refused("ValidationException", "up to 50 tags"):
        for start in (0, 30):
            fis.tag_resource(resourceArn=made["arn"], tags={f"k{start + number}": "" for number in range(30)})
    with refused("ResourceNotFoundException", status=404):
        fis.tag_resource(resourceArn=made["arn"][:-1] + "_", tags={"a": "1"})
    for arn in ("arn:aws:sqs:us-east-1:000000000000:queue", "nothing-that-is-an-arn-at-all"):
        with refused("ValidationException", arn):
            fis.list_tags_for_resource(resourceArn=arn)
    action = fis.get_action(id="aws:fis:wait")["action"]["arn"]
    fis.tag_resource(resourceArn=action, tags={"mine": "1"})
    assert fis.get_action(id="aws:fis:wait")["action"]["tags"] == {"mine": "1"}


def tables(**changes: Any) -> dict[str, Any]:
    target = {key: value for key, value in (TABLES | changes).items() if value is not None}
    return {"actions": {"wait": wait(1), "pause": PAUSE}, "targets": {"tables": target}}


def pausing(**changes: Any) -> dict[str, Any]:
    return tables() | {"actions": {"wait": wait(1), "pause": PAUSE | changes}}


def lasting(duration: str) -> dict[str, Any]:
    return {"actions": {"one": {"actionId": "aws:fis:wait", "parameters": {"duration": duration}}}}


ARN = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/t"
BUCKETS = {"resourceType": "aws:s3:bucket", "selectionMode": "ALL"}


def logging_to(arn: str) -> dict[str, Any]:
    return {"logConfiguration": {"logSchemaVersion": 2, "cloudWatchLogsConfiguration": {"logGroupArn": arn}}}


ROLES = {"resourceType": "aws:iam:role", "selectionMode": "ALL"}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"actions": {}}, "at least one action"),
        ({"roleArn": "arn:aws:iam::000000000000:user/u"}, "is not the ARN of an IAM role"),
        ({"roleArn": "arn:aws:iam::111111111111:role/r"}, "must be in the account"),
        ({"stopConditions": [{"source": "other"}]}, "Stop condition source other is not valid"),
        ({"stopConditions": [{"source": "none", "value": "x" * 20}]}, "must not have a value"),
        ({"stopConditions": [{"source": "aws:cloudwatch:alarm"}]}, "must have the ARN of an alarm"),
        (
            {"stopConditions": [{"source": "aws:cloudwatch:alarm", "value": "a" * 20}]},
            "is not the ARN of a CloudWatch alarm",
        ),
        (logging_to("arn:aws:s3:::a-bucket-of-mine"), "is not the ARN of a log group"),
        (lasting("PT59S"), "from one minute to 12 hours"),
        (lasting("PT12H1S"), "from one minute to 12 hours"),
        (lasting("PT"), "ISO 8601"),
        (lasting("5minutes"), "ISO 8601"),
        ({"actions": {"one": {"actionId": "aws:fis:wait"}}}, 'Missing required parameter "duration" in action "one".'),
        (pausing(parameters={"duration": "PT1M", "x": "1"}), 'Unexpected parameter "x" found in action "pause".'),
        (pausing(targets={"Instances": "tables"}), 'Unexpected target "Instances" found in action "pause".'),
        (pausing(targets={"Tables": "others"}), 'Target "others" of action "pause" is not defined.'),
        (pausing(targets={}), 'Missing required target "Tables" in action "pause".'),
        (pausing(startAfter=["other"]), 'Action "other", which action "pause" is to start after, is not defined.'),
        ({"actions": {"a": wait(1, "b"), "b": wait(1, "a")}}, "in a circle"),
        ({"actions": {"a": wait(1, "a")}}, "in a circle"),
        ({"actions": {"a": wait(700), "b": wait(30, "a")}}, "must not take longer than 12 hours"),
        ({"logConfiguration": {"logSchemaVersion": 3}}, "logSchemaVersion must be 1 or 2"),
        ({"logConfiguration": {"logSchemaVersion": 2}}, "must have a destination"),
        (tables(selectionMode="COUNT(0)"), "Selection mode"),
        (tables(selectionMode="PERCENT(101)"), "Selection mode"),
        (tables(selectionMode="SOME"), "Selection mode"),
        (tables(resourceArns=[ARN]), "must not have both"),
        (tables(resourceArns=[ARN], resourceTags=None), "must not have both"),
        (tables(resourceTags=None, filters=None), "does not identify any resource"),
        (tables(resourceArns=[ARN + "/index/i"], resourceTags=None, filters=None), "is not the ARN of a resource"),
        (tables(parameters={"availabilityZoneIdentifier": "us-east-1a"}), "Unexpected parameters"),
        (tables(filters=[{"path": "P", "values": list("123456")}]), "more than 5"),
        ({"targets": {"b": BUCKETS | {"resourceArns": ["arn:aws:s3:::bucket-name"]}}}, "by resource tags only"),
        ({"targets": {"b": BUCKETS | {"filters": [{"path": "Name", "values": ["b"]}]}}}, "does not identify"),
        ({"targets": {"r": ROLES | {"resourceTags": {"a": "1"}}}}, "cannot be identified by resource tags"),
        (tables() | {"targets": {"tables": ROLES | {"resourceArns": [ROLE]}}}, "must be of type aws:dynamodb"),
    ],
)
def test_what_is_no_template(fis: Any, refused: Refused, changes: dict[str, Any], text: str) -> None:
    with refused("ValidationException", text):
        create(fis, **changes)
    made = create(fis)
    with refused("ValidationException", text):
        fis.update_experiment_template(id=made["id"], **changes)
    assert fis.get_experiment_template(id=made["id"])["experimentTemplate"] == made


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"actions": {"one": {"actionId": "aws:ec2:stop-instances"}}}, "Action aws:ec2:stop-instances not found"),
        ({"targets": {"t": ROLES | {"resourceType": "aws:ec2:instance"}}}, "aws:ec2:instance not found"),
    ],
)
def test_what_hodei_does_not_have_is_not_found(fis: Any, refused: Refused, changes: dict[str, Any], text: str) -> None:
    with refused("ResourceNotFoundException", text, status=404):
        create(fis, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"experimentReportConfiguration": {"outputs": {"s3Configuration": {"bucketName": "reports"}}}},
    ],
    ids=["report"],
)
def test_what_would_never_happen_is_refused(fis: Any, changes: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as caught:
        create(fis, **changes)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"actions": {f"a{number}": wait(1, *[f"a{number - 1}"] * bool(number)) for number in range(21)}},
            "Actions per",
        ),
        ({"actions": {f"a{number}": wait(1) for number in range(11)}}, "Parallel actions"),
        ({"stopConditions": NONE * 6}, "Stop conditions"),
    ],
)
def test_quotas_of_a_template(fis: Any, refused: Refused, changes: dict[str, Any], text: str) -> None:
    with refused("ServiceQuotaExceededException", text, status=402):
        create(fis, **changes)


def test_the_quota_of_templates(cloud: Cloud, fis: Any, refused: Refused) -> None:
    cloud.quota("fis", "templates", 1)
    create(fis)
    with refused("ServiceQuotaExceededException", "Experiment templates", status=402):
        create(fis)


@pytest.mark.parametrize(("duration", "minutes"), [("PT1M", 1), ("PT90S", 1.5), ("PT1H30M", 90), ("PT12H", 720)])
def test_durations(cloud: Cloud, fis: Any, role: Callable[..., str], duration: str, minutes: float) -> None:
    role()
    id = fis.start_experiment(experimentTemplateId=create(fis, **lasting(duration))["id"])["experiment"]["id"]
    cloud.clock.freeze()
    cloud.clock.advance(minutes=minutes + 1)
    action = fis.get_experiment(id=id)["experiment"]["actions"]["one"]
    assert (action["endTime"] - action["startTime"]).total_seconds() == pytest.approx(minutes * 60, abs=0.1)
