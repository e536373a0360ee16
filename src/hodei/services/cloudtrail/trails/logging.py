"""Logging begun and ended, and how it goes."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.cloudtrail.find import find, find_home
from hodei.services.cloudtrail.records.members import iso
from hodei.services.cloudtrail.selecting import selection
from hodei.services.cloudtrail.service import cloudtrail
from hodei.services.cloudtrail.state import Trail, log_files, progresses, trails

INTERVAL = 300.0  # seconds between deliveries: AWS says "about every 5 minutes"


@cloudtrail.operation("StartLogging")
def start_logging(ctx: Context, *, Name: str) -> None:
    """What happens from now on is delivered. Digest files begin anew."""
    home, trail = find_home(ctx, Name)
    if trail.logging:
        return
    _forget(home, trail)
    started = replace(
        trail,
        logging=True,
        started=ctx.now,
        since=ctx.now,
        stopped=0.0,
        validated=ctx.now if trail.validated else 0.0,
    )
    trails.put(home, started)
    selection.keep_data_events(home, selection.covered(home, trail))
    schedule(home, trail)


@cloudtrail.operation("StopLogging")
def stop_logging(ctx: Context, *, Name: str) -> None:
    """What has happened until now is delivered yet."""
    home, trail = find_home(ctx, Name)
    if trail.logging:
        trails.put(home, replace(trail, logging=False, stopped=ctx.now))
        selection.keep_data_events(home, selection.covered(home, trail))
        home.timers.set(home, "deliver", ctx.now, trail.name)


@cloudtrail.operation("GetTrailStatus")
def get_trail_status(ctx: Context, *, Name: str) -> dict[str, Any]:
    """Of the region that is asked. Members of which AWS says that they are no longer in use are there all the same."""
    home, trail = find(ctx, Name)
    account = ctx.account if trail.organization else home.account
    progress = progresses.get(home, trail.arn, account, ctx.region)
    status: dict[str, Any] = {"IsLogging": trail.logging}
    times = {
        "StartLoggingTime": trail.started,
        "StopLoggingTime": trail.stopped,
        "LatestDeliveryTime": progress.delivered if progress else 0.0,
        "LatestDigestDeliveryTime": progress.digested if progress else 0.0,
        "LatestCloudWatchLogsDeliveryTime": progress.logged if progress else 0.0,
    }
    status |= {name: at for name, at in times.items() if at}
    texts = {
        "LatestDeliveryAttemptTime": progress.tried if progress else 0.0,
        "LatestDeliveryAttemptSucceeded": progress.delivered if progress else 0.0,
        "LatestNotificationAttemptTime": 0.0,
        "LatestNotificationAttemptSucceeded": 0.0,
        "TimeLoggingStarted": trail.started,
        "TimeLoggingStopped": trail.stopped,
    }
    status |= {name: iso(at) if at else "" for name, at in texts.items()}
    if progress and progress.error:
        status["LatestDeliveryError"] = progress.error
    if progress and progress.log_error:
        status["LatestCloudWatchLogsDeliveryError"] = progress.log_error
    if progress and progress.digest_error:
        status["LatestDigestDeliveryError"] = progress.digest_error
    return status


def schedule(home: Context, trail: Trail) -> None:
    """Let the timer of its deliveries fire at the next full five minutes."""
    home.timers.set(home, "deliver", (home.now // INTERVAL + 1) * INTERVAL, trail.name)


def follow(home: Context, before: Trail, after: Trail) -> None:
    """What a change of its settings means: places that it leaves, and digests whose chain ends or begins."""
    if (before.multi_region and not after.multi_region) or (before.organization and not after.organization):
        for progress in list(progresses.scan(home, after.arn)):
            if progress.account != home.account or progress.region != home.region:
                progresses.delete(home, after.arn, progress.account, progress.region)
                log_files.delete_all(home, after.arn, progress.account, progress.region)
    if bool(before.validated) == bool(after.validated):
        return
    log_files.delete_all(home, after.arn)
    for progress in list(progresses.scan(home, after.arn)):
        progresses.put(home, replace(progress, digest_from=after.validated, previous=None))


def _forget(home: Context, trail: Trail) -> None:
    """Where an earlier time of logging had got to."""
    log_files.delete_all(home, trail.arn)
    for progress in list(progresses.scan(home, trail.arn)):
        digest_from = home.now if trail.validated else 0.0
        progresses.put(home, replace(progress, until=home.now, digest_from=digest_from, previous=None))
