"""PutParameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import NotImplementedByHodei
from hodei.protocol.javaregex import compile_pattern
from hodei.services.ssm import errors, events, policies, tagging, tiers, values
from hodei.services.ssm.names import check_new
from hodei.services.ssm.service import ssm
from hodei.services.ssm.state import SECURE, Parameter, Policy, Version, arn_of, parameters, versions

NO_TAGS: Sequence[Mapping[str, str]] = ()
TEXT, IMAGE, INTEGRATION = "text", "aws:ec2:image", "aws:ssm:integration"


@ssm.operation("PutParameter")
def put_parameter(
    ctx: Context,
    *,
    Name: str,
    Value: str,
    Description: str | None = None,
    Type: str | None = None,
    KeyId: str | None = None,
    Overwrite: bool = False,
    AllowedPattern: str | None = None,
    Tags: Sequence[Mapping[str, str]] = NO_TAGS,
    Tier: str | None = None,
    Policies: str | None = None,
    DataType: str | None = None,
) -> dict[str, Any]:
    name = Name.strip()
    check_new(ctx, name)
    parameter = parameters.get(ctx, name)
    before = versions.get(ctx, name, parameter.version) if parameter else None
    kind = _type(Type, before)
    if parameter and not Overwrite:
        raise errors.ParameterAlreadyExists()
    if Tags and Overwrite:
        raise errors.ValidationException(
            "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please "
            "remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or "
            "RemoveTagsFromResource."
        )
    _check_value(Value, AllowedPattern)
    acting = _policies(ctx, Policies, before)
    tier = tiers.tier_for(ctx, Tier, before.tier if before else None, len(Value.encode()), policies=bool(acting))
    key = _key(kind, KeyId, before)
    wrapped, sealed = values.seal(ctx, name, Value, type=kind, tier=tier, key=key)
    version = Version(
        name=name,
        number=parameter.version + 1 if parameter else 1,
        type=kind,
        sealed=sealed,
        wrapped=wrapped,
        modified=ctx.now,
        user=ctx.principal.arn,
        data_type=_data_type(DataType, before),
        tier=tier,
        key=key,
        description=Description if Description is not None else before.description if before else "",
        pattern=AllowedPattern or "",
        policies=acting,
    )
    tagging.add(ctx, arn_of(ctx, name), Tags)
    _keep(ctx, parameter, before, version)
    return {"Version": version.number, "Tier": tier}


def _type(given: str | None, before: Version | None) -> str:
    if before is None and given is None:
        raise errors.ValidationException("A parameter type is required when you create a parameter.")
    if before is not None and given not in (None, before.type):
        raise errors.HierarchyTypeMismatchException()
    return given or (before.type if before else "")


def _check_value(value: str, pattern: str | None) -> None:
    if not value:
        raise errors.ValidationException(
            "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length "
            "greater than or equal to 1."
        )
    if "{{" in value and "}}" in value.partition("{{")[2]:
        raise errors.ValidationException(
            'Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.'
        )
    if not pattern:
        return
    if (matches := compile_pattern(pattern)) is None:
        raise errors.InvalidAllowedPatternException()
    if not matches(value):
        raise errors.ParameterPatternMismatchException(pattern=pattern)


def _policies(ctx: Context, given: str | None, before: Version | None) -> tuple[Policy, ...]:
    if given is not None:
        return policies.read(given, ctx.now)
    return policies.carried(before.policies, ctx.now) if before else ()


def _key(kind: str, given: str | None, before: Version | None) -> str:
    if kind != SECURE:
        if given:
            raise errors.ValidationException("KeyId is required for SecureString type parameter only.")
        return ""
    return given or (before.key if before else "") or values.DEFAULT_ALIAS


def _data_type(given: str | None, before: Version | None) -> str:
    data_type = given or (before.data_type if before else TEXT)
    if data_type == IMAGE:
        raise NotImplementedByHodei("The data type aws:ec2:image needs EC2, which is not implemented by Hodei.")
    if data_type not in (TEXT, INTEGRATION):
        raise errors.ValidationException(
            f"The following data type is not supported: {data_type} (Data type names are all lowercase.)"
        )
    return data_type


def _keep(ctx: Context, parameter: Parameter | None, before: Version | None, version: Version) -> None:
    """Raises: ParameterMaxVersionLimitExceeded."""
    if parameter is None:
        parameters.put(ctx, Parameter(name=version.name, version=1), old=None)
    else:
        parameters.put(ctx, replace(parameter, version=version.number, oldest=_oldest(ctx, parameter)))
    if before is None or before.tier != version.tier:
        tiers.count(ctx, version.tier, 1)
        if before:
            tiers.count(ctx, before.tier, -1)
    versions.put(ctx, version, old=None)
    policies.watch(ctx, version)
    events.changed(ctx, "Update" if before else "Create", version)


def _oldest(ctx: Context, parameter: Parameter) -> int:
    """The oldest version that stays when one is added: the one before it makes room, unless it has a label."""
    oldest = parameter.oldest
    if parameter.version + 1 - oldest < ctx.quota("versions"):
        return oldest
    if oldest in parameter.labels.values():
        raise errors.ParameterMaxVersionLimitExceeded(name=parameter.name, number=oldest)
    versions.delete(ctx, parameter.name, oldest)
    return oldest + 1
