"""Access control lists of buckets and objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, Unpack

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.s3 import errors, payment, subjects
from hodei.services.s3.buckets import buckets, configurations, grants, public_access
from hodei.services.s3.management import notifications, replication
from hodei.services.s3.objects import drafts, versions
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket

KIND = "acl"
PERMISSIONS = frozenset({"FULL_CONTROL", "READ", "READ_ACP", "WRITE", "WRITE_ACP"})
GROUPS = (grants.ALL_USERS, grants.AUTHENTICATED_USERS, grants.LOG_DELIVERY)
MOST_GRANTS = 100

Policy = dict[str, Any]


class AclParams(TypedDict, total=False):
    """The ways to say an ACL; one of them at a time."""

    ACL: str
    AccessControlPolicy: Policy
    GrantFullControl: str
    GrantRead: str
    GrantReadACP: str
    GrantWrite: str
    GrantWriteACP: str


@s3.operation("PutBucketAcl")
def put_bucket_acl(
    ctx: Context, *, Bucket: str, ExpectedBucketOwner: str | None = None, **given: Unpack[AclParams]
) -> None:
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    home = buckets.home(ctx, bucket)
    configurations.store(home, bucket, KIND, _asked(home, bucket, bucket.account, given))


@s3.operation("GetBucketAcl")
def get_bucket_acl(ctx: Context, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> Policy:
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    found: Policy | None = configurations.find(buckets.home(ctx, bucket), bucket, KIND)
    return found or private(bucket.account)


@s3.operation("PutObjectAcl")
def put_object_acl(
    ctx: Context,
    *,
    Bucket: str,
    Key: str,
    VersionId: str | None = None,
    RequestPayer: str | None = None,
    ExpectedBucketOwner: str | None = None,
    **given: Unpack[AclParams],
) -> dict[str, str]:
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    charge = payment.charged(ctx, bucket, RequestPayer)
    home = buckets.home(ctx, bucket)
    obj = subjects.version(home, bucket, Key, VersionId, method="PUT")
    obj = replace(obj, acl=_asked(home, bucket, obj.owner or bucket.account, given))
    versions.update(home, obj)
    notifications.publish(home, bucket, "ObjectAcl:Put", obj)
    replication.follow(home, bucket, obj)
    return charge


@s3.operation("GetObjectAcl")
def get_object_acl(
    ctx: Context,
    *,
    Bucket: str,
    Key: str,
    VersionId: str | None = None,
    RequestPayer: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> Policy:
    """Of a key whose latest version is a delete marker there is no ACL, and no such key."""
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    charge = payment.charged(ctx, bucket, RequestPayer)
    home = buckets.home(ctx, bucket)
    if VersionId is None and (latest := versions.latest(home, bucket, Key)) is not None and latest.marker:
        raise errors.NoSuchKey(Key=Key)
    obj = subjects.version(home, bucket, Key, VersionId, method="GET")
    if drafts.ownership(home, bucket) == "BucketOwnerEnforced":
        return charge | private(bucket.account)
    return charge | (obj.acl or private(obj.owner or bucket.account))


def private(account: str) -> Policy:
    """The ACL of what only its owner may use."""
    owner = buckets.owner(account)
    return {"Owner": owner, "Grants": [grants.user(owner["ID"], "FULL_CONTROL")]}


def _asked(home: Context, bucket: Bucket, owner: str, given: AclParams) -> Policy:
    """The ACL that a request asks for. Raises: whatever is wrong with it."""
    headers: Mapping[str, Any] = {name: value for name, value in given.items() if name != "AccessControlPolicy"}
    document = given.get("AccessControlPolicy")
    if headers and document is not None:
        raise errors.UnexpectedContent()
    if headers:
        policy = grants.policy(headers, owner, bucket.account)
    elif document is not None:
        policy = _checked(document)
    else:
        raise errors.MissingSecurityHeader(MissingHeaderName="x-amz-acl")
    if drafts.ownership(home, bucket) == "BucketOwnerEnforced" and headers.get("ACL") != "bucket-owner-full-control":
        raise errors.AccessControlListNotSupported()
    if grants.is_public(policy) and public_access.blocked(home, bucket, "BlockPublicAcls"):
        raise errors.AccessDenied()
    return policy


def _checked(policy: Policy) -> Policy:
    owner, listed = policy.get("Owner"), policy.get("Grants")
    if not owner or not owner.get("ID") or listed is None or len(listed) > MOST_GRANTS:
        raise errors.MalformedACLError()
    _check_user(owner["ID"])
    for grant in listed:
        _check_grant(grant)
    return policy


def _check_grant(grant: Mapping[str, Any]) -> None:
    grantee = grant.get("Grantee", {})
    if grant.get("Permission") not in PERMISSIONS:
        raise errors.MalformedACLError()
    if grantee.get("Type") == "CanonicalUser" and "ID" in grantee:
        _check_user(grantee["ID"])
    elif grantee.get("Type") == "Group" and "URI" in grantee:
        if grantee["URI"] not in GROUPS:
            raise errors.InvalidArgument("Invalid group uri", ArgumentName="Group/URI", ArgumentValue=grantee["URI"])
    else:
        raise errors.MalformedACLError()


def _check_user(id: str) -> None:
    if not grants.CANONICAL_ID.fullmatch(id):
        raise errors.InvalidArgument("Invalid id", ArgumentName="CanonicalUser/ID", ArgumentValue=id)
