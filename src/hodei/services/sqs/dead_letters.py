"""Dead-letter queues: the redrive policy, who may use a queue as one, and the way of a message into it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any

import msgspec
from msgspec.structs import replace

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.sqs import mailbox, rules, upkeep
from hodei.services.sqs.find import find_by_arn, find_queue
from hodei.services.sqs.service import sqs
from hodei.services.sqs.state import Message, Queue, RedrivePolicy, queues

PAGE = 1000
MOST_RECEIVES = 1000
MOST_SOURCES = 10
PERMISSIONS = ("allowAll", "denyAll", "byQueue")


@sqs.operation("ListDeadLetterSourceQueues")
def list_dead_letter_source_queues(
    ctx: Context, *, QueueUrl: str, NextToken: str | None = None, MaxResults: int | None = None
) -> dict[str, Any]:
    ctx, queue = find_queue(ctx, QueueUrl)
    size = rules.check_max_results(MaxResults, PAGE)
    after = rules.read_page_token(ctx, NextToken)
    sources = queues.by("sources", ctx, queue.arn(ctx), after=(after,) if after else None)
    page = list(islice(sources, size + 1))
    answer: dict[str, Any] = {"queueUrls": [source.url(ctx) for source in page[:size]]}
    if len(page) > size and MaxResults:
        answer["NextToken"] = ctx.token(page[size - 1].name)
    return answer


def normal_policy(text: str) -> str:
    """A redrive policy as AWS gives it back; unchanged if it is none."""
    try:
        policy = msgspec.json.decode(text, type=RedrivePolicy, strict=False)
    except msgspec.MsgspecError:
        return text
    return msgspec.json.encode(policy).decode()


def check_policy(ctx: Context, source: str, text: str) -> None:
    """Raises: InvalidParameterValue if the queue of the name `source` cannot have this redrive policy."""

    def refused(reason: str) -> AwsError:
        return rules.invalid("RedrivePolicy", text, reason)

    policy = _json_object(text)
    if policy is None:
        raise refused("Redrive policy is not a valid JSON map.")
    for name in ("maxReceiveCount", "deadLetterTargetArn"):
        if name not in policy:
            raise refused(f"Redrive policy does not contain mandatory attribute: {name}.")
    if len(policy) > 2:
        raise refused("Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount].")
    count, target = policy["maxReceiveCount"], str(policy["deadLetterTargetArn"])
    if not (str(count).isascii() and str(count).isdigit() and 1 <= int(count) <= MOST_RECEIVES):
        raise refused(
            f"Invalid value for maxReceiveCount: {count}, valid values are from 1 to {MOST_RECEIVES} both inclusive."
        )
    try:
        arn = Arn.parse(target)
    except ValueError:
        raise refused("Invalid value for deadLetterTargetArn.") from None
    if arn.service != "sqs":
        raise refused("Only SQS queues are valid resources for deadLetterTargetArn.")
    if arn.account != ctx.account:
        raise refused("Dead-letter target owner should be same as the source.")
    if arn.region != ctx.region:
        raise refused("Dead-letter queue must be in the same region as the source.")
    if arn.resource.endswith(".fifo") != source.endswith(".fifo"):
        raise refused("Dead-letter queue must be same type of queue as the source..")
    if (queue := queues.get(ctx, arn.resource)) is None:
        raise refused("Dead letter target does not exist.")
    if not _allows(queue, ctx.arn(source)):
        raise refused("Dead-letter queue does not allow this source queue in its RedriveAllowPolicy.")


def _allows(queue: Queue, source: str) -> bool:
    policy = _json_object(queue.attributes.get("RedriveAllowPolicy", "{}")) or {}
    permission = policy.get("redrivePermission", "allowAll")
    return permission == "allowAll" or (permission == "byQueue" and source in policy.get("sourceQueueArns", ()))


def check_allow_policy(text: str) -> None:
    """Raises: InvalidParameterValue if this is no redrive allow policy."""

    def refused(reason: str) -> AwsError:
        return rules.invalid("RedriveAllowPolicy", text, reason)

    policy = _json_object(text)
    if policy is None:
        raise refused("Redrive allow policy is not a valid JSON map.")
    if unknown := policy.keys() - {"redrivePermission", "sourceQueueArns"}:
        raise refused(f"Unsupported attribute: {min(unknown)}.")
    permission, sources = policy.get("redrivePermission"), policy.get("sourceQueueArns")
    if permission not in PERMISSIONS:
        raise refused(f"Invalid value for redrivePermission, valid values are: {', '.join(PERMISSIONS)}.")
    if permission != "byQueue" and sources is not None:
        raise refused("sourceQueueArns can be specified only when redrivePermission is byQueue.")
    if permission == "byQueue" and not _are_arns(sources):
        raise refused(f"sourceQueueArns must hold between 1 and {MOST_SOURCES} queue ARNs.")


def _are_arns(values: Any) -> bool:
    if not isinstance(values, list) or not 1 <= len(values) <= MOST_SOURCES:
        return False
    return all(isinstance(value, str) and value.startswith("arn:") for value in values)


def _json_object(text: str) -> Mapping[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def bury(ctx: Context, queue: Queue, message: Message, policy: RedrivePolicy) -> bool:
    """Move a message to the dead-letter queue; False if there is none any more.

    In a standard queue it keeps the time at which it was enqueued, and with it its expiry; in a FIFO queue it is
    enqueued anew, under its message id as deduplication id.
    """
    if (found := find_by_arn(ctx, policy.deadLetterTargetArn)) is None:
        return False
    there, target = found
    content = replace(mailbox.content_of(ctx, message), source=queue.arn(ctx))
    mailbox.remove(ctx, queue, message)
    if queue.fifo:
        mailbox.move(there, target, message, replace(content, deduplication=content.id), anew=True)
    else:
        mailbox.move(there, target, message, content)
    upkeep.plan_expiry_anew(there, target)
    return True
