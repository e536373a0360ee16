"""The permissions that operations on objects need; those on buckets are in the manifest.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.needs import Need
from hodei.services.s3.access import lists, owners
from hodei.services.s3.buckets import access_points, buckets, grants
from hodei.services.s3.objects import copies, versions
from hodei.services.s3.service import s3
from hodei.services.s3.state import AccessPoint, Bucket, Object

Params = Mapping[str, Any]

EXISTING = {  # operations on an object that is there
    "GetObject": ["GetObject"],
    "HeadObject": ["GetObject"],
    "GetObjectAttributes": ["GetObject", "GetObjectAttributes"],
    "GetObjectAcl": ["GetObjectAcl"],
    "PutObjectAcl": ["PutObjectAcl"],
    "GetObjectTagging": ["GetObjectTagging"],
    "PutObjectTagging": ["PutObjectTagging"],
    "DeleteObjectTagging": ["DeleteObjectTagging"],
    "GetObjectRetention": ["GetObjectRetention"],
    "PutObjectRetention": ["PutObjectRetention"],
    "GetObjectLegalHold": ["GetObjectLegalHold"],
    "PutObjectLegalHold": ["PutObjectLegalHold"],
    "RestoreObject": ["RestoreObject"],
    "UpdateObjectEncryption": ["UpdateObjectEncryption"],
}
# Actions that are the same on a version that the request names.
UNVERSIONED = ("Retention", "LegalHold", "Restore", "Encryption")
NEW = ("PutObject", "CopyObject", "CreateMultipartUpload")
PARTS = {
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "AbortMultipartUpload": "AbortMultipartUpload",
    "ListParts": "ListMultipartUploadParts",
}
LEFT_TO_THE_OWNER = "bucket-owner-full-control"
LOCKS = {  # action -> what of a new object's request asks for it
    "PutObjectTagging": ("Tagging",),
    "PutObjectAcl": tuple(grants.HEADERS),
    "PutObjectRetention": ("ObjectLockMode", "ObjectLockRetainUntilDate"),
    "PutObjectLegalHold": ("ObjectLockLegalHoldStatus",),
}


class Subject(NamedTuple):
    """The object that a request, or the part of it in `params`, is about. `obj` None: there is none.

    Where it is asked for through an access point, that must allow it too.
    """

    ctx: Context
    bucket: Bucket
    obj: Object | None
    params: Params

    @property
    def point(self) -> AccessPoint | None:
        return access_points.through(self.ctx, self.params)

    def needs(self, action: str, *, like: str = "") -> Iterator[Need]:
        """`like` names the action that the same owner decides on, where that is not this one."""
        key = self.params["Key"]
        if point := self.point:
            arn = access_points.object_arn(point, key)
            yield Need(f"s3:{action}", arn, self.params, owners.of_point(self.ctx, point))
        owned = owners.of_object(self.ctx, self.bucket, self.obj, like or action)
        yield Need(f"s3:{action}", f"{buckets.arn(self.bucket)}/{key}", self.params, owned)

    def if_missing(self) -> Iterator[Need]:
        """That a key is not there is for those to know who may list."""
        if self.obj is None:
            listing = {access_points.POINT: self.point}
            if point := self.point:
                owned = owners.of_point(self.ctx, point)
                yield Need("s3:ListBucket", access_points.arn(point), listing, owned)
            owned = owners.of_bucket(self.ctx, self.bucket, lists.BUCKET)
            yield Need("s3:ListBucket", buckets.arn(self.bucket), listing, owned)


def subject(ctx: Context, params: Params) -> Subject:
    """Raises: NoSuchBucket."""
    bucket = buckets.bucket_of(ctx, params["Bucket"])
    home, key, version_id = buckets.home(ctx, bucket), params["Key"], params.get("VersionId")
    if version_id is None:
        obj = versions.latest(home, bucket, key)
    else:
        obj = versions.find(home, bucket, key, version_id)
    return Subject(ctx, bucket, None if obj is not None and obj.marker else obj, params)


@s3.finds("bucket")
def buckets_named(ctx: Context, params: Params) -> Iterator[str]:
    """The bucket of a request, and the access point that it goes through."""
    if point := access_points.used(ctx):
        yield access_points.arn(point)
    if "Bucket" in params:
        yield params["Bucket"]


def versioned(action: str, params: Params) -> str:
    """The action as it is called where the request names the version."""
    if params.get("VersionId") is None or any(part in action for part in UNVERSIONED):
        return action
    return action.replace("Object", "ObjectVersion", 1)


def of_existing(actions: Iterable[str], ctx: Context, params: Params) -> Iterator[Need]:
    found = subject(ctx, params)
    for action in actions:
        yield from found.needs(versioned(action, params))
    yield from found.if_missing()
    yield from _bypass(found)


def _bypass(found: Subject) -> Iterator[Need]:
    if found.params.get("BypassGovernanceRetention"):
        yield from found.needs("BypassGovernanceRetention")


for _operation, _actions in EXISTING.items():
    s3.needs_of(_operation)(functools.partial(of_existing, _actions))


@s3.needs_of("DeleteObject")
def of_delete(ctx: Context, params: Params) -> Iterator[Need]:
    found = subject(ctx, params)
    yield from found.needs(versioned("DeleteObject", params))
    yield from _bypass(found)


@s3.needs_of("DeleteObjects")
def of_delete_many(ctx: Context, params: Params) -> Iterable[Need]:
    """Each key is asked for when its turn comes, so that one that is denied does not keep the others."""
    return ()


def of_new(ctx: Context, params: Params) -> Iterator[Need]:
    if "CopySource" in params:
        yield from of_source(ctx, params)
    found = subject(ctx, {**params, "VersionId": None})
    yield from found.needs("PutObject")
    for action, members in LOCKS.items():
        if action == "PutObjectAcl" and ctx.principal.service and params.get("ACL") == LEFT_TO_THE_OWNER:
            continue  # the bucket policies that AWS gives for its logs (CloudTrail's, ...) allow PutObject alone
        if any(params.get(member) is not None for member in members):
            yield from found.needs(action, like="PutObject")  # not of the object that is there now


for _operation in NEW:
    s3.needs_of(_operation)(of_new)


def of_part(action: str, ctx: Context, params: Params) -> Iterator[Need]:
    if "CopySource" in params:
        yield from of_source(ctx, params)
    yield from subject(ctx, params).needs(action)


for _operation, _action in PARTS.items():
    s3.needs_of(_operation)(functools.partial(of_part, _action))


def of_source(ctx: Context, params: Params) -> Iterator[Need]:
    """What a copy reads; its tags too, if it takes them along. What names no object the operation refuses."""
    try:
        origin = copies.parse(ctx, params["CopySource"])
    except AwsError:
        return
    named = {"Bucket": origin.bucket, "Key": origin.key, "VersionId": origin.version_id}
    found = subject(ctx, named | {access_points.POINT: origin.point})
    yield from found.needs(versioned("GetObject", found.params))
    yield from found.if_missing()
    if found.obj is not None and found.obj.tags and ctx.operation == "CopyObject" and _copies_tags(params):
        yield from found.needs(versioned("GetObjectTagging", found.params))
        yield from subject(ctx, {"Bucket": params["Bucket"], "Key": params["Key"]}).needs("PutObjectTagging")


def _copies_tags(params: Params) -> bool:
    return bool(params.get("TaggingDirective", "COPY") == "COPY")
