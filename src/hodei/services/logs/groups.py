"""Log groups: made, described, kept for a time, protected, deleted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.keys import text_end
from hodei.services.logs import errors, pages, resource_policies, sealing, tagging
from hodei.services.logs.events import chunks
from hodei.services.logs.find import group_named, group_of, name_of
from hodei.services.logs.service import logs
from hodei.services.logs.state import (
    Group,
    Wire,
    account_policies,
    groups,
    index_policies,
    metric_filters,
    protections,
    streams,
    subscriptions,
    transformers,
)

ID_DIGITS = 16
DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
OF_DELIVERY = 2  # days: the only retention of groups of that class
EXPIRY = "expire"
HOUR = 3600.0
NO_TAGS: Mapping[str, str] = {}
NOTHING: Sequence[Any] = ()


@logs.operation("CreateLogGroup")
def create_log_group(
    ctx: Context,
    *,
    logGroupName: str,
    kmsKeyId: str = "",
    tags: Mapping[str, str] = NO_TAGS,
    logGroupClass: str = "STANDARD",
    deletionProtectionEnabled: bool = False,
) -> None:
    if groups.get(ctx, logGroupName):
        raise errors.GroupExists()
    if logGroupName.startswith("aws/"):
        raise errors.InvalidParameterException(reason="Log groups starting with 'aws/' are reserved for AWS.")
    group = create(ctx, logGroupName, logGroupClass, protected=deletionProtectionEnabled)
    if kmsKeyId:
        groups.put(ctx, replace(group, key=sealing.new_key(ctx, group, kmsKeyId)))
    ctx.tags.set(ctx, group.arn(ctx), tagging.checked(NO_TAGS, tags))


def create(ctx: Context, name: str, kind: str = "STANDARD", *, protected: bool = False) -> Group:
    """Raises: LimitExceededException."""
    if groups.count(ctx) >= ctx.quota("groups"):
        raise errors.LimitExceededException()
    group = Group(name=name, id=ctx.ids.hex(ID_DIGITS), created=ctx.now, kind=kind, protected=protected)
    if kind == "DELIVERY":
        group = replace(group, retention=OF_DELIVERY)
        ctx.timers.set(ctx, EXPIRY, ctx.now + HOUR, name)
    groups.put(ctx, group)
    return group


@logs.operation("DeleteLogGroup")
def delete_log_group(ctx: Context, *, logGroupName: str) -> None:
    group = group_named(ctx, logGroupName)
    if group.protected:
        raise errors.ValidationException(
            reason="The log group has deletion protection enabled. Disable deletion protection before deleting it."
        )
    for stream in list(streams.scan(ctx, group.id)):
        chunks.delete(ctx, group, stream)
    streams.delete_all(ctx, group.id)
    sealing.forget(ctx, group)
    protections.delete(ctx, group.id)
    metric_filters.delete_all(ctx, group.id)
    subscriptions.delete_all(ctx, group.id)
    transformers.delete(ctx, group.id)
    index_policies.delete(ctx, group.id)
    resource_policies.forget(ctx, group.arn(ctx))
    ctx.tags.set(ctx, group.arn(ctx), NO_TAGS)
    ctx.timers.cancel(ctx, EXPIRY, group.name)
    groups.delete(ctx, group.name)


@logs.operation("DescribeLogGroups")
def describe_log_groups(
    ctx: Context,
    *,
    logGroupNamePrefix: str = "",
    logGroupNamePattern: str = "",
    logGroupClass: str = "",
    logGroupIdentifiers: Sequence[str] = NOTHING,
    accountIdentifiers: Sequence[str] = NOTHING,
    nextToken: str = "",
    limit: int = pages.MOST,
) -> dict[str, Any]:
    if logGroupNamePrefix and logGroupNamePattern:
        raise errors.InvalidParameterException(
            reason="LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
        )
    found: Iterable[Group]
    if logGroupIdentifiers:
        named = sorted({name_of(ctx, identifier) for identifier in logGroupIdentifiers})
        found = [group for name in named if (group := groups.get(ctx, name))]
    else:
        stop = text_end(logGroupNamePrefix)
        found = groups.scan(
            ctx, start=(logGroupNamePrefix,), end=(stop,) if stop else None, after=pages.after(ctx, nextToken)
        )
    wanted = (
        group
        for group in found
        if logGroupNamePattern in group.name and (not logGroupClass or group.kind == logGroupClass)
    )
    page, rest = pages.cut(ctx, wanted if _here(ctx, accountIdentifiers) else (), limit, lambda group: (group.name,))
    return {"logGroups": [view(ctx, group) for group in page], **rest}


@logs.operation("ListLogGroups")
def list_log_groups(
    ctx: Context,
    *,
    logGroupNamePattern: str = "",
    logGroupClass: str = "",
    accountIdentifiers: Sequence[str] = NOTHING,
    logGroupTags: Sequence[Mapping[str, Any]] = NOTHING,
    nextToken: str = "",
    limit: int = pages.MOST,
) -> dict[str, Any]:
    """`logGroupNamePattern` are up to five parts of names, with | between them; ^ is the beginning of the name."""
    pattern = re.compile("|".join(_part(part) for part in logGroupNamePattern.split("|")))
    wanted = (
        group
        for group in groups.scan(ctx, after=pages.after(ctx, nextToken))
        if pattern.search(group.name)
        and (not logGroupClass or group.kind == logGroupClass)
        and all(tagging.fits(ctx.tags.get(ctx, group.arn(ctx)), rule) for rule in logGroupTags)
    )
    page, rest = pages.cut(ctx, wanted if _here(ctx, accountIdentifiers) else (), limit, lambda group: (group.name,))
    listed = [{"logGroupName": one.name, "logGroupArn": one.arn(ctx), "logGroupClass": one.kind} for one in page]
    return {"logGroups": listed, **rest}


def _part(part: str) -> str:
    return ("^" if part.startswith("^") else "") + re.escape(part.removeprefix("^"))


def _here(ctx: Context, accounts: Sequence[str]) -> bool:
    return not accounts or ctx.account in accounts


def view(ctx: Context, group: Group) -> Wire:
    """A group as DescribeLogGroups has it."""
    answer: Wire = {
        "logGroupName": group.name,
        "creationTime": int(group.created * 1000),
        "metricFilterCount": group.metric_filters,
        "arn": f"{group.arn(ctx)}:*",
        "storedBytes": sum(stream.bytes for stream in streams.scan(ctx, group.id)),
        "logGroupClass": group.kind,
        "logGroupArn": group.arn(ctx),
        "deletionProtectionEnabled": group.protected,
    }
    if group.retention:
        answer["retentionInDays"] = group.retention
    if group.key:
        answer["kmsKeyId"] = group.key
    if protections.get(ctx, group.id):
        answer["dataProtectionStatus"] = "ACTIVATED"
    if next(account_policies.scan(ctx, "DATA_PROTECTION_POLICY"), None):
        answer["inheritedProperties"] = ["ACCOUNT_DATA_PROTECTION"]
    return answer


@logs.operation("PutLogGroupDeletionProtection")
def put_log_group_deletion_protection(
    ctx: Context, *, logGroupIdentifier: str, deletionProtectionEnabled: bool
) -> None:
    group = group_of(ctx, "", logGroupIdentifier)
    groups.put(ctx, replace(group, protected=deletionProtectionEnabled))


@logs.operation("PutRetentionPolicy")
def put_retention_policy(ctx: Context, *, logGroupName: str, retentionInDays: int) -> None:
    if retentionInDays not in DAYS:
        words = f"Member must satisfy enum value set: [{', '.join(map(str, DAYS))}]"
        raise errors.InvalidParameterException(
            reason=f"1 validation error detected: Value '{retentionInDays}' at 'retentionInDays' failed to satisfy "
            f"constraint: {words}"
        )
    group = _retainable(ctx, logGroupName)
    groups.put(ctx, replace(group, retention=retentionInDays))
    ctx.timers.set(ctx, EXPIRY, ctx.now + HOUR, group.name)


@logs.operation("DeleteRetentionPolicy")
def delete_retention_policy(ctx: Context, *, logGroupName: str) -> None:
    group = _retainable(ctx, logGroupName)
    groups.put(ctx, replace(group, retention=0))
    ctx.timers.cancel(ctx, EXPIRY, group.name)


def _retainable(ctx: Context, name: str) -> Group:
    group = group_named(ctx, name)
    if group.kind == "DELIVERY":
        raise errors.InvalidParameterException(
            reason="The retention of log groups of the DELIVERY class cannot be changed."
        )
    return group


@logs.timer(EXPIRY)
def expire(ctx: Context, name: str) -> None:
    """What is too old is not given out any more from the moment on that it is; this makes room, once a day."""
    group = groups.get(ctx, name)
    if group and group.retention:
        chunks.expire(ctx, group, chunks.horizon(ctx, group))
        ctx.timers.set(ctx, EXPIRY, ctx.now + 24 * HOUR, name)


@logs.operation("AssociateKmsKey")
def associate_kms_key(ctx: Context, *, kmsKeyId: str, logGroupName: str = "", resourceIdentifier: str = "") -> None:
    """What comes from now on is encrypted with the key; what is there stays as it is."""
    group = group_of(ctx, logGroupName, _log_group(resourceIdentifier))
    groups.put(ctx, replace(group, key=sealing.new_key(ctx, group, kmsKeyId)))


@logs.operation("DisassociateKmsKey")
def disassociate_kms_key(ctx: Context, *, logGroupName: str = "", resourceIdentifier: str = "") -> None:
    group = group_of(ctx, logGroupName, _log_group(resourceIdentifier))
    groups.put(ctx, replace(group, key=""))


def _log_group(resource: str) -> str:
    """Raises: NotImplemented for the results of queries, which have no key of their own here."""
    from hodei.kernel.errors import NotImplementedByHodei

    if ":query-result:" in resource:
        raise NotImplementedByHodei("KMS keys for the results of queries are not implemented by Hodei.")
    return resource
