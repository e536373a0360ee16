"""What Kinesis remembers of a world while it runs; all of it can be rebuilt, or is worth nothing after a restart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hodei.kernel.context import Context


class Route(NamedTuple):
    """The open shards of a version of a stream, by the hash keys with which they begin."""

    version: int
    starts: list[bytes]
    indexes: list[int]


class KnownKey(NamedTuple):
    """A data key in plain, ready for use."""

    id: str
    cipher: Any
    until: float


@dataclass(slots=True)
class Bucket:
    """What is left of a rate, as of `at`; below 0 is debt."""

    level: float
    at: float

    def left(self, now: float, rate: float) -> float:
        self.level = min(self.level + max(0.0, now - self.at) * rate, rate)
        self.at = now
        return self.level


@dataclass(slots=True)
class Traffic:
    """What an on-demand stream is written in the minute from `minute` on."""

    minute: int
    bytes: int = 0
    records: int = 0


@dataclass(slots=True)
class Subscription:
    """A call of SubscribeToShard. Another one of the same consumer and shard takes over: it is `over`."""

    started: float
    over: bool = False


@dataclass(slots=True)
class Memory:
    routes: dict[str, Route] = field(default_factory=dict)  # by id of a stream
    trimming: set[str] = field(default_factory=set)  # ids of streams that are sure to have a timer
    keys: dict[tuple[str, str, str], KnownKey] = field(default_factory=dict)  # stream, data key or KMS key, requester
    buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict)  # a shard and what is counted
    traffic: dict[str, Traffic] = field(default_factory=dict)  # by id of a stream
    deliveries: dict[str, object] = field(default_factory=dict)  # by id of a channel, each attempt its own
    subscriptions: dict[tuple[str, int], Subscription] = field(default_factory=dict)  # by ARN of a consumer, and shard

    def forget(self) -> None:
        self.routes.clear()
        self.trimming.clear()
        self.keys.clear()
        self.buckets.clear()
        self.traffic.clear()
        self.deliveries.clear()


def memory(ctx: Context) -> Memory:
    return ctx.world.memory(Memory)
