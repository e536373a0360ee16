"""Which stream a request is about, whose it is, and what its policy says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import hodei.services.dynamodb.api as api
from hodei.kernel.context import Context
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.services.dynamodbstreams.iterators import stream_of
from hodei.services.dynamodbstreams.service import dynamodbstreams


@dynamodbstreams.finds("stream")
def streams_named(ctx: Context, params: Mapping[str, Any]) -> Iterator[str]:
    if arn := params.get("StreamArn") or stream_of(params.get("ShardIterator", "")):
        yield arn


@dynamodbstreams.on_resource
def policy_of(ctx: Context, arn: str) -> ResourcePolicy | None:
    return api.policy_of(api.at_home(ctx), arn)
