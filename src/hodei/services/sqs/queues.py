"""Queues: made, found, purged, deleted, tagged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.keys import text_end
from hodei.services.sqs import attributes, errors, rules, upkeep
from hodei.services.sqs.find import find_queue, no_queue
from hodei.services.sqs.memory import memory
from hodei.services.sqs.receiving import polling
from hodei.services.sqs.service import sqs
from hodei.services.sqs.state import Deleted, Queue, deleted, queues

EMPTY: Mapping[str, str] = {}
PAGE = 1000
ID_DIGITS = 12


@sqs.operation("CreateQueue")
def create_queue(
    ctx: Context, *, QueueName: str, Attributes: Mapping[str, str] = EMPTY, tags: Mapping[str, str] = EMPTY
) -> dict[str, Any]:
    """Idempotent: the same name with equal attributes gives the queue that is there."""
    fifo = Attributes.get("FifoQueue", "").lower() == "true"
    rules.check_queue_name(QueueName, fifo=fifo)
    if queue := queues.get(ctx, QueueName):
        if name := attributes.first_difference(ctx, queue, Attributes):
            raise errors.QueueNameExists(name=name)
        return {"QueueUrl": queue.url(ctx)}
    _check_not_deleted_recently(ctx, QueueName)
    defaults = attributes.DEFAULTS | (attributes.FIFO_DEFAULTS if fifo else {})
    given = attributes.merged(ctx, QueueName, defaults, Attributes)
    _check_tags(tags)
    id = ctx.ids.hex(ID_DIGITS)
    queue = Queue(name=QueueName, id=id, mailbox=id, created=ctx.now, modified=ctx.now, attributes={})
    queues.put(ctx, attributes.with_attributes(queue, given))
    ctx.tags.set(ctx, queue.arn(ctx), tags)
    return {"QueueUrl": queue.url(ctx)}


def _check_not_deleted_recently(ctx: Context, name: str) -> None:
    if before := deleted.get(ctx, name):
        if ctx.now < before.at + ctx.setting("delete-cooldown"):
            raise errors.QueueDeletedRecently()
        deleted.delete(ctx, name)


@sqs.operation("GetQueueUrl")
def get_queue_url(ctx: Context, *, QueueName: str, QueueOwnerAWSAccountId: str = "") -> dict[str, Any]:
    there = ctx.at(account=QueueOwnerAWSAccountId) if QueueOwnerAWSAccountId else ctx
    if (queue := queues.get(there, QueueName)) is None:
        raise no_queue(ctx)
    return {"QueueUrl": queue.url(there)}


@sqs.operation("ListQueues")
def list_queues(
    ctx: Context, *, QueueNamePrefix: str = "", NextToken: str | None = None, MaxResults: int | None = None
) -> dict[str, Any]:
    """Without MaxResults the first thousand, and no token: as AWS does it."""
    size = rules.check_max_results(MaxResults, PAGE)
    after = rules.read_page_token(ctx, NextToken)
    stop = text_end(QueueNamePrefix)
    found = queues.scan(ctx, start=(QueueNamePrefix,), end=(stop,) if stop else None, after=(after,) if after else None)
    page = list(islice(found, size + 1))
    answer: dict[str, Any] = {"QueueUrls": [queue.url(ctx) for queue in page[:size]]} if page else {}
    if len(page) > size and MaxResults:
        answer["NextToken"] = ctx.token(page[size - 1].name)
    return answer


@sqs.operation("DeleteQueue")
def delete_queue(ctx: Context, *, QueueUrl: str) -> None:
    ctx, queue = find_queue(ctx, QueueUrl)
    queues.delete(ctx, queue.name)
    deleted.put(ctx, Deleted(name=queue.name, at=ctx.now))
    ctx.tags.set(ctx, queue.arn(ctx), EMPTY)
    upkeep.retire(ctx, queue)
    polling.wake(ctx, queue)


@sqs.operation("PurgeQueue")
def purge_queue(ctx: Context, *, QueueUrl: str) -> None:
    """The queue gets a new mailbox; the old one is emptied step by step."""
    ctx, queue = find_queue(ctx, QueueUrl)
    if ctx.now < queue.purged + rules.PURGE_SECONDS:
        raise errors.PurgeQueueInProgress(name=queue.name)
    purged = replace(queue, mailbox=ctx.ids.hex(ID_DIGITS), purged=ctx.now)
    queues.put(ctx, purged)
    last = memory(ctx).last
    last[purged.mailbox] = last.get(queue.mailbox, 0)  # an old receipt handle must not meet a new message
    upkeep.discard(ctx, queue.mailbox)


@sqs.operation("ListQueueTags")
def list_queue_tags(ctx: Context, *, QueueUrl: str) -> dict[str, Any]:
    ctx, queue = find_queue(ctx, QueueUrl)
    tags = ctx.tags.get(ctx, queue.arn(ctx))
    return {"Tags": dict(tags)} if tags else {}


@sqs.operation("TagQueue")
def tag_queue(ctx: Context, *, QueueUrl: str, Tags: Mapping[str, str]) -> None:
    ctx, queue = find_queue(ctx, QueueUrl)
    if not Tags:
        raise errors.MissingParameter(name="Tags")
    _check_tags(Tags)
    ctx.tags.add(ctx, queue.arn(ctx), Tags)


@sqs.operation("UntagQueue")
def untag_queue(ctx: Context, *, QueueUrl: str, TagKeys: Sequence[str]) -> None:
    ctx, queue = find_queue(ctx, QueueUrl)
    if not TagKeys:
        raise errors.InvalidParameterValue("Tag keys must be between 1 and 128 characters in length.")
    ctx.tags.remove(ctx, queue.arn(ctx), list(TagKeys))


def _check_tags(tags: Mapping[str, str]) -> None:
    for key, value in tags.items():
        if not 1 <= len(key) <= 128:
            raise errors.InvalidParameterValue("Tag keys must be between 1 and 128 characters in length.")
        if len(value) > 256:
            raise errors.InvalidParameterValue("Tag values must be between 0 and 256 characters in length.")
        if key.lower().startswith("aws:"):
            raise errors.InvalidParameterValue("Tag keys must not begin with 'aws:', which is reserved.")
