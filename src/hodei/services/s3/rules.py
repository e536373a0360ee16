"""S3's limits and rules of form that botocore's model does not state."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Mapping

from hodei.kernel.ids import Ids
from hodei.protocol.http import Request
from hodei.services.s3 import errors
from hodei.services.s3.state import NULL_VERSION

KEY_LIMIT = 1024  # bytes of UTF-8
METADATA_LIMIT = 2048  # bytes of user metadata, names and values
REDIRECT_LIMIT = 2048  # characters
PUT_LIMIT = 5 * 2**30  # bytes of one PUT or of one part

RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
IP_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")


def check_bucket_name(name: str) -> None:
    wrong = not BUCKET_NAME.fullmatch(name) or ".." in name or IP_ADDRESS.fullmatch(name)
    if wrong or name.startswith(RESERVED_PREFIXES) or name.endswith(RESERVED_SUFFIXES):
        raise errors.InvalidBucketName(BucketName=name)


def check_key(key: str) -> None:
    size = len(key) if key.isascii() else len(key.encode())
    if size > KEY_LIMIT:
        raise errors.KeyTooLongError(Size=str(size), MaxSizeAllowed=str(KEY_LIMIT))


def check_metadata(metadata: Mapping[str, str]) -> None:
    size = sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items())
    if size > METADATA_LIMIT:
        raise errors.MetadataTooLarge(Size=str(size), MaxSizeAllowed=str(METADATA_LIMIT))


def check_redirect(location: str | None) -> None:
    """x-amz-website-redirect-location. Raises: InvalidRedirectLocation."""
    if location is None:
        return
    if not location:
        raise errors.InvalidRedirectLocation("The website redirect location must be non-empty.")
    if not location.startswith(("http://", "https://", "/")):
        raise errors.InvalidRedirectLocation(
            "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."
        )
    if len(location) > REDIRECT_LIMIT:
        raise errors.InvalidRedirectLocation("The length of website redirect location cannot exceed 2,048 characters.")


def check_signature_version(request: Request | None, message: str) -> None:
    """Raises: InvalidRequest, in these words, if the signature is of version 2."""
    if request is None:
        return
    if request.headers.get("authorization").startswith("AWS ") or "AWSAccessKeyId=" in request.query:
        raise errors.InvalidRequest(message)


def new_version_id(ids: Ids) -> str:
    """32 characters; the last four vouch for the others, so that ids that were made up can be told."""
    stem = ids.url_token(21)
    return stem + _seal(stem)


def is_version_id(text: str) -> bool:
    return text == NULL_VERSION or (len(text) == 32 and _seal(text[:28]) == text[28:])


def check_version_id(version_id: str, argument: str = "versionId") -> None:
    """Raises: InvalidArgument if that never was a version id."""
    if not is_version_id(version_id):
        message = "Invalid version id specified" if version_id else "Version id cannot be the empty string"
        raise errors.InvalidArgument(message, ArgumentName=argument, ArgumentValue=version_id)


def _seal(stem: str) -> str:
    return base64.urlsafe_b64encode(zlib.crc32(stem.encode()).to_bytes(4, "big")[:3]).decode()
