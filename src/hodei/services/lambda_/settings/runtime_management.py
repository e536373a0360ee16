"""When the runtime of a version is updated. There is one version of each runtime here, that of this machine."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.lambda_ import rules
from hodei.services.lambda_.find import Found, describe
from hodei.services.lambda_.functions import views
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import versions


@lambda_.operation("PutRuntimeManagementConfig")
def put_runtime_management_config(
    ctx: Context, *, FunctionName: str, UpdateRuntimeOn: str, Qualifier: str = "", RuntimeVersionArn: str = ""
) -> dict[str, Any]:
    found = describe(ctx, FunctionName, Qualifier)
    manual = UpdateRuntimeOn == "Manual"
    if manual and not RuntimeVersionArn:
        raise rules.invalid("RuntimeVersionArn is required when UpdateRuntimeOn is Manual.")
    if RuntimeVersionArn and not manual:
        raise rules.invalid("RuntimeVersionArn can only be specified when UpdateRuntimeOn is Manual.")
    if manual and RuntimeVersionArn != views.runtime_version(found.ctx, found.version):
        raise rules.invalid(f"The runtime version {RuntimeVersionArn} does not exist for {found.version.runtime}.")
    version = replace(found.version, runtime_update=UpdateRuntimeOn, runtime_version=RuntimeVersionArn)
    versions.put(found.ctx, version, old=found.version)
    return _shown(found._replace(version=version))


@lambda_.operation("GetRuntimeManagementConfig")
def get_runtime_management_config(ctx: Context, *, FunctionName: str, Qualifier: str = "") -> dict[str, Any]:
    return _shown(describe(ctx, FunctionName, Qualifier))


def _shown(found: Found) -> dict[str, Any]:
    version = found.version
    manual = {"RuntimeVersionArn": version.runtime_version} if version.runtime_version else {}
    return {"UpdateRuntimeOn": version.runtime_update, "FunctionArn": version.arn(found.ctx), **manual}
