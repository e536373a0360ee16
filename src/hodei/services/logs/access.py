"""Which groups, streams and destinations a request is about, and whose they are.

What is asked for of a group has an empty stream behind it (`log-group:NAME:log-stream:`): so policies name groups with
`:*` at their ends. Only tags are asked for by the plain ARN.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.services.logs.find import GROUP_ARN
from hodei.services.logs.service import logs

TAGGING = ("TagResource", "UntagResource", "ListTagsForResource")
NAMES = ("logGroupName", "logGroupIdentifier", "resourceIdentifier")
LISTS = ("logGroupNames", "logGroupIdentifiers")


@logs.finds("log-group")
def groups_named(ctx: Context, params: Mapping[str, Any]) -> Iterator[str]:
    given = [params[name] for name in NAMES if params.get(name)]
    for name in LISTS:
        given += params.get(name) or ()
    for one in given:
        yield f"{_arn(ctx, one)}:log-stream:"
    if (arn := params.get("resourceArn")) and GROUP_ARN.fullmatch(arn):
        yield arn.removesuffix(":*")
    if ctx.operation == "DescribeLogGroups" and not given:
        yield f"{ctx.arn('log-group:')}:log-stream:"


@logs.finds("log-stream")
def streams_named(ctx: Context, params: Mapping[str, Any]) -> Iterator[str]:
    group = params.get("logGroupName") or params.get("logGroupIdentifier")
    if group:
        yield f"{_arn(ctx, group)}:log-stream:{params.get('logStreamName', '')}"


def _arn(ctx: Context, identifier: str) -> str:
    return identifier.removesuffix(":*") if identifier.startswith("arn:") else ctx.arn(f"log-group:{identifier}")


@logs.on_resource
def policy_of(ctx: Context, arn: str) -> ResourcePolicy | None:
    try:
        return ResourcePolicy(Arn.parse(arn).account)
    except ValueError:
        return None


def _tags(ctx: Context, arn: str) -> Mapping[str, str]:
    return ctx.tags.get(ctx, arn.partition(":log-stream:")[0])


logs.resource_tags = _tags
