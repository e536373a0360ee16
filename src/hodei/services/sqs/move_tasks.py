"""Message move tasks: the messages of a dead-letter queue go back to where they came from, or elsewhere."""

from __future__ import annotations

import base64
import binascii
import json
from itertools import islice
from typing import Any

from msgspec.structs import replace

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.services.sqs import errors, mailbox, rules, upkeep
from hodei.services.sqs.find import find_by_arn
from hodei.services.sqs.service import sqs
from hodei.services.sqs.state import MoveTask, Queue, move_tasks, queues

MOST_RATE = 500
KEPT = 10  # tasks of a source that are remembered
LONGEST = 36 * 3600.0
STEP = 1.0  # seconds between two steps of a task
ACTIVE = ("RUNNING", "CANCELLING")


@sqs.operation("StartMessageMoveTask")
def start_message_move_task(
    ctx: Context, *, SourceArn: str, DestinationArn: str | None = None, MaxNumberOfMessagesPerSecond: int | None = None
) -> dict[str, Any]:
    there, source = _queue(ctx, "SourceArn", SourceArn)
    if next(queues.by("sources", there, SourceArn), None) is None:
        raise errors.InvalidParameterValue("Source queue must be configured as a Dead Letter Queue.")
    if DestinationArn:
        _check_destination(ctx, source, SourceArn, DestinationArn)
    if MaxNumberOfMessagesPerSecond is not None:
        rules.check_between("MaxNumberOfMessagesPerSecond", MaxNumberOfMessagesPerSecond, 1, MOST_RATE)
    tasks = list(move_tasks.scan(there, SourceArn))
    if any(task.status in ACTIVE for task in tasks):
        raise errors.InvalidParameterValue(
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time."
        )
    for old in tasks[: len(tasks) - KEPT + 1] if len(tasks) >= KEPT else ():
        move_tasks.delete(there, old.source, old.started, old.id)
    task = MoveTask(
        source=SourceArn,
        started=ctx.now,
        id=ctx.ids.uuid(),
        status="RUNNING",
        to_move=mailbox.depth(there, source).visible,
        destination=DestinationArn or "",
        rate=MaxNumberOfMessagesPerSecond or 0,
    )
    move_tasks.put(there, task)
    ctx.timers.set(there, "move", ctx.now, SourceArn)
    return {"TaskHandle": _handle(task)}


def _queue(ctx: Context, name: str, arn: str) -> tuple[Context, Queue]:
    """Raises: InvalidParameterValue, ResourceNotFoundException."""
    try:
        found = find_by_arn(ctx, arn)
    except ValueError:
        raise errors.InvalidParameterValue(
            f"You must use this format to specify the {name}: "
            "arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
        ) from None
    if found is None:
        raise errors.ResourceNotFoundException(name=name)
    return found


def _check_destination(ctx: Context, source: Queue, source_arn: str, arn: str) -> None:
    _, destination = _queue(ctx, "DestinationArn", arn)
    if arn == source_arn:
        raise errors.InvalidParameterValue("Source queue arn and destination queue arn cannot be the same.")
    if destination.fifo != source.fifo:
        raise errors.InvalidParameterValue("The source queue and destination queue must be of the same queue type.")


def _handle(task: MoveTask) -> str:
    return base64.b64encode(json.dumps({"taskId": task.id, "sourceArn": task.source}).encode()).decode()


@sqs.operation("CancelMessageMoveTask")
def cancel_message_move_task(ctx: Context, *, TaskHandle: str) -> dict[str, Any]:
    """What has been moved stays moved."""
    id, source = read_handle(TaskHandle)
    there, _ = _queue(ctx, "SourceArn", source)
    task = next((task for task in move_tasks.scan(there, source) if task.id == id), None)
    if task is None:
        raise errors.ResourceNotFoundException("Task does not exist.")
    if task.status != "RUNNING":
        raise errors.InvalidParameterValue("Only active tasks can be cancelled.")
    move_tasks.put(there, replace(task, status="CANCELLED"))
    ctx.timers.cancel(there, "move", source)
    return {"ApproximateNumberOfMessagesMoved": task.moved}


def read_handle(handle: str) -> tuple[str, str]:
    """(task id, source ARN). Raises: InvalidParameterValue."""
    try:
        parts = json.loads(base64.b64decode(handle, validate=True))
        id, source = str(parts["taskId"]), str(parts["sourceArn"])
        Arn.parse(source)
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        raise errors.InvalidParameterValue("Value for parameter TaskHandle is invalid.") from None
    return id, source


@sqs.operation("ListMessageMoveTasks")
def list_message_move_tasks(ctx: Context, *, SourceArn: str, MaxResults: int = 1) -> dict[str, Any]:
    """The most recent first."""
    rules.check_max_results(MaxResults, KEPT)
    there, _ = _queue(ctx, "SourceArn", SourceArn)
    found = islice(move_tasks.scan(there, SourceArn, reverse=True), MaxResults)
    return {"Results": [_description(task) for task in found]}


def _description(task: MoveTask) -> dict[str, Any]:
    described = {
        "Status": task.status,
        "SourceArn": task.source,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "StartedTimestamp": int(task.started * 1000),
    }
    optional = {
        "TaskHandle": _handle(task) if task.status == "RUNNING" else "",
        "DestinationArn": task.destination,
        "MaxNumberOfMessagesPerSecond": task.rate,
        "FailureReason": task.failure,
    }
    return described | {name: value for name, value in optional.items() if value}


@sqs.timer("move")
def move(ctx: Context, source_arn: str) -> None:
    """A step of the task that runs on this source: as many messages as it may move in a second."""
    task = next((task for task in move_tasks.scan(ctx, source_arn, reverse=True) if task.status == "RUNNING"), None)
    if task is None:
        return
    if (found := find_by_arn(ctx, source_arn)) is None:
        move_tasks.put(ctx, replace(task, status="FAILED", failure="AWS.SimpleQueueService.NonExistentQueue"))
        return
    moved, failure = _move_some(ctx, found[1], task)
    task = replace(task, moved=task.moved + moved)
    if failure or ctx.now >= task.started + LONGEST:
        task = replace(task, status="FAILED", failure=failure or "The task ran for 36 hours.")
    elif moved < (task.rate or MOST_RATE):
        task = replace(task, status="COMPLETED")
    else:
        ctx.timers.set(ctx, "move", ctx.now + STEP, source_arn)
    move_tasks.put(ctx, task)


def _move_some(ctx: Context, source: Queue, task: MoveTask) -> tuple[int, str]:
    """How many messages were moved, and why no more could be."""
    found = list(islice(mailbox.available(ctx, source), task.rate or MOST_RATE))
    for moved, message in enumerate(found):
        content = mailbox.content_of(ctx, message)
        arn = task.destination or content.source
        if not arn:
            return moved, "CouldNotDetermineMessageSource"
        if (target := find_by_arn(ctx, arn)) is None:
            return moved, "AWS.SimpleQueueService.NonExistentQueue"
        there, queue = target
        mailbox.remove(ctx, source, message)
        # AWS: redriven messages are new ones, with a message id and an enqueue time of their own.
        mailbox.add(there, queue, replace(content, id=ctx.ids.uuid(), source=""))
        upkeep.plan(there, queue)
    return len(found), ""
