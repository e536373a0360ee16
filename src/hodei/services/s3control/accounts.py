"""The public access block of an account; and that nobody has a say in another account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import hodei.services.s3.api as s3
from hodei.kernel.context import Context
from hodei.services.s3control import errors
from hodei.services.s3control.service import s3control


@s3control.operation("PutPublicAccessBlock")
def put_public_access_block(
    ctx: Context, *, AccountId: str, PublicAccessBlockConfiguration: Mapping[str, bool]
) -> None:
    """What is not said is off."""
    if not PublicAccessBlockConfiguration:
        raise errors.InvalidRequest("Must specify at least one configuration.")
    s3.block_account(ctx, AccountId, settings(PublicAccessBlockConfiguration))


@s3control.operation("GetPublicAccessBlock")
def get_public_access_block(ctx: Context, *, AccountId: str) -> dict[str, Any]:
    if (found := s3.settings_of_account(ctx, AccountId)) is None:
        raise errors.NoSuchPublicAccessBlockConfiguration(AccountId=AccountId)
    return {"PublicAccessBlockConfiguration": found}


@s3control.operation("DeletePublicAccessBlock")
def delete_public_access_block(ctx: Context, *, AccountId: str) -> dict[str, int]:
    s3.block_account(ctx, AccountId, None)
    return {"HTTPStatusCode": 204}


def settings(given: Mapping[str, bool]) -> dict[str, bool]:
    return {name: given.get(name, False) for name in s3.SETTINGS}


def amend(ctx: Context, params: dict[str, Any]) -> None:
    """Every request names the account that it is about: that of who asks. Raises: AccessDenied, InvalidRequest."""
    if (account := params.get("AccountId")) is None:
        raise errors.InvalidRequest("Missing required header for this request: x-amz-account-id")
    if account != ctx.principal.account:
        raise errors.AccessDenied()


s3control.amend = amend
