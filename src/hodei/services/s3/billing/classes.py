"""What storage classes are to the bill.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html, https://aws.amazon.com/s3/pricing/
"""

from __future__ import annotations

import functools

from hodei.kernel.arns import partition_of

SMALLEST = 128 * 1024  # bytes that an object counts for at least, where small ones count for more than they are
INDEX = 32 * 1024  # bytes more of an archived object in its own class
NAME = 8 * 1024  # and in STANDARD

# What usages of a class begin with; those of STANDARD and REDUCED_REDUNDANCY with nothing, but for storage.
PREFIXES = {
    "STANDARD_IA": "ia-",
    "ONEZONE_IA": "zia-",
    "INTELLIGENT_TIERING": "int-",
    "GLACIER_IR": "gir-",
    "GLACIER": "glacier-",
    "DEEP_ARCHIVE": "gda-",
}
ROUNDED = ("STANDARD_IA", "ONEZONE_IA", "GLACIER_IR")
ARCHIVES = ("GLACIER", "DEEP_ARCHIVE")
LEAST_DAYS = {"STANDARD_IA": 30, "ONEZONE_IA": 30, "GLACIER_IR": 90, "GLACIER": 90, "DEEP_ARCHIVE": 180}
MOVES = {
    "STANDARD_IA": "to-ia",
    "ONEZONE_IA": "to-ia",
    "INTELLIGENT_TIERING": "to-ia",
    "GLACIER_IR": "to-gir",
    "GLACIER": "to-glacier",
    "DEEP_ARCHIVE": "to-gda",
}


@functools.lru_cache(4096)
def arn(region: str, bucket: str) -> str:
    return f"arn:{partition_of(region)}:s3:::{bucket}"
