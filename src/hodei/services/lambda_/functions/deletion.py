"""DeleteFunction: a version, or all of a function."""

from __future__ import annotations

import functools
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.tags import EMPTY
from hodei.services.lambda_ import errors, rules
from hodei.services.lambda_.concurrency import provisioning
from hodei.services.lambda_.durable import ends
from hodei.services.lambda_.find import Name, function_of, read
from hodei.services.lambda_.functions import sealing
from hodei.services.lambda_.layers import leftovers
from hodei.services.lambda_.packages import storage
from hodei.services.lambda_.runtime.pool import drop_version
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import (
    LATEST,
    Version,
    aliases,
    event_configs,
    functions,
    policies,
    provisioned,
    versions,
)
from hodei.services.lambda_.urls import places

NO_CONTENT = {"StatusCode": 204}


@lambda_.operation("DeleteFunction")
def delete_function(ctx: Context, *, FunctionName: str, Qualifier: str = "") -> dict[str, Any]:
    name = read(ctx, FunctionName, Qualifier)
    if name.qualifier == LATEST:
        raise rules.invalid("$LATEST version cannot be deleted without deleting the function.")
    if name.qualifier and not name.qualifier.isdigit() and "$" not in name.qualifier:
        raise rules.invalid("Deletion of aliases is not currently supported.")
    function_of(name._replace(qualifier=""))
    if name.qualifier:
        _delete_version(name)
    else:
        _delete_all(name)
    return NO_CONTENT


def _delete_version(name: Name) -> None:
    ctx = name.ctx
    pointing = [
        alias.name
        for alias in aliases.scan(ctx, name.function)
        if name.qualifier == alias.version or name.qualifier in alias.weights
    ]
    if pointing:
        raise errors.ResourceConflictException(
            reason=f"Unable to delete version because the following aliases reference it: [{', '.join(pointing)}]"
        )
    if version := versions.get(ctx, name.function, name.qualifier):
        _drop(ctx, version)
        forget(name)


def forget(name: Name) -> None:
    """What there is of a version or alias besides itself."""
    for table in (policies, event_configs, provisioned):
        table.delete(name.ctx, name.function, name.qualifier)
    provisioning.changed(name.ctx, name.function)


def _delete_all(name: Name) -> None:
    ctx = name.ctx
    for version in list(versions.scan(ctx, name.function)):
        _drop(ctx, version)
    places.drop_all(ctx, name.function)
    for table in (aliases, policies, event_configs, provisioned):
        table.delete_all(ctx, name.function)
    functions.delete(ctx, name.function)
    provisioning.changed(ctx, name.function)
    ctx.tags.set(ctx, name.arn, EMPTY)


def _drop(ctx: Context, version: Version) -> None:
    ctx.store.when_durable(functools.partial(drop_version, ctx.world, version.arn(ctx)))
    versions.delete(ctx, version.function, version.version)
    if version.durable:
        ends.abandon(ctx, version.function, version.version)
    storage.drop(ctx, version.code)
    leftovers.drop(ctx, version.layers)
    sealing.release(ctx, version)
