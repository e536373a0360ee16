"""URLs of functions and aliases: their configurations."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.ids import ALPHANUMERIC
from hodei.services.lambda_ import errors, pages, rules
from hodei.services.lambda_.find import Name, no_alias, read
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import LATEST, Url, Wire, aliases, functions, urls
from hodei.services.lambda_.urls import places

ID_LENGTH = 32


@lambda_.operation("CreateFunctionUrlConfig")
def create_function_url_config(
    ctx: Context,
    *,
    FunctionName: str,
    AuthType: str,
    Qualifier: str = "",
    Cors: Wire | None = None,
    InvokeMode: str = "",
) -> dict[str, Any]:
    name = _named(ctx, FunctionName, Qualifier)
    if functions.get(name.ctx, name.function) is None:
        raise errors.ResourceNotFoundException(reason="Function does not exist")
    if name.qualifier and aliases.get(name.ctx, name.function, name.qualifier) is None:
        raise no_alias(name)
    if urls.get(name.ctx, name.function, name.qualifier):
        raise errors.ResourceConflictException(
            reason=f"Failed to create function url config for [functionArn = {name.arn}]. Error message:  "
            "FunctionUrlConfig exists for this Lambda function"
        )
    url = Url(
        function=name.function,
        qualifier=name.qualifier,
        id="".join(ctx.ids.choices(ALPHANUMERIC.lower(), k=ID_LENGTH)),
        auth=AuthType,
        created=ctx.now,
        modified=ctx.now,
        cors=None if Cors is None else dict(Cors),
        mode=InvokeMode or "BUFFERED",
    )
    places.keep(name.ctx, url)
    answer = _shown(name.ctx, url)
    del answer["LastModifiedTime"]
    if not InvokeMode:
        del answer["InvokeMode"]  # as recorded: it is told only if it was given
    return answer


@lambda_.operation("UpdateFunctionUrlConfig")
def update_function_url_config(
    ctx: Context,
    *,
    FunctionName: str,
    Qualifier: str = "",
    AuthType: str | None = None,
    Cors: Wire | None = None,
    InvokeMode: str | None = None,
) -> dict[str, Any]:
    name, url = _existing(ctx, FunctionName, Qualifier)
    url = replace(
        url,
        auth=AuthType or url.auth,
        cors=url.cors if Cors is None else dict(Cors),
        mode=InvokeMode or url.mode,
        modified=ctx.now,
    )
    urls.put(name.ctx, url)
    return _shown(name.ctx, url)


@lambda_.operation("GetFunctionUrlConfig")
def get_function_url_config(ctx: Context, *, FunctionName: str, Qualifier: str = "") -> dict[str, Any]:
    name, url = _existing(ctx, FunctionName, Qualifier)
    return _shown(name.ctx, url)


@lambda_.operation("DeleteFunctionUrlConfig")
def delete_function_url_config(ctx: Context, *, FunctionName: str, Qualifier: str = "") -> None:
    name, url = _existing(ctx, FunctionName, Qualifier)
    places.drop(name.ctx, url)


@lambda_.operation("ListFunctionUrlConfigs")
def list_function_url_configs(
    ctx: Context, *, FunctionName: str, Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    name = read(ctx, FunctionName)
    if functions.get(name.ctx, name.function) is None:
        raise errors.ResourceNotFoundException(reason="Function does not exist")
    found = urls.scan(name.ctx, name.function, after=pages.after(ctx, Marker))
    page, rest = pages.cut(ctx, found, MaxItems, lambda url: (url.qualifier,))
    return {"FunctionUrlConfigs": [_shown(name.ctx, url) for url in page], **rest}


def _named(ctx: Context, given: str, qualifier: str) -> Name:
    name = read(ctx, given, qualifier)
    if name.qualifier == LATEST:
        raise rules.invalid("Function URLs are of functions and aliases, not of $LATEST.")
    return name


def _existing(ctx: Context, given: str, qualifier: str) -> tuple[Name, Url]:
    """Raises: ResourceNotFoundException."""
    name = _named(ctx, given, qualifier)
    if (url := urls.get(name.ctx, name.function, name.qualifier)) is None:
        raise errors.ResourceNotFoundException(reason="The resource you requested does not exist.")
    return name, url


def _shown(ctx: Context, url: Url) -> dict[str, Any]:
    return {
        "FunctionUrl": places.address(ctx, url),
        "FunctionArn": Name(ctx, url.function, url.qualifier).arn,
        "AuthType": url.auth,
        "CreationTime": rules.iso(url.created),
        "LastModifiedTime": rules.iso(url.modified),
        "InvokeMode": url.mode,
        **({"Cors": url.cors} if url.cors is not None else {}),
    }
