"""Resource policies: what lets other services put events."""

from __future__ import annotations

import json
from typing import Any

from hodei.kernel.context import Context
from hodei.services.logs import errors, pages
from hodei.services.logs.find import group_named, name_of
from hodei.services.logs.service import logs
from hodei.services.logs.state import ResourcePolicy, Wire, resource_policies

MOST = 10
REVISION_DIGITS = 32


@logs.operation("PutResourcePolicy")
def put_resource_policy(
    ctx: Context,
    *,
    policyName: str = "",
    policyDocument: str = "",
    resourceArn: str = "",
    expectedRevisionId: str = "",
) -> dict[str, Any]:
    """A policy of the account has a name, one of a group its ARN."""
    if bool(policyName) == bool(resourceArn) or not policyDocument:
        raise errors.InvalidParameterException(reason="Either policyName or resourceArn must be specified.")
    _check(policyDocument)
    if resourceArn:
        resourceArn = group_named(ctx, name_of(ctx, resourceArn)).arn(ctx)
    old = resource_policies.get(ctx, resourceArn, policyName)
    _check_revision(old, expectedRevisionId)
    if policyName and not old and resource_policies.count(ctx, "") >= MOST:
        raise errors.LimitExceededException()
    revision = ctx.ids.hex(REVISION_DIGITS) if resourceArn else ""
    one = ResourcePolicy(
        resource=resourceArn, name=policyName, document=policyDocument, updated=ctx.now, revision=revision
    )
    resource_policies.put(ctx, one)
    return {"resourcePolicy": _view(one)} | ({"revisionId": revision} if revision else {})


def _check(document: str) -> None:
    try:
        given = json.loads(document)
    except ValueError:
        given = None
    if not isinstance(given, dict) or "Statement" not in given:
        raise errors.InvalidParameterException(reason="The policy document is malformed.")


def _check_revision(old: ResourcePolicy | None, expected: str) -> None:
    if expected and (old is None or old.revision != expected):
        raise errors.InvalidParameterException(reason="The revision id does not match that of the policy.")


@logs.operation("DescribeResourcePolicies")
def describe_resource_policies(
    ctx: Context, *, resourceArn: str = "", policyScope: str = "ACCOUNT", nextToken: str = "", limit: int = pages.MOST
) -> dict[str, Any]:
    if policyScope == "RESOURCE" and not resourceArn:
        raise errors.InvalidParameterException(reason="resourceArn must be specified for the scope RESOURCE.")
    prefix = resourceArn.removesuffix(":*")
    found = resource_policies.scan(ctx, prefix, after=pages.after(ctx, nextToken))
    page, rest = pages.cut(ctx, found, limit, lambda one: (one.name,))
    return {"resourcePolicies": [_view(one) for one in page], **rest}


@logs.operation("DeleteResourcePolicy")
def delete_resource_policy(
    ctx: Context, *, policyName: str = "", resourceArn: str = "", expectedRevisionId: str = ""
) -> None:
    key = resourceArn.removesuffix(":*"), policyName
    old = resource_policies.get(ctx, *key)
    if old is None:
        raise errors.ResourceNotFoundException(reason=f"Policy with name [{policyName}] does not exist.")
    _check_revision(old, expectedRevisionId)
    resource_policies.delete(ctx, *key)


def _view(one: ResourcePolicy) -> Wire:
    answer: Wire = {"policyDocument": one.document, "lastUpdatedTime": int(one.updated * 1000)}
    if one.resource:
        return answer | {"policyScope": "RESOURCE", "resourceArn": one.resource, "revisionId": one.revision}
    return answer | {"policyScope": "ACCOUNT", "policyName": one.name}


def documents(ctx: Context, arn: str) -> str:
    """What the policies of an account, and of a group with that ARN, say together; "" where there are none."""
    found = [*resource_policies.scan(ctx, ""), *resource_policies.scan(ctx, arn)]
    statements: list[Any] = []
    for one in found:
        given = json.loads(one.document)["Statement"]
        statements += given if isinstance(given, list) else [given]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else ""


def forget(ctx: Context, arn: str) -> None:
    """Delete the policy of a group that goes."""
    resource_policies.delete_all(ctx, arn)
