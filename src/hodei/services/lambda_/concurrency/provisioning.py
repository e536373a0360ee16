"""Provisioned concurrency comes to be: environments are begun, moved with aliases, replaced, and let go again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.tables import places
from hodei.kernel.world import World
from hodei.services.lambda_.concurrency.load import load_of
from hodei.services.lambda_.invoking import running
from hodei.services.lambda_.runtime.pool import pool_of
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import Provisioned, Version, aliases, provisioned, versions

TIMER = "provision"
IN_PROGRESS, READY, FAILED = "IN_PROGRESS", "READY", "FAILED"


class Locks:
    """One hand at a time on the environments of a function."""

    def __init__(self) -> None:
        self._locks: dict[tuple[str, str, str], asyncio.Lock] = {}

    def of(self, ctx: Context, function: str) -> asyncio.Lock:
        return self._locks.setdefault((ctx.account, ctx.region, function), asyncio.Lock())

    def forget(self) -> None:
        self._locks.clear()


@lambda_.on_start
def resume(world: World) -> None:
    """What was provisioned is so again when the cloud has been started, or is another one now."""
    for account, region in places(world.store):
        ctx = world.context("lambda", account=account, region=region)
        for function in {config.function for config in provisioned.scan(ctx)}:
            ctx.timers.spawn(reconcile(ctx, function))


def begin(ctx: Context, config: Provisioned) -> None:
    """Keep a config that is new or has changed, and see to it when AWS would have."""
    provisioned.put(ctx, config)
    ctx.timers.set(ctx, TIMER, ctx.now + float(ctx.setting("lifecycle")), config.function, config.qualifier)


@lambda_.timer(TIMER)
def provide(ctx: Context, function: str, qualifier: str) -> None:
    ctx.timers.spawn(reconcile(ctx, function))


def moved(ctx: Context, function: str, alias: str) -> None:
    """An alias points to another version: what is provisioned for it goes there."""
    if config := provisioned.get(ctx, function, alias):
        begin(ctx, replace(config, status=IN_PROGRESS, reason="", modified=ctx.now))


def changed(ctx: Context, function: str) -> None:
    """Something that had provisioned concurrency may have it no more. In the open batch."""

    def begin() -> None:
        ctx.timers.spawn(reconcile(ctx, function))

    ctx.store.when_durable(begin)


async def reconcile(ctx: Context, function: str) -> None:
    """Make the environments of a function's versions those that are provisioned. The old ones go last."""
    async with ctx.world.memory(Locks).of(ctx, function):
        wanted = dict(_wanted(ctx, function))
        for number, config in wanted.items():
            version = versions.get(ctx, function, number)
            if version and ctx.timers.due(ctx, TIMER, function, config.qualifier) is None:
                await _provide(ctx, version, config)
        allocated = load_of(ctx).allocated
        for place in [one for one in allocated if one[:3] == (ctx.account, ctx.region, function)]:
            if place[3] not in wanted:
                del allocated[place]
                pool_of(ctx.world).release(ctx.arn(f"function:{function}:{place[3]}"))


def _wanted(ctx: Context, function: str) -> Iterator[tuple[str, Provisioned]]:
    """The numbers of versions, with what is provisioned for them, or for an alias of theirs."""
    for config in provisioned.scan(ctx, function):
        alias = aliases.get(ctx, function, config.qualifier)
        yield alias.version if alias else config.qualifier, config


async def _provide(ctx: Context, version: Version, config: Provisioned) -> None:
    count = min(config.requested, int(ctx.setting("warm-environments")))
    failed = await running.keep(ctx, version, count)
    now = provisioned.get(ctx, config.function, config.qualifier)
    if now is None or (now.requested, now.modified) != (config.requested, config.modified):
        return  # it was changed meanwhile, which comes next
    place = (ctx.account, ctx.region, version.function, version.version)
    if failed:
        load_of(ctx).allocated.pop(place, None)
        provisioned.put(ctx, replace(now, status=FAILED, reason=failed, allocated=0))
    else:
        load_of(ctx).allocated[place] = now.requested
        provisioned.put(ctx, replace(now, status=READY, reason="", allocated=now.requested))
