"""Export tasks: the events of a group as files in a bucket, which must let CloudWatch Logs write.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3ExportTasks.html
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypedDict, Unpack

from msgspec.structs import replace

from hodei.kernel.context import Context, service_principal
from hodei.kernel.deliver import Retry, insist
from hodei.kernel.errors import AwsError
from hodei.services.logs import errors, pages
from hodei.services.logs.events import chunks
from hodei.services.logs.events.chunks import Event
from hodei.services.logs.find import group_named
from hodei.services.logs.memory import memory
from hodei.services.logs.protection import policies
from hodei.services.logs.service import logs
from hodei.services.logs.state import ExportTask, Group, Wire, export_tasks, groups, streams

TIMER = "export"
AGAIN = 3600.0  # seconds after which a task is taken for cut off
FILE_EVENTS = 20_000  # in a file
PREFIX = "exportedlogs"
TEST = "aws-logs-write-test"
ACTIVE = ("PENDING", "RUNNING")
PATIENT = Retry(max_age=86400.0)  # how long S3 may be out of order


Window = TypedDict("Window", {"from": int})  # a word of Python's


@logs.operation("CreateExportTask")
async def create_export_task(
    ctx: Context,
    *,
    logGroupName: str,
    destination: str,
    to: int,
    taskName: str = "",
    logStreamNamePrefix: str = "",
    destinationPrefix: str = PREFIX,
    **given: Unpack[Window],
) -> dict[str, Any]:
    """One task at a time. A first file shows that the bucket takes what is written."""
    group = group_named(ctx, logGroupName)
    if given["from"] > to:
        raise errors.InvalidParameterException(reason="The specified time range is not valid.")
    if any(one.status in ACTIVE for one in export_tasks.scan(ctx)):
        raise errors.LimitExceededException()
    task = ExportTask(
        id=ctx.ids.uuid(),
        name=taskName,
        group=logGroupName,
        streams=logStreamNamePrefix,
        start=given["from"],
        end=to,
        bucket=destination,
        prefix=destinationPrefix,
        created=ctx.now,
    )
    await _check_bucket(ctx, group, task)
    export_tasks.put(ctx, task)
    ctx.timers.set(ctx, TIMER, ctx.now, task.id)
    return {"taskId": task.id}


async def _check_bucket(ctx: Context, group: Group, task: ExportTask) -> None:
    """Raises: InvalidParameterException."""
    try:
        await _sender(ctx, group).call("s3", "GetBucketAcl", Bucket=task.bucket)
    except AwsError as error:
        if error.is_transient:
            raise
        raise errors.InvalidParameterException(
            reason="GetBucketAcl call on the given bucket failed. Please check if CloudWatch Logs has been granted "
            "permission to perform this operation."
        ) from error
    try:
        await _sender(ctx, group).call("s3", "PutObject", **_object(task, TEST, b"Permission Check Successful"))
    except AwsError as error:
        if error.is_transient:
            raise
        raise errors.InvalidParameterException(
            reason="PutObject call on the given bucket failed. Please check if CloudWatch Logs has been granted "
            "permission to perform this operation."
        ) from error


def _sender(ctx: Context, group: Group) -> Context:
    return ctx.by(service_principal(f"logs.{ctx.region}.amazonaws.com", ctx.account, f"{group.arn(ctx)}:*"))


def _object(task: ExportTask, name: str, body: bytes) -> Wire:
    key = f"{task.prefix}/{name}" if task.prefix else name
    return {"Bucket": task.bucket, "Key": key, "Body": body, "ACL": "bucket-owner-full-control"}


@logs.timer(TIMER)
def begin(ctx: Context, id: str) -> None:
    """The timer is set again for the case that nothing comes of it: the process may be killed meanwhile."""
    task = export_tasks.get(ctx, id)
    if task and task.status in ACTIVE:
        ctx.timers.set(ctx, TIMER, ctx.now + AGAIN, id)
        if id not in memory(ctx).running:
            memory(ctx).running.add(id)
            export_tasks.put(ctx, replace(task, status="RUNNING"))
            ctx.timers.spawn(_run(ctx, id))


async def _run(ctx: Context, id: str) -> None:
    status, message = "COMPLETED", ""
    try:
        await _export(ctx, id)
    except AwsError as error:
        status, message = "FAILED", error.message
    finally:
        memory(ctx).running.discard(id)
        ctx.timers.cancel(ctx, TIMER, id)
    if _active(ctx, id):
        task = export_tasks.get(ctx, id)
        assert task
        export_tasks.put(ctx, replace(task, status=status, message=message, completed=ctx.now))


def _active(ctx: Context, id: str) -> bool:
    task = export_tasks.get(ctx, id)
    return task is not None and task.status in ACTIVE


async def _export(ctx: Context, id: str) -> None:
    task = export_tasks.get(ctx, id)
    group = groups.get(ctx, task.group) if task else None
    if task is None or group is None:
        return
    mask = policies.masking_batches(ctx, group)
    start = max(task.start, chunks.horizon(ctx, group))
    for stream in [one for one in streams.scan(ctx, group.id) if one.name.startswith(task.streams)]:
        spans = chunks.spans(ctx, group, stream, start, task.end)
        events = list(chunks.ordered(ctx, group, spans, start, task.end, mask=mask))
        for number, at in enumerate(range(0, len(events), FILE_EVENTS)):
            if not _active(ctx, id):
                return
            body = await ctx.offload(_file, events[at : at + FILE_EVENTS])
            file = _object(task, f"{id}/{stream.name.replace('/', '-')}/{number:06}.gz", body)
            await insist(_sender(ctx, group), "s3", "PutObject", PATIENT, **file)


def _file(events: Iterable[Event]) -> bytes:
    lines = "".join(f"{_iso(event.time)} {event.message.rstrip()}\n" for event in events)
    return gzip.compress(lines.encode(), 1, mtime=0)


def _iso(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03}Z"


@logs.operation("DescribeExportTasks")
def describe_export_tasks(
    ctx: Context, *, taskId: str = "", statusCode: str = "", nextToken: str = "", limit: int = pages.MOST
) -> dict[str, Any]:
    """The newest first."""
    if taskId and statusCode:
        raise errors.InvalidParameterException(reason="taskId and statusCode are mutually exclusive parameters.")
    after = pages.after(ctx, nextToken)
    wanted = (
        one
        for one in sorted(export_tasks.scan(ctx), key=_newest)
        if (not taskId or one.id == taskId)
        and (not statusCode or one.status == statusCode)
        and (after is None or _newest(one) > after)
    )
    page, rest = pages.cut(ctx, wanted, limit, _newest)
    return {"exportTasks": [_view(one) for one in page], **rest}


def _newest(one: ExportTask) -> tuple[float, str]:
    return -one.created, one.id


def _view(one: ExportTask) -> Wire:
    status = {"code": one.status} | ({"message": one.message} if one.message else {})
    info = {"creationTime": int(one.created * 1000)}
    answer: Wire = {
        "taskId": one.id,
        "logGroupName": one.group,
        "from": one.start,
        "to": one.end,
        "destination": one.bucket,
        "destinationPrefix": one.prefix,
        "status": status,
        "executionInfo": info | ({"completionTime": int(one.completed * 1000)} if one.completed else {}),
    }
    return answer | ({"taskName": one.name} if one.name else {})


@logs.operation("CancelExportTask")
def cancel_export_task(ctx: Context, *, taskId: str) -> None:
    task = export_tasks.get(ctx, taskId)
    if task is None:
        raise errors.ResourceNotFoundException(reason="The specified export task does not exist.")
    if task.status not in ACTIVE:
        raise errors.InvalidOperationException(reason="The specified export task has already finished")
    export_tasks.put(ctx, replace(task, status="CANCELLED", completed=ctx.now))
