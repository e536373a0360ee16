"""What is blocked of public access: the strictest of what a bucket, its account and an access point say.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

from typing import Any

from hodei.kernel.context import Context
from hodei.services.s3 import errors
from hodei.services.s3.buckets import access_points, configurations
from hodei.services.s3.buckets.configurations import configuration
from hodei.services.s3.state import Bucket, account_blocks

KIND = "public-access-block"
SETTINGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@configuration(
    KIND,
    put="PutPublicAccessBlock",
    get="GetPublicAccessBlock",
    delete="DeletePublicAccessBlock",
    member="PublicAccessBlockConfiguration",
    missing=errors.NoSuchPublicAccessBlockConfiguration,
    default=dict.fromkeys(SETTINGS, True),
)
def accept_public_access_block(home: Context, bucket: Bucket, document: Any) -> Any:
    return {name: document.get(name, False) for name in SETTINGS}


def blocked(home: Context, bucket: Bucket, setting: str) -> bool:
    """Whether one of the settings holds for a request to a bucket."""
    own = configurations.find(home, bucket, KIND) or {}
    if own.get(setting) or in_account(home, bucket.account, setting):
        return True
    point = access_points.used(home)
    return point is not None and point.block[setting]


def in_account(ctx: Context, account: str, setting: str) -> bool:
    """Whether an account blocks that for all that it has."""
    found = account_blocks.get(ctx, account)
    return found is not None and found.settings[setting]
