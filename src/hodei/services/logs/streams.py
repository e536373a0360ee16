"""Log streams."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.keys import text_end
from hodei.services.logs import errors, pages
from hodei.services.logs.events import chunks
from hodei.services.logs.find import group_named, group_of, stream_named
from hodei.services.logs.service import logs
from hodei.services.logs.state import Group, Stream, Wire, streams

ID_DIGITS = 20
TOKEN = "49039859626346131174764013271461161398632534428168229586"  # all are alike: uploads have no sequence any more


@logs.operation("CreateLogStream")
def create_log_stream(ctx: Context, *, logGroupName: str, logStreamName: str) -> None:
    group = group_named(ctx, logGroupName)
    if streams.get(ctx, group.id, logStreamName):
        raise errors.StreamExists()
    create(ctx, group, logStreamName)


def create(ctx: Context, group: Group, name: str) -> Stream:
    stream = Stream(group=group.id, name=name, id=ctx.ids.hex(ID_DIGITS), created=ctx.now)
    streams.put(ctx, stream, old=None)
    return stream


@logs.operation("DeleteLogStream")
def delete_log_stream(ctx: Context, *, logGroupName: str, logStreamName: str) -> None:
    group = group_named(ctx, logGroupName)
    stream = stream_named(ctx, group, logStreamName)
    if group.protected:
        raise errors.ValidationException(
            reason="The log group has deletion protection enabled. Disable deletion protection before deleting it."
        )
    chunks.delete(ctx, group, stream)
    streams.delete(ctx, group.id, stream.name)


@logs.operation("DescribeLogStreams")
def describe_log_streams(
    ctx: Context,
    *,
    logGroupName: str = "",
    logGroupIdentifier: str = "",
    logStreamNamePrefix: str = "",
    orderBy: str = "LogStreamName",
    descending: bool = False,
    nextToken: str = "",
    limit: int = pages.MOST,
) -> dict[str, Any]:
    if orderBy == "LastEventTime" and logStreamNamePrefix:
        raise errors.InvalidParameterException(reason="Cannot order by LastEventTime with a logStreamNamePrefix.")
    group = group_of(ctx, logGroupName, logGroupIdentifier)
    after = pages.after(ctx, nextToken)
    found: Iterable[Stream]
    if orderBy == "LastEventTime":
        every = sorted(streams.scan(ctx, group.id), key=_by_time, reverse=descending)
        found = (one for one in every if after is None or _beyond(_by_time(one), after, descending))
        page, rest = pages.cut(ctx, found, limit, _by_time)
    else:
        stop = text_end(logStreamNamePrefix)
        found = streams.scan(
            ctx,
            group.id,
            start=(logStreamNamePrefix,),
            end=(stop,) if stop else None,
            after=after,
            reverse=descending,
        )
        page, rest = pages.cut(ctx, found, limit, lambda one: (one.name,))
    return {"logStreams": [view(ctx, group, one) for one in page], **rest}


def _by_time(stream: Stream) -> tuple[int, str]:
    return (-1 if stream.last is None else stream.last), stream.name


def _beyond(place: tuple[int, str], after: tuple[Any, ...], descending: bool) -> bool:
    return place < after if descending else place > after


def view(ctx: Context, group: Group, stream: Stream) -> Wire:
    """A stream as DescribeLogStreams has it. AWS no longer counts the bytes of streams."""
    answer: Wire = {
        "logStreamName": stream.name,
        "creationTime": int(stream.created * 1000),
        "arn": stream.arn(ctx, group),
        "storedBytes": 0,
    }
    if stream.next:
        answer |= {
            "firstEventTimestamp": stream.first,
            "lastEventTimestamp": stream.last,
            "lastIngestionTime": stream.ingested,
            "uploadSequenceToken": TOKEN,
        }
    return answer
