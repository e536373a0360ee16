"""Whom an access key stands for: whom IAM or STS issued it to, else the root of an account."""

from __future__ import annotations

import functools

from hodei.kernel.arns import partition_of
from hodei.kernel.context import Principal
from hodei.kernel.iam.keys import AccessKey

DEFAULT_ACCOUNT = "000000000000"


def holder(key: AccessKey) -> Principal:
    """Of a key that was issued."""
    return Principal(
        account=key.account, arn=key.arn, access_key=key.access_key, kind=key.kind, id=key.id, session=key.session
    )


@functools.lru_cache(maxsize=1024)
def stranger(access_key: str, region: str) -> Principal:
    """Of a key that nobody issued: one of 12 digits is the root of that account, any other of the default account."""
    named = len(access_key) == 12 and access_key.isascii() and access_key.isdigit()
    account = access_key if named else DEFAULT_ACCOUNT
    return Principal(account=account, arn=f"arn:{partition_of(region)}:iam::{account}:root", access_key=access_key)
