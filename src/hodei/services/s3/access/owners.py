"""Whose a bucket or an object is, and what lets others at it: the bucket's policy and the ACLs.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.kernel.iam.principals import NOBODYS
from hodei.services.s3 import state
from hodei.services.s3.access import lists
from hodei.services.s3.buckets import access_points, buckets, configurations, grants, policies, public_access
from hodei.services.s3.objects import drafts
from hodei.services.s3.service import s3
from hodei.services.s3.state import AccessPoint, Bucket, Object

# Of an object that another account owns these are for that account to allow. All else is the bucket owner's.
OBJECT_OWNERS = frozenset(
    f"{verb}Object{version}{what}"
    for version in ("", "Version")
    for verb, what in (("Get", ""), ("Get", "Attributes"), ("Get", "Acl"), ("Put", "Acl"))
)
# So that no policy can lock an account out of its bucket.
ALWAYS_THE_ROOTS = frozenset({"GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"})
RESTRICTION = "RestrictPublicBuckets"
EVERYONES = {"Grants": [grants.group(grants.ALL_USERS, "FULL_CONTROL")]}


@s3.on_resource
def bucket_owned(ctx: Context, arn: str) -> ResourcePolicy | None:
    """Of a bucket, by its ARN or that of objects in it, or of the access point in use. Raises: NoSuchBucket, which
    everybody may know."""
    if ctx.operation == "CreateBucket":
        return None
    if ":accesspoint/" in arn and (point := access_points.used(ctx)):
        return of_point(ctx, point)
    bucket = buckets.bucket_of(ctx, arn.rpartition(":")[2].partition("/")[0])
    owned = of_bucket(ctx, bucket, lists.BUCKET)
    if ctx.operation in ALWAYS_THE_ROOTS and ctx.principal.kind == "root":
        return owned if ctx.principal.account != bucket.account else ResourcePolicy(bucket.account)
    return owned


@s3.without_policy
def unguarded(ctx: Context, params: Mapping[str, Any]) -> bool:
    """What is the caller's own, without policy and ACLs, not through an access point, nor made from something else."""
    if (bucket := state.buckets.get(ctx, params.get("Bucket", ""))) is None:
        return True
    if bucket.account != ctx.principal.account or bucket.guarded or "CopySource" in params:
        return False
    return access_points.used(ctx) is None


def of_point(ctx: Context, point: AccessPoint) -> ResourcePolicy:
    restricted = point.block[RESTRICTION] or public_access.in_account(ctx, point.account, RESTRICTION)
    return ResourcePolicy(point.account, _counting(ctx, point.account, point.policy, restricted))


def of_bucket(ctx: Context, bucket: Bucket, actions: lists.Actions) -> ResourcePolicy:
    """The bucket's policy, and those of these actions that its ACL allows."""
    home = buckets.home(ctx, bucket)
    return ResourcePolicy(bucket.account, _policy(ctx, home, bucket), _acl(home, bucket, actions))


def of_object(ctx: Context, bucket: Bucket, obj: Object | None, action: str) -> ResourcePolicy:
    """Who decides on an action ("GetObject") on this object; None: on one that is not there."""
    if obj is None:
        return of_bucket(ctx, bucket, lists.MISSING)
    owner = owner_of(ctx, bucket, obj)
    if action not in OBJECT_OWNERS:
        mine = owner == (ctx.principal.account or NOBODYS)  # WRITE lets nobody at the objects of others
        return of_bucket(ctx, bucket, lists.NEW if mine else {})
    home = buckets.home(ctx, bucket)
    document = _policy(ctx, home, bucket)
    if drafts.ownership(home, bucket) == "BucketOwnerEnforced":
        return ResourcePolicy(bucket.account, document)
    acl = EVERYONES if owner == NOBODYS else obj.acl
    allowed = lists.as_policy(acl, lists.OBJECT, ignore_public=public_access.blocked(home, bucket, "IgnorePublicAcls"))
    if owner != bucket.account:
        document = denials(document)
    return ResourcePolicy(owner, document, allowed)


def owner_of(ctx: Context, bucket: Bucket, obj: Object) -> str:
    """The account that an object belongs to."""
    if drafts.ownership(buckets.home(ctx, bucket), bucket) == "BucketOwnerEnforced":
        return bucket.account
    return obj.owner or bucket.account


def _policy(ctx: Context, home: Context, bucket: Bucket) -> str:
    document: str = configurations.find(home, bucket, "policy") or ""
    restricted = bool(document) and public_access.blocked(home, bucket, RESTRICTION)
    return _counting(ctx, bucket.account, document, restricted)


def _counting(ctx: Context, account: str, document: str, restricted: bool) -> str:
    """A policy of an account's, as far as it counts for this caller.

    Under RestrictPublicBuckets a public one lets only the account itself and AWS's services in.
    """
    stranger = ctx.principal.account != account and not ctx.principal.service
    return denials(document) if restricted and stranger and document and policies.is_public(document) else document


def _acl(home: Context, bucket: Bucket, actions: lists.Actions) -> str:
    if drafts.ownership(home, bucket) == "BucketOwnerEnforced":
        return ""
    acl = configurations.find(home, bucket, "acl") or {}
    return lists.as_policy(acl, actions, ignore_public=public_access.blocked(home, bucket, "IgnorePublicAcls"))


@functools.lru_cache(maxsize=256)
def denials(document: str) -> str:
    """What a policy denies; "" if that is nothing."""
    policy = json.loads(document) if document else {"Statement": []}
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    left = [statement for statement in statements if statement["Effect"] == "Deny"]
    return json.dumps(policy | {"Statement": left}) if left else ""
