"""SSE-KMS: an object's data key, which KMS makes and opens for who writes and reads the object.

The data key lies with the object, wrapped by the KMS key and bound to the ARN of the object, or to that of the bucket
where S3 Bucket Keys are on. https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from hodei.kernel.arns import partition_of
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError, declare
from hodei.services.s3 import errors
from hodei.services.s3.state import Encryption

KMS = "aws:kms"
ALGORITHMS = (KMS, "aws:kms:dsse")
ARN = "aws:s3:arn"


def made(home: Context, bucket: str, key: str, wanted: Encryption) -> tuple[Encryption, bytes]:
    """A data key for an object, under the key that `wanted.kms_key` names, or AWS's own for S3 where it names none.

    Raises: InvalidArgument, AccessDenied, KMS.NotFoundException, KMS.DisabledException and KMS's others.
    """
    import hodei.services.kms.api as kms  # loaded where a key is used

    asking, context = _asking(home), _context(home, bucket, key, wanted)
    with _failing():
        name = wanted.kms_key or kms.managed_key(asking, "s3")
        data_key = kms.generate_data_key(asking, name, context)
    return replace(wanted, kms_key=data_key.key, wrapped_key=data_key.wrapped), data_key.plaintext


def opened(home: Context, bucket: str, key: str, encryption: Encryption) -> bytes:
    """An object's data key. Raises: InvalidArgument, AccessDenied, KMS.DisabledException and KMS's others."""
    import hodei.services.kms.api as kms  # loaded where a key is used

    asking, context = _asking(home), _context(home, bucket, key, encryption)
    with _failing():
        return kms.decrypt(asking, encryption.wrapped_key, context, key_id=encryption.kms_key)


def rewrapped(home: Context, bucket: str, key: str, wanted: Encryption, data_key: bytes) -> Encryption:
    """The same data key for a replica of the object. Raises: as `made`."""
    import hodei.services.kms.api as kms

    context = _context(home, bucket, key, wanted)
    with _failing():
        name = kms.key_arn(home, wanted.kms_key)
        return replace(wanted, kms_key=name, wrapped_key=kms.encrypt(home, name, data_key, context))


def _asking(home: Context) -> Context:
    """Keys that are named without an account are the requester's, not those of the bucket's owner.

    Raises: InvalidArgument for a request that is not signed.
    """
    if home.request is not None and home.principal.anonymous:
        raise errors.InvalidArgument(
            "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.",
            ArgumentName="Authorization",
            ArgumentValue="null",
        )
    account = home.principal.account
    return home.at(account=account) if account and account != home.account else home


def _context(home: Context, bucket: str, key: str, encryption: Encryption) -> dict[str, str]:
    """The encryption context, which key policies can ask for: the ARN, beside what the request gave."""
    arn = f"arn:{partition_of(home.region)}:s3:::{bucket}"
    given = _given(encryption.kms_context) if encryption.kms_context else {}
    return {**given, ARN: arn if encryption.bucket_key else f"{arn}/{key}"}


def _given(text: str) -> dict[str, str]:
    try:
        context = json.loads(base64.b64decode(text, validate=True))
    except ValueError:
        context = None
    if not isinstance(context, dict) or not all(isinstance(value, str) for value in context.values()):
        raise errors.InvalidArgument(
            "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON "
            "which represents a string-string map",
            ArgumentName="x-amz-server-side-encryption-context",
            ArgumentValue=text,
        )
    return context


@contextmanager
def _failing() -> Iterator[None]:
    """KMS's errors as S3 gives them on."""
    try:
        yield
    except AwsError as error:
        if error.code == "AccessDeniedException":
            raise errors.AccessDenied(error.message) from error
        raise declare(f"KMS.{error.code}", status=400)(error.message) from error
