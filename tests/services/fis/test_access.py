"""Permissions of those who call FIS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import ACCOUNT, NONE, ROLE, allowing, wait

PLACE = f"arn:aws:fis:us-east-1:{ACCOUNT}"


@pytest.fixture
def user(cloud: Cloud) -> Callable[..., Any]:
    """A client of FIS of a user who may do this."""

    def make(*actions: str, **policy: Any) -> Any:
        iam = cloud.client("iam")
        iam.create_user(UserName="u")
        iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=allowing(*actions, **policy))
        key = iam.create_access_key(UserName="u")["AccessKey"]
        return cloud.client("fis", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])

    return make


def create(fis: Any, **given: Any) -> str:
    made: str = fis.create_experiment_template(
        description="d", roleArn=ROLE, stopConditions=NONE, actions={"one": wait(1)}, **given
    )["experimentTemplate"]["id"]
    return made


def test_a_template_needs_its_actions(user: Callable[..., Any], refused: Callable[..., Any]) -> None:
    fis = user("fis:CreateExperimentTemplate", resource=f"{PLACE}:experiment-template/*")
    with refused("AccessDeniedException", f"{PLACE}:action/aws:fis:wait", status=403):
        create(fis)


def test_templates_by_tag(fis: Any, user: Callable[..., Any], refused: Callable[..., Any]) -> None:
    mine, theirs = create(fis, tags={"team": "a"}), create(fis, tags={"team": "b"})
    me = user("fis:*", StringEquals={"aws:ResourceTag/team": "a"})
    assert me.get_experiment_template(id=mine)["experimentTemplate"]["id"] == mine
    for call in (me.get_experiment_template, me.delete_experiment_template):
        with refused("AccessDeniedException", f"{PLACE}:experiment-template/{theirs}", status=403):
            call(id=theirs)


def test_starting_needs_the_template_and_the_experiment(
    fis: Any, user: Callable[..., Any], refused: Callable[..., Any]
) -> None:
    template = create(fis)
    me = user("fis:StartExperiment", resource=f"{PLACE}:experiment/*")
    with refused("AccessDeniedException", f"{PLACE}:experiment-template/{template}", status=403):
        me.start_experiment(experimentTemplateId=template)


@pytest.mark.parametrize(
    ("operation", "given", "resource"),
    [
        ("get_action", {"id": "aws:fis:wait"}, "action/aws:fis:wait"),
        ("get_experiment", {"id": "EXP1"}, "experiment/EXP1"),
        ("stop_experiment", {"id": "EXP1"}, "experiment/EXP1"),
        ("get_safety_lever", {"id": "default"}, "safety-lever/default"),
        ("tag_resource", {"resourceArn": f"{PLACE}:experiment/EXP1", "tags": {}}, "experiment/EXP1"),
        ("list_experiment_resolved_targets", {"experimentId": "EXP1"}, "experiment/EXP1"),
        ("list_target_account_configurations", {"experimentTemplateId": "EXT1"}, "experiment-template/EXT1"),
        ("update_experiment_template", {"id": "EXT1"}, "experiment-template/EXT1"),
    ],
)
def test_denials_name_the_resource(
    user: Callable[..., Any], refused: Callable[..., Any], operation: str, given: dict[str, Any], resource: str
) -> None:
    fis = user("sqs:*")
    with refused("AccessDeniedException", f"on resource: {PLACE}:{resource} because", status=403):
        getattr(fis, operation)(**given)
