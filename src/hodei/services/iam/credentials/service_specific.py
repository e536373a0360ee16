"""Credentials for one service each: Git for CodeCommit, Keyspaces for Cassandra's drivers, API keys for Bedrock."""

from __future__ import annotations

import base64
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.iam import errors, find, ids, pages, rules
from hodei.services.iam.credentials.state import ServiceCredential, service_credentials
from hodei.services.iam.service import iam
from hodei.services.iam.state import users

MOST = 2  # of a user for a service
API_KEYS = "bedrock.amazonaws.com"
SERVICES = ("codecommit.amazonaws.com", "cassandra.amazonaws.com", API_KEYS)
DAY = 86400.0


@iam.operation("CreateServiceSpecificCredential")
def create_service_specific_credential(
    ctx: Context, *, UserName: str, ServiceName: str, CredentialAgeDays: int | None = None
) -> dict[str, Any]:
    user = find.user(ctx, UserName)
    _check_service(ServiceName)
    if CredentialAgeDays is not None and ServiceName != API_KEYS:
        raise errors.InvalidInput(f"CredentialAgeDays is not supported for {ServiceName}")
    own = [one for one in service_credentials.by("owners", ctx, user.id) if one.service == ServiceName]
    rules.check_quota("ServiceSpecificCredentialsPerUser", len(own), MOST)
    names = (f"{user.name}{suffix}-at-{ctx.account}" for suffix in ("", "+1", "+2"))
    taken = {one.username for one in own}
    credential = ServiceCredential(
        owner=user.id,
        id=ids.unique(ctx, "ACCA"),
        service=ServiceName,
        username=next(name for name in names if name not in taken),
        secret=ids.secret(ctx, 32),
        created=ctx.now,
        expires=None if CredentialAgeDays is None else ctx.now + CredentialAgeDays * DAY,
    )
    service_credentials.put(ctx, credential)
    return {"ServiceSpecificCredential": _whole(ctx, credential)}


@iam.operation("ListServiceSpecificCredentials")
def list_service_specific_credentials(
    ctx: Context,
    *,
    UserName: str = "",
    ServiceName: str = "",
    AllUsers: bool = False,
    Marker: str = "",
    MaxItems: int = pages.MOST,
) -> dict[str, Any]:
    if ServiceName:
        _check_service(ServiceName)
    prefix = () if AllUsers else (find.user_or_caller(ctx, UserName).id,)
    after = pages.after(ctx, Marker)
    found = service_credentials.by("owners", ctx, *prefix, after=after[len(prefix) :] if after else None)
    found = (one for one in found if ServiceName in ("", one.service))
    page, rest = pages.cut(ctx, found, MaxItems, lambda one: (one.owner, one.created, one.id))
    # AWS answers with IsTruncated only when there is more.
    more = rest if rest["IsTruncated"] else {}
    return {"ServiceSpecificCredentials": [_view(ctx, one) for one in page], **more}


@iam.operation("UpdateServiceSpecificCredential")
def update_service_specific_credential(
    ctx: Context, *, ServiceSpecificCredentialId: str, Status: str, UserName: str = ""
) -> None:
    credential = _find(ctx, UserName, ServiceSpecificCredentialId)
    service_credentials.put(ctx, replace(credential, active=rules.active(Status)))


@iam.operation("ResetServiceSpecificCredential")
def reset_service_specific_credential(
    ctx: Context, *, ServiceSpecificCredentialId: str, UserName: str = ""
) -> dict[str, Any]:
    credential = replace(_find(ctx, UserName, ServiceSpecificCredentialId), secret=ids.secret(ctx, 32))
    service_credentials.put(ctx, credential)
    return {"ServiceSpecificCredential": _whole(ctx, credential)}


@iam.operation("DeleteServiceSpecificCredential")
def delete_service_specific_credential(ctx: Context, *, ServiceSpecificCredentialId: str, UserName: str = "") -> None:
    service_credentials.delete(ctx, _find(ctx, UserName, ServiceSpecificCredentialId).id)


def _check_service(name: str) -> None:
    if name not in SERVICES:
        raise errors.NoSuchEntity(f"No such service {name} is supported for Service Specific Credentials")


def _find(ctx: Context, user_name: str, id: str) -> ServiceCredential:
    user = find.user_or_caller(ctx, user_name)
    found = service_credentials.get(ctx, id)
    if found is None or found.owner != user.id:
        raise errors.NoSuchEntity(f"No such credential {id} exists")
    return found


def _view(ctx: Context, credential: ServiceCredential) -> dict[str, Any]:
    user = users.get(ctx, credential.owner)
    expired = credential.expires is not None and credential.expires <= ctx.now
    name = "ServiceCredentialAlias" if credential.service == API_KEYS else "ServiceUserName"
    return {
        "CreateDate": credential.created,
        "ServiceName": credential.service,
        name: credential.username,
        "ServiceSpecificCredentialId": credential.id,
        "UserName": user.name if user else "",
        "Status": "Expired" if expired else rules.status(credential.active),
    } | ({} if credential.expires is None else {"ExpirationDate": credential.expires})


def _whole(ctx: Context, credential: ServiceCredential) -> dict[str, Any]:
    """With the secret, which is shown when it is made. Bedrock's API keys hold the alias, too."""
    if credential.service != API_KEYS:
        return _view(ctx, credential) | {"ServicePassword": credential.secret}
    key = base64.b64encode(f"{credential.username}:{credential.secret}".encode()).decode()
    return _view(ctx, credential) | {"ServiceCredentialSecret": f"ABSK{key}"}
