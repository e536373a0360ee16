"""Queries answered: metrics read, expressions worked out."""

from __future__ import annotations

from collections.abc import Sequence

from hodei.kernel.context import Context
from hodei.kernel.errors import NotImplementedByHodei
from hodei.services.cloudwatch.data import queries
from hodei.services.cloudwatch.data.queries import Found, Frame, Query


def answer(ctx: Context, asked: Sequence[Query], frame: Frame) -> list[Found]:
    """The lines of the queries that return data. Raises: ValidationError."""
    ctx.world.metrics.refresh(ctx, queries.namespaces(asked))
    found = []
    for query in asked:
        if query.expression:
            raise NotImplementedByHodei("Expressions are not implemented by Hodei.")
        if query.returned:
            found.append(queries.read(ctx, query, frame))
    return found
