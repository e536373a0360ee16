"""Whose a bucket is whose tags are asked for, and what its policy says. Access points are the account's that asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import hodei.services.s3.api as s3
from hodei.kernel.context import Context
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.services.s3control.service import s3control


@s3control.on_resource
def bucket_owned(ctx: Context, arn: str) -> ResourcePolicy | None:
    bucket = s3.bucket(ctx, arn.rpartition(":::")[2])
    return s3.policy_of_bucket(ctx, bucket) if bucket else None


s3control.resource_tags = s3.resource_tags


@s3control.without_policy
def unguarded(ctx: Context, params: Mapping[str, Any]) -> bool:
    return "ResourceArn" not in params
