"""What other services use of CloudWatch Logs: writing events, reading them again.

`ctx` is that of the other service; nothing here asks IAM, and there are no limits of the API: who acts for a role asks
first (`allowed`). In the open batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.iam.authorise import check
from hodei.kernel.iam.needs import Need
from hodei.services.logs import groups as making
from hodei.services.logs import streams as streaming
from hodei.services.logs.events import accepting, chunks
from hodei.services.logs.protection import policies
from hodei.services.logs.state import groups, streams

__all__ = ["allowed", "create_group", "exists", "group_names", "read", "write"]


def write(ctx: Context, group: str, stream: str, events: Iterable[tuple[int, str]]) -> None:
    """Add events, (ms, message), in any order; the group and the stream are made where they are not there.

    Raises: AccessDeniedException where the group's KMS key cannot be used, LimitExceededException.
    """
    there = _logs(ctx)
    pairs = [(time, message) for time, message in events if message]
    into = groups.get(there, group) or making.create(there, group)
    end = streams.get(there, into.id, stream) or streaming.create(there, into, stream)
    if pairs:
        accepting.accept(there, into, end, [time for time, _ in pairs], [message for _, message in pairs])


def create_group(ctx: Context, group: str) -> None:
    """Make a group, if it is not there."""
    there = _logs(ctx)
    if groups.get(there, group) is None:
        making.create(there, group)


def allowed(ctx: Context, actions: Sequence[str], group: str, stream: str = "") -> None:
    """Whether the principal of `ctx` may do that ("CreateLogStream", "PutLogEvents"). Raises: AccessDeniedException."""
    there = _logs(ctx)
    arn = f"{there.arn(f'log-group:{group}')}:log-stream:{stream}"
    check(there, [Need(f"logs:{action}", arn) for action in actions], {})


def group_names(ctx: Context) -> Iterator[str]:
    """The names of all groups."""
    return (group.name for group in groups.scan(_logs(ctx)))


def read(
    ctx: Context, group: str, stream: str = "", *, start: int = 0, end: int = chunks.FOR_EVER, masked: bool = False
) -> Iterator[tuple[int, str]]:
    """The events, (ms, message), of a stream or of all streams of a group, in order; nothing where there is none.

    Those of a time in [start, end], in ms; `masked`: without what the policies of data protection hide.
    """
    there = _logs(ctx)
    found = groups.get(there, group)
    of = streams.get(there, found.id, stream) if found and stream else None
    if found is None or (stream and of is None):
        return
    mask = policies.masking_batches(there, found) if masked else None
    start = max(start, chunks.horizon(there, found))
    for event in chunks.ordered(there, found, chunks.spans(there, found, of, start, end), start, end, mask=mask):
        yield event.time, event.message


def exists(ctx: Context, arn: str) -> bool:
    """Whether there is a group with that ARN ("...:log-group:NAME:*") in its account and region."""
    place = Arn.parse(arn)
    there = _logs(ctx).at(account=place.account, region=place.region)
    return groups.get(there, place.resource.removeprefix("log-group:").removesuffix(":*")) is not None


def _logs(ctx: Context) -> Context:
    return ctx.world.context(
        "logs",
        account=ctx.account,
        region=ctx.region,
        principal=ctx.principal,
        request_id=ctx.request_id,
        operation="",
        request=ctx.request,
        via=ctx.via,
    )
