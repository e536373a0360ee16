"""Queries answered: metrics read, expressions worked out."""

from __future__ import annotations

from collections.abc import Sequence

from hodei.kernel.context import Context
from hodei.services.cloudwatch.data import connectors, queries
from hodei.services.cloudwatch.data.queries import Found, Frame, Query
from hodei.services.cloudwatch.math.evaluation import Connected, Evaluation


def answer(ctx: Context, asked: Sequence[Query], frame: Frame, connected: Connected | None = None) -> list[Found]:
    """The lines of the queries that return data. `connected` is what other data sources have said so far.

    Raises: ValidationError; Wanted, where one of them is yet to be asked.
    """
    ctx.world.metrics.refresh(ctx, queries.namespaces(asked))
    evaluation = Evaluation(ctx, asked, frame, connected)
    return [line for query in asked if query.returned for line in evaluation.lines(query)]


async def answer_connected(ctx: Context, asked: Sequence[Query], frame: Frame) -> list[Found]:
    """The same, of queries that other data sources know something of. Raises: ValidationError."""
    connected: dict[connectors.Asked, list[Found]] = {}
    while True:
        try:
            return answer(ctx, asked, frame, connected)
        except connectors.Wanted as wanted:
            connected[wanted.asked] = await connectors.ask(ctx, wanted.asked, frame)
