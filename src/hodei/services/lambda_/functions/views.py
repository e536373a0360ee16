"""Functions as they are told."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.services.lambda_ import rules
from hodei.services.lambda_.find import Found
from hodei.services.lambda_.functions import runtimes, sealing
from hodei.services.lambda_.layers import content
from hodei.services.lambda_.state import LATEST, Version

IMAGE = "Image"
CREATING = {"Reason": "The function is being created.", "ReasonCode": "Creating"}


def configuration(found: Found) -> dict[str, Any]:
    """As GetFunctionConfiguration and what changes a function answer, under the ARN that the request named."""
    ctx, version = found.ctx, found.version
    runtime = {}
    if version.package_type != IMAGE:
        runtime = {"RuntimeVersionConfig": {"RuntimeVersionArn": runtime_version(ctx, version)}}
    return {**brief(ctx, version), "FunctionArn": found.arn, **runtime, **_state(version)}


def listed(ctx: Context, version: Version, *, qualified: bool) -> dict[str, Any]:
    """As lists have it: without its state; with "$LATEST" in the ARN where other versions stand beside."""
    arn = (
        ctx.arn(f"function:{version.function}:{LATEST}")
        if qualified and version.version == LATEST
        else version.arn(ctx)
    )
    return {**brief(ctx, version), "FunctionArn": arn}


def runtime_version(ctx: Context, version: Version) -> str:
    return version.runtime_version or runtimes.version_arn(ctx, version.runtime)


def brief(ctx: Context, version: Version) -> dict[str, Any]:
    optional: dict[str, Any] = {
        "Runtime": version.runtime,
        "Handler": version.handler,
        "KMSKeyArn": version.kms_key,
        "DeadLetterConfig": {"TargetArn": version.dead_letters} if version.dead_letters else None,
        "Environment": sealing.told(ctx, version) if version.environment_given else None,
        "DurableConfig": version.durable,
        "Layers": [_layer(ctx, arn) for arn in version.layers],
    }
    started = version.snap_start != "None" and version.version != LATEST and version.state == "Active"
    return {
        "FunctionName": version.function,
        "Role": version.role,
        "CodeSize": version.code.size,
        "CodeSha256": version.code.sha256,
        "Description": version.description,
        "Timeout": version.timeout,
        "MemorySize": version.memory,
        "LastModified": rules.timestamp(version.modified),
        "Version": version.version,
        "TracingConfig": {"Mode": version.tracing},
        "RevisionId": version.revision,
        "PackageType": version.package_type,
        "Architectures": list(version.architectures),
        "EphemeralStorage": {"Size": version.storage},
        "SnapStart": {"ApplyOn": version.snap_start, "OptimizationStatus": "On" if started else "Off"},
        "LoggingConfig": version.logging,
        **{name: value for name, value in optional.items() if value},
        **version.others,
    }


def _layer(ctx: Context, arn: str) -> dict[str, Any]:
    found = content.find(ctx, arn)
    return {"Arn": arn, "CodeSize": found.version.code.size if found else 0}


def _state(version: Version) -> dict[str, Any]:
    if version.state != "Active":
        return {
            "State": version.state,
            "StateReason": version.state_reason,
            "StateReasonCode": version.state_code,
        }
    if version.update == "Successful":
        return {"State": version.state, "LastUpdateStatus": version.update}
    reasons = {f"LastUpdateStatus{name}": text for name, text in CREATING.items()}
    return {"State": version.state, "LastUpdateStatus": version.update, **reasons}
