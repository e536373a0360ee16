"""Which layers there are by their ARNs, and what they put into a function's /opt."""

from __future__ import annotations

import re
from typing import NamedTuple

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.services.lambda_.state import Code, LayerVersion, Version, layer_versions

VERSION = re.compile(r"arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:layer:[\w-]+:\d+")


class Found(NamedTuple):
    """A version of a layer, and a context in its account and region."""

    ctx: Context
    version: LayerVersion


def content(ctx: Context, version: Version) -> list[Code]:
    """The packages of a function's layers, in the order in which they are laid over one another. `ctx` is in the
    function's account. A layer that was deleted stays in the functions that use it."""
    return [found.version.code for arn in version.layers if (found := find(ctx, arn))]


def find(ctx: Context, arn: str) -> Found | None:
    """The version of a layer by its ARN, of whichever account, deleted or not."""
    if not VERSION.fullmatch(arn):
        return None
    place = Arn.parse(arn)
    _, layer, number = place.resource.split(":")
    there = ctx.at(account=place.account, region=place.region)
    version = layer_versions.get(there, layer, int(number))
    return Found(there, version) if version else None
