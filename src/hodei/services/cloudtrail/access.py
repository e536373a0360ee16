"""Which trails a request names, and who besides their account may do what with them: an organization's members see its
trails, the accounts that administer CloudTrail for it change them.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.iam.controls import table as controls
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.services.cloudtrail.find import SERVICE, TRAIL_ARN, arn_by_name
from hodei.services.cloudtrail.service import cloudtrail
from hodei.services.cloudtrail.state import trails

NAMING = ("Name", "TrailName", "ResourceId")
READING = ["cloudtrail:GetTrail", "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors", "cloudtrail:ListTags",
           "cloudtrail:GetInsightSelectors"]  # fmt: skip


@cloudtrail.finds("trail")
def named_trails(ctx: Context, params: Mapping[str, Any]) -> Iterator[str]:
    """A name is one of the account's own, or else of its organization's, for whom it may be one."""
    for given in (*(params[name] for name in NAMING if name in params), *params.get("ResourceIdList", ())):
        if TRAIL_ARN.fullmatch(given):
            yield given
        elif given and not given.startswith("arn:"):
            yield arn_by_name(ctx, given)


@cloudtrail.on_resource
def owner(ctx: Context, arn: str) -> ResourcePolicy | None:
    try:
        place = Arn.parse(arn)
    except ValueError:
        return None
    kind, _, name = place.resource.partition("/")
    trail = trails.get(ctx.at(account=place.account), place.region, name) if kind == "trail" else None
    if trail is None or not trail.organization:
        return ResourcePolicy(place.account)
    members = list(controls.by("of", ctx, place.account))
    statements = [
        _statement([one.member for one in members], READING),
        _statement([one.member for one in members if one.administers(SERVICE)], ["cloudtrail:*"]),
    ]
    return ResourcePolicy(place.account, grants=json.dumps({"Version": "2012-10-17", "Statement": statements}))


def _statement(accounts: list[str], actions: list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"AWS": accounts}, "Action": actions, "Resource": "*"}
