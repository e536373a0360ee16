"""Resource policies as whole documents: PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy."""

from __future__ import annotations

import json
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam import MalformedPolicy, parse
from hodei.services.lambda_ import errors, rules
from hodei.services.lambda_.find import Name, read
from hodei.services.lambda_.permissions import permissions, statements
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import policies

OPERATION = "GetResourcePolicy"


@lambda_.operation("PutResourcePolicy")
def put_resource_policy(ctx: Context, *, ResourceArn: str, Policy: str, RevisionId: str = "") -> dict[str, Any]:
    name = _named(ctx, ResourceArn)
    permissions.check_revision(policies.get(*_key(name)), RevisionId, OPERATION)
    _check(name, Policy)
    put = permissions.put(name, statements.kept(name.ctx, json.loads(Policy)))
    return permissions.told(name, put)


@lambda_.operation("GetResourcePolicy")
def get_resource_policy(ctx: Context, *, ResourceArn: str) -> dict[str, Any]:
    name = _named(ctx, ResourceArn)
    return permissions.told(name, policies.get(*_key(name)))


@lambda_.operation("DeleteResourcePolicy")
def delete_resource_policy(ctx: Context, *, ResourceArn: str, RevisionId: str = "") -> None:
    name = _named(ctx, ResourceArn)
    policy = policies.get(*_key(name))
    permissions.told(name, policy)  # one that is not there cannot be deleted
    permissions.check_revision(policy, RevisionId, OPERATION)
    policies.delete(*_key(name))


def _key(name: Name) -> tuple[Context, str, str]:
    return name.ctx, name.function, name.qualifier


def _named(ctx: Context, arn: str) -> Name:
    """Raises: InvalidParameterValueException, ResourceNotFoundException."""
    if ":runtime/" in arn:
        raise errors.NotImplementedException(what="A policy of a customer-managed runtime")
    return permissions.existing(read(ctx, arn))


def _check(name: Name, document: str) -> None:
    """Raises: InvalidParameterValueException."""
    try:
        policy = parse(document, "resource")
    except MalformedPolicy as error:
        raise _malformed(error.message) from None
    for one in policy.statements:
        if one.principals is None:
            raise _malformed("A statement must have a principal.")
    for given in statements.read(document)["Statement"]:
        resources = given.get("Resource", [])
        if resources != name.arn and list(resources) != [name.arn]:
            raise _malformed(f"Resource must be {name.arn}.")


def _malformed(reason: str) -> AwsError:
    return rules.invalid(f"The resource policy is not valid. {reason}")
