"""AssumeRole: by a user, or from role to role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.iam.keys import Session, keys
from hodei.services.sts import errors, mfa, roles, rules
from hodei.services.sts.policies import Descriptors
from hodei.services.sts.service import sts
from hodei.services.sts.tags import Tags, as_mapping


@sts.operation("AssumeRole")
def assume_role(
    ctx: Context,
    *,
    RoleArn: str,
    RoleSessionName: str,
    PolicyArns: Descriptors = (),
    Policy: str = "",
    DurationSeconds: int = roles.DEFAULT_SECONDS,
    Tags: Tags = (),
    TransitiveTagKeys: Sequence[str] = (),
    ExternalId: str = "",
    SerialNumber: str = "",
    TokenCode: str = "",
    SourceIdentity: str = "",
) -> dict[str, Any]:
    rules.check_arn(RoleArn)
    _check_root(ctx)
    wish = roles.Wish(
        action="sts:AssumeRole",
        role=RoleArn,
        name=RoleSessionName,
        policy=Policy,
        policies=PolicyArns,
        seconds=DurationSeconds,
        tags=as_mapping(Tags),
        transitive=TransitiveTagKeys,
        source_identity=SourceIdentity,
        external_id=ExternalId,
    )
    return roles.assume(_with_mfa(ctx) if mfa.shown(ctx, SerialNumber, TokenCode) else ctx, wish)


def _check_root(ctx: Context) -> None:
    """The root of an account cannot be a role; keys that were not issued here stand for it and may, for they are all
    that a cloud without users has."""
    if ctx.principal.kind == "root" and keys.get(ctx, ctx.principal.access_key):
        raise errors.AccessDenied("Roles may not be assumed by root accounts.")


def _with_mfa(ctx: Context) -> Context:
    """The call of a user that has shown a code: conditions on aws:MultiFactorAuthPresent of the trust policy hold.

    The session of the role does not know of it.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
    """
    caller = ctx.principal
    proof = Session(name="", issuer=caller.arn, issuer_id=caller.id, mfa=ctx.now)
    return ctx.by(replace(caller, session=proof))
