"""Grants: permissions on a key for one principal, which count at once.

https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hodei.kernel.arns import Arn, partition_of
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.kms import errors, pages, states
from hodei.services.kms.find import Found, find_foreign
from hodei.services.kms.service import kms
from hodei.services.kms.specs import AGREE, ENCRYPT, MAC, SIGN
from hodei.services.kms.state import Grant, Key, grants
from hodei.services.kms.using import use

PAGE, LARGEST_PAGE = 50, 100
ID_DIGITS = 64
NO_CONSTRAINTS: Mapping[str, Any] = {}
ALWAYS = frozenset(("CreateGrant", "RetireGrant", "DescribeKey"))
WITH_CONTEXT = frozenset(
    (
        "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo",
    )
)  # fmt: skip
ASYMMETRIC = {
    ENCRYPT: frozenset(("Decrypt", "Encrypt", "ReEncryptFrom", "ReEncryptTo", "GetPublicKey")),
    SIGN: frozenset(("Sign", "Verify", "GetPublicKey")),
    AGREE: frozenset(("DeriveSharedSecret", "GetPublicKey")),
    MAC: frozenset(("GenerateMac", "VerifyMac")),
}
ACCOUNT = re.compile(r"[0-9]{12}")


@kms.operation("CreateGrant")
def create_grant(
    ctx: Context,
    *,
    KeyId: str,
    Operations: Sequence[str],
    GranteePrincipal: str = "",
    RetiringPrincipal: str = "",
    Constraints: Mapping[str, Any] = NO_CONSTRAINTS,
    GrantTokens: use.Tokens = use.NO_TOKENS,
    Name: str = "",
    DryRun: bool = False,
    GranteeServicePrincipal: str = "",
    RetiringServicePrincipal: str = "",
) -> dict[str, Any]:
    """With a name it is idempotent: the same grant is not made twice."""
    use.check_tokens(ctx, GrantTokens)
    found = find_foreign(ctx, KeyId)
    states.check_usable(found)
    where, key = found
    _check_principals(GranteePrincipal, GranteeServicePrincipal, RetiringPrincipal, RetiringServicePrincipal)
    _check_operations(key, Operations, Constraints)
    if GranteeServicePrincipal and "SourceArn" not in Constraints:
        raise errors.ValidationException(reason="GranteeServicePrincipal requires a SourceArn grant constraint.")
    wanted = Grant(
        region=where.region,
        account=where.account,
        key=key.id,
        id=ctx.ids.hex(ID_DIGITS),
        created=ctx.now,
        issuer=f"arn:{partition_of(ctx.region)}:iam::{ctx.account}:root",
        operations=tuple(sorted(set(Operations))),
        grantee=_principal(ctx, GranteePrincipal) or GranteeServicePrincipal,
        grantee_is_service=bool(GranteeServicePrincipal),
        retiring=_principal(ctx, RetiringPrincipal) or RetiringServicePrincipal,
        retiring_is_service=bool(RetiringServicePrincipal),
        name=Name,
        equals=dict(Constraints.get("EncryptionContextEquals", {})),
        subset=dict(Constraints.get("EncryptionContextSubset", {})),
        source_arn=Constraints.get("SourceArn", ""),
    )
    use.tried(DryRun)
    grant = _same(found, wanted)
    if grant is None:
        _check_quota(found)
        grant = wanted
        grants.put(where, grant)
    token = ctx.token("grant", grant.region, grant.account, grant.key, grant.id, ctx.ids.hex(16))
    return {"GrantToken": token, "GrantId": grant.id}


@kms.operation("ListGrants")
def list_grants(
    ctx: Context,
    *,
    KeyId: str,
    Limit: int = PAGE,
    Marker: str = "",
    GrantId: str = "",
    GranteePrincipal: str = "",
    GranteeServicePrincipal: str = "",
) -> dict[str, Any]:
    pages.check_limit(Limit, LARGEST_PAGE)
    found = find_foreign(ctx, KeyId)
    last = pages.after(ctx, Marker)
    if GranteePrincipal and GranteeServicePrincipal:
        raise errors.ValidationException(reason=_EITHER.format("GranteePrincipal", "GranteeServicePrincipal"))
    if GrantId and grants.get(ctx, *_place(found), GrantId) is None:
        raise errors.InvalidGrantIdException()
    grantee = _principal(ctx, GranteePrincipal) or GranteeServicePrincipal
    listed = (
        grant
        for grant in grants.scan(ctx, *_place(found), after=last)
        if (not GrantId or grant.id == GrantId) and (not grantee or grant.grantee == grantee)
    )
    return _page(ctx, listed, Limit)


@kms.operation("ListRetirableGrants")
def list_retirable_grants(
    ctx: Context,
    *,
    Limit: int = PAGE,
    Marker: str = "",
    RetiringPrincipal: str = "",
    RetiringServicePrincipal: str = "",
) -> dict[str, Any]:
    """Those of keys of all accounts in this Region."""
    pages.check_limit(Limit, LARGEST_PAGE)
    if bool(RetiringPrincipal) == bool(RetiringServicePrincipal):
        raise errors.ValidationException(reason=_EITHER.format("RetiringPrincipal", "RetiringServicePrincipal"))
    retiring = _principal(ctx, RetiringPrincipal) or RetiringServicePrincipal
    last = pages.after(ctx, Marker)
    after = (ctx.region, *last) if last else None
    return _page(ctx, grants.by("retiring", ctx, ctx.region, retiring, after=after), Limit)


@kms.operation("RetireGrant")
def retire_grant(
    ctx: Context, *, GrantToken: str = "", KeyId: str = "", GrantId: str = "", DryRun: bool = False
) -> None:
    """Whom the grant itself does not let retire it needs permission on the key: see `access`."""
    grant = retirable(ctx, GrantToken, KeyId, GrantId)
    use.tried(DryRun)
    grants.delete(ctx, grant.region, grant.account, grant.key, grant.id)


@kms.operation("RevokeGrant")
def revoke_grant(ctx: Context, *, KeyId: str, GrantId: str, DryRun: bool = False) -> None:
    found = find_foreign(ctx, KeyId)
    if grants.get(ctx, *_place(found), GrantId) is None:
        raise _no_grant(GrantId)
    use.tried(DryRun)
    grants.delete(ctx, *_place(found), GrantId)


def retirable(ctx: Context, token: str, key: str, id: str) -> Grant:
    """The grant of a RetireGrant. Raises: ValidationException, InvalidGrantTokenException, NotFoundException."""
    if bool(token) == bool(key and id) or (token and (key or id)):
        raise errors.ValidationException(
            reason="You must specify either a GrantToken, or both a KeyId and a GrantId, but not both."
        )
    if token:
        place, id = use.read_grant_token(ctx, token)[:3], use.read_grant_token(ctx, token)[3]
    else:
        place = _place(find_foreign(ctx, key))
    if (grant := grants.get(ctx, *place, id)) is None:
        raise _no_grant(id)
    return grant


_EITHER = "You must specify either {} or {}, but not both."


def _no_grant(id: str) -> AwsError:
    return errors.NotFoundException(reason=f"Grant ID {id} not found")


def _place(found: Found) -> tuple[str, str, str]:
    return found.ctx.region, found.ctx.account, found.key.id


def _principal(ctx: Context, given: str) -> str:
    """A principal as its ARN: an account may also be given by its number."""
    return f"arn:{partition_of(ctx.region)}:iam::{given}:root" if ACCOUNT.fullmatch(given) else given


def _check_principals(grantee: str, service: str, retiring: str, retiring_service: str) -> None:
    """Raises: ValidationException, InvalidArnException."""
    if bool(grantee) == bool(service):
        raise errors.ValidationException(reason=_EITHER.format("GranteePrincipal", "GranteeServicePrincipal"))
    if retiring and retiring_service:
        raise errors.ValidationException(reason=_EITHER.format("RetiringPrincipal", "RetiringServicePrincipal"))
    if service and not (retiring or retiring_service):
        raise errors.ValidationException(
            reason="GranteeServicePrincipal requires a RetiringPrincipal or a RetiringServicePrincipal."
        )
    for name in (grantee, retiring):
        if name and not ACCOUNT.fullmatch(name) and not name.endswith(".amazonaws.com"):
            _check_arn(name)


def _check_arn(name: str) -> None:
    try:
        arn = Arn.parse(name)
    except ValueError:
        raise errors.InvalidArnException(arn=name) from None
    if arn.service not in ("iam", "sts"):
        raise errors.InvalidArnException(arn=name)


def _check_operations(key: Key, operations: Sequence[str], constraints: Mapping[str, Any]) -> None:
    """Raises: ValidationException."""
    if not key.spec.symmetric and (
        "EncryptionContextEquals" in constraints or "EncryptionContextSubset" in constraints
    ):
        raise errors.ValidationException(
            reason="EncryptionContext is supported only when creating a grant for a symmetric encryption KMS key."
        )
    allowed = ALWAYS | (WITH_CONTEXT if key.spec.symmetric else ASYMMETRIC[key.usage])
    if foreign := sorted(set(operations) - allowed):
        raise errors.ValidationException(
            reason=f"Operations [{', '.join(foreign)}] are not valid for key spec {key.spec_name} and key usage "
            f"{key.usage}."
        )
    if not operations:
        raise errors.ValidationException(reason="A grant needs operations.")


def _same(found: Found, wanted: Grant) -> Grant | None:
    """The grant that a named request has made already."""
    if not wanted.name:
        return None
    for grant in grants.by("grantees", found.ctx, *_place(found), wanted.grantee):
        if _asked(grant) == _asked(wanted):
            return grant
    return None


def _asked(grant: Grant) -> tuple[Any, ...]:
    return grant.name, grant.operations, grant.retiring, grant.equals, grant.subset, grant.source_arn


def _check_quota(found: Found) -> None:
    limit = int(found.ctx.quota("grants-per-key"))
    if grants.count(found.ctx, *_place(found)) >= limit:
        raise errors.LimitExceededException(reason=f"{found.arn} has reached the limit of {limit} grants.")


def _page(ctx: Context, listed: Iterable[Grant], limit: int) -> dict[str, Any]:
    page, rest = pages.cut(ctx, listed, limit, lambda grant: _position(ctx, grant))
    return {"Grants": [_shown(ctx, grant) for grant in page], **rest}


def _position(ctx: Context, grant: Grant) -> tuple[str, ...]:
    return (grant.account, grant.key, grant.id) if ctx.operation == "ListRetirableGrants" else (grant.id,)


def _shown(ctx: Context, grant: Grant) -> dict[str, Any]:
    there = ctx.at(account=grant.account, region=grant.region)
    shown: dict[str, Any] = {
        "KeyId": there.arn(f"key/{grant.key}"),
        "GrantId": grant.id,
        "Name": grant.name,
        "CreationDate": grant.created,
        "IssuingAccount": grant.issuer,
        "Operations": list(grant.operations),
        "GranteePrincipal": grant.grantee,
    }
    if grant.grantee_is_service:
        shown["GranteeServicePrincipal"] = grant.grantee
    if grant.retiring:
        shown["RetiringServicePrincipal" if grant.retiring_is_service else "RetiringPrincipal"] = grant.retiring
    constraints = {
        "EncryptionContextEquals": dict(grant.equals),
        "EncryptionContextSubset": dict(grant.subset),
        "SourceArn": grant.source_arn,
    }
    if given := {name: value for name, value in constraints.items() if value}:
        shown["Constraints"] = given
    return shown
