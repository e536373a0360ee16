"""What the role of a replication configuration may do: S3 becomes it to read the source and to write the replica.

A role that IAM does not know may do everything, so that replication can be tried out without one. On AWS it fails.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context, Principal, service_principal
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.authorise import check
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.kernel.iam.keys import Session
from hodei.kernel.iam.needs import Need
from hodei.services.s3.access import owners
from hodei.services.s3.buckets import buckets, configurations
from hodei.services.s3.management import notifications
from hodei.services.s3.state import Bucket, Object

if TYPE_CHECKING:
    from hodei.services.iam.api import Role

SESSION = "s3-replication"


def acting(home: Context, bucket: Bucket) -> Principal:
    """Who opens and seals what lies under KMS keys: the role, or S3 itself for one that IAM does not know."""
    import hodei.services.iam.api as iam

    arn = _arn(home, bucket)
    role = iam.role(home, arn)
    return _session(role, arn) if role else home.principal


def refusal(home: Context, bucket: Bucket, obj: Object, target: Bucket, rule: Mapping[str, Any]) -> str:
    """Why the role may not bring a version to a bucket, as failure events have it; "" if it may."""
    import hodei.services.iam.api as iam  # loaded where something is replicated

    arn = _arn(home, bucket)
    if (role := iam.role(home, arn)) is None:
        return ""
    if not _trusts(home, bucket, role, arn):
        return "AssumeRoleNotPermitted"
    ctx = home.by(_session(role, arn))
    for reason, need in _needs(ctx, bucket, obj, target, rule):
        if not _has(ctx, need):
            return reason
    return ""


def _arn(home: Context, bucket: Bucket) -> str:
    arn: str = (configurations.find(home, bucket, "replication") or {}).get("Role", "")
    return arn


def _trusts(home: Context, bucket: Bucket, role: Role, arn: str) -> bool:
    account = Arn.parse(arn).account
    sender = service_principal(notifications.SOURCE, bucket.account, buckets.arn(bucket))
    sts = home.world.context("sts", account=account, region=home.region, principal=sender)
    return _has(sts, Need("sts:AssumeRole", arn, {}, ResourcePolicy(account, role.trust, must_allow=True)))


def _session(role: Role, arn: str) -> Principal:
    place = Arn.parse(arn)
    return Principal(
        account=place.account,
        arn=f"arn:{place.partition}:sts::{place.account}:assumed-role/{role.name}/{SESSION}",
        access_key=role.id.replace("AROA", "ASIA", 1),
        kind="role-session",
        id=f"{role.id}:{SESSION}",
        session=Session(name=SESSION, issuer=arn, issuer_id=role.id),
    )


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
