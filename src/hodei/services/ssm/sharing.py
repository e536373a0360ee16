"""Resource policies of parameters, by which other accounts get at them."""

from __future__ import annotations

import hashlib
import json
from itertools import islice
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.iam import MalformedPolicy, check
from hodei.services.ssm import errors
from hodei.services.ssm.names import Found, look, version_of
from hodei.services.ssm.pages import read_page
from hodei.services.ssm.service import ssm
from hodei.services.ssm.state import ADVANCED, SECURE, Sharing, sharings
from hodei.services.ssm.values import DEFAULT_ALIAS

PAGE = 50


@ssm.operation("PutResourcePolicy")
def put_resource_policy(
    ctx: Context, *, ResourceArn: str, Policy: str, PolicyId: str | None = None, PolicyHash: str | None = None
) -> dict[str, Any]:
    found = _shareable(ctx, ResourceArn)
    there, parameter, _ = found
    try:
        check(Policy, "resource")
    except MalformedPolicy as error:
        raise errors.MalformedResourcePolicyDocumentException(error.message) from None
    if PolicyId is not None or PolicyHash is not None:
        id = _existing(found, PolicyId, PolicyHash).id
    else:
        id = ctx.ids.uuid()
    digest = hashlib.sha256(Policy.encode()).hexdigest()
    sharings.put(there, Sharing(name=parameter.name, id=id, document=Policy, hash=digest))
    return {"PolicyId": id, "PolicyHash": digest}


@ssm.operation("GetResourcePolicies")
def get_resource_policies(
    ctx: Context, *, ResourceArn: str, NextToken: str | None = None, MaxResults: int = PAGE
) -> dict[str, Any]:
    there, parameter, _ = _parameter(ctx, ResourceArn)
    last = read_page(ctx, NextToken)
    rows = sharings.scan(there, parameter.name, after=None if last is None else (last,))
    page = list(islice(rows, MaxResults + 1))
    policies = [{"PolicyId": one.id, "PolicyHash": one.hash, "Policy": one.document} for one in page[:MaxResults]]
    more = {"NextToken": ctx.token(page[MaxResults - 1].id)} if len(page) > MaxResults else {}
    return {"Policies": policies, **more}


@ssm.operation("DeleteResourcePolicy")
def delete_resource_policy(ctx: Context, *, ResourceArn: str, PolicyId: str, PolicyHash: str) -> None:
    found = _parameter(ctx, ResourceArn)
    sharings.delete(found.ctx, found.parameter.name, _existing(found, PolicyId, PolicyHash).id)


def document_of(found: Found) -> str:
    """The policies of a parameter as one; "" if it has none."""
    documents = [json.loads(one.document) for one in sharings.scan(found.ctx, found.parameter.name)]
    if not documents:
        return ""
    listed = [one["Statement"] for one in documents]
    statements = [statement for one in listed for statement in (one if isinstance(one, list) else [one])]
    for statement in statements:
        statement.pop("Sid", None)  # two documents may have the same
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _parameter(ctx: Context, arn: str) -> Found:
    if (found := look(ctx, arn) if arn.startswith("arn:") else None) is None:
        raise errors.ResourceNotFoundException()
    return found


def _shareable(ctx: Context, arn: str) -> Found:
    """Raises: ResourceNotFoundException, ResourcePolicyInvalidParameterException."""
    found = _parameter(ctx, arn)
    version = version_of(found)
    if version.tier != ADVANCED:
        raise errors.ResourcePolicyInvalidParameterException(
            "To share a parameter, it must be in the advanced parameter tier.", ParameterNames=["ResourceArn"]
        )
    if version.type == SECURE and version.key == DEFAULT_ALIAS:
        raise errors.ResourcePolicyInvalidParameterException(
            "To share a SecureString parameter, it must be encrypted with a customer managed key.",
            ParameterNames=["ResourceArn"],
        )
    return found


def _existing(found: Found, id: str | None, digest: str | None) -> Sharing:
    """Raises: ResourcePolicyNotFoundException, ResourcePolicyConflictException."""
    sharing = sharings.get(found.ctx, found.parameter.name, id or "")
    if sharing is None:
        raise errors.ResourcePolicyNotFoundException()
    if sharing.hash != digest:
        raise errors.ResourcePolicyConflictException()
    return sharing
