"""Which queue a request is about, whose it is, and what its policy says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.services.sqs.find import find_by_arn, find_queue, read_url
from hodei.services.sqs.move_tasks import read_handle
from hodei.services.sqs.service import sqs


@sqs.finds("queue")
def queues_named(ctx: Context, params: Mapping[str, Any]) -> Iterator[str]:
    """What is no address of a queue the operation itself refuses."""
    if (url := params.get("QueueUrl")) is not None:
        try:
            region, account, name = read_url(url)
        except AwsError:
            return
        yield ctx.at(account=account, region=region or None).arn(name)
    elif "QueueName" in params:
        yield ctx.at(account=params.get("QueueOwnerAWSAccountId")).arn(params["QueueName"])
    elif (arn := params.get("SourceArn")) is not None:
        yield arn
    elif (handle := params.get("TaskHandle")) is not None:
        try:
            yield read_handle(handle)[1]
        except AwsError:
            return


@sqs.on_resource
def policy_of(ctx: Context, arn: str) -> ResourcePolicy | None:
    try:
        found = find_by_arn(ctx, arn)
    except ValueError:
        return None
    return ResourcePolicy(found[0].account, found[1].attributes.get("Policy", "")) if found else None


@sqs.without_policy
def unguarded(ctx: Context, params: Mapping[str, Any]) -> bool:
    try:
        there, queue = find_queue(ctx, params["QueueUrl"])
    except (AwsError, KeyError):
        return False
    return there is ctx and "Policy" not in queue.attributes
