"""Parameters that operations share, for `**given: Unpack[...]`: S3 says the same in the same headers everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict


class ChecksumValues(TypedDict, total=False):
    """Checksums, each in base64."""

    ChecksumCRC32: str
    ChecksumCRC32C: str
    ChecksumCRC64NVME: str
    ChecksumSHA1: str
    ChecksumSHA256: str
    ChecksumSHA512: str
    ChecksumMD5: str
    ChecksumXXHASH64: str
    ChecksumXXHASH3: str
    ChecksumXXHASH128: str


class ChecksumParams(ChecksumValues, total=False):
    """What a request says of its body."""

    ContentLength: int
    ContentMD5: str
    ChecksumAlgorithm: str


class CustomerKeyParams(TypedDict, total=False):
    SSECustomerAlgorithm: str
    SSECustomerKey: str
    SSECustomerKeyMD5: str


class EncryptionParams(CustomerKeyParams, total=False):
    ServerSideEncryption: str
    SSEKMSKeyId: str
    SSEKMSEncryptionContext: str
    BucketKeyEnabled: bool


class AclParams(TypedDict, total=False):
    ACL: str
    GrantFullControl: str
    GrantRead: str
    GrantReadACP: str
    GrantWriteACP: str


class BucketAclParams(AclParams, total=False):
    GrantWrite: str


class LockParams(TypedDict, total=False):
    ObjectLockMode: str
    ObjectLockRetainUntilDate: datetime
    ObjectLockLegalHoldStatus: str
    ObjectLockEventHold: str
    ObjectLockEventHoldDurationDays: int
    ObjectLockEventHoldDurationYears: int


class NewObjectParams(EncryptionParams, AclParams, LockParams, total=False):
    """What a new object gets besides its body: in PutObject, CopyObject, CreateMultipartUpload."""

    CacheControl: str
    ContentDisposition: str
    ContentEncoding: str
    ContentLanguage: str
    ContentType: str
    Expires: str
    Metadata: Mapping[str, str]
    StorageClass: str
    Tagging: str
    WebsiteRedirectLocation: str


class PutParams(ChecksumParams, NewObjectParams, total=False):
    pass


class ReadParams(CustomerKeyParams, total=False):
    """What GetObject and HeadObject share."""

    IfMatch: str
    IfModifiedSince: datetime
    IfNoneMatch: str
    IfUnmodifiedSince: datetime
    Range: str
    PartNumber: int
    ChecksumMode: str
    ResponseCacheControl: str
    ResponseContentDisposition: str
    ResponseContentEncoding: str
    ResponseContentLanguage: str
    ResponseContentType: str
    ResponseExpires: datetime


class CopySourceParams(TypedDict, total=False):
    """How the source of a copy is to be, and how it is read: CopyObject, UploadPartCopy."""

    CopySourceIfMatch: str
    CopySourceIfModifiedSince: datetime
    CopySourceIfNoneMatch: str
    CopySourceIfUnmodifiedSince: datetime
    CopySourceSSECustomerAlgorithm: str
    CopySourceSSECustomerKey: str
    CopySourceSSECustomerKeyMD5: str
    ExpectedSourceBucketOwner: str


class CopyParams(CopySourceParams, NewObjectParams, total=False):
    pass
