"""The weights of an alias: how much of its invocations goes to a second version."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.lambda_ import errors, rules
from hodei.services.lambda_.find import Name, missing
from hodei.services.lambda_.state import LATEST, Wire, aliases, provisioned, versions


def check(ctx: Context, function: str, alias: str, version: str, weights: dict[str, float]) -> None:
    """That an alias may point so. Raises: InvalidParameterValueException, ResourceNotFoundException,
    ResourceConflictException."""
    if len(weights) > 1:
        raise rules.invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
    if weights and version == LATEST:
        raise errors.Plain("$LATEST is not supported for an alias pointing to more than 1 version")
    if version in weights:
        raise rules.invalid(
            f"Invalid function version {version}. Function version {version} is already included in routing "
            "configuration."
        )
    for number in (version, *weights):
        if versions.get(ctx, function, number) is None:
            raise missing(Name(ctx, function, number))
    if provisioned.get(ctx, function, alias):
        if weights:
            raise rules.invalid("Alias with weights can not be used with Provisioned Concurrency")
        check_provisioned(ctx, function, alias, version)


def check_provisioned(ctx: Context, function: str, alias: str, version: str) -> None:
    """That an alias with provisioned concurrency may point to a version: neither it nor another alias of it may have
    some. Raises: ResourceConflictException."""
    others = (one.name for one in aliases.scan(ctx, function) if one.version == version and one.name != alias)
    if any(provisioned.get(ctx, function, qualifier) for qualifier in (version, *others)):
        raise errors.ResourceConflictException(
            reason="Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
        )


def given(config: Wire | None) -> dict[str, float]:
    """The weights of a RoutingConfig; of one that is empty none."""
    return dict((config or {}).get("AdditionalVersionWeights") or {})
