"""Aliases: names that point to versions."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.lambda_ import errors, pages
from hodei.services.lambda_.aliases import routing
from hodei.services.lambda_.concurrency import provisioning
from hodei.services.lambda_.find import Name, function_of, missing, no_alias, read
from hodei.services.lambda_.functions.deletion import forget
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import Alias, Wire, aliases, functions


@lambda_.operation("CreateAlias")
def create_alias(
    ctx: Context,
    *,
    FunctionName: str,
    Name: str,
    FunctionVersion: str,
    Description: str = "",
    RoutingConfig: Wire | None = None,
) -> dict[str, Any]:
    there, function, _ = name = read(ctx, FunctionName)
    if functions.get(there, function) is None:
        raise missing(name._replace(qualifier=FunctionVersion))
    if aliases.get(there, function, Name):
        arn = name._replace(qualifier=Name).arn
        raise errors.ResourceConflictException(reason=f"Alias already exists: {arn}")
    weights = routing.given(RoutingConfig)
    routing.check(there, function, Name, FunctionVersion, weights)
    alias = Alias(
        function=function,
        name=Name,
        version=FunctionVersion,
        description=Description,
        weights=weights,
        revision=there.ids.uuid(),
    )
    aliases.put(there, alias, old=None)
    return _shown(there, alias)


@lambda_.operation("UpdateAlias")
def update_alias(
    ctx: Context,
    *,
    FunctionName: str,
    Name: str,
    FunctionVersion: str | None = None,
    Description: str | None = None,
    RoutingConfig: Wire | None = None,
    RevisionId: str = "",
) -> dict[str, Any]:
    there, function, _ = name = read(ctx, FunctionName)
    alias = aliases.get(there, function, Name)
    if alias is None:
        arn = name._replace(qualifier=Name).arn
        raise errors.ResourceNotFoundException(reason=f"Alias not found: {arn}")
    if RevisionId and RevisionId != alias.revision:
        raise errors.PreconditionFailedException(operation="GetFunction/GetAlias")
    changed = replace(
        alias,
        version=FunctionVersion or alias.version,
        description=alias.description if Description is None else Description,
        weights=alias.weights if RoutingConfig is None else routing.given(RoutingConfig),
        revision=there.ids.uuid(),
    )
    routing.check(there, function, Name, changed.version, changed.weights)
    aliases.put(there, changed, old=alias)
    if changed.version != alias.version:
        provisioning.moved(there, function, Name)
    return _shown(there, changed)


@lambda_.operation("GetAlias")
def get_alias(ctx: Context, *, FunctionName: str, Name: str) -> dict[str, Any]:
    there, function, _ = name = read(ctx, FunctionName)
    if (alias := aliases.get(there, function, Name)) is None:
        raise no_alias(name._replace(qualifier=Name))
    return _shown(there, alias)


@lambda_.operation("DeleteAlias")
def delete_alias(ctx: Context, *, FunctionName: str, Name: str) -> None:
    """One that is not there is as good as deleted. Its URL stays, and answers nobody."""
    name = read(ctx, FunctionName)
    function_of(name)
    if aliases.delete(name.ctx, name.function, Name):
        forget(name._replace(qualifier=Name))


@lambda_.operation("ListAliases")
def list_aliases(
    ctx: Context, *, FunctionName: str, FunctionVersion: str = "", Marker: str = "", MaxItems: int = pages.MANY
) -> dict[str, Any]:
    name = read(ctx, FunctionName)
    function_of(name)
    found = (
        alias
        for alias in aliases.scan(name.ctx, name.function, after=pages.after(ctx, Marker))
        if FunctionVersion in ("", alias.version, *alias.weights)
    )
    page, rest = pages.cut(ctx, found, MaxItems, lambda alias: (alias.name,))
    return {"Aliases": [_shown(name.ctx, alias) for alias in page], **rest}


def _shown(ctx: Context, alias: Alias) -> dict[str, Any]:
    routed = {"RoutingConfig": {"AdditionalVersionWeights": alias.weights}} if alias.weights else {}
    return {
        "AliasArn": _arn(ctx, alias),
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": alias.revision,
        **routed,
    }


def _arn(ctx: Context, alias: Alias) -> str:
    return Name(ctx, alias.function, alias.name).arn
