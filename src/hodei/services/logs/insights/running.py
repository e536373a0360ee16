"""Running queries: in the background, slab by slab. A query that a restart has cut off begins anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from hodei.engines.insights import InvalidQuery, Query, UnsupportedQuery, text
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError, NotImplementedByHodei
from hodei.services.logs import errors
from hodei.services.logs.events import chunks, search
from hodei.services.logs.events.chunks import Span
from hodei.services.logs.insights import delivering, indexes, lookup_tables
from hodei.services.logs.insights.source import Source
from hodei.services.logs.memory import memory
from hodei.services.logs.protection import policies
from hodei.services.logs.service import logs
from hodei.services.logs.state import Group, QueryRun, Result, groups, queries, results, streams

TIMER = "query"
AGAIN = 3600.0  # seconds after which a query is taken for cut off
MOST_RESULTS = 10_000
Window = tuple[int, int]  # seconds, both of them in it


def compiled(query: str, most: int) -> Query:
    """Raises: MalformedQueryException; NotImplemented for commands that are AWS's but not here."""
    try:
        return Query(query, most)
    except InvalidQuery as error:
        raise malformed(error) from None
    except UnsupportedQuery as error:
        raise NotImplementedByHodei(str(error)) from None


def check_tables(ctx: Context, query: Query) -> None:
    """Whether the lookup tables of a query are there. Raises: MalformedQueryException, ResourceNotFoundException."""
    try:
        lookup_tables.check(ctx, query.tables)
        for nested in query.nested:
            lookup_tables.check(ctx, nested.query.tables)
    except InvalidQuery as error:
        raise malformed(error) from None


def malformed(error: InvalidQuery) -> AwsError:
    where = {"startCharOffset": error.start, "endCharOffset": error.end} if error.start is not None else None
    said = {"message": str(error)} | ({"location": where} if where else {})
    return errors.MalformedQueryException(reason=str(error), queryCompileError=said)


@logs.timer(TIMER)
def begin(ctx: Context, id: str) -> None:
    """The timer is set again for the case that nothing comes of it: the process may be killed meanwhile."""
    found = queries.get(ctx, id)
    if found and found.status in ("Scheduled", "Running"):
        ctx.timers.set(ctx, TIMER, ctx.now + AGAIN, id)
        if id not in memory(ctx).running:
            memory(ctx).running.add(id)
            queries.put(ctx, replace(found, status="Running"))
            ctx.timers.spawn(_run(ctx, id))


async def _run(ctx: Context, id: str) -> None:
    try:
        await _answer(ctx, id)
    except (AwsError, InvalidQuery):
        if found := queries.get(ctx, id):
            queries.put(ctx, replace(found, status="Failed"))
    finally:
        memory(ctx).running.discard(id)
        ctx.timers.cancel(ctx, TIMER, id)


async def _answer(ctx: Context, id: str) -> None:
    run = queries.get(ctx, id)
    if run is None:
        return
    query = compiled(run.query, run.limit)
    started = ctx.now
    sources = await _feed(ctx, query, run, run.groups, (run.start, run.end))
    rows = await ctx.offload(query.finish)
    run = queries.get(ctx, id)
    if run is None or run.status != "Running":
        return
    found = [[(name, _shown(run, name, value)) for name, value in row] for row in rows]
    size = sum(source.bytes for source in sources)
    results.put(ctx, Result(id=id, rows=found))
    statistics = {
        "recordsMatched": float(query.matched),
        "recordsScanned": float(sum(source.scanned for source in sources)),
        "estimatedRecordsSkipped": 0.0,
        "bytesScanned": float(size),
        "estimatedBytesSkipped": 0.0,
        "logGroupsScanned": float(len(run.groups)),
    }
    took = int((ctx.now - started) * 1000)
    queries.put(ctx, replace(run, status="Complete", statistics=statistics, took=took))
    if run.destinations:
        ctx.timers.set(ctx, delivering.TIMER, ctx.now, run.id)
    ctx.meter("scanned", size)


async def _feed(ctx: Context, query: Query, run: QueryRun, names: Sequence[str], window: Window) -> list[Source]:
    """Let the events of groups go through a query, when those within it have run. Raises: InvalidQuery."""
    sources: list[Source] = []
    query.window.start, query.window.end = window[0] * 1000, window[1] * 1000 + 999
    for nested, others in zip(query.nested, run.nested):
        then = window if nested.earlier is None else earlier(window, nested.earlier)
        sources += await _feed(ctx, nested.query, run, others, then)
        await ctx.offload(nested.finish)
    await lookup_tables.fill(ctx, query.tables)
    for number, name in enumerate(names):
        group = groups.get(ctx, name)
        if group and indexes.has(ctx, group, query.indexed):
            sources.append(await _scan(ctx, query, run, group, number, window))
    return sources


def earlier(window: Window, period: str) -> Window:
    """A stretch of time as long as another one, just before it or so much earlier; months are those of the calendar."""
    start, end = window
    if period == "previousmonth":
        day = datetime.fromtimestamp(start, UTC)
        before = day.replace(day=1) - timedelta(days=1)
        shift = start - int(before.replace(day=min(day.day, before.day)).timestamp())
    else:
        shift = {"previousday": 86400, "previousweek": 7 * 86400}.get(period, end - start + 1)
    return start - shift, end - shift


async def _scan(ctx: Context, query: Query, run: QueryRun, group: Group, number: int, window: Window) -> Source:
    """Let the events of a group, that number of the query's, go through it."""
    start, end = max(window[0] * 1000, chunks.horizon(ctx, group)), window[1] * 1000 + 999
    names = {stream.id: stream.name for stream in streams.scan(ctx, group.id)}
    mask = policies.masking_batches(ctx, group)
    source = Source(query, f"{ctx.account}:{group.name}", number, names, (start, end), int(ctx.now * 1000), mask)
    spans: list[Span] = chunks.spans(ctx, group, None, start, end)
    if query.newest:
        spans.sort(key=lambda span: span.last, reverse=True)
    async for _ in search.slabs(ctx, group, spans, source):
        found = queries.get(ctx, run.id)
        if found is None or found.status != "Running":
            break
    return source


def _shown(run: QueryRun, name: str, value: Any) -> str:
    if name == "@ptr":
        *place, group = value
        return f"{run.groups[group]}:{chunks.id_of(tuple(place))}"
    return text(value)
