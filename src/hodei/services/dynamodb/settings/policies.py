"""Resource-based policies of tables and streams: kept, with revisions. IAM will ask for them here."""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.pins import pinned, shown
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.find import within
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.settings.tagging import resource
from hodei.services.dynamodb.state import Policy, policies, tables

LONGEST = 20 * 1024
NONE = "NO_POLICY"  # ExpectedRevisionId of a policy that must not be there yet


@dynamodb.operation("PutResourcePolicy")
def put_resource_policy(ctx: Context, *, ResourceArn: str, Policy: str, ExpectedRevisionId: str = "") -> dict[str, Any]:
    """The same policy again keeps its revision."""
    where = resource(ctx, ResourceArn)
    _check_revision(where, ResourceArn, ExpectedRevisionId)
    return {"RevisionId": put_policy(where, ResourceArn, Policy)}


@dynamodb.operation("GetResourcePolicy")
def get_resource_policy(ctx: Context, *, ResourceArn: str) -> dict[str, Any]:
    found = policies.get(resource(ctx, ResourceArn), ResourceArn)
    if found is None:
        raise not_found(ResourceArn)
    return {"Policy": shown(ctx, found.document), "RevisionId": found.revision}


@dynamodb.operation("DeleteResourcePolicy")
def delete_resource_policy(ctx: Context, *, ResourceArn: str, ExpectedRevisionId: str = "") -> dict[str, Any]:
    """Nothing to delete is no error, unless a revision is expected."""
    where = resource(ctx, ResourceArn)
    _check_revision(where, ResourceArn, ExpectedRevisionId)
    found = policies.get(where, ResourceArn)
    if found is None:
        return {}
    policies.delete(where, ResourceArn)
    _guard(where, ResourceArn, False)
    return {"RevisionId": found.revision}


def put_policy(ctx: Context, arn: str, document: str) -> str:
    """Keep a policy; returns its revision. Raises: ValidationException for what is no policy."""
    _check(document)
    document, found = pinned(ctx, document), policies.get(ctx, arn)
    if found and json.loads(found.document) == json.loads(document):
        return found.revision
    revision = str(ctx.ids.getrandbits(43))  # AWS's are numbers of 13 digits
    policies.put(ctx, Policy(arn=arn, document=document, revision=revision))
    _guard(ctx, arn, True)
    return revision


def _guard(ctx: Context, arn: str, guarded: bool) -> None:
    """Let a table know, so that who asks for it need not look here."""
    match within(ctx, arn):
        case where, name, "" if table := tables.get(where, name):
            tables.put(where, replace(table, guarded=guarded))


def _check(document: str) -> None:
    if len(document.encode()) > LONGEST:
        raise errors.LimitExceededException("Resource-based policy exceeds the maximum size of 20 KB")
    try:
        policy = json.loads(document)
    except ValueError:
        raise errors.ValidationException("Invalid policy document: Policy document is malformed JSON") from None
    if not isinstance(policy, dict) or "Statement" not in policy:
        raise errors.ValidationException("Invalid policy document: Policy document has no Statement")


def _check_revision(ctx: Context, arn: str, expected: str) -> None:
    if not expected:
        return
    found = policies.get(ctx, arn)
    if expected != (found.revision if found else NONE):
        raise not_found(arn)


def not_found(arn: str) -> AwsError:
    return errors.PolicyNotFoundException(f"Resource-based policy not found for the provided ResourceArn: {arn}")
