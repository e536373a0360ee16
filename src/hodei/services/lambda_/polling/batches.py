"""What pollers of queues and of streams do alike: they act as the function's role, run the function for a batch, read
what it says of it, and count."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.lambda_ import find
from hodei.services.lambda_.find import Found
from hodei.services.lambda_.functions import roles
from hodei.services.lambda_.invoking import running
from hodei.services.lambda_.invoking.invoke import SYNCHRONOUS
from hodei.services.lambda_.invoking.outbox import Measure
from hodei.services.lambda_.runtime.invocation import Invocation, Outcome
from hodei.services.lambda_.state import EventSource, mappings

LARGEST = SYNCHRONOUS - 4096  # bytes of a batch's records: the event has more than these
PAUSE, LONGEST_PAUSE = 10.0, 60.0  # seconds after a source could not be asked


class Invoked(NamedTuple):
    """What has come of a batch. `id` is that of the invocation."""

    found: Found
    id: str
    outcome: Outcome


def channel(uuid: str) -> tuple[str, str]:
    """What is signalled when an event source mapping is enabled or disabled."""
    return ("lambda-mapping", uuid)


def pause(refused: int) -> float:
    """Seconds until a source that has refused so many times is asked again."""
    return min(PAUSE * refused, LONGEST_PAUSE)


def acting(ctx: Context, mapping: EventSource) -> Context:
    """The region of the source, as the function's role sees it. Raises: AwsError."""
    there, version, _ = find.describe(ctx, mapping.function)
    return ctx.by(roles.become(ctx, version.function, version.role, version.arn(there)))


async def invoke(ctx: Context, mapping: EventSource, event: bytes, trace: str = "") -> Invoked:
    """Run the function; `trace` is the tracing header of what is in the batch.

    Raises: AwsError, if it cannot be run or there is no room for one more.
    """
    found = find.choose(ctx, mapping.function)
    invocation = Invocation(ctx.ids.uuid(), event, found.arn, trace=trace)
    outcome, _ = await running.run(found.ctx, found.version, invocation)
    return Invoked(found, invocation.id, outcome)


def reports(mapping: EventSource) -> bool:
    """Whether the function may fail of a part of a batch."""
    return "ReportBatchItemFailures" in mapping.settings.get("FunctionResponseTypes", ())


def reported(outcome: Outcome, ids: Collection[str]) -> set[str] | None:
    """Which of the ids a function says it has failed of; None: of everything, or it says that badly.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """
    try:
        answer = msgspec.json.decode(outcome.payload)
        failures = (answer or {}).get("batchItemFailures") or []
        found = {one["itemIdentifier"] for one in failures}
    except (msgspec.DecodeError, RecursionError, AttributeError, KeyError, TypeError):
        return None
    return found if found <= set(ids) else None


def tell(ctx: Context, uuid: str, result: str) -> None:
    """What a mapping shows as its last result."""
    mapping = mappings.get(ctx, uuid)
    if mapping and mapping.result != result:
        mappings.put(ctx, replace(mapping, result=result))


def count(ctx: Context, mapping: EventSource, what: str, events: int) -> None:
    """One of the metrics of events, where the mapping is to have them."""
    if measure := measured(mapping, what, events):
        measure.record(ctx)


def measured(mapping: EventSource, what: str, events: int) -> Measure | None:
    if not events or "EventCount" not in mapping.settings.get("MetricsConfig", {}).get("Metrics", ()):
        return None
    return Measure(f"{what}EventCount", events, {"EventSourceMappingUUID": mapping.uuid})
