"""ACLs as policy documents: S3 converts them so before it decides.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#acl-access-policy-permission-mapping
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hodei.services.s3.buckets import grants

OBJECT = {
    "READ": ("s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectAttributes", "s3:GetObjectVersionAttributes"),
    "READ_ACP": ("s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
    "WRITE_ACP": ("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
}
BUCKET = {
    "READ": ("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"),
    "READ_ACP": ("s3:GetBucketAcl",),
    "WRITE_ACP": ("s3:PutBucketAcl",),
}
# Who makes an object is its owner: it may say its ACL, give the upload up, and dispose of it later.
NEW = {
    "WRITE": (
        "s3:PutObject",
        "s3:PutObjectAcl",
        "s3:AbortMultipartUpload",
        "s3:ListMultipartUploadParts",
        "s3:DeleteObject",
    )
}
# That an object is not there is for those to know who may list the bucket.
MISSING = {**NEW, "READ": OBJECT["READ"]}
NAMED = {"StringNotEquals": {"aws:PrincipalAccount": "anonymous"}}
GROUPS: Mapping[str, dict[str, Any]] = {
    grants.ALL_USERS: {"Principal": "*"},
    grants.AUTHENTICATED_USERS: {"Principal": {"AWS": "*"}, "Condition": NAMED},
    grants.LOG_DELIVERY: {"Principal": {"Service": "logging.s3.amazonaws.com"}},
}

Actions = Mapping[str, Sequence[str]]


def as_policy(acl: Mapping[str, Any], actions: Actions, *, ignore_public: bool) -> str:
    """The policy that an ACL (AccessControlPolicy as boto3 has it) stands for; "" if it lets nobody in."""
    statements = [
        {"Effect": "Allow", **_whom(grant["Grantee"]), "Action": allowed}
        for grant in acl.get("Grants", ())
        if (allowed := _allowed(grant["Permission"], actions))
        and not (ignore_public and grant["Grantee"].get("URI") in grants.PUBLIC)
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else ""


def _allowed(permission: str, actions: Actions) -> list[str]:
    if permission == "FULL_CONTROL":
        return [action for group in actions.values() for action in group]
    return list(actions.get(permission, ()))


def _whom(grantee: Mapping[str, str]) -> dict[str, Any]:
    return GROUPS[grantee["URI"]] if "URI" in grantee else {"Principal": {"CanonicalUser": grantee["ID"]}}
