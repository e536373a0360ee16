"""Deliveries: every five minutes what has happened since the last one goes into files, one or more of each account and
region.

How far a trail has got is put in the batch that puts the file, so nothing is lost or doubled however the cloud ends. A
file that cannot be put is tried again with the next delivery, as long as the kernel keeps the events.
"""

from __future__ import annotations

import asyncio
import heapq
import math
from typing import NamedTuple
from weakref import WeakKeyDictionary

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.ledger.audit import Event
from hodei.kernel.tables import Place, places
from hodei.kernel.world import World
from hodei.services.cloudtrail.delivery import bill, digests, files
from hodei.services.cloudtrail.find import visible
from hodei.services.cloudtrail.selecting import selection
from hodei.services.cloudtrail.service import cloudtrail
from hodei.services.cloudtrail.state import LogFile, Progress, Trail, log_files, progresses, trails
from hodei.services.cloudtrail.trails import log_group, logging

REDELIVERED = 30 * 86400.0  # seconds for which AWS tries, also after a trail has stopped
AT_ONCE = 2000  # events that become one file, more or less

# Trails that are being delivered: time may run so fast that the next delivery is due before the last has ended.
_busy: WeakKeyDictionary[World, set[str]] = WeakKeyDictionary()


class Part(NamedTuple):
    """A trail, and the place whose events are delivered. `ctx` is that of the trail's home."""

    ctx: Context
    trail: Trail
    account: str
    region: str

    @property
    def place(self) -> Place:
        return Place(self.ctx.store, self.account, self.region)


@cloudtrail.timer("deliver")
def deliver_when_due(ctx: Context, name: str) -> None:
    """The timer goes on as long as the trail logs, and once more."""
    trail = trails.get(ctx, ctx.region, name)
    if trail is None:
        return
    if trail.logging:
        logging.schedule(ctx, trail)
    ctx.world.ledger.flush()
    if any(_is_due(part) for part in _parts(ctx, trail)):
        ctx.world.agenda.spawn(_deliver(ctx, trail))


def _is_due(part: Part) -> bool:
    """Whether anything has happened there, or it is time for a digest."""
    progress = progresses.get(part.ctx, part.trail.arn, part.account, part.region)
    if progress is None or not part.trail.logging or digests.is_due(part, progress):
        return True
    events = part.ctx.world.ledger.audit.events
    spans = (events(part.place, data=data, start=progress.until, end=part.ctx.now) for data in (False, True))
    return any(next(span, None) for span in spans)


async def _deliver(ctx: Context, trail: Trail) -> None:
    busy = _busy.setdefault(ctx.world, set())
    if trail.arn in busy:
        return
    busy.add(trail.arn)
    try:
        for part in _parts(ctx, trail):
            ctx.world.ledger.flush()  # what happens from here on is no longer before `_until`
            if await _deliver_part(part, _until(ctx, trail)) or trail.logging:
                await digests.deliver(part)
            _forget(part)
        _try_again(ctx, trail)
    finally:
        busy.discard(trail.arn)


def _try_again(ctx: Context, trail: Trail) -> None:
    """What could not be put of a trail that has stopped would have no next delivery."""
    now = trails.get(ctx, ctx.region, trail.name)
    failed = any(progress.error or progress.digest_error for progress in progresses.scan(ctx, trail.arn))
    if failed and now and not now.logging and ctx.now < now.stopped + REDELIVERED:
        logging.schedule(ctx, now)


def _until(ctx: Context, trail: Trail) -> float:
    """What is delivered ends now, or with StopLogging itself, which is noted a little after it has been done."""
    return ctx.now if trail.logging else math.nextafter(min(trail.stopped + 1.0, ctx.now), math.inf)


def _parts(ctx: Context, trail: Trail) -> list[Part]:
    """The places that a trail covers and in which there is something."""
    accounts = selection.covered(ctx, trail)
    selection.keep_data_events(ctx, accounts)  # of accounts that have joined meanwhile, too
    if not trail.multi_region:
        return [Part(ctx, trail, account, trail.region) for account in accounts]
    return [Part(ctx, trail, *place) for place in places(ctx.store) if place[0] in accounts and place[1]]


