"""The catalogue of actions and of types of targets: what is listed is what can be run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hodei.services.fis.catalogue import catalogue
from hodei.services.fis.effects import EFFECTS


def test_actions(fis: Any, refused: Callable[..., Any]) -> None:
    pages = fis.get_paginator("list_actions").paginate(PaginationConfig={"PageSize": 2})
    found = {one["id"]: one for page in pages for one in page["actions"]}
    assert "aws:fis:wait" in found
    assert "aws:ec2:stop-instances" not in found
    for id, summary in found.items():
        action = fis.get_action(id=id)["action"]
        assert action["parameters"]["duration"]["required"]
        assert {key: value for key, value in action.items() if key != "parameters"} == summary
    wait = found["aws:fis:wait"]
    assert wait["arn"] == "arn:aws:fis:us-east-1:000000000000:action/aws:fis:wait"
    assert found["aws:s3:bucket-pause-replication"]["targets"] == {"Buckets": {"resourceType": "aws:s3:bucket"}}
    with refused("ResourceNotFoundException", status=404):
        fis.get_action(id="aws:ec2:stop-instances")


def test_target_resource_types(fis: Any, refused: Callable[..., Any]) -> None:
    pages = fis.get_paginator("list_target_resource_types").paginate(PaginationConfig={"PageSize": 1})
    found = {one["resourceType"]: one for page in pages for one in page["targetResourceTypes"]}
    assert sorted(found) == ["aws:dynamodb:global-table", "aws:iam:role", "aws:s3:bucket"]
    for id, summary in found.items():
        assert fis.get_target_resource_type(resourceType=id)["targetResourceType"] == summary | {"parameters": {}}
    with refused("ResourceNotFoundException", status=404):
        fis.get_target_resource_type(resourceType="aws:ec2:instance")


def test_every_action_of_the_catalogue_does_something() -> None:
    assert EFFECTS.keys() == catalogue().actions.keys()
    named = {kind for action in catalogue().actions.values() for kind in action.targets.values()}
    assert named == catalogue().types.keys()
