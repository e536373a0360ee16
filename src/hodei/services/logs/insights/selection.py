"""Which log groups a query looks at: those that StartQuery is told, or that the query names; and each within it."""

from __future__ import annotations

from collections.abc import Sequence

from hodei.engines.insights import Groups, Query
from hodei.kernel.context import Context
from hodei.kernel.iam.authorise import check
from hodei.kernel.iam.needs import Need
from hodei.services.logs import errors
from hodei.services.logs.find import group_named, name_of
from hodei.services.logs.state import groups

MOST_NAMED = 50
MOST_SELECTED = 10_000  # by logGroups()


def told(ctx: Context, name: str, names: Sequence[str], identifiers: Sequence[str], query: Query) -> list[str]:
    """The names of the groups of a query. Raises: InvalidParameterException, ResourceNotFoundException."""
    given = [[name] if name else [], list(names), list(identifiers)]
    count = sum(map(bool, given))
    if query.source and not count:
        return _allowed(ctx, selected(ctx, query.source))
    if query.source or count != 1:
        raise errors.InvalidParameterException(
            reason="Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be specified."
        )
    return _existing(ctx, [one for some in given for one in some])


def within(ctx: Context, query: Query, outer: list[str]) -> list[list[str]]:
    """Those of the queries within it, which look at the same ones where they do not say."""
    return [
        _allowed(ctx, selected(ctx, nested.query.source)) if nested.query.source and nested.earlier is None else outer
        for nested in query.nested
    ]


def selected(ctx: Context, source: Groups) -> list[str]:
    """The groups of a SOURCE; of other accounts none, as there is no monitoring of accounts by others."""
    if source.names:
        return _existing(ctx, source.names)
    if source.accounts and ctx.account not in source.accounts:
        return []
    kinds = source.classes or ["STANDARD"]
    prefixes = tuple(source.prefixes) or ("",)
    found = [one.name for one in groups.scan(ctx) if one.name.startswith(prefixes) and one.kind in kinds]
    if len(found) > MOST_SELECTED:
        raise errors.InvalidParameterException(reason=f"At most {MOST_SELECTED} log groups can be selected.")
    return found


def _existing(ctx: Context, identifiers: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(name_of(ctx, one) for one in identifiers))
    if len(found) > MOST_NAMED:
        raise errors.InvalidParameterException(reason=f"At most {MOST_NAMED} log groups can be queried.")
    return [group_named(ctx, one).name for one in found]


def _allowed(ctx: Context, names: list[str]) -> list[str]:
    """Raises: AccessDeniedException for groups that the caller may not query: no parameter has told of them."""
    check(ctx, [Need("logs:StartQuery", f"{ctx.arn(f'log-group:{name}')}:log-stream:") for name in names], {})
    return names