async def _deliver_part(part: Part, until: float) -> bool:
    """A span of time after the other, each with about as many events as a file has. Whether all of it was put."""
    ctx, trail = part.ctx, part.trail
    progress = progress_of(part)
    takes = selection.taker(trail)
    while progress.until < until:
        end = _end(part, progress.until, until)
        events = [event for event in _events(part, progress.until, end) if takes(event)]
        progress = replace(progress, until=end)
        if events:
            packed = await ctx.offload(files.pack, events, part.account)
            records = await ctx.offload(log_group.lines, packed.body) if trail.log_group else []
            key = files.log_key(ctx, trail, part.account, part.region, ctx.now)
            try:
                await files.put(ctx, trail, key, packed.body, {})
            except AwsError as error:
                _failed(part, error)
                return False
            bill.delivered(ctx, trail, part.account, part.region, events)
            progress = replace(progress, tried=ctx.now, delivered=ctx.now, error="")
            if trail.log_group:
                progress = _logged(part, progress, records)
            if trail.validated:
                _note(part, key, packed, events)
        if not still_there(part):
            return False
        progresses.put(ctx, progress)
        await asyncio.sleep(0)
    return True


def _logged(part: Part, progress: Progress, records: list[str]) -> Progress:
    """Write what is in a file to the trail's log group too; what that does not take is in the file alone."""
    try:
        log_group.write(part.ctx, part.trail, part.account, part.region, records)
    except AwsError as error:
        return replace(progress, log_error=error.code)
    return replace(progress, logged=part.ctx.now, log_error="")


def progress_of(part: Part) -> Progress:
    trail = part.trail
    found = progresses.get(part.ctx, trail.arn, part.account, part.region)
    if found is not None:
        return found
    return Progress(
        trail=trail.arn,
        account=part.account,
        region=part.region,
        until=trail.since,
        digest_from=max(trail.validated, trail.since) if trail.validated else 0.0,
    )


def still_there(part: Part) -> bool:
    """Whether the trail has not been deleted, or begun to log anew, while a file was put."""
    now = trails.get(part.ctx, part.trail.region, part.trail.name)
    return now is not None and now.started == part.trail.started


def _end(part: Part, start: float, until: float) -> float:
    """The end of a span from `start` on in which there are about `AT_ONCE` events, or `until`."""
    ends = [until]
    for data in (False, True):
        count = 0
        for events in part.ctx.world.ledger.audit.events(part.place, data=data, start=start, end=until):
            count += len(events)
            if count >= AT_ONCE:
                ends.append(math.nextafter(max(event.at for event in events), math.inf))
                break
    return min(ends)


def _events(part: Part, start: float, end: float) -> list[Event]:
    audit = part.ctx.world.ledger.audit
    both = (
        (event for events in audit.events(part.place, data=data, start=start, end=end) for event in events)
        for data in (False, True)
    )
    return list(heapq.merge(*both, key=lambda event: event.at))


def _note(part: Part, key: str, packed: files.Packed, events: list[Event]) -> None:
    """For the digest file that is next."""
    ctx, trail = part.ctx, part.trail
    log_files.put(
        ctx,
        LogFile(
            trail=trail.arn,
            account=part.account,
            region=part.region,
            at=ctx.now,
            key=key,
            bucket=trail.bucket,
            digest=packed.digest,
            oldest=events[0].at,
            newest=events[-1].at,
        ),
    )


def _failed(part: Part, error: AwsError) -> None:
    progresses.put(part.ctx, replace(progress_of(part), tried=part.ctx.now, error=error.code))


def _forget(part: Part) -> None:
    """Drop the data events of a place that all trails of its account have got."""
    ctx = part.ctx
    marks = [
        found.until if (found := progresses.get(home, trail.arn, part.account, part.region)) else trail.since
        for home, trail in visible(ctx.at(account=part.account))
        if trail.logging and (trail.multi_region or trail.region == part.region)
    ]
    if marks:
        ctx.world.ledger.audit.forget(part.place, min(marks), data=True)
