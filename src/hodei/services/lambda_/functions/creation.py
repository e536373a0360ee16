"""CreateFunction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.lambda_ import errors, rules
from hodei.services.lambda_.find import Found, Name, read
from hodei.services.lambda_.functions import configuration, layers, lifecycle, publishing, views
from hodei.services.lambda_.functions.configuration import Configuration
from hodei.services.lambda_.packages import intake, storage
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.settings import code_signing
from hodei.services.lambda_.state import LATEST, NONE, Code, Function, Version, Wire, functions, versions


@lambda_.operation("CreateFunction")
async def create_function(
    ctx: Context,
    *,
    FunctionName: str,
    Role: str,
    Code: Wire,
    PackageType: str = "Zip",
    Publish: bool = False,
    PublishTo: str = "",
    Architectures: Sequence[str] = ("x86_64",),
    Tags: Mapping[str, str] = NONE,
    CodeSigningConfigArn: str = "",
    TenancyConfig: Wire = NONE,
    **given: Unpack[Configuration],
) -> dict[str, Any]:
    rules.refuse(TenancyConfig=TenancyConfig, PublishTo=PublishTo)
    name = _named(ctx, FunctionName)
    rules.check_tags(Tags)
    _check_package(PackageType, Code, given)
    draft = Version(
        function=name.function,
        version=LATEST,
        role=Role,
        code=_NOTHING,
        revision=ctx.ids.uuid(),
        modified=ctx.now,
        package_type=PackageType,
        architectures=tuple(Architectures),
    )
    draft = configuration.applied(ctx, draft, given)
    configuration.check_role(ctx, draft)
    code_signing.check_used(ctx, CodeSigningConfigArn)
    code_signing.check_deployable(ctx, CodeSigningConfigArn)
    code = await intake.take(ctx, Code)
    try:
        version = replace(draft, code=code, modified=ctx.now)
        _check_new(name)
        layers.check_size(ctx, version)
    except errors.UserError:
        intake.discard(ctx, code)
        raise
    return _stored(ctx, version, Tags, CodeSigningConfigArn, publish=Publish)


_NOTHING = Code()


def _stored(ctx: Context, version: Version, tags: Mapping[str, str], signing: str, *, publish: bool) -> dict[str, Any]:
    storage.keep(ctx, version.code)
    functions.put(ctx, Function(name=version.function, created=ctx.now, signing=signing or None), old=None)
    latest = lifecycle.created(ctx, version)
    versions.put(ctx, latest, old=None)
    if tags:
        ctx.tags.set(ctx, version.arn(ctx), tags)
    shown = publishing.publish(ctx, latest) if publish else latest
    return views.configuration(Found(ctx, shown, ""))  # the ARN has no number, whichever version is told of


def _named(ctx: Context, given: str) -> Name:
    """Raises: InvalidParameterValueException, ResourceConflictException."""
    name = read(ctx, given)
    if len(name.function) > rules.LONGEST_NAME:
        raise rules.invalid(
            f"1 validation error detected: Value '{name.function}' at 'functionName' failed to satisfy constraint: "
            f"Member must have length less than or equal to {rules.LONGEST_NAME}"
        )
    if name.qualifier:
        raise rules.invalid(
            f"1 validation error detected: Value '{given}' at 'functionName' failed to satisfy constraint: "
            "a function is created without a qualifier"
        )
    if name.ctx is not ctx:
        raise errors.AccessDeniedException(reason=f"A function cannot be created in account {name.ctx.account}.")
    _check_new(name)
    return name


def _check_new(name: Name) -> None:
    if functions.get(name.ctx, name.function):
        raise errors.ResourceConflictException(reason=f"Function already exist: {name.function}")


def _check_package(kind: str, code: Wire, given: Mapping[str, Any]) -> None:
    if kind == "Image":
        if "ImageUri" not in code:
            raise rules.invalid("Please provide ImageUri when creating a function with packageType Image.")
        if "Runtime" in given or "Handler" in given or given.get("Layers"):
            raise rules.invalid(
                "Please don't provide handler or runtime or layer when the intent is to create function by using a "
                "container image."
            )
    elif "ImageUri" in code:
        raise rules.invalid("Please don't provide ImageUri when creating a function with packageType Zip.")
    elif not given.get("Runtime") or not given.get("Handler"):
        raise rules.invalid(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages."
        )
