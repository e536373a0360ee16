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
from hodei.services.s3.buckets import buckets, grants
from hodei.services.s3.objects import copies, versions
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket, Object

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
}
UNVERSIONED = ("Retention", "LegalHold", "Restore")  # actions that are the same on a version that the request names
NEW = ("PutObject", "CopyObject", "CreateMultipartUpload")
PARTS = {
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "AbortMultipartUpload": "AbortMultipartUpload",
    "ListParts": "ListMultipartUploadParts",
}
LOCKS = {  # action -> what of a new object's request asks for it
    "PutObjectTagging": ("Tagging",),
    "PutObjectAcl": tuple(grants.HEADERS),
    "PutObjectRetention": ("ObjectLockMode", "ObjectLockRetainUntilDate"),
    "PutObjectLegalHold": ("ObjectLockLegalHoldStatus",),
}


class Subject(NamedTuple):
    """The object that a request, or the part of it in `params`, is about. `obj` None: there is none."""

    ctx: Context
    bucket: Bucket
    obj: Object | None
    params: Params

    def need(self, action: str, *, like: str = "") -> Need:
        """`like` names the action that the same owner decides on, where that is not this one."""
        arn = f"{buckets.arn(self.bucket)}/{self.params['Key']}"
        owned = owners.of_object(self.ctx, self.bucket, self.obj, like or action)
        return Need(f"s3:{action}", arn, self.params, owned)

    def if_missing(self) -> Iterator[Need]:
        """That a key is not there is for those to know who may list."""
        if self.obj is None:
            owned = owners.of_bucket(self.ctx, self.bucket, lists.BUCKET)
            yield Need("s3:ListBucket", buckets.arn(self.bucket), {}, owned)


def subject(ctx: Context, params: Params) -> Subject:
    """Raises: NoSuchBucket."""
    bucket = buckets.bucket_of(ctx, params["Bucket"])
    home, key, version_id = buckets.home(ctx, bucket), params["Key"], params.get("VersionId")
    if version_id is None:
        obj = versions.latest(home, bucket, key)
    else:
        obj = versions.find(home, bucket, key, version_id)
    return Subject(ctx, bucket, None if obj is not None and obj.marker else obj, params)


def versioned(action: str, params: Params) -> str:
    """The action as it is called where the request names the version."""
    if params.get("VersionId") is None or any(part in action for part in UNVERSIONED):
        return action
    return action.replace("Object", "ObjectVersion", 1)


def of_existing(actions: Iterable[str], ctx: Context, params: Params) -> Iterator[Need]:
    found = subject(ctx, params)
    for action in actions:
        yield found.need(versioned(action, params))
    yield from found.if_missing()
    yield from _bypass(found)


def _bypass(found: Subject) -> Iterator[Need]:
    if found.params.get("BypassGovernanceRetention"):
        yield found.need("BypassGovernanceRetention")


for _operation, _actions in EXISTING.items():
    s3.needs_of(_operation)(functools.partial(of_existing, _actions))


@s3.needs_of("DeleteObject")
def of_delete(ctx: Context, params: Params) -> Iterator[Need]:
    found = subject(ctx, params)
    yield found.need(versioned("DeleteObject", params))
    yield from _bypass(found)


@s3.needs_of("DeleteObjects")
def of_delete_many(ctx: Context, params: Params) -> Iterable[Need]:
    """Each key is asked for when its turn comes, so that one that is denied does not keep the others."""
    return ()


def of_new(ctx: Context, params: Params) -> Iterator[Need]:
    if "CopySource" in params:
        yield from of_source(ctx, params)
    found = subject(ctx, {**params, "VersionId": None})
    yield found.need("PutObject")
    for action, members in LOCKS.items():
        if any(params.get(member) is not None for member in members):
            yield found.need(action, like="PutObject")  # not of the object that is there now


for _operation in NEW:
    s3.needs_of(_operation)(of_new)


def of_part(action: str, ctx: Context, params: Params) -> Iterator[Need]:
    if "CopySource" in params:
        yield from of_source(ctx, params)
    yield subject(ctx, params).need(action)


for _operation, _action in PARTS.items():
    s3.needs_of(_operation)(functools.partial(of_part, _action))


def of_source(ctx: Context, params: Params) -> Iterator[Need]:
    """What a copy reads; its tags too, if it takes them along. What names no object the operation refuses."""
    try:
        name, key, version_id = copies.parse(params["CopySource"])
    except AwsError:
        return
    found = subject(ctx, {"Bucket": name, "Key": key, "VersionId": version_id})
    yield found.need(versioned("GetObject", found.params))
    yield from found.if_missing()
    if found.obj is not None and found.obj.tags and ctx.operation == "CopyObject" and _copies_tags(params):
        yield found.need(versioned("GetObjectTagging", found.params))
        yield subject(ctx, {"Bucket": params["Bucket"], "Key": params["Key"]}).need("PutObjectTagging")


def _copies_tags(params: Params) -> bool:
    return bool(params.get("TaggingDirective", "COPY") == "COPY")
