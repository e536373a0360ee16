"""AddPermission, RemovePermission, GetPolicy: the policy of a function, a version or an alias, by its statements."""

from __future__ import annotations

import json
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.iam.pins import shown
from hodei.services.lambda_ import errors, rules
from hodei.services.lambda_.find import Name, function_of, published, read
from hodei.services.lambda_.permissions import statements
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import LATEST, Policy, functions, policies

GONE = "The resource you requested does not exist."


@lambda_.operation("AddPermission")
def add_permission(
    ctx: Context,
    *,
    FunctionName: str,
    StatementId: str,
    Action: str,
    Principal: str,
    SourceArn: str | None = None,
    SourceAccount: str | None = None,
    EventSourceToken: str | None = None,
    PrincipalOrgID: str | None = None,
    FunctionUrlAuthType: str | None = None,
    InvokedViaFunctionUrl: bool | None = None,
    Qualifier: str = "",
    RevisionId: str = "",
) -> dict[str, Any]:
    name = existing(read(ctx, FunctionName, Qualifier))
    old = policies.get(name.ctx, name.function, name.qualifier)
    check_revision(old, RevisionId)
    given = {
        "SourceArn": SourceArn,
        "SourceAccount": SourceAccount,
        "EventSourceToken": EventSourceToken,
        "PrincipalOrgID": PrincipalOrgID,
        "FunctionUrlAuthType": FunctionUrlAuthType,
        "InvokedViaFunctionUrl": InvokedViaFunctionUrl,
    }
    statement = statements.statement(name.ctx, StatementId, Action, Principal, name.arn, given)
    put(name, statements.added(name.ctx, old.document if old else "", statement))
    return {"Statement": json.dumps(statement, separators=(",", ":"))}


@lambda_.operation("RemovePermission")
def remove_permission(
    ctx: Context, *, FunctionName: str, StatementId: str, Qualifier: str = "", RevisionId: str = ""
) -> None:
    name = read(ctx, FunctionName, Qualifier)
    if functions.get(name.ctx, name.function) is None:
        raise errors.ResourceNotFoundException(reason=f"No policy found for: {name.arn}")
    existing(name)
    if (old := policies.get(name.ctx, name.function, name.qualifier)) is None:
        raise errors.ResourceNotFoundException(reason="No policy is associated with the given resource.")
    check_revision(old, RevisionId)
    if left := statements.without(name.ctx, old.document, StatementId):
        put(name, left)
    else:
        policies.delete(name.ctx, name.function, name.qualifier)


@lambda_.operation("GetPolicy")
def get_policy(ctx: Context, *, FunctionName: str, Qualifier: str = "") -> dict[str, Any]:
    name = read(ctx, FunctionName, Qualifier)
    return told(name, policies.get(name.ctx, name.function, name.qualifier))


def told(name: Name, policy: Policy | None) -> dict[str, Any]:
    """Raises: ResourceNotFoundException."""
    if policy is None:
        raise errors.ResourceNotFoundException(reason=GONE)
    return {"Policy": shown(name.ctx, policy.document), "RevisionId": policy.revision}


def put(name: Name, document: str) -> Policy:
    policy = Policy(function=name.function, qualifier=name.qualifier, document=document, revision=name.ctx.ids.uuid())
    policies.put(name.ctx, policy)
    return policy


def check_revision(policy: Policy | None, given: str, operation: str = "GetPolicy") -> None:
    """Raises: PreconditionFailedException."""
    if given and (policy is None or given != policy.revision):
        raise errors.PreconditionFailedException(operation=operation)


def existing(name: Name) -> Name:
    """Raises: InvalidParameterValueException for $LATEST, ResourceNotFoundException."""
    if name.qualifier == LATEST:
        raise rules.invalid("We currently do not support adding policies for $LATEST.")
    function_of(name._replace(qualifier=""))
    if name.qualifier:
        published(name)
    return name
