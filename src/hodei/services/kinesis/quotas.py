"""How many shards and streams an account may have in a region."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.kinesis import errors
from hodei.services.kinesis.state import Stream, commitments, streams

CREATING = 5  # streams at a time


def shard_count(where: Context) -> int:
    """Open shards of provisioned streams: those that count."""
    return sum(stream.open for stream in streams.scan(where) if not stream.on_demand)


def on_demand_count(where: Context) -> int:
    return sum(stream.on_demand for stream in streams.scan(where))


def committed(where: Context) -> bool:
    """Whether the account has committed itself to a minimum throughput: on-demand Advantage."""
    found = commitments.get(where, "")
    return found is not None and not (found.ended and found.ended <= where.now)


def most_consumers(where: Context, stream: Stream) -> int:
    return int(where.quota("consumers-advantage" if stream.on_demand and committed(where) else "consumers"))


def check_shards(where: Context, more: int) -> None:
    """Raises: LimitExceededException."""
    limit = int(where.quota("shards"))
    if more and (count := shard_count(where)) + more > limit:
        raise errors.LimitExceededException(
            reason=f"This request would exceed the shard limit for the account {where.account} in {where.region}. "
            f"Current shard count for the account: {count}. Limit: {limit}. Number of additional shards that would "
            f"have resulted from this request: {more}. Refer to the AWS Service Limits page "
            "(https://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to "
            "request higher limits."
        )


def check_on_demand(where: Context) -> None:
    """Before there is one more. Raises: LimitExceededException."""
    limit = int(where.quota("on-demand-streams"))
    if on_demand_count(where) >= limit:
        raise errors.LimitExceededException(
            reason=f"This request would exceed the limit of {limit} on-demand streams for the account {where.account} "
            f"in {where.region}."
        )


def check_creating(where: Context) -> None:
    """Raises: LimitExceededException."""
    if sum(one.status == "CREATING" for one in streams.scan(where)) >= CREATING:
        raise errors.LimitExceededException(
            reason=f"Account {where.account} already has {CREATING} streams in the CREATING state in {where.region}."
        )
