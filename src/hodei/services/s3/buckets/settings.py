"""Settings of buckets that are one small document each: encryption, ownership, payment ..."""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.services.s3 import errors
from hodei.services.s3.buckets import buckets, configurations
from hodei.services.s3.buckets.configurations import configuration
from hodei.services.s3.state import Bucket

OWNERSHIPS = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
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
    """Whether the bucket's tags count in policies."""
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
