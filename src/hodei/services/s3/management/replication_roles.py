"""What the role of a replication configuration may do: S3 becomes it to read the source and to write the replica.

A role that IAM does not know may do everything, so that replication can be tried out without one. On AWS it fails.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.context import Context, Principal, service_principal
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.authorise import check
from hodei.kernel.iam.needs import Need
from hodei.services.s3.access import owners
from hodei.services.s3.buckets import buckets, configurations
from hodei.services.s3.management import notifications
from hodei.services.s3.state import Bucket, Object

SESSION = "s3-replication"


def acting(home: Context, bucket: Bucket) -> Principal:
    """Who opens and seals what lies under KMS keys: the role, or S3 itself for one that IAM does not know.

    Raises: AccessDenied, if the role does not let S3 become it.
    """
    import hodei.services.iam.api as iam  # loaded where something is replicated
    import hodei.services.sts.api as sts

    arn = (configurations.find(home, bucket, "replication") or {}).get("Role", "")
    if iam.role(home, arn) is None:
        return home.principal
    return sts.become(home, arn, SESSION, service_principal(notifications.SOURCE, bucket.account, buckets.arn(bucket)))


def refusal(home: Context, bucket: Bucket, obj: Object, target: Bucket, rule: Mapping[str, Any]) -> str:
    """Why the role may not bring a version to a bucket, as failure events have it; "" if it may."""
    try:
        role = acting(home, bucket)
    except AwsError:
        return "AssumeRoleNotPermitted"
    if role is home.principal:
        return ""
    ctx = home.by(role)
    for reason, need in _needs(ctx, bucket, obj, target, rule):
        if not _has(ctx, need):
            return reason
    return ""


def _needs(
    ctx: Context, bucket: Bucket, obj: Object, target: Bucket, rule: Mapping[str, Any]
) -> Iterator[tuple[str, Need]]:
    """Each permission, and the reason that failing for the want of it has."""
    source, replica = (f"{buckets.arn(one)}/{obj.key}" for one in (bucket, target))
    params = {"Bucket": bucket.name, "Key": obj.key, "VersionId": obj.version_id}
    mine, theirs = owners.of_bucket(ctx, bucket, {}), owners.of_bucket(ctx, target, {})
    if obj.marker:
        yield "DstDelObjNotPermitted", Need("s3:ReplicateDelete", replica, {}, theirs)
        return
    for action in ("GetObjectVersionForReplication", "GetObjectVersionAcl"):
        yield "SrcGetObjNotPermitted", Need(f"s3:{action}", source, params, mine)
    yield "DstPutObjNotPermitted", Need("s3:ReplicateObject", replica, {}, theirs)
    if obj.tags:
        yield "SrcGetTaggingNotPermitted", Need("s3:GetObjectVersionTagging", source, params, mine)
        yield "DstPutTaggingNotPermitted", Need("s3:ReplicateTags", replica, {}, theirs)
    if rule["Destination"].get("AccessControlTranslation"):
        yield "DstPutObjNotPermitted", Need("s3:ObjectOwnerOverrideToBucketOwner", replica, {}, theirs)


def _has(ctx: Context, need: Need) -> bool:
    try:
        check(ctx, [need], {})
    except AwsError:
        return False
    return True
