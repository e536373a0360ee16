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
from hodei.kernel.iam.needs import Need
from hodei.services.logs import resource_policies
from hodei.services.logs.find import GROUP_ARN
from hodei.services.logs.service import logs
from hodei.services.logs.state import resource_policies as policies
from hodei.services.logs.state import scheduled_queries

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


@logs.needs_of("DescribeLogGroups")
def to_describe(ctx: Context, params: Mapping[str, Any]) -> Iterator[Need]:
    """As AWS words its denials: of a group without a name."""
    yield Need("logs:DescribeLogGroups", f"{ctx.arn('log-group:')}:log-stream:")


@logs.needs_of("StartQuery")
def to_query(ctx: Context, params: Mapping[str, Any]) -> Iterator[Need]:
    """What the query itself names is asked for when it has been read."""
    for arn in groups_named(ctx, params):
        yield Need("logs:StartQuery", arn)


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
        place = Arn.parse(arn)
    except ValueError:
        return None
    there = ctx.at(account=place.account, region=place.region)
    return ResourcePolicy(place.account, resource_policies.documents(there, arn.partition(":log-stream:")[0]))


@logs.without_policy
def unguarded(ctx: Context, params: Mapping[str, Any]) -> bool:
    """Most accounts have no resource policies at all."""
    own = not str(params.get("logGroupIdentifier", "")).startswith("arn:")
    return own and next(policies.keys(ctx), None) is None


@logs.needs_of("PutSubscriptionFilter")
def to_subscribe(ctx: Context, params: Mapping[str, Any]) -> Iterator[Need]:
    for arn in groups_named(ctx, params):
        yield Need("logs:PutSubscriptionFilter", arn)
    if "roleArn" in params:
        yield Need("iam:PassRole", params["roleArn"])


@logs.finds("destination")
def destinations_named(ctx: Context, params: Mapping[str, Any]) -> Iterator[str]:
    if "destinationName" in params:
        yield ctx.arn(f"destination:{params['destinationName']}")
    elif ":destination:" in params.get("resourceArn", ""):
        yield params["resourceArn"]


@logs.finds("scheduled-query")
def scheduled_queries_named(ctx: Context, params: Mapping[str, Any]) -> Iterator[str]:
    """By its ARN, where it is given or can be found; of one that is yet to be made, any."""
    prefix = ctx.arn("scheduled-query:")
    given = params.get("identifier") or params.get("resourceArn", "*")
    if given.startswith(prefix):
        yield given
    elif "resourceArn" not in params:
        found = next(scheduled_queries.by("names", ctx, given), None)
        yield f"{prefix}{found.id if found else '*'}"


@logs.finds("lookup-table")
def lookup_tables_named(ctx: Context, params: Mapping[str, Any]) -> Iterator[str]:
    if "lookupTableName" in params:
        yield ctx.arn(f"lookup-table:{params['lookupTableName']}")
    elif ":lookup-table:" in (arn := params.get("lookupTableArn") or params.get("resourceArn", "")):
        yield arn


@logs.needs_of("PutDestination")
def to_put_destination(ctx: Context, params: Mapping[str, Any]) -> Iterator[Need]:
    for arn in destinations_named(ctx, params):
        yield Need("logs:PutDestination", arn)
    yield Need("iam:PassRole", params["roleArn"])


def _tags(ctx: Context, arn: str) -> Mapping[str, str]:
    return ctx.tags.get(ctx, arn.partition(":log-stream:")[0])


logs.resource_tags = _tags
