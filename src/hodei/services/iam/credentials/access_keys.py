"""Access keys of users, and of the root of the account."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.iam.keys import AccessKey, keys, revoke
from hodei.services.iam import errors, find, ids, pages, rules, uses
from hodei.services.iam.credentials.state import Key, access_keys
from hodei.services.iam.find import Owner
from hodei.services.iam.service import iam
from hodei.services.iam.state import users


@iam.operation("CreateAccessKey")
def create_access_key(ctx: Context, *, UserName: str = "") -> dict[str, Any]:
    """The only time that the secret is shown."""
    owner = find.owner(ctx, UserName)
    rules.check_quota("AccessKeysPerUser", access_keys.count(ctx, owner.id), ctx.quota("access-keys-per-user"))
    key = Key(owner=owner.id, id=ids.unique(ctx, "AKIA", 16), created=ctx.now)
    secret = ids.secret(ctx)
    access_keys.put(ctx, key)
    issued = AccessKey(
        access_key=key.id,
        secret=secret,
        account=ctx.account,
        kind="root" if owner.is_root else "user",
        arn=owner.arn,
        id=owner.id,
    )
    keys.put(ctx, issued)
    return {"AccessKey": _view(owner, key) | {"SecretAccessKey": secret}}


@iam.operation("ListAccessKeys")
def list_access_keys(
    ctx: Context, *, UserName: str = "", Marker: str = "", MaxItems: int = pages.MOST
) -> dict[str, Any]:
    owner = find.owner(ctx, UserName)
    found = access_keys.scan(ctx, owner.id, after=pages.after(ctx, Marker))
    page, rest = pages.cut(ctx, found, MaxItems, lambda key: (key.id,))
    return {"AccessKeyMetadata": [_view(owner, key) for key in page], **rest}


@iam.operation("UpdateAccessKey")
def update_access_key(ctx: Context, *, AccessKeyId: str, Status: str, UserName: str = "") -> None:
    active = rules.active(Status)
    key = _find(ctx, find.owner(ctx, UserName), AccessKeyId)
    access_keys.put(ctx, replace(key, active=active))
    if issued := keys.get(ctx, key.id):
        keys.put(ctx, replace(issued, active=active))


@iam.operation("DeleteAccessKey")
def delete_access_key(ctx: Context, *, AccessKeyId: str, UserName: str = "") -> None:
    key = _find(ctx, find.owner(ctx, UserName), AccessKeyId)
    access_keys.delete(ctx, key.owner, key.id)
    revoke(ctx, key.id)


@iam.operation("GetAccessKeyLastUsed")
def get_access_key_last_used(ctx: Context, *, AccessKeyId: str) -> dict[str, Any]:
    """Of another account's key nothing is told but that access is denied."""
    issued = keys.get(ctx, AccessKeyId)
    if issued is None or issued.account != ctx.account or issued.token or not issued.secret:
        raise errors.AccessDenied(
            f"User: {ctx.principal.arn} is not authorized to perform: iam:GetAccessKeyLastUsed "
            f"on resource: access key {AccessKeyId}"
        )
    last: dict[str, Any] = {"ServiceName": "N/A", "Region": "N/A"}
    if use := uses.of_key(ctx, AccessKeyId):
        last = {"LastUsedDate": use.at, "ServiceName": uses.namespace(use.service), "Region": use.region}
    user = users.get(ctx, issued.id)
    return ({"UserName": user.name} if user else {}) | {"AccessKeyLastUsed": last}


def _find(ctx: Context, owner: Owner, id: str) -> Key:
    if (key := access_keys.get(ctx, owner.id, id)) is None:
        raise errors.NoSuchEntity(what=f"The Access Key with id {id}")
    return key


def _view(owner: Owner, key: Key) -> dict[str, Any]:
    return ({} if owner.is_root else {"UserName": owner.name}) | {
        "AccessKeyId": key.id,
        "Status": rules.status(key.active),
        "CreateDate": key.created,
    }
