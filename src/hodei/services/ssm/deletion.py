"""DeleteParameter, DeleteParameters, and the end that a policy sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.ssm import events, policies
from hodei.services.ssm.names import Found, find_own, version_of
from hodei.services.ssm.service import ssm
from hodei.services.ssm.state import parameters, sharings, versions
from hodei.services.ssm.tiers import count


@ssm.operation("DeleteParameter")
def delete_parameter(ctx: Context, *, Name: str) -> None:
    remove(find_own(ctx, Name))


@ssm.operation("DeleteParameters")
def delete_parameters(ctx: Context, *, Names: Sequence[str]) -> dict[str, Any]:
    deleted, invalid = [], []
    for name in dict.fromkeys(Names):
        try:
            remove(find_own(ctx, name))
            deleted.append(name)
        except AwsError:
            invalid.append(name)
    return {"DeletedParameters": deleted, "InvalidParameters": invalid}


def remove(found: Found) -> None:
    ctx, parameter, _ = found
    latest = version_of(found)
    for number in range(policies.MOST):
        ctx.timers.cancel(ctx, "policy", parameter.name, str(number))
    parameters.delete(ctx, parameter.name)
    versions.delete_all(ctx, parameter.name)
    sharings.delete_all(ctx, parameter.name)
    ctx.tags.set(ctx, found.arn, {})
    count(ctx, latest.tier, -1)
    events.changed(ctx, "Delete", latest)
