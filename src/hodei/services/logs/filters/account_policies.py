"""Policies for all groups of an account: subscription filters, data protection."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import NotImplementedByHodei
from hodei.services.logs import errors, pages
from hodei.services.logs.events.filter import compiled
from hodei.services.logs.filters.sending import Filter, Target
from hodei.services.logs.protection.policies import finders
from hodei.services.logs.service import logs
from hodei.services.logs.state import AccountPolicy, Group, Wire, account_policies

SUBSCRIPTION, PROTECTION = "SUBSCRIPTION_FILTER_POLICY", "DATA_PROTECTION_POLICY"
EXCEPT = re.compile(r'\s*LogGroupName\s+NOT\s+IN\s*\[\s*((?:"[^"]+"\s*,?\s*)*)\]\s*')
PAGE = 50


@logs.operation("PutAccountPolicy")
async def put_account_policy(
    ctx: Context,
    *,
    policyName: str,
    policyDocument: str,
    policyType: str,
    scope: str = "ALL",
    selectionCriteria: str = "",
) -> dict[str, Any]:
    """One policy of a type an account. Raises: NotImplemented for policies of other types."""
    if policyType == SUBSCRIPTION:
        await _check_subscription(ctx, policyDocument, selectionCriteria)
    elif policyType == PROTECTION:
        finders(policyDocument)
    else:
        raise NotImplementedByHodei(f"Account policies of the type {policyType} are not implemented by Hodei.")
    if any(one.name != policyName for one in account_policies.scan(ctx, policyType)):
        raise errors.LimitExceededException()
    old = account_policies.get(ctx, policyType, policyName)
    one = AccountPolicy(
        type=policyType,
        name=policyName,
        document=policyDocument,
        updated=ctx.now,
        criteria=selectionCriteria,
        since=old.since if old else ctx.now,
    )
    account_policies.put(ctx, one)
    return {"accountPolicy": _view(ctx, one)}


async def _check_subscription(ctx: Context, text: str, criteria: str) -> None:
    """Raises: InvalidParameterException."""
    from hodei.services.logs.filters.subscriptions import checked  # which asks here for the filters of a group

    _excluded(criteria)
    document = _document(text)
    compiled(document.get("FilterPattern", ""))
    await checked(ctx, document["DestinationArn"], document.get("RoleArn", ""), "*")


def _document(text: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("DestinationArn"), str):
        raise errors.InvalidParameterException(reason="Policy document is malformed.")
    return document


def _excluded(criteria: str) -> list[str]:
    """The names of groups for which a policy is not. Raises: InvalidParameterException."""
    if not criteria:
        return []
    found = EXCEPT.fullmatch(criteria)
    if found is None:
        raise errors.InvalidParameterException(reason="Invalid selectionCriteria.")
    return re.findall(r'"([^"]+)"', found[1])


@logs.operation("DescribeAccountPolicies")
def describe_account_policies(
    ctx: Context, *, policyType: str, policyName: str = "", nextToken: str = ""
) -> dict[str, Any]:
    found = account_policies.scan(ctx, policyType, after=pages.after(ctx, nextToken))
    wanted = (one for one in found if not policyName or one.name == policyName)
    page, rest = pages.cut(ctx, wanted, PAGE, lambda one: (one.name,))
    return {"accountPolicies": [_view(ctx, one) for one in page], **rest}


@logs.operation("DeleteAccountPolicy")
def delete_account_policy(ctx: Context, *, policyName: str, policyType: str) -> None:
    if not account_policies.delete(ctx, policyType, policyName):
        raise errors.ResourceNotFoundException(reason=f"Policy with name [{policyName}] does not exist.")


def _view(ctx: Context, one: AccountPolicy) -> Wire:
    answer: Wire = {
        "policyName": one.name,
        "policyDocument": one.document,
        "lastUpdatedTime": int(one.updated * 1000),
        "policyType": one.type,
        "scope": "ALL",
        "accountId": ctx.account,
    }
    return answer | ({"selectionCriteria": one.criteria} if one.criteria else {})


def filters_for(ctx: Context, group: Group) -> Iterator[Filter]:
    """The filters of the account that hold for a group."""
    for one in account_policies.scan(ctx, SUBSCRIPTION):
        if group.name not in _excluded(one.criteria):
            given = _document(one.document)
            random = given.get("Distribution") == "Random"
            target = Target(given["DestinationArn"], given.get("RoleArn", ""), random)
            yield Filter(one.name, given.get("FilterPattern", ""), target)
