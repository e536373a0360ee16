"""Tags of streams, consumers and channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from hodei.kernel.context import Context
from hodei.services.kinesis import errors
from hodei.services.kinesis.channels.find import find as find_channel
from hodei.services.kinesis.channels.find import is_channel
from hodei.services.kinesis.find import find, find_consumer, parts
from hodei.services.kinesis.service import kinesis

MOST = 50


def check(tags: Mapping[str, str]) -> None:
    """Raises: InvalidArgumentException."""
    if len(tags) > MOST:
        raise errors.InvalidArgumentException(
            reason=f"Failed to add tags to stream. Total number of tags: {len(tags)} exceeds the maximum of {MOST}."
        )
    if reserved := next((name for name in tags if name.lower().startswith("aws:")), None):
        raise errors.InvalidArgumentException(
            reason=f"Tag key {reserved} is not valid: keys that begin with aws: are reserved."
        )


def _add(where: Context, arn: str, tags: Mapping[str, str]) -> None:
    check({**where.tags.get(where, arn), **tags})
    check(tags)
    where.tags.add(where, arn, tags)


def _of_resource(ctx: Context, arn: str) -> Context:
    """Where a stream, a consumer or a channel is. Raises: InvalidArgumentException, ResourceNotFoundException."""
    if is_channel(arn):
        find_channel(ctx, arn)
        return ctx
    found = parts(arn)
    if found and found["consumer"]:
        return find_consumer(ctx, arn)[0]
    return find(ctx, "", arn)[0]


def _listed(tags: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags]


@kinesis.operation("AddTagsToStream")
def add_tags_to_stream(ctx: Context, *, Tags: Mapping[str, str], StreamName: str = "", StreamARN: str = "") -> None:
    where, stream = find(ctx, StreamName, StreamARN)
    _add(where, stream.arn(where), Tags)


@kinesis.operation("RemoveTagsFromStream")
def remove_tags_from_stream(ctx: Context, *, TagKeys: Sequence[str], StreamName: str = "", StreamARN: str = "") -> None:
    where, stream = find(ctx, StreamName, StreamARN)
    where.tags.remove(where, stream.arn(where), list(TagKeys))


@kinesis.operation("ListTagsForStream")
def list_tags_for_stream(
    ctx: Context, *, StreamName: str = "", StreamARN: str = "", ExclusiveStartTagKey: str = "", Limit: int = MOST
) -> dict[str, Any]:
    where, stream = find(ctx, StreamName, StreamARN)
    tags = sorted(where.tags.get(where, stream.arn(where)).items())
    page = list(islice(((key, value) for key, value in tags if key > ExclusiveStartTagKey), Limit + 1))
    return {"Tags": _listed(page[:Limit]), "HasMoreTags": len(page) > Limit}


@kinesis.operation("TagResource")
def tag_resource(ctx: Context, *, Tags: Mapping[str, str], ResourceARN: str) -> None:
    _add(_of_resource(ctx, ResourceARN), ResourceARN, Tags)


@kinesis.operation("UntagResource")
def untag_resource(ctx: Context, *, TagKeys: Sequence[str], ResourceARN: str) -> None:
    where = _of_resource(ctx, ResourceARN)
    where.tags.remove(where, ResourceARN, list(TagKeys))


@kinesis.operation("ListTagsForResource")
def list_tags_for_resource(ctx: Context, *, ResourceARN: str) -> dict[str, Any]:
    where = _of_resource(ctx, ResourceARN)
    return {"Tags": _listed(sorted(where.tags.get(where, ResourceARN).items()))}
