"""Bucket policies, and what depends on whether one is public. Enforcing them is IAM's work."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.services.s3 import errors
from hodei.services.s3.buckets import buckets, configurations
from hodei.services.s3.buckets.configurations import configuration
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket

LIMIT = 20 * 1024  # bytes
VERSIONS = ("2008-10-17", "2012-10-17")
STATEMENT_KEYS = frozenset(
    {
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    }
)
# Actions on objects; the others are on buckets (AWS's service authorization reference).
OBJECT_ACTION = re.compile(
    r"s3:((Get|Put|Delete|Restore|Update)Object|Replicate|InitiateReplication|ObjectOwnerOverride|AbortMultipartUpload"
    r"|ListMultipartUploadParts|BypassGovernanceRetention)",
    re.IGNORECASE,
)
# Condition keys that make a statement for everybody not public: AWS's "The meaning of public".
NARROWING = frozenset(
    {
        "aws:sourceip",
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:userid",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
    }
)


@configuration(
    "policy",
    put="PutBucketPolicy",
    get="GetBucketPolicy",
    delete="DeleteBucketPolicy",
    member="Policy",
    missing=errors.NoSuchBucketPolicy,
)
def accept_policy(home: Context, bucket: Bucket, document: str) -> str:
    """Kept to the letter, as it was sent."""
    if len(document.encode()) > LIMIT:
        raise errors.PolicyTooLarge()
    policy = _parsed(document)
    statements = list(_statements(policy))
    if not statements:
        raise errors.MalformedPolicy("Missing required field Statement")
    for statement in statements:
        _check_statement(bucket, statement)
    block = configurations.find(home, bucket, "public-access-block") or {}
    if block.get("BlockPublicPolicy") and is_public(document):
        raise errors.AccessDenied(
            f"User: {home.principal.arn} is not authorized to perform: s3:PutBucketPolicy on resource: "
            f'"{buckets.arn(bucket)}" because public policies are blocked by the BlockPublicPolicy block public access '
            "setting."
        )
    return document


@s3.operation("GetBucketPolicyStatus")
def get_bucket_policy_status(ctx: Context, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    document = configurations.find(buckets.home(ctx, bucket), bucket, "policy")
    if document is None:
        raise errors.NoSuchBucketPolicy(BucketName=Bucket)
    return {"PolicyStatus": {"IsPublic": is_public(document)}}


def is_public(document: str) -> bool:
    """Whether a policy allows anything to everybody without a condition that narrows it to something fixed."""
    return any(_is_public(statement) for statement in _statements(json.loads(document)))


def _is_public(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    anybody = principal == "*" or (isinstance(principal, dict) and "*" in _listed(principal.get("AWS", [])))
    if statement["Effect"] != "Allow" or not anybody:
        return False
    tests = statement.get("Condition", {}).values()
    return not any(key.lower() in NARROWING and not _wild(value) for test in tests for key, value in test.items())


def _wild(value: Any) -> bool:
    return any(item in ("*", "0.0.0.0/0", "::/0") for item in _listed(value))


def _parsed(document: str) -> dict[str, Any]:
    if not document.startswith("{"):
        raise errors.MalformedPolicy()
    try:
        policy = json.loads(document)
    except ValueError:
        raise errors.MalformedPolicy("This policy contains invalid Json") from None
    if policy.get("Version", VERSIONS[0]) not in VERSIONS:
        raise errors.MalformedPolicy("The policy must contain a valid version string")
    if "Statement" not in policy:
        raise errors.MalformedPolicy("Missing required field Statement")
    return dict(policy)


def _statements(policy: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for statement in _listed(policy["Statement"]):
        if not isinstance(statement, dict):
            raise errors.MalformedPolicy("Could not parse the policy: Statement is not valid")
        yield statement


def _check_statement(bucket: Bucket, statement: Mapping[str, Any]) -> None:
    for key in statement.keys() - STATEMENT_KEYS:
        raise errors.MalformedPolicy(f"Unknown field {key}")
    if "Effect" not in statement:
        raise errors.MalformedPolicy("Missing required field Effect")
    if statement["Effect"] not in ("Allow", "Deny"):
        raise errors.MalformedPolicy(f"Invalid effect: {statement['Effect']}")
    for field in ("Principal", "Action", "Resource"):
        if field not in statement and f"Not{field}" not in statement:
            raise errors.MalformedPolicy(f"Missing required field {field}")
    _check_principal(statement.get("Principal", statement.get("NotPrincipal")))
    for action in _listed(statement.get("Action", statement.get("NotAction"))):
        if not isinstance(action, str) or not (
            action == "*" or action.lower().startswith(("s3:", "s3-object-lambda:"))
        ):
            raise errors.MalformedPolicy("Policy has invalid action")
    prefix = buckets.arn(bucket)
    for resource in _listed(statement.get("Resource", statement.get("NotResource"))):
        if not isinstance(resource, str) or not _names(resource, prefix):
            raise errors.MalformedPolicy("Policy has invalid resource")
    _check_applicability(statement)


def _check_applicability(statement: Mapping[str, Any]) -> None:
    """Each action named in full must have a resource of its kind: the bucket, or objects in it."""
    resources = _listed(statement.get("Resource", ()))
    objects = any("/" in resource or resource.endswith("*") for resource in resources)
    bucket = any("/" not in resource for resource in resources)
    for action in _listed(statement.get("Action", ())):
        if not resources or "*" in action or "?" in action or not action.lower().startswith("s3:"):
            continue
        if not (objects if OBJECT_ACTION.match(action) else bucket):
            raise errors.MalformedPolicy("Action does not apply to any resource(s) in statement")


def _names(resource: str, arn: str) -> bool:
    """Whether a resource of a policy is the bucket or something in it; wildcards may stand for parts of the name."""
    bucket = resource.partition("/")[0]
    if "*" in bucket or "?" in bucket:
        return fnmatch.fnmatchcase(arn, bucket)
    return bucket == arn


def _check_principal(principal: Any) -> None:
    if principal == "*":
        return
    if not isinstance(principal, dict) or not principal.keys() <= {"AWS", "Service", "Federated", "CanonicalUser"}:
        raise errors.MalformedPolicy("Invalid policy syntax.")
    for name in _listed(principal.get("AWS", [])):
        account = name.isdigit() and len(name) == 12
        if name != "*" and not account and not name.startswith("arn:"):
            raise errors.MalformedPolicy("Invalid principal in policy", Detail=f'"AWS" : "{name}"')


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
