"""Actions and types of targets, to be looked up."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.services.fis import errors, pages
from hodei.services.fis.catalogue import ActionType, ResourceType, catalogue
from hodei.services.fis.service import fis


@fis.operation("ListActions")
def list_actions(ctx: Context, *, maxResults: int = pages.MOST, nextToken: str | None = None) -> dict[str, Any]:
    """Only what can be run here."""
    page, more = _page(ctx, list(catalogue().actions), maxResults, nextToken)
    return {"actions": [_summary(ctx, id, catalogue().actions[id]) for id in page], **more}


@fis.operation("GetAction")
def get_action(ctx: Context, *, id: str) -> dict[str, Any]:
    if (found := catalogue().actions.get(id)) is None:
        raise errors.ResourceNotFoundException(kind="Action", id=id)
    parameters = {
        name: {"description": one.description, "required": one.required} for name, one in found.parameters.items()
    }
    return {"action": _summary(ctx, id, found) | {"parameters": parameters}}


@fis.operation("ListTargetResourceTypes")
def list_target_resource_types(
    ctx: Context, *, maxResults: int = pages.MOST, nextToken: str | None = None
) -> dict[str, Any]:
    page, more = _page(ctx, list(catalogue().types), maxResults, nextToken)
    return {"targetResourceTypes": [_type(id, catalogue().types[id]) for id in page], **more}


@fis.operation("GetTargetResourceType")
def get_target_resource_type(ctx: Context, *, resourceType: str) -> dict[str, Any]:
    """None of those that are here has parameters."""
    if (found := catalogue().types.get(resourceType)) is None:
        raise errors.ResourceNotFoundException(kind="Target resource type", id=resourceType)
    return {"targetResourceType": _type(resourceType, found) | {"parameters": {}}}


def action_arn(ctx: Context, id: str) -> str:
    return ctx.arn(f"action/{id}")


def _page(ctx: Context, ids: list[str], most: int, token: str | None) -> tuple[list[str], dict[str, str]]:
    last = pages.after(ctx, token)
    left = [id for id in sorted(ids) if last is None or (id,) > last]
    return pages.cut(ctx, left, most, lambda id: (id,))


def _summary(ctx: Context, id: str, found: ActionType) -> dict[str, Any]:
    arn = action_arn(ctx, id)
    return {
        "id": id,
        "arn": arn,
        "description": found.description,
        "targets": {name: {"resourceType": kind} for name, kind in found.targets.items()},
        "tags": dict(ctx.tags.get(ctx, arn)),
    }


def _type(id: str, found: ResourceType) -> dict[str, Any]:
    return {"resourceType": id, "description": found.description}
