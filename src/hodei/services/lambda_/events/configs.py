"""How asynchronous invocations are retried: EventInvokeConfigs of $LATEST, versions and aliases."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.lambda_ import errors, pages, rules
from hodei.services.lambda_.events import destinations
from hodei.services.lambda_.find import Name, describe, read
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import LATEST, EventConfig, Wire, event_configs, functions


@lambda_.operation("PutFunctionEventInvokeConfig")
@lambda_.operation("UpdateFunctionEventInvokeConfig")
def put_function_event_invoke_config(
    ctx: Context,
    *,
    FunctionName: str,
    Qualifier: str = "",
    MaximumRetryAttempts: int | None = None,
    MaximumEventAgeInSeconds: int | None = None,
    DestinationConfig: Wire | None = None,
) -> dict[str, Any]:
    """What an update does not say stays as it is."""
    name = _changed(ctx, FunctionName, Qualifier, MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig)
    nothing = EventConfig(function=name.function, qualifier=name.qualifier, modified=ctx.now)
    before = _existing(name) if ctx.operation == "UpdateFunctionEventInvokeConfig" else nothing
    given = destinations.read(name, DestinationConfig or {})
    config = replace(
        before,
        modified=ctx.now,
        retries=before.retries if MaximumRetryAttempts is None else MaximumRetryAttempts,
        age=before.age if MaximumEventAgeInSeconds is None else MaximumEventAgeInSeconds,
        success=given.get("OnSuccess", before.success),
        failure=given.get("OnFailure", before.failure),
    )
    event_configs.put(name.ctx, config)
    return _shown(name.ctx, config)


@lambda_.operation("GetFunctionEventInvokeConfig")
def get_function_event_invoke_config(ctx: Context, *, FunctionName: str, Qualifier: str = "") -> dict[str, Any]:
    name = _named(ctx, FunctionName, Qualifier)
    return _shown(name.ctx, _existing(name))


@lambda_.operation("DeleteFunctionEventInvokeConfig")
def delete_function_event_invoke_config(ctx: Context, *, FunctionName: str, Qualifier: str = "") -> None:
    name = _named(ctx, FunctionName, Qualifier)
    _existing(name)
    event_configs.delete(name.ctx, name.function, name.qualifier)


@lambda_.operation("ListFunctionEventInvokeConfigs")
def list_function_event_invoke_configs(
    ctx: Context, *, FunctionName: str, Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    name = read(ctx, FunctionName)
    if functions.get(name.ctx, name.function) is None:
        raise _no_function()
    found = event_configs.scan(name.ctx, name.function, after=pages.after(ctx, Marker))
    page, rest = pages.cut(ctx, found, MaxItems, lambda config: (config.qualifier,))
    return {"FunctionEventInvokeConfigs": [_shown(name.ctx, config) for config in page], **rest}


def _named(ctx: Context, given: str, qualifier: str) -> Name:
    """With "$LATEST" where no qualifier was given."""
    name = read(ctx, given, qualifier)
    return name._replace(qualifier=name.qualifier or LATEST)


def _changed(ctx: Context, given: str, qualifier: str, *settings: object) -> Name:
    """Raises: InvalidParameterValueException, ResourceNotFoundException."""
    name = _named(ctx, given, qualifier)
    if all(setting is None for setting in settings):
        raise rules.invalid("You must specify at least one of error handling or destination setting.")
    try:
        describe(name.ctx, name.arn)
    except errors.ResourceNotFoundException:
        raise _no_function() from None
    return name


def _no_function() -> AwsError:
    return errors.ResourceNotFoundException(reason="The function doesn't exist.")


def _existing(name: Name) -> EventConfig:
    """Raises: ResourceNotFoundException."""
    if (config := event_configs.get(name.ctx, name.function, name.qualifier)) is None:
        raise errors.ResourceNotFoundException(reason=f"The function {name.arn} doesn't have an EventInvokeConfig")
    return config


def _shown(ctx: Context, config: EventConfig) -> dict[str, Any]:
    numbers = {"MaximumRetryAttempts": config.retries, "MaximumEventAgeInSeconds": config.age}
    return {
        "LastModified": config.modified,
        "FunctionArn": Name(ctx, config.function, config.qualifier).arn,
        "DestinationConfig": {
            "OnSuccess": {"Destination": config.success} if config.success else {},
            "OnFailure": {"Destination": config.failure} if config.failure else {},
        },
        **{name: value for name, value in numbers.items() if value is not None},
    }
