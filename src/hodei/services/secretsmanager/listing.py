"""ListSecrets and BatchGetSecretValue: secrets by filters, in an order, by pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.authorise import check
from hodei.kernel.iam.needs import Need
from hodei.services.secretsmanager import errors, rules, values, views
from hodei.services.secretsmanager.find import Found, find_live
from hodei.services.secretsmanager.service import secretsmanager
from hodei.services.secretsmanager.state import secrets

Filter = Mapping[str, Any]
NO_FILTERS: Sequence[Filter] = ()
PAGE = 100
BATCH = 20

ORDERS: Mapping[str, Callable[[Found], Any]] = {
    "created-date": lambda found: found.secret.created,
    "last-accessed-date": lambda found: found.secret.accessed,
    "last-changed-date": lambda found: found.secret.changed,
    "name": lambda found: found.secret.name,
}


@secretsmanager.operation("ListSecrets")
def list_secrets(
    ctx: Context,
    *,
    IncludePlannedDeletion: bool = False,
    MaxResults: int = PAGE,
    NextToken: str | None = None,
    Filters: Sequence[Filter] = NO_FILTERS,
    SortOrder: str = "asc",
    SortBy: str = "created-date",
) -> dict[str, Any]:
    """AWS's example of the operation shows the oldest first."""
    order = ORDERS[SortBy]
    found = [one for one in _matching(ctx, Filters) if IncludePlannedDeletion or not one.secret.deletion]
    found.sort(key=lambda one: (order(one), one.secret.name), reverse=SortOrder == "desc")
    page, token = _page(ctx, found, MaxResults, NextToken)
    return {"SecretList": [views.listed(one) for one in page], **token}


@secretsmanager.operation("BatchGetSecretValue")
def batch_get_secret_value(
    ctx: Context,
    *,
    SecretIdList: Sequence[str] | None = None,
    Filters: Sequence[Filter] | None = None,
    MaxResults: int | None = None,
    NextToken: str | None = None,
) -> dict[str, Any]:
    if (SecretIdList is None) == (Filters is None):
        raise errors.InvalidParameterException("You must include Filters or SecretIdList, but not both.")
    if Filters is None and MaxResults is not None:
        raise errors.InvalidParameterException("To use MaxResults, you must also use Filters.")
    wanted = list(SecretIdList or ())
    token: dict[str, str] = {}
    if Filters is not None:
        check(ctx, [Need("secretsmanager:ListSecrets", "*")], {"Filters": Filters})
        live = sorted((one for one in _matching(ctx, Filters) if not one.secret.deletion), key=ORDERS["created-date"])
        page, token = _page(ctx, live, MaxResults or BATCH, NextToken)
        wanted = [one.arn for one in page]
    got, failed = [], []
    for id in wanted:
        try:
            got.append(_value(ctx, id))
        except AwsError as error:
            failed.append({"SecretId": id, "ErrorCode": error.code, "Message": error.message})
    return {"SecretValues": got, "Errors": failed, **token}


def _value(ctx: Context, id: str) -> dict[str, Any]:
    """Raises: what GetSecretValue does, its denials too."""
    found = find_live(ctx, id)
    check(ctx, [Need("secretsmanager:GetSecretValue", found.arn)], {"SecretId": id})
    return values.current(found)


def _page(ctx: Context, found: list[Found], size: int, token: str | None) -> tuple[list[Found], dict[str, str]]:
    """A page, and NextToken if there are more. A token tells the secret that the page before it ended with."""
    last = rules.read_page(ctx, token)
    start = 0
    if last is not None:
        names = [one.secret.name for one in found]
        start = names.index(last) + 1 if last in names else 0
    page = found[start : start + size]
    more = {"NextToken": ctx.token(page[-1].secret.name)} if start + size < len(found) else {}
    return page, more


def _matching(ctx: Context, filters: Sequence[Filter]) -> Iterator[Found]:
    for secret in secrets.scan(ctx):
        found = Found(ctx, secret)
        if all(_matches(found, one) for one in filters):
            yield found


def _matches(found: Found, given: Filter) -> bool:
    """Any of the values, and none of those with an exclamation mark."""
    test = MATCHERS[given.get("Key", "all")]
    wanted = [value for value in given.get("Values", ()) if not value.startswith("!")]
    unwanted = [value[1:] for value in given.get("Values", ()) if value.startswith("!")]
    if any(test(found, value) for value in unwanted):
        return False
    return not wanted or any(test(found, value) for value in wanted)


def _tags(found: Found) -> Mapping[str, str]:
    return found.ctx.tags.get(found.ctx, found.arn)


def _anywhere(found: Found, value: str) -> bool:
    """Each word of the value begins one of the attributes."""
    tags = _tags(found)
    attributes = [found.secret.name, found.secret.description, found.secret.primary, *tags, *tags.values()]
    words = [word.lower() for text in attributes for word in (text, *text.split())]
    return all(any(word.startswith(one) for word in words) for one in value.lower().split())


MATCHERS: Mapping[str, Callable[[Found, str], bool]] = {
    "description": lambda found, value: found.secret.description.lower().startswith(value.lower()),
    "name": lambda found, value: found.secret.name.startswith(value),
    "tag-key": lambda found, value: any(key.startswith(value) for key in _tags(found)),
    "tag-value": lambda found, value: any(text.startswith(value) for text in _tags(found).values()),
    "primary-region": lambda found, value: found.secret.primary.startswith(value),
    "owning-service": lambda found, value: False,  # no service makes secrets here yet
    "all": _anywhere,
}
