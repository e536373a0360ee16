"""Who else may use a version of a layer."""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.iam.pins import shown
from hodei.services.lambda_ import errors
from hodei.services.lambda_.layers.content import Found
from hodei.services.lambda_.layers.publishing import arn_of, existing
from hodei.services.lambda_.permissions import statements
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import layer_versions


@lambda_.operation("AddLayerVersionPermission")
def add_layer_version_permission(
    ctx: Context,
    *,
    LayerName: str,
    VersionNumber: int,
    StatementId: str,
    Action: str,
    Principal: str,
    OrganizationId: str | None = None,
    RevisionId: str = "",
) -> dict[str, Any]:
    found = existing(ctx, LayerName, VersionNumber)
    _check_revision(found, RevisionId)
    given = {"OrganizationId": OrganizationId}
    statement = statements.statement(found.ctx, StatementId, Action, Principal, arn_of(found), given)
    revision = _put(found, statements.added(found.ctx, found.version.policy, statement))
    return {"Statement": json.dumps(statement, separators=(",", ":")), "RevisionId": revision}


@lambda_.operation("RemoveLayerVersionPermission")
def remove_layer_version_permission(
    ctx: Context, *, LayerName: str, VersionNumber: int, StatementId: str, RevisionId: str = ""
) -> None:
    found = existing(ctx, LayerName, VersionNumber)
    if not found.version.policy:
        raise errors.ResourceNotFoundException(reason="No policy is associated with the given resource.")
    _check_revision(found, RevisionId)
    _put(found, statements.without(found.ctx, found.version.policy, StatementId))


@lambda_.operation("GetLayerVersionPolicy")
def get_layer_version_policy(ctx: Context, *, LayerName: str, VersionNumber: int) -> dict[str, Any]:
    found = existing(ctx, LayerName, VersionNumber)
    if not found.version.policy:
        raise errors.ResourceNotFoundException(reason="No policy is associated with the given resource.")
    return {"Policy": shown(found.ctx, found.version.policy), "RevisionId": found.version.revision}


def _put(found: Found, document: str) -> str:
    """The new revision."""
    revision = found.ctx.ids.uuid()
    layer_versions.put(found.ctx, replace(found.version, policy=document, revision=revision), old=found.version)
    return revision


def _check_revision(found: Found, given: str) -> None:
    if given and given != found.version.revision:
        raise errors.PreconditionFailedException(operation="GetLayerVersionPolicy")
