"""Bucket policies, and what depends on whether one is public. What they decide is in `access`."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam import grammar
from hodei.kernel.iam.grammar import Document, RawStatement
from hodei.kernel.iam.pins import pinned, shown
from hodei.services.s3 import errors
from hodei.services.s3.buckets import buckets, configurations, public_access
from hodei.services.s3.buckets.configurations import configuration
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket

LIMIT = 20 * 1024  # bytes
VENDORS = ("s3:", "s3-object-lambda:")
WORDS = {
    "json": "This policy contains invalid Json",
    "version": "The policy must contain a valid version string",
    "missing-principal": "Missing required field Principal",
    "missing-action": "Missing required field Action",
    "action": "Policy has invalid action",
    "resource": "Policy has invalid resource",
}
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
    show=shown,
)
def accept_policy(home: Context, bucket: Bucket, document: str) -> str:
    """Kept to the letter, as it was sent, but for the names of users and roles."""
    check(document, buckets.arn(bucket))
    if is_public(document) and public_access.blocked(home, bucket, "BlockPublicPolicy"):
        raise errors.AccessDenied(
            f"User: {home.principal.arn} is not authorized to perform: s3:PutBucketPolicy on resource: "
            f'"{buckets.arn(bucket)}" because public policies are blocked by the BlockPublicPolicy block public access '
            "setting."
        )
    return pinned(home, document)


@s3.operation("GetBucketPolicyStatus")
def get_bucket_policy_status(ctx: Context, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, Any]:
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    document = configurations.find(buckets.home(ctx, bucket), bucket, "policy")
    if document is None:
        raise errors.NoSuchBucketPolicy(BucketName=Bucket)
    return {"PolicyStatus": {"IsPublic": is_public(document)}}


def check(document: str, arn: str) -> None:
    """Whether that can be the policy of a bucket or an access point. Raises: PolicyTooLarge, MalformedPolicy."""
    if len(document.encode()) > LIMIT:
        raise errors.PolicyTooLarge()
    for statement in _read(document).statements:
        _check_statement(arn, statement)


def is_public(document: str) -> bool:
    """Whether a policy allows anything to everybody without a condition that narrows it to something fixed."""
    return any(_is_public(statement) for statement in _listed(json.loads(document)["Statement"]))


def _is_public(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    anybody = principal == "*" or (isinstance(principal, dict) and "*" in _listed(principal.get("AWS", [])))
    if statement["Effect"] != "Allow" or not anybody:
        return False
    tests = statement.get("Condition", {}).values()
    return not any(key.lower() in NARROWING and not _wild(value) for test in tests for key, value in test.items())


def _wild(value: Any) -> bool:
    return any(item in ("*", "0.0.0.0/0", "::/0") for item in _listed(value))


def _read(text: str) -> Document:
    """Raises: MalformedPolicy, in S3's words for what the grammar of policies has against it."""
    if not text.startswith("{"):
        raise errors.MalformedPolicy()
    try:
        return grammar.read(text, "resource")
    except grammar.MalformedPolicy as error:
        raise _worded(text, error) from None


def _worded(text: str, error: grammar.MalformedPolicy) -> AwsError:
    if error.problem == "principal":
        return errors.MalformedPolicy("Invalid principal in policy", Detail=error.subject.replace('":"', '" : "'))
    if error.problem == "syntax":
        return errors.MalformedPolicy(_syntax(json.loads(text)))
    return errors.MalformedPolicy(WORDS.get(error.problem, error.message))


def _syntax(policy: Any) -> str:
    """What is wrong in a document that is JSON and no policy."""
    if not policy.get("Statement"):
        return "Missing required field Statement"
    for statement in _listed(policy["Statement"]):
        if not isinstance(statement, dict):
            return "Could not parse the policy: Statement is not valid"
        for key in statement.keys() - STATEMENT_KEYS:
            return f"Unknown field {key}"
        if "Effect" not in statement:
            return "Missing required field Effect"
        if statement["Effect"] not in ("Allow", "Deny"):
            return f"Invalid effect: {statement['Effect']}"
    return "Invalid policy syntax."


def _check_statement(arn: str, statement: RawStatement) -> None:
    if not all(action == "*" or action.lower().startswith(VENDORS) for action in statement.actions):
        raise errors.MalformedPolicy(WORDS["action"])
    if not statement.resources:
        raise errors.MalformedPolicy("Missing required field Resource")
    named = [_split(resource, arn) for resource in statement.resources]
    if not all(fnmatch.fnmatchcase(arn, whose) for whose, _ in named):
        raise errors.MalformedPolicy(WORDS["resource"])
    if not statement.not_resources and not statement.not_actions:
        objects = any(key or whose.endswith("*") for whose, key in named)
        _check_applicability(statement.actions, objects, not all(key for _, key in named))


def _check_applicability(actions: Sequence[str], objects: bool, bucket: bool) -> None:
    """Each action named in full must have a resource of its kind: the bucket, or objects in it."""
    for action in actions:
        if "*" in action or "?" in action or not action.lower().startswith("s3:"):
            continue
        if not (objects if OBJECT_ACTION.match(action) else bucket):
            raise errors.MalformedPolicy("Action does not apply to any resource(s) in statement")


def _split(resource: str, arn: str) -> tuple[str, str]:
    """What of a policy's resource stands for the bucket or access point, with wildcards, and what for things in it."""
    parts, own = resource.split("/"), arn.count("/") + 1
    return "/".join(parts[:own]), "/".join(parts[own:])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
