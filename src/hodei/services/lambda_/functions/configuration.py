"""The configuration of a function, as CreateFunction and UpdateFunctionConfiguration take it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.lambda_ import rules
from hodei.services.lambda_.durable import configs as durable
from hodei.services.lambda_.functions import dead_letters, environment, layers, logging, roles, runtimes, sealing
from hodei.services.lambda_.state import Version, Wire

MOST_MEMORY = 10240  # MB; beyond that are managed instances
MOST_STORAGE = 10240  # MB
LONGEST = 900  # seconds
NO_VPC = {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": "", "Ipv6AllowedForDualStack": False}


class Configuration(TypedDict, total=False):
    """What both operations take."""

    Runtime: str
    Handler: str
    Description: str
    Timeout: int
    MemorySize: int
    VpcConfig: Wire
    Environment: Wire
    DeadLetterConfig: Wire
    KMSKeyArn: str
    TracingConfig: Wire
    Layers: Sequence[str]
    FileSystemConfigs: Sequence[Wire]
    ImageConfig: Wire
    EphemeralStorage: Wire
    SnapStart: Wire
    LoggingConfig: Wire
    CapacityProviderConfig: Wire
    DurableConfig: Wire


def applied(ctx: Context, version: Version, given: Mapping[str, Any]) -> Version:
    """A version with what is given of its configuration changed.

    Raises: InvalidParameterValueException, AccessDeniedException (of a layer), NotImplemented.
    """
    _refuse(given)
    changes: dict[str, Any] = {}
    for name, change in CHANGES.items():
        if name in given:
            changes |= change(given[name])
    changed = replace(version, **changes, others=_kept(version.others, given))
    if "Runtime" in given:
        runtimes.check(changed.runtime)
    if "Layers" in given:
        layers.check(ctx, changed)
    if changed.dead_letters and changed.dead_letters != version.dead_letters:
        dead_letters.check(ctx, changed)
    if "LoggingConfig" in given or not changed.logging:
        changed = replace(changed, logging=logging.complete(changed, given.get("LoggingConfig", {})))
    changed = durable.configured(ctx, changed, given.get("DurableConfig", {}))
    durable.check_runtime(changed)
    _check_snap_start(changed)
    if given.keys() & {"Environment", "KMSKeyArn", "Role"}:
        return _sealed(ctx, version, changed, given)
    return changed


def _sealed(ctx: Context, before: Version, changed: Version, given: Mapping[str, Any]) -> Version:
    if "Environment" in given:
        return sealing.sealed(ctx, changed, changed.environment)
    if changed.kms_key or before.sealed:
        return sealing.sealed(ctx, changed, sealing.changeable(ctx, before))
    return changed


def _kept(before: Wire, given: Mapping[str, Any]) -> dict[str, Any]:
    """The members that are told as they were given. An empty ImageConfig takes it away."""
    kept = dict(before)
    if "VpcConfig" in given:
        kept["VpcConfig"] = NO_VPC
    if "ImageConfig" in given:
        image = {name: value for name, value in given["ImageConfig"].items() if value}
        kept["ImageConfigResponse"] = {"ImageConfig": image}
        if not image:
            del kept["ImageConfigResponse"]
    return kept


def check_role(ctx: Context, version: Version) -> None:
    """Raises: InvalidParameterValueException, AccessDeniedException."""
    roles.check(ctx, version.function, version.role)


def _refuse(given: Mapping[str, Any]) -> None:
    """What needs services that are not there. Raises: NotImplemented."""
    vpc = given.get("VpcConfig", {})
    rules.refuse(
        VpcConfig=vpc.get("SubnetIds") or vpc.get("SecurityGroupIds"),
        FileSystemConfigs=given.get("FileSystemConfigs"),
        CapacityProviderConfig=given.get("CapacityProviderConfig"),
    )


def _limited(field: str, name: str, most: int) -> Callable[[int], dict[str, Any]]:
    def change(value: int) -> dict[str, Any]:
        if value > most:
            raise rules.out_of_range(name, most)
        return {field: value}

    return change


def _variables(given: Wire) -> dict[str, Any]:
    variables = dict(given.get("Variables", {}))
    environment.check(variables)
    return {"environment": variables, "environment_given": True}


def _check_snap_start(version: Version) -> None:
    if version.snap_start != "None" and version.runtime not in runtimes.SNAP_STARTED:
        raise rules.invalid(f"{version.runtime} is not supported for SnapStart enabled functions.")


CHANGES: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "Role": lambda given: {"role": given},
    "Runtime": lambda given: {"runtime": given},
    "Handler": lambda given: {"handler": given},
    "Description": lambda given: {"description": given},
    "Timeout": _limited("timeout", "Timeout", LONGEST),
    "MemorySize": _limited("memory", "MemorySize", MOST_MEMORY),
    "Environment": _variables,
    "DeadLetterConfig": lambda given: {"dead_letters": given.get("TargetArn", "")},
    "KMSKeyArn": lambda given: {"kms_key": given},
    "TracingConfig": lambda given: {"tracing": given.get("Mode", "PassThrough")},
    "Layers": lambda given: {"layers": tuple(given)},
    "EphemeralStorage": lambda given: _limited("storage", "EphemeralStorage", MOST_STORAGE)(given["Size"]),
    "SnapStart": lambda given: {"snap_start": given.get("ApplyOn", "None")},
}
"""By the members that change one field or two."""
