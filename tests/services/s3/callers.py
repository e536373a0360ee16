"""Callers other than the owner's SDK: a header for requests that no SDK makes, and bucket policies that let others in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=test/20250101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
SIGNED = ("Authorization", AUTHORIZATION)  # the root of the account, as any key is that was not issued


def statement(bucket: str, principal: Any = "*", action: Any = "s3:*", effect: str = "Allow", **more: Any) -> Any:
    """About the bucket and all in it, unless `more` says otherwise."""
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": resources, **more}


def let(s3: Any, bucket: str, *statements: Any) -> None:
    """Give a bucket this policy, which may be public."""
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


def can(call: Callable[..., Any], **params: Any) -> bool:
    """Whether that is allowed; another error than AccessDenied fails the test."""
    try:
        call(**params)
    except ClientError as error:
        assert error.response["Error"]["Code"] in ("AccessDenied", "403"), error
        return False
    return True


def may(*actions: str, on: str = "*", **more: Any) -> dict[str, Any]:
    """A statement of an identity's policy."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}
