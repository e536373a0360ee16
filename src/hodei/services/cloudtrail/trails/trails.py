"""Trails made, changed, deleted and described."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.cloudtrail import errors, find, rules
from hodei.services.cloudtrail.find import Found, find_home, membership, visible
from hodei.services.cloudtrail.selecting import selection
from hodei.services.cloudtrail.service import cloudtrail
from hodei.services.cloudtrail.state import Trail, log_files, progresses, trails
from hodei.services.cloudtrail.trails import destination, log_group, logging

Result = dict[str, Any]


@cloudtrail.operation("CreateTrail")
async def create_trail(
    ctx: Context,
    *,
    Name: str,
    S3BucketName: str,
    S3KeyPrefix: str = "",
    SnsTopicName: str = "",
    IncludeGlobalServiceEvents: bool = True,
    IsMultiRegionTrail: bool = False,
    EnableLogFileValidation: bool = False,
    CloudWatchLogsLogGroupArn: str = "",
    CloudWatchLogsRoleArn: str = "",
    KmsKeyId: str = "",
    IsOrganizationTrail: bool = False,
    TagsList: Sequence[Mapping[str, str]] = (),
    RecursiveLogging: bool = True,
) -> Result:
    """An organization's trail belongs to its management account, whoever of its administrators makes it."""
    rules.check_name(Name)
    tags = rules.tags_of(TagsList)
    rules.check_tags(tags)
    home = _organizations_home(ctx) if IsOrganizationTrail else ctx
    _refuse_topics(SnsTopicName)
    if any(found.trail.name == Name and _meets(ctx, found.trail, IsMultiRegionTrail) for found in visible(home)):
        raise errors.TrailAlreadyExists(name=Name, account=home.account)
    most = int(home.quota("trails"))
    if sum(_meets(ctx, found.trail, False) for found in visible(home)) >= most:
        raise errors.MaximumNumberOfTrailsExceeded(account=home.account, most=most, region=home.region)
    trail = Trail(
        region=ctx.region,
        name=Name,
        arn=find.arn_of(home, Name),
        bucket=S3BucketName,
        prefix=S3KeyPrefix,
        global_events=IncludeGlobalServiceEvents,
        multi_region=IsMultiRegionTrail,
        validated=ctx.now if EnableLogFileValidation else 0.0,
        kms_key=destination.key_arn(ctx, KmsKeyId) if KmsKeyId else "",
        organization=_organization(home) if IsOrganizationTrail else "",
        recursive=RecursiveLogging,
        log_group=CloudWatchLogsLogGroupArn,
        log_role=CloudWatchLogsRoleArn,
    )
    await _check(home, trail)
    trails.put(home, trail)
    home.tags.set(home, trail.arn, tags)
    return _settings(trail)


@cloudtrail.operation("UpdateTrail")
async def update_trail(
    ctx: Context,
    *,
    Name: str,
    S3BucketName: str | None = None,
    S3KeyPrefix: str | None = None,
    SnsTopicName: str = "",
    IncludeGlobalServiceEvents: bool | None = None,
    IsMultiRegionTrail: bool | None = None,
    EnableLogFileValidation: bool | None = None,
    CloudWatchLogsLogGroupArn: str | None = None,
    CloudWatchLogsRoleArn: str | None = None,
    KmsKeyId: str | None = None,
    IsOrganizationTrail: bool | None = None,
    RecursiveLogging: bool | None = None,
) -> Result:
    """What is not given stays. A key that is "" is none any more."""
    found = find_home(ctx, Name)
    home, trail = found
    _refuse_topics(SnsTopicName)
    given: dict[str, Any] = {
        "bucket": S3BucketName,
        "prefix": S3KeyPrefix,
        "global_events": IncludeGlobalServiceEvents,
        "multi_region": IsMultiRegionTrail,
        "recursive": RecursiveLogging,
        "log_group": CloudWatchLogsLogGroupArn,
        "log_role": CloudWatchLogsRoleArn,
    }
    if EnableLogFileValidation is not None and EnableLogFileValidation != bool(trail.validated):
        given["validated"] = ctx.now if EnableLogFileValidation else 0.0
    if KmsKeyId is not None:
        given["kms_key"] = destination.key_arn(ctx, KmsKeyId) if KmsKeyId else ""
    if IsOrganizationTrail is not None and IsOrganizationTrail != bool(trail.organization):
        given["organization"] = _joined(ctx, found) if IsOrganizationTrail else ""
    if (IsMultiRegionTrail and not trail.multi_region) or given.get("organization"):
        given["since"] = ctx.now
    changed = replace(trail, **{name: value for name, value in given.items() if value is not None})
    await _check(home, changed)
    accounts = {*selection.covered(home, trail), *selection.covered(home, changed)}
    trails.put(home, changed)
    logging.follow(home, trail, changed)
    selection.keep_data_events(home, accounts)
    return _settings(changed)


