from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hodei.services.iam import managed_policies
from hodei.services.iam.entities.service_linked_roles import services

from .conftest import trust

pytestmark = pytest.mark.feature("iam.identities")

Refused = Callable[..., Any]
NOT_IN_THE_DATA = {"AmazonLexBotPolicy"}


def test_each_comes_with_a_policy_of_aws() -> None:
    known = managed_policies.all_policies()
    for service, (role, policy) in services().items():
        assert role.startswith("AWSServiceRoleFor"), service
        assert policy in NOT_IN_THE_DATA or known[policy.lower()].linked, service


def test_its_account_cannot_change_it(iam: Any, refused: Refused) -> None:
    made = iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com", Description="for ECS")["Role"]
    assert made["Arn"].endswith(":role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS")
    name = {"RoleName": made["RoleName"]}
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    for call in (
        lambda: iam.delete_role(**name),
        lambda: iam.attach_role_policy(PolicyArn=arn, **name),
        lambda: iam.update_assume_role_policy(PolicyDocument=trust(), **name),
        lambda: iam.put_role_permissions_boundary(PermissionsBoundary=arn, **name),
        lambda: iam.update_role(MaxSessionDuration=7200, **name),
    ):
        with refused("UnmodifiableEntity", "'AWSServiceRoleForECS'"):
            call()
    iam.update_role_description(Description="ours", **name)
    assert iam.get_role(**name)["Role"]["Description"] == "ours"
    (policy,) = iam.list_attached_role_policies(**name)["AttachedPolicies"]
    assert iam.get_policy(PolicyArn=policy["PolicyArn"])["Policy"]["AttachmentCount"] == 1


def test_it_is_deleted_by_a_task(iam: Any, role: str, refused: Refused) -> None:
    name = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com", CustomSuffix="x")["Role"][
        "RoleName"
    ]
    assert name == "AWSServiceRoleForAutoScaling_x"
    task = iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    with refused("NoSuchEntity", status=404):
        iam.get_role(RoleName=name)
    with refused("NoSuchEntity", status=404):
        iam.get_service_linked_role_deletion_status(DeletionTaskId="task/none")
    with refused("NoSuchEntity", status=404):
        iam.delete_service_linked_role(RoleName=role)


def test_services_without_one(iam: Any, refused: Refused) -> None:
    with refused("InvalidInput", "none.amazonaws.com"):
        iam.create_service_linked_role(AWSServiceName="none.amazonaws.com")
