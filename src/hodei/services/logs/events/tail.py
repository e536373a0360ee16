"""StartLiveTail: what is put from now on, as it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from hodei.engines.filterpatterns import Pattern
from hodei.kernel.context import Context
from hodei.services.logs import errors
from hodei.services.logs.events.filter import compiled
from hodei.services.logs.find import group_named, name_of
from hodei.services.logs.memory import memory
from hodei.services.logs.service import logs
from hodei.services.logs.state import Group, Stream, Wire

NOTHING: Sequence[str] = ()
MOST = 500  # events in an update; more are sampled


class Session:
    """A live tail: what it wants, and what it has yet to send."""

    def __init__(self, pattern: Pattern, streams: Sequence[str], prefixes: Sequence[str]) -> None:
        self._pattern = pattern
        self._streams = streams
        self._prefixes = tuple(prefixes)
        self._waiting: list[Wire] = []

    def offer(self, ctx: Context, group: Group, stream: Stream, times: list[int], messages: list[str]) -> None:
        """Take of the events that were put what it wants."""
        if (self._streams and stream.name not in self._streams) or (
            self._prefixes and not stream.name.startswith(self._prefixes)
        ):
            return
        now = int(ctx.now * 1000)
        self._waiting += [
            {
                "logStreamName": stream.name,
                "logGroupIdentifier": f"{ctx.account}:{group.name}",
                "message": message,
                "timestamp": time,
                "ingestionTime": now,
            }
            for time, message in zip(times, messages)
            if self._pattern.matches(message)
        ]

    def take(self) -> Wire:
        """An update with what has come; of too much, every so many-th event."""
        found, self._waiting = self._waiting, []
        sampled = len(found) > MOST
        if sampled:
            found = [found[at * len(found) // MOST] for at in range(MOST)]
        return {"sessionMetadata": {"sampled": sampled}, "sessionResults": found}


@logs.operation("StartLiveTail")
async def start_live_tail(
    ctx: Context,
    *,
    logGroupIdentifiers: Sequence[str],
    logStreamNames: Sequence[str] = NOTHING,
    logStreamNamePrefixes: Sequence[str] = NOTHING,
    logEventFilterPattern: str = "",
) -> dict[str, Any]:
    """An update each second of the cloud's clock, for three hours or until the client goes."""
    if (logStreamNames or logStreamNamePrefixes) and len(logGroupIdentifiers) > 1:
        raise errors.InvalidParameterException(
            reason="Log stream names and prefixes can be specified only with a single log group."
        )
    if logStreamNames and logStreamNamePrefixes:
        raise errors.InvalidParameterException(
            reason="logStreamNames and logStreamNamePrefixes are mutually exclusive parameters."
        )
    if not all(identifier.startswith("arn:") for identifier in logGroupIdentifiers):
        raise errors.InvalidParameterException(reason="Log groups of a live tail are named by their ARNs.")
    groups = [group_named(ctx, name_of(ctx, identifier)) for identifier in logGroupIdentifiers]
    if any(group.kind != "STANDARD" for group in groups):
        raise errors.InvalidOperationException(reason="Live Tail supports log groups of the STANDARD class only.")
    session = Session(compiled(logEventFilterPattern), logStreamNames, logStreamNamePrefixes)
    start: Wire = {
        "requestId": ctx.request_id,
        "sessionId": ctx.ids.uuid(),
        "logGroupIdentifiers": list(logGroupIdentifiers),
        "logStreamNames": list(logStreamNames),
        "logStreamNamePrefixes": list(logStreamNamePrefixes),
        "logEventFilterPattern": logEventFilterPattern,
    }
    given = {name: value for name, value in start.items() if value}
    return {"responseStream": _events(ctx, groups, session, given)}


async def _events(ctx: Context, groups: list[Group], session: Session, start: Wire) -> AsyncIterator[Wire]:
    tails = memory(ctx).tails
    if sum(map(len, tails.values())) >= ctx.quota("live-tails"):
        raise errors.LimitExceededException()
    for group in groups:
        tails.setdefault(group.id, []).append(session)
    try:
        yield {"sessionStart": start}
        end = ctx.now + ctx.setting("tail-session")
        while ctx.now < end:
            await ctx.wait(("logs.tail", start["sessionId"]), ctx.now + 1.0)
            yield {"sessionUpdate": session.take()}
        yield {"SessionTimeoutException": {"message": "The live tail session has timed out."}}
    finally:
        for group in groups:
            tails[group.id].remove(session)
