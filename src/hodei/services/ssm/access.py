"""Which parameters and settings a request is about, whose they are, and what their policies say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.services.ssm.names import ARN, look
from hodei.services.ssm.service import ssm
from hodei.services.ssm.settings import id_of
from hodei.services.ssm.sharing import document_of
from hodei.services.ssm.state import arn_of, parameters, sharings


@ssm.finds("parameter")
def parameters_named(ctx: Context, params: Mapping[str, Any]) -> Iterator[str]:
    """A selector is no part of the resource."""
    given = [params[name] for name in ("Name", "Path", "ResourceId", "ResourceArn") if name in params]
    for one in [*given, *params.get("Names", ())]:
        if arn := ARN.fullmatch(one.strip()):
            yield one.strip().removesuffix(f":{arn[4]}") if arn[4] else one.strip()
        else:
            yield arn_of(ctx, one.strip().partition(":")[0])


@ssm.finds("servicesetting")
def settings_named(ctx: Context, params: Mapping[str, Any]) -> Iterator[str]:
    try:
        yield ctx.arn(f"servicesetting{id_of(params['SettingId'])}")
    except AwsError:
        return


@ssm.on_resource
def policy_of(ctx: Context, arn: str) -> ResourcePolicy | None:
    found = look(ctx, arn) if ARN.fullmatch(arn) else None
    return ResourcePolicy(found.ctx.account, document_of(found)) if found else None


@ssm.without_policy
def unguarded(ctx: Context, params: Mapping[str, Any]) -> bool:
    name = params.get("Name", "").strip().partition(":")[0]
    return parameters.get(ctx, name) is not None and next(sharings.keys(ctx, name), None) is None
