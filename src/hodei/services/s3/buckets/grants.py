"""ACLs as requests say them in headers: canned ones, and grants one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hodei.services.s3 import errors
from hodei.services.s3.buckets import buckets

GROUPS = "http://acs.amazonaws.com/groups/"
ALL_USERS = GROUPS + "global/AllUsers"
AUTHENTICATED_USERS = GROUPS + "global/AuthenticatedUsers"
LOG_DELIVERY = GROUPS + "s3/LogDelivery"
PUBLIC = (ALL_USERS, AUTHENTICATED_USERS)
EC2_BUNDLES = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c"  # aws-exec-read: EC2 takes images

GROUP_GRANTS = {
    "private": (),
    "public-read": ((ALL_USERS, "READ"),),
    "public-read-write": ((ALL_USERS, "READ"), (ALL_USERS, "WRITE")),
    "authenticated-read": ((AUTHENTICATED_USERS, "READ"),),
    "log-delivery-write": ((LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")),
}
PERMISSIONS = {
    "GrantFullControl": ("FULL_CONTROL", "x-amz-grant-full-control"),
    "GrantRead": ("READ", "x-amz-grant-read"),
    "GrantReadACP": ("READ_ACP", "x-amz-grant-read-acp"),
    "GrantWrite": ("WRITE", "x-amz-grant-write"),
    "GrantWriteACP": ("WRITE_ACP", "x-amz-grant-write-acp"),
}
HEADERS = frozenset(("ACL", *PERMISSIONS))
GRANTEE = re.compile(r'\s*(id|uri|emailAddress)\s*=\s*"?([^",]*)"?\s*', re.ASCII)
CANONICAL_ID = re.compile(r"[0-9a-f]{64}")

Grant = dict[str, Any]


def policy(given: Mapping[str, Any], owner: str, bucket_owner: str) -> dict[str, Any]:
    """The AccessControlPolicy that the ACL headers of a request mean; {} where they say nothing.

    `owner` and `bucket_owner` are accounts. Raises: InvalidRequest, InvalidArgument.
    """
    canned = given.get("ACL")
    explicit = [name for name in PERMISSIONS if given.get(name) is not None]
    if canned is not None and explicit:
        raise errors.InvalidRequest("Specifying both Canned ACLs and Header Grants is not allowed")
    if canned is not None:
        grants = canned_grants(canned, owner, bucket_owner)
    elif explicit:
        grants = [grant for name in explicit for grant in _from_header(given[name], *PERMISSIONS[name])]
    else:
        return {}
    return {"Owner": {"ID": buckets.canonical_id(owner)}, "Grants": grants}


def canned_grants(canned: str, owner: str, bucket_owner: str) -> list[Grant]:
    """The grants that a canned ACL stands for."""
    grants = [user(buckets.canonical_id(owner), "FULL_CONTROL")]
    if canned in GROUP_GRANTS:
        return grants + [group(uri, permission) for uri, permission in GROUP_GRANTS[canned]]
    if canned == "aws-exec-read":
        return [*grants, user(EC2_BUNDLES, "READ")]
    if canned in ("bucket-owner-read", "bucket-owner-full-control"):
        permission = "READ" if canned == "bucket-owner-read" else "FULL_CONTROL"
        return grants if owner == bucket_owner else [*grants, user(buckets.canonical_id(bucket_owner), permission)]
    raise errors.InvalidArgument("", ArgumentName="x-amz-acl", ArgumentValue=canned)


def is_public(policy: Mapping[str, Any]) -> bool:
    """Whether an ACL lets everybody, or every AWS account, in."""
    return any(grant["Grantee"].get("URI") in PUBLIC for grant in policy.get("Grants", ()))


def user(canonical: str, permission: str) -> Grant:
    return {"Grantee": {"ID": canonical, "Type": "CanonicalUser"}, "Permission": permission}


def group(uri: str, permission: str) -> Grant:
    return {"Grantee": {"URI": uri, "Type": "Group"}, "Permission": permission}


def _from_header(text: str, permission: str, header: str) -> Iterator[Grant]:
    for part in text.split(","):
        match = GRANTEE.fullmatch(part)
        if match is None:
            raise errors.InvalidArgument("Argument format not recognized", ArgumentName=header, ArgumentValue=text)
        kind, value = match.groups()
        if kind == "uri":
            if value not in (ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY):
                raise errors.InvalidArgument("Invalid group uri", ArgumentName="uri", ArgumentValue=value)
            yield group(value, permission)
        elif kind == "emailAddress" or not CANONICAL_ID.fullmatch(value):
            raise errors.InvalidArgument("Invalid id", ArgumentName=kind, ArgumentValue=value)
        else:
            yield user(value, permission)
