"""Tags of actions, templates and experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.services.fis import errors, find
from hodei.services.fis.catalogue import catalogue
from hodei.services.fis.service import fis

MOST = 50


@fis.operation("TagResource")
def tag_resource(ctx: Context, *, resourceArn: str, tags: Mapping[str, str]) -> dict[str, Any]:
    _check(ctx, resourceArn)
    add(ctx, resourceArn, tags)
    return {}


@fis.operation("UntagResource")
def untag_resource(ctx: Context, *, resourceArn: str, tagKeys: Sequence[str] | None = None) -> dict[str, Any]:
    """Without keys all tags go: the model does not require them."""
    _check(ctx, resourceArn)
    ctx.tags.remove(ctx, resourceArn, list(ctx.tags.get(ctx, resourceArn) if tagKeys is None else tagKeys))
    return {}


@fis.operation("ListTagsForResource")
def list_tags_for_resource(ctx: Context, *, resourceArn: str) -> dict[str, Any]:
    _check(ctx, resourceArn)
    return {"tags": dict(ctx.tags.get(ctx, resourceArn))}


def add(ctx: Context, arn: str, tags: Mapping[str, str]) -> None:
    """Raises: ValidationException."""
    if any(not key or key.lower().startswith("aws:") for key in tags):
        raise errors.ValidationException(reason="Tag keys must not be empty or begin with aws:.")
    if len({**ctx.tags.get(ctx, arn), **tags}) > MOST:
        raise errors.ValidationException(reason=f"A resource can have up to {MOST} tags.")
    ctx.tags.add(ctx, arn, dict(tags))


def _check(ctx: Context, arn: str) -> None:
    """Raises: ValidationException for what is no ARN of FIS here, ResourceNotFoundException for nothing."""
    try:
        place = Arn.parse(arn)
    except ValueError:
        raise errors.ValidationException(reason=f"{arn} is not an ARN.") from None
    kind, _, id = place.resource.partition("/")
    if ctx.arn(place.resource) != arn or kind not in ("action", "experiment", "experiment-template"):
        raise errors.ValidationException(
            reason=f"{arn} is not the ARN of an AWS FIS resource of this account and Region."
        )
    if kind == "experiment-template":
        find.template(ctx, id)
    elif kind == "experiment":
        find.experiment(ctx, id)
    elif id not in catalogue().actions:
        raise errors.ResourceNotFoundException(kind="Action", id=id)
