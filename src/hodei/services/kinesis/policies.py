"""Resource policies of streams and consumers."""

from __future__ import annotations

from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.iam import MalformedPolicy
from hodei.kernel.iam import check as check_policy
from hodei.kernel.iam.pins import pinned, shown
from hodei.services.kinesis import errors
from hodei.services.kinesis.find import find, find_consumer, parts
from hodei.services.kinesis.service import kinesis
from hodei.services.kinesis.state import consumers, streams

NONE = "{}"  # what AWS answers where there is none

replace = msgspec.structs.replace


@kinesis.operation("PutResourcePolicy")
def put_resource_policy(ctx: Context, *, ResourceARN: str, Policy: str) -> None:
    try:
        check_policy(Policy, "resource")
    except MalformedPolicy as error:
        raise errors.InvalidArgumentException(reason=error.message) from None
    _set(ctx, ResourceARN, pinned(ctx, Policy))


@kinesis.operation("GetResourcePolicy")
def get_resource_policy(ctx: Context, *, ResourceARN: str) -> dict[str, Any]:
    found = parts(ResourceARN)
    if found and found["consumer"]:
        where, _, consumer = find_consumer(ctx, ResourceARN)
        policy = consumer.policy
    else:
        where, stream = find(ctx, "", ResourceARN)
        policy = stream.policy
    return {"Policy": shown(where, policy) if policy else NONE}


@kinesis.operation("DeleteResourcePolicy")
def delete_resource_policy(ctx: Context, *, ResourceARN: str) -> None:
    _set(ctx, ResourceARN, "")


def _set(ctx: Context, arn: str, policy: str) -> None:
    found = parts(arn)
    if found and found["consumer"]:
        where, _, consumer = find_consumer(ctx, arn)
        consumers.put(where, replace(consumer, policy=policy))
    else:
        where, stream = find(ctx, "", arn)
        streams.put(where, replace(stream, policy=policy))
