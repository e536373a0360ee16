"""Layer versions that were deleted, which functions still use: they go with the last of them."""

from __future__ import annotations

from collections.abc import Iterable

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.services.lambda_.layers import content
from hodei.services.lambda_.packages import storage
from hodei.services.lambda_.state import layer_versions, versions


def used(ctx: Context, arn: str) -> bool:
    """Whether a function of any account has a layer version. Takes a look at all functions of the cloud."""
    region = Arn.parse(arn).region
    return any(arn in version.layers for _, place, version in versions.all(ctx.store) if place == region)


def drop(ctx: Context, layers: Iterable[str]) -> None:
    """After a version that had these layers has changed or gone."""
    for arn in layers:
        found = content.find(ctx, arn)
        if found and found.version.deleted and not used(ctx, arn):
            remove(found)


def remove(found: content.Found) -> None:
    there, version = found
    layer_versions.delete(there, version.layer, version.number)
    storage.drop(there, version.code)
