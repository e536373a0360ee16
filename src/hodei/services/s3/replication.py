"""Replication: what is created in a bucket appears in other buckets, in any region and account."""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.s3.state import Bucket, Object


def replicate(home: Context, bucket: Bucket, obj: Object) -> None:
    """Have a new version (or delete marker) replicated as the bucket's rules say. Called once it is stored."""
