"""DescribeParameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from hodei.kernel.context import Context
from hodei.services.ssm import errors, filters, views
from hodei.services.ssm.names import Found, version_of
from hodei.services.ssm.pages import read_page
from hodei.services.ssm.service import ssm
from hodei.services.ssm.state import arn_of, parameters

PAGE = 50


@ssm.operation("DescribeParameters")
def describe_parameters(
    ctx: Context,
    *,
    Filters: Sequence[Mapping[str, Any]] = filters.NONE,
    ParameterFilters: Sequence[Mapping[str, Any]] = filters.NONE,
    MaxResults: int = PAGE,
    NextToken: str | None = None,
    Shared: bool = False,
) -> dict[str, Any]:
    """What is shared comes with Resource Access Manager; a resource policy alone does not make it appear here."""
    if Filters and ParameterFilters:
        raise errors.ValidationException("You can use either Filters or ParameterFilters in a single request.")
    test = filters.for_description([*ParameterFilters, *filters.older(Filters)])
    last = read_page(ctx, NextToken)

    def found() -> Iterator[dict[str, Any]]:
        for parameter in parameters.scan(ctx, after=None if last is None else (last,)):
            one = Found(ctx, parameter)
            version = version_of(one)
            if test(one, version):
                yield {**views.metadata(version), "ARN": arn_of(ctx, parameter.name)}

    page = [] if Shared else list(islice(found(), MaxResults + 1))
    answer: dict[str, Any] = {"Parameters": page[:MaxResults]}
    if len(page) > MaxResults:
        answer["NextToken"] = ctx.token(page[MaxResults - 1]["Name"])
    return answer
