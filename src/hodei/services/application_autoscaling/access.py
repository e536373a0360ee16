"""Which scalable targets requests are about, as permissions name them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.services.application_autoscaling import find
from hodei.services.application_autoscaling.service import application_autoscaling
from hodei.services.application_autoscaling.state import targets


@application_autoscaling.finds("ScalableTarget")
def named(ctx: Context, params: Mapping[str, Any]) -> Iterator[str]:
    """One that is yet to be registered has no ARN to be named by."""
    if arn := params.get("ResourceARN"):
        yield arn
        return
    names = [params.get(name) for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")]
    found = targets.get(ctx, *(str(name) for name in names)) if all(names) else None
    yield find.target_arn(ctx, found) if found else "*"
