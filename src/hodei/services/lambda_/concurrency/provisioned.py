"""Provisioned concurrency of versions and aliases: what is asked for, and how far it is."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.services.lambda_ import errors, pages, rules
from hodei.services.lambda_.aliases import routing
from hodei.services.lambda_.concurrency import provisioning
from hodei.services.lambda_.concurrency.account import LEAST_UNRESERVED, provisioned_of, unreserved
from hodei.services.lambda_.find import Name, function_of, published, read
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import LATEST, Provisioned, aliases, provisioned


@lambda_.operation("PutProvisionedConcurrencyConfig")
def put_provisioned_concurrency_config(
    ctx: Context, *, FunctionName: str, Qualifier: str, ProvisionedConcurrentExecutions: int
) -> dict[str, Any]:
    name = read(ctx, FunctionName, Qualifier)
    if name.qualifier == LATEST:
        raise rules.invalid("Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
    published(name)
    _check_version(name)
    _check_limits(name, ProvisionedConcurrentExecutions)
    there = name.ctx
    before = provisioned.get(there, name.function, name.qualifier)
    config = Provisioned(
        function=name.function,
        qualifier=name.qualifier,
        requested=ProvisionedConcurrentExecutions,
        modified=ctx.now,
        allocated=min(before.allocated, ProvisionedConcurrentExecutions) if before else 0,
    )
    provisioning.begin(there, config)
    return _shown(config)


@lambda_.operation("GetProvisionedConcurrencyConfig")
def get_provisioned_concurrency_config(ctx: Context, *, FunctionName: str, Qualifier: str) -> dict[str, Any]:
    name = _named(ctx, FunctionName, Qualifier)
    if (config := provisioned.get(name.ctx, name.function, name.qualifier)) is None:
        raise errors.ProvisionedConcurrencyConfigNotFoundException()
    return _shown(config)


@lambda_.operation("DeleteProvisionedConcurrencyConfig")
def delete_provisioned_concurrency_config(ctx: Context, *, FunctionName: str, Qualifier: str) -> None:
    name = _named(ctx, FunctionName, Qualifier)
    provisioned.delete(name.ctx, name.function, name.qualifier)
    provisioning.changed(name.ctx, name.function)


@lambda_.operation("ListProvisionedConcurrencyConfigs")
def list_provisioned_concurrency_configs(
    ctx: Context, *, FunctionName: str, Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    name = read(ctx, FunctionName)
    function_of(name)
    found = provisioned.scan(name.ctx, name.function, after=pages.after(ctx, Marker))
    page, rest = pages.cut(ctx, found, MaxItems, lambda config: (config.qualifier,))
    shown = [{**_shown(one), "FunctionArn": name._replace(qualifier=one.qualifier).arn} for one in page]
    return {"ProvisionedConcurrencyConfigs": shown, **rest}


def _named(ctx: Context, given: str, qualifier: str) -> Name:
    """Raises: InvalidParameterValueException, ResourceNotFoundException."""
    name = read(ctx, given, qualifier)
    if name.qualifier == LATEST:
        raise rules.invalid("The function resource provided must be an alias or a published version.")
    published(name)
    return name


def _check_version(name: Name) -> None:
    """That not a version and an alias of it both have some. Raises: InvalidParameterValueException,
    ResourceConflictException."""
    ctx, function, qualifier = name
    if alias := aliases.get(ctx, function, qualifier):
        if alias.weights:
            raise rules.invalid("Alias with weights can not be used with Provisioned Concurrency")
        routing.check_provisioned(ctx, function, qualifier, alias.version)
        return
    pointing = (one.name for one in aliases.scan(ctx, function) if one.version == qualifier)
    if any(provisioned.get(ctx, function, alias) for alias in pointing):
        raise errors.ResourceConflictException(reason="Version is pointed by a Provisioned Concurrency alias")


def _check_limits(name: Name, wanted: int) -> None:
    """Raises: InvalidParameterValueException."""
    ctx = name.ctx
    reserved = function_of(name._replace(qualifier="")).reserved
    total = wanted + provisioned_of(ctx, name.function, but=name.qualifier)
    if reserved is not None:
        if total > reserved:
            raise rules.invalid(
                "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for "
                "function"
            )
        return
    left = unreserved(ctx, without=name.function)
    if total > left:
        raise errors.Plain(
            f"Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [{left}]."
        )
    if left - total < LEAST_UNRESERVED:
        raise errors.Plain(
            "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its "
            f"minimum value of [{LEAST_UNRESERVED}]."
        )


def _shown(config: Provisioned) -> dict[str, Any]:
    return {
        "RequestedProvisionedConcurrentExecutions": config.requested,
        "AvailableProvisionedConcurrentExecutions": config.allocated,
        "AllocatedProvisionedConcurrentExecutions": config.allocated,
        "Status": config.status,
        "LastModified": rules.seconds(config.modified),
        **({"StatusReason": config.reason} if config.reason else {}),
    }
