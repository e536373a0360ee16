"""The way from the root to an account, and what of it the kernel has to know to decide about calls."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from hodei.kernel.iam.controls import Control, Controls, TagRule
from hodei.kernel.iam.controls import table as controls
from hodei.services.organizations import find
from hodei.services.organizations.find import Home
from hodei.services.organizations.managed import FULL_ACCESS, RCP, SCP, TAG_POLICY
from hodei.services.organizations.merging import merged
from hodei.services.organizations.state import (
    Attachment,
    Policy,
    accounts,
    attachments,
    delegations,
    service_accesses,
    units,
)


def way(home: Home, id: str) -> list[str]:
    """From the root down to the parent of an account or unit; of the root itself nothing."""
    found: list[str] = []
    while id != home.organization.root:
        record = accounts.get(home.ctx, id) or units.get(home.ctx, id)
        assert record is not None, f"{id} has lost its parent"
        id = record.parent
        found.append(id)
    return found[::-1]


def path(home: Home, id: str) -> str:
    """As aws:PrincipalOrgPaths has it of the account: without the account itself."""
    return "/".join((home.organization.id, *way(home, id))) + "/"


def attached(home: Home, target: str, type: str) -> list[Policy]:
    """The policies of a type at one place, in the order in which they were attached."""
    found = sorted(attachments.scan(home.ctx, target, type), key=lambda one: one.at)
    return [find.policy(home, one.policy) for one in found]


def take_in(home: Home, id: str, *types: str) -> None:
    """A new place has AWS's own policies, of these types or of all that are enabled."""
    for type in types or home.organization.enabled:
        if policy := FULL_ACCESS.get(type):
            attachments.put(home.ctx, Attachment(target=id, type=type, policy=policy.id, at=home.ctx.now))


def publish(home: Home) -> None:
    """Tell the kernel of each account what it knows of them: to be called after all that changes it."""
    before = {one.member: one for one in controls.by("of", home.ctx, home.ctx.account)}

    @cache
    def level(target: str, type: str) -> tuple[Control, ...]:
        found = attached(home, target, type)
        if type not in home.organization.enabled or found == [FULL_ACCESS[type]]:
            return ()
        return tuple(Control(arn=find.policy_arn(home, one), document=one.content, target=target) for one in found)

    @cache
    def tags(target: str) -> list[str]:
        return [one.content for one in attached(home, target, TAG_POLICY)]

    tagging = TAG_POLICY in home.organization.enabled
    trusted = tuple(one.service for one in service_accesses.scan(home.ctx))
    for account in accounts.scan(home.ctx):
        places = (*way(home, account.id), account.id)
        bound = places if account.id != home.ctx.account else ()
        scp, rcp = (tuple(filter(None, (level(place, type) for place in bound))) for type in (SCP, RCP))
        after = Controls(
            member=account.id,
            account=home.ctx.account,
            organization=home.organization.id,
            path=path(home, account.id),
            scp=scp,
            rcp=rcp,
            features=home.organization.features,
            status=account.status,
            trusted=trusted,
            delegated=tuple(one.service for one in delegations.scan(home.ctx, account.id)),
            tags=_enforced(merged(map(tags, places))) if tagging else (),
        )
        if before.pop(account.id, None) != after:
            controls.put(home.ctx, after)
    for member in before:
        controls.delete(home.ctx, member)


def _enforced(policy: Mapping[str, Any]) -> tuple[TagRule, ...]:
    """Of a tag policy; what it is not made of is left out, as AWS's schema for it is not published."""
    found = policy.get("tags", {})
    return tuple(
        TagRule(
            key=str(rule.get("tag_key", name)),
            values=tuple(map(str, rule.get("tag_value", ()))),
            enforced=tuple(map(str, rule["enforced_for"])),
        )
        for name, rule in (found.items() if isinstance(found, dict) else ())
        if isinstance(rule, dict) and rule.get("enforced_for")
    )
