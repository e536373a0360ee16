"""From queue URLs and ARNs to queues."""

from __future__ import annotations

import functools
from urllib.parse import unquote, urlsplit

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.sqs import errors, rules
from hodei.services.sqs.state import Queue, queues


def find_queue(ctx: Context, url: str) -> tuple[Context, Queue]:
    """The queue of a URL, and the call's context in the account and region of the queue.

    Raises: InvalidAddress, QueueDoesNotExist.
    """
    region, account, name = read_url(url)
    if account != ctx.account or (region and region != ctx.region):
        ctx = ctx.at(account=account, region=region or ctx.region)
    if (queue := queues.get(ctx, name)) is None:
        raise no_queue(ctx)
    return ctx, queue


def no_queue(ctx: Context) -> AwsError:
    if rules.is_query(ctx):
        return errors.QueueDoesNotExist("The specified queue does not exist for this wsdl version.")
    return errors.QueueDoesNotExist()


@functools.lru_cache(maxsize=4096)
def read_url(url: str) -> tuple[str, str, str]:
    """(region, account, name) of a queue URL of any host; the region is empty unless the path names it.

    The path is /account/name, or /queue/region/account/name. Raises: InvalidAddress.
    """
    try:
        parts = unquote(urlsplit(url).path).strip("/").split("/")
    except ValueError:
        parts = []
    if len(parts) < 2 or len(parts[-2]) != 12 or not parts[-2].isdigit():
        raise errors.InvalidAddress(QueueUrl=url)
    region = parts[-3] if len(parts) >= 4 and parts[-4] == "queue" else ""
    return region, parts[-2], parts[-1]


def find_by_arn(ctx: Context, arn: str) -> tuple[Context, Queue] | None:
    """The queue of an ARN and a context in its place; None if there is none. Raises: ValueError for what is no ARN."""
    place = Arn.parse(arn)
    if place.service != "sqs":
        raise ValueError(f"not a queue: {arn}")
    if place.account != ctx.account or place.region != ctx.region:
        ctx = ctx.at(account=place.account, region=place.region)
    queue = queues.get(ctx, place.resource)
    return (ctx, queue) if queue else None
