"""S3's limits and rules of form that botocore's model does not state."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hodei.services.s3 import errors

KEY_LIMIT = 1024  # bytes of UTF-8
METADATA_LIMIT = 2048  # bytes of user metadata, names and values
PUT_LIMIT = 5 * 2**30  # bytes of one PUT or of one part

BUCKET_NAME = re.compile(r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?<!-s3alias)(?<!--ol-s3)(?<!\.mrap)(?<!--x-s3)(?<!--table-s3)")
IP_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")


def check_bucket_name(name: str) -> None:
    if not BUCKET_NAME.fullmatch(name) or ".." in name or IP_ADDRESS.fullmatch(name):
        raise errors.InvalidBucketName(BucketName=name)


def check_key(key: str) -> None:
    size = len(key) if key.isascii() else len(key.encode())
    if size > KEY_LIMIT:
        raise errors.KeyTooLongError(Size=str(size), MaxSizeAllowed=str(KEY_LIMIT))


def check_metadata(metadata: Mapping[str, str]) -> None:
    size = sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items())
    if size > METADATA_LIMIT:
        raise errors.MetadataTooLarge(Size=str(size), MaxSizeAllowed=str(METADATA_LIMIT))
