"""Settings of buckets that are one small document each: encryption, ownership, public access, payment ..."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.s3 import errors, state
from hodei.services.s3.buckets import buckets, configurations
from hodei.services.s3.buckets.configurations import configuration
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket

OWNERSHIPS = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
SSE_S3 = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]}


@configuration(
    "encryption",
    put="PutBucketEncryption",
    get="GetBucketEncryption",
    delete="DeleteBucketEncryption",
    member="ServerSideEncryptionConfiguration",
    default=SSE_S3,
)
def accept_encryption(home: Context, bucket: Bucket, document: Any) -> Any:
    rules = document.get("Rules", [])
    if len(rules) != 1 or not rules[0].keys() & {"ApplyServerSideEncryptionByDefault", "BlockedEncryptionTypes"}:
        raise errors.MalformedXML()
    (rule,) = rules
    encryption = rule.get("ApplyServerSideEncryptionByDefault", {"SSEAlgorithm": "AES256"})
    if "KMSMasterKeyID" in encryption and encryption["SSEAlgorithm"] == "AES256":
        raise errors.InvalidArgument(
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
            ArgumentName="ApplyServerSideEncryptionByDefault",
        )
    return {"Rules": [{"BucketKeyEnabled": False, **rule, "ApplyServerSideEncryptionByDefault": encryption}]}


@configuration(
    "ownership",
    put="PutBucketOwnershipControls",
    get="GetBucketOwnershipControls",
    delete="DeleteBucketOwnershipControls",
    member="OwnershipControls",
    missing=errors.OwnershipControlsNotFoundError,
    default={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
)
def accept_ownership(home: Context, bucket: Bucket, document: Any) -> Any:
    rules = document.get("Rules", [])
    if len(rules) != 1 or rules[0].get("ObjectOwnership") not in OWNERSHIPS:
        raise errors.MalformedXML()
    others = [
        grant
        for grant in (configurations.find(home, bucket, "acl") or {}).get("Grants", ())
        if grant["Grantee"].get("ID") != buckets.canonical_id(bucket.account)
    ]
    if others and rules[0]["ObjectOwnership"] == "BucketOwnerEnforced":
        raise errors.InvalidBucketAclWithObjectOwnership()
    return document


@configuration(
    "public-access-block",
    put="PutPublicAccessBlock",
    get="GetPublicAccessBlock",
    delete="DeletePublicAccessBlock",
    member="PublicAccessBlockConfiguration",
    missing=errors.NoSuchPublicAccessBlockConfiguration,
    default=dict.fromkeys(BLOCKS, True),
)
def accept_public_access_block(home: Context, bucket: Bucket, document: Any) -> Any:
    return {name: document.get(name, False) for name in BLOCKS}


@configuration(
    "accelerate",
    put="PutBucketAccelerateConfiguration",
    get="GetBucketAccelerateConfiguration",
    member="AccelerateConfiguration",
    wrapped=False,
)
def accept_accelerate(home: Context, bucket: Bucket, document: Any) -> Any:
    if document.get("Status") not in ("Enabled", "Suspended"):
        raise errors.MalformedXML()
    if "." in bucket.name:
        raise errors.InvalidRequest(
            "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
        )
    return document


@configuration("abac", put="PutBucketAbac", get="GetBucketAbac", member="AbacStatus", default={"Status": "Disabled"})
def accept_abac(home: Context, bucket: Bucket, document: Any) -> Any:
    """Whether the bucket's tags count in policies. (PutBucketTagging goes on then, as S3 Control is not there.)"""
    if document.get("Status") not in ("Enabled", "Disabled"):
        raise errors.MalformedXML()
    return document


@configuration(
    "request-payment",
    put="PutBucketRequestPayment",
    get="GetBucketRequestPayment",
    member="RequestPaymentConfiguration",
    wrapped=False,
    default={"Payer": "BucketOwner"},
)
def accept_request_payment(home: Context, bucket: Bucket, document: Any) -> Any:
    if document.get("Payer") not in ("Requester", "BucketOwner"):
        raise errors.MalformedXML()
    return document


# versioning is part of the bucket itself


@s3.operation("PutBucketVersioning")
def put_bucket_versioning(
    ctx: Context,
    *,
    Bucket: str,
    VersioningConfiguration: dict[str, str],
    MFA: str | None = None,
    ExpectedBucketOwner: str | None = None,
) -> None:
    """MFA delete is turned on and off with the serial number and a code of a device, which here is taken for good."""
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    home = buckets.home(ctx, bucket)
    status = VersioningConfiguration.get("Status")
    if status is None:
        raise errors.IllegalVersioningConfigurationException()
    if status not in ("Enabled", "Suspended"):
        raise errors.MalformedXML()
    if status == "Suspended":
        _check_suspension(home, bucket)
    mfa = VersioningConfiguration.get("MFADelete")
    if (bucket.mfa_delete or mfa == "Enabled") and not MFA:
        raise errors.AccessDenied("Mfa Authentication must be used for this request")
    mfa_delete = bucket.mfa_delete if mfa is None else mfa == "Enabled"
    state.buckets.put(home, replace(bucket, versioning=status, mfa_delete=mfa_delete))


def _check_suspension(home: Context, bucket: Bucket) -> None:
    if bucket.object_lock:
        raise errors.InvalidBucketState(
            "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
        )
    if configurations.find(home, bucket, "replication") is not None:
        raise errors.InvalidBucketState(
            "A replication configuration is present on this bucket, so the versioning state cannot be changed."
        )


@s3.operation("GetBucketVersioning")
def get_bucket_versioning(ctx: Context, *, Bucket: str, ExpectedBucketOwner: str | None = None) -> dict[str, str]:
    bucket = buckets.bucket_of(ctx, Bucket, ExpectedBucketOwner)
    found = {"Status": bucket.versioning} if bucket.versioning else {}
    return found | ({"MFADelete": "Enabled"} if bucket.mfa_delete else {})
