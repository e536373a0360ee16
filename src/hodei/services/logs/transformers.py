"""Transformers of groups: what makes events of other shapes of those that come, beside which they are kept."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from hodei.engines.logtransform import InvalidTransformer, UnsupportedProcessor, transformer
from hodei.engines.logtransform.transformer import Transform
from hodei.kernel.context import Context
from hodei.kernel.errors import NotImplementedByHodei
from hodei.services.logs import errors
from hodei.services.logs.find import group_of
from hodei.services.logs.service import logs
from hodei.services.logs.state import Group, Transformer, groups, transformers

NAMESPACE = "AWS/Logs"
Config = Sequence[Mapping[str, Any]]


@logs.operation("PutTransformer")
def put_transformer(ctx: Context, *, logGroupIdentifier: str, transformerConfig: Config) -> None:
    """For the events that come from now on."""
    group = group_of(ctx, "", logGroupIdentifier)
    if group.kind != "STANDARD":
        raise errors.InvalidOperationException(
            reason="Transformers are supported for log groups of the STANDARD class only."
        )
    config = [dict(given) for given in transformerConfig]
    _compiled(config)
    old = transformers.get(ctx, group.id)
    created = old.created if old else ctx.now
    transformers.put(ctx, Transformer(group=group.id, config=config, created=created, updated=ctx.now))
    groups.put(ctx, replace(group, transformed=True))


@logs.operation("GetTransformer")
def get_transformer(ctx: Context, *, logGroupIdentifier: str) -> dict[str, Any]:
    """Of a group without one, nothing but the group is told."""
    one = transformers.get(ctx, group_of(ctx, "", logGroupIdentifier).id)
    if one is None:
        return {"logGroupIdentifier": logGroupIdentifier}
    return {
        "logGroupIdentifier": logGroupIdentifier,
        "creationTime": int(one.created * 1000),
        "lastModifiedTime": int(one.updated * 1000),
        "transformerConfig": one.config,
    }


@logs.operation("DeleteTransformer")
def delete_transformer(ctx: Context, *, logGroupIdentifier: str) -> None:
    group = group_of(ctx, "", logGroupIdentifier)
    if not transformers.delete(ctx, group.id):
        raise errors.ResourceNotFoundException(reason="The specified transformer does not exist.")
    groups.put(ctx, replace(group, transformed=False))


@logs.operation("TestTransformer")
def test_transformer(ctx: Context, *, transformerConfig: Config, logEventMessages: Sequence[str]) -> dict[str, Any]:
    """Events that cannot be parsed have no transformed message."""
    transform = _compiled([dict(given) for given in transformerConfig])
    found = [(message, transform(message)) for message in logEventMessages]
    return {
        "transformedLogs": [
            {"eventNumber": number, "eventMessage": message}
            | ({"transformedEventMessage": made} if made is not None else {})
            for number, (message, made) in enumerate(found, 1)
        ]
    }


def _compiled(config: Config) -> Transform:
    """Raises: InvalidParameterException, NotImplemented for what is AWS's but not here."""
    try:
        return _transform(msgspec.json.encode(config))
    except InvalidTransformer as error:
        raise errors.InvalidParameterException(reason=str(error)) from None
    except UnsupportedProcessor as error:
        raise NotImplementedByHodei(str(error)) from None


@functools.lru_cache(100)
def _transform(config: bytes) -> Transform:
    return transformer(msgspec.json.decode(config))


def transformed(ctx: Context, group: Group, messages: list[str]) -> list[str]:
    """What the transformer of a group makes of messages; "" of those that it cannot parse."""
    one = transformers.get(ctx, group.id)
    assert one, "the group says that it has one"
    transform = _compiled(one.config)
    found = [transform(message) or "" for message in messages]
    done = sum(map(bool, found))
    for name, value in (("TransformedLogEvents", done), ("TransformationErrors", len(found) - done)):
        if value:
            ctx.metric(NAMESPACE, name, value, "None", LogGroupName=group.name)
    return found
