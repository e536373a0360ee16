"""Queries answered: metrics read, expressions worked out."""

from __future__ import annotations

from collections.abc import Sequence

from hodei.kernel.context import Context
from hodei.services.cloudwatch.data import queries
from hodei.services.cloudwatch.data.queries import Found, Frame, Query
from hodei.services.cloudwatch.math.evaluation import Evaluation


def answer(ctx: Context, asked: Sequence[Query], frame: Frame) -> list[Found]:
    """The lines of the queries that return data. Raises: ValidationError."""
    ctx.world.metrics.refresh(ctx, queries.namespaces(asked))
    evaluation = Evaluation(ctx, asked, frame)
    return [line for query in asked if query.returned for line in evaluation.lines(query)]
