"""Saved queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.services.logs import errors, pages
from hodei.services.logs.service import logs
from hodei.services.logs.state import QueryDefinition, Wire, definitions

NOTHING: Sequence[Any] = ()
MOST = 1000


@logs.operation("PutQueryDefinition")
def put_query_definition(
    ctx: Context,
    *,
    name: str,
    queryString: str,
    queryDefinitionId: str = "",
    logGroupNames: Sequence[str] = NOTHING,
    queryLanguage: str = "CWLI",
    clientToken: str = "",
    parameters: Sequence[Mapping[str, str]] = NOTHING,
) -> dict[str, Any]:
    """A query is saved as it is, whether it can be run or not. With a client token the same call makes one once."""
    if queryDefinitionId and not definitions.get(ctx, queryDefinitionId):
        raise errors.ResourceNotFoundException(reason="The specified query definition does not exist.")
    made = next((one.id for one in definitions.scan(ctx) if clientToken and one.token == clientToken), "")
    one = QueryDefinition(
        id=queryDefinitionId or made or ctx.ids.uuid(),
        name=name,
        query=queryString,
        language=queryLanguage,
        groups=list(logGroupNames),
        parameters=[dict(given) for given in parameters],
        modified=ctx.now,
        token=clientToken,
    )
    definitions.put(ctx, one)
    return {"queryDefinitionId": one.id}


@logs.operation("DescribeQueryDefinitions")
def describe_query_definitions(
    ctx: Context,
    *,
    queryDefinitionNamePrefix: str = "",
    queryLanguage: str = "",
    maxResults: int = MOST,
    nextToken: str = "",
) -> dict[str, Any]:
    after = pages.after(ctx, nextToken)
    wanted = (
        one
        for one in sorted(definitions.scan(ctx), key=lambda one: (one.name, one.id))
        if one.name.startswith(queryDefinitionNamePrefix)
        and (not queryLanguage or one.language == queryLanguage)
        and (after is None or (one.name, one.id) > after)
    )
    page, rest = pages.cut(ctx, wanted, maxResults, lambda one: (one.name, one.id))
    return {"queryDefinitions": [_view(one) for one in page], **rest}


@logs.operation("DeleteQueryDefinition")
def delete_query_definition(ctx: Context, *, queryDefinitionId: str) -> dict[str, Any]:
    if not definitions.delete(ctx, queryDefinitionId):
        raise errors.ResourceNotFoundException(reason="The specified query definition does not exist.")
    return {"success": True}


def _view(one: QueryDefinition) -> Wire:
    answer: Wire = {
        "queryLanguage": one.language,
        "queryDefinitionId": one.id,
        "name": one.name,
        "queryString": one.query,
        "lastModified": int(one.modified * 1000),
        "logGroupNames": one.groups,
    }
    return answer | ({"parameters": one.parameters} if one.parameters else {})