@cloudtrail.operation("DeleteTrail")
def delete_trail(ctx: Context, *, Name: str) -> None:
    """What it has not delivered yet it does not deliver any more."""
    home, trail = find_home(ctx, Name)
    accounts = selection.covered(home, trail)
    trails.delete(home, trail.region, trail.name)
    progresses.delete_all(home, trail.arn)
    log_files.delete_all(home, trail.arn)
    home.tags.set(home, trail.arn, {})
    home.timers.cancel(home, "deliver", trail.name)
    selection.keep_data_events(home, accounts)


@cloudtrail.operation("GetTrail")
def get_trail(ctx: Context, *, Name: str) -> Result:
    return {"Trail": _described(find.find(ctx, Name).trail)}


@cloudtrail.operation("DescribeTrails")
def describe_trails(ctx: Context, *, trailNameList: Sequence[str] = (), includeShadowTrails: bool = True) -> Result:
    """Those of other regions, or of the organization, are shadows here."""
    found = [one.trail for one in visible(ctx) if one.trail.multi_region or one.trail.region == ctx.region]
    if not includeShadowTrails:
        own = f":{ctx.account}:"
        found = [trail for trail in found if trail.region == ctx.region and own in trail.arn]
    for name in trailNameList:
        if not name.startswith("arn:"):
            rules.check_name(name)
        elif not find.TRAIL_ARN.fullmatch(name):
            raise errors.CloudTrailARNInvalid(arn=name)
    if trailNameList:
        found = [trail for trail in found if trail.name in trailNameList or trail.arn in trailNameList]
    return {"trailList": [_described(trail) for trail in found]}


@cloudtrail.operation("ListTrails")
def list_trails(ctx: Context, *, NextToken: str = "") -> Result:
    """Those of all regions, on one page: there are few of them."""
    if NextToken:
        raise errors.InvalidNextToken()
    shown = [{"TrailARN": one.arn, "Name": one.name, "HomeRegion": one.region} for _, one in visible(ctx)]
    return {"Trails": shown}


async def _check(home: Context, trail: Trail) -> None:
    rules.check_bucket(trail.bucket)
    rules.check_prefix(trail.prefix)
    if trail.multi_region and not trail.global_events:
        raise errors.InvalidParameterCombination("Multi-Region trail must include global service events.")
    log_group.check(home, trail)
    await destination.check(home, trail)


def _refuse_topics(topic: str) -> None:
    """There are none."""
    if topic:
        raise errors.InsufficientSnsTopicPolicy()


def _meets(ctx: Context, trail: Trail, everywhere: bool) -> bool:
    """Whether a trail is where a new one would be."""
    return everywhere or trail.multi_region or trail.region == ctx.region


# organizations


def _organizations_home(ctx: Context) -> Context:
    """The management account. Raises: OrganizationsNotInUseException, NotOrganizationMasterAccountException,
    OrganizationNotInAllFeaturesModeException, CloudTrailAccessNotEnabledException."""
    member = membership(ctx)
    if member is None:
        raise errors.OrganizationsNotInUse()
    if not member.administers(find.SERVICE):
        raise errors.NotOrganizationMasterAccount()
    if member.features != "ALL":
        raise errors.OrganizationNotInAllFeaturesMode()
    if find.SERVICE not in member.trusted:
        raise errors.CloudTrailAccessNotEnabled()
    return ctx.at(account=member.account)


def _organization(home: Context) -> str:
    member = membership(home)
    assert member is not None
    return member.organization


def _joined(ctx: Context, found: Found) -> str:
    """The organization for whose trail an account's own is to be taken. Only the management account has such a one."""
    if _organizations_home(ctx).account != found.ctx.account:
        raise errors.NotOrganizationMasterAccount()
    return _organization(found.ctx)


# views


def _settings(trail: Trail) -> Result:
    """What CreateTrail and UpdateTrail answer."""
    shown: Result = {
        "Name": trail.name,
        "S3BucketName": trail.bucket,
        "IncludeGlobalServiceEvents": trail.global_events,
        "IsMultiRegionTrail": trail.multi_region,
        "TrailARN": trail.arn,
        "LogFileValidationEnabled": bool(trail.validated),
        "IsOrganizationTrail": bool(trail.organization),
        "RecursiveLogging": trail.recursive,
    }
    if trail.prefix:
        shown["S3KeyPrefix"] = trail.prefix
    if trail.kms_key:
        shown["KmsKeyId"] = trail.kms_key
    if trail.log_group:
        shown |= {"CloudWatchLogsLogGroupArn": trail.log_group, "CloudWatchLogsRoleArn": trail.log_role}
    return shown


def _described(trail: Trail) -> Result:
    custom = trail.selectors is not None or trail.advanced is not None
    return _settings(trail) | {
        "HomeRegion": trail.region,
        "HasCustomEventSelectors": custom,
        "HasInsightSelectors": False,
    }
