"""Service-linked roles: AWS says what is in them, and only their service may assume them."""

from __future__ import annotations

import functools
import json
import tomllib
from pathlib import Path
from typing import Any, Final, NamedTuple

from hodei.kernel.arns import partition_of
from hodei.kernel.context import Context
from hodei.kernel.tables import Record
from hodei.services.iam import errors, find, ids, views
from hodei.services.iam.entities import roles
from hodei.services.iam.policies import attachments
from hodei.services.iam.service import iam
from hodei.services.iam.state import Role
from hodei.services.iam.state import roles as table

PATH: Final = "/aws-service-role/"
WITH_SUFFIX = ("autoscaling.amazonaws.com", "connect.amazonaws.com", "lexv2.amazonaws.com")


class Linked(NamedTuple):
    role: str
    policy: str


class DeletionTask(Record):
    """One that has succeeded: nothing else is kept."""

    id: str
    at: float


tasks = iam.table("deletion_tasks", DeletionTask, key="id", scope="account")


@functools.cache
def services() -> dict[str, Linked]:
    """By service principal."""
    text = Path(__file__).with_suffix(".toml").read_text()
    return {name: Linked(*found) for name, found in tomllib.loads(text)["roles"].items()}


@iam.operation("CreateServiceLinkedRole")
def create_service_linked_role(
    ctx: Context, *, AWSServiceName: str, Description: str | None = None, CustomSuffix: str = ""
) -> dict[str, Any]:
    if CustomSuffix and AWSServiceName not in WITH_SUFFIX:
        raise errors.InvalidInput(f"Custom suffix is not allowed for {AWSServiceName}")
    if (linked := services().get(AWSServiceName)) is None:
        raise errors.InvalidInput(f"Service-linked roles are not supported for {AWSServiceName}")
    name = f"{linked.role}_{CustomSuffix}" if CustomSuffix else linked.role
    if next(table.by("names", ctx, name.lower()), None):
        raise errors.InvalidInput(
            f"Service role name {name} has been taken in this account, please try a different suffix."
        )
    role = _role(ctx, AWSServiceName, name, linked.policy, Description)
    roles.add(ctx, role)
    attachments.put(ctx, attachments.PERMISSIONS, "role", role.id, role.attached[0])
    return {"Role": views.new_role(ctx, role)}


def _role(ctx: Context, service: str, name: str, policy: str, description: str | None) -> Role:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return Role(
        id=ids.unique(ctx, "AROA"),
        name=name,
        key=name.lower(),
        path=f"{PATH}{service}/",
        created=ctx.now,
        trust=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        description=description,
        attached=(f"arn:{partition_of(ctx.region)}:iam::aws:policy{PATH}{policy}",),
        linked_service=service,
    )


@iam.operation("DeleteServiceLinkedRole")
def delete_service_linked_role(ctx: Context, *, RoleName: str) -> dict[str, Any]:
    """AWS first asks the service whether something still uses the role. Services here do not tell yet, so it goes."""
    role = find.role(ctx, RoleName)
    if not role.linked_service:
        raise errors.NoSuchEntity(what=f"The service-linked role with name {RoleName}")
    for arn in role.attached:
        attachments.detach(ctx, "role", role.id, arn)
    table.delete(ctx, role.id)
    task = DeletionTask(id=f"task{role.path}{role.name}/{ctx.ids.uuid()}", at=ctx.now)
    tasks.put(ctx, task)
    return {"DeletionTaskId": task.id}


@iam.operation("GetServiceLinkedRoleDeletionStatus")
def get_service_linked_role_deletion_status(ctx: Context, *, DeletionTaskId: str) -> dict[str, Any]:
    if tasks.get(ctx, DeletionTaskId) is None:
        raise errors.NoSuchEntity(what=f"The deletion task with id {DeletionTaskId}")
    return {"Status": "SUCCEEDED"}
