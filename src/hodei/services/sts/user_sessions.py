"""Temporary credentials of users, and of the root: their own, and for those whom they federate."""

from __future__ import annotations

from typing import Any

from hodei.kernel.arns import partition_of
from hodei.kernel.context import Context
from hodei.kernel.iam.keys import Session
from hodei.services.sts import mfa, policies, sessions
from hodei.services.sts.policies import Descriptors
from hodei.services.sts.service import sts
from hodei.services.sts.tags import Tags, as_mapping, merged

DEFAULT_SECONDS = 12 * 3600
LONGEST_OF_ROOT = 3600


@sts.operation("GetSessionToken")
def get_session_token(
    ctx: Context, *, DurationSeconds: int = DEFAULT_SECONDS, SerialNumber: str = "", TokenCode: str = ""
) -> dict[str, Any]:
    caller = ctx.principal
    session = Session(
        name="",
        issuer=caller.arn,
        issuer_id=caller.id,
        started=ctx.now,
        mfa=ctx.now if mfa.shown(ctx, SerialNumber, TokenCode) else 0.0,
    )
    credentials = sessions.issue(
        ctx,
        account=ctx.account,
        kind=caller.kind,
        arn=caller.arn,
        id=caller.id,
        seconds=_seconds(ctx, DurationSeconds),
        session=session,
    )
    return {"Credentials": credentials}


@sts.operation("GetFederationToken")
def get_federation_token(
    ctx: Context,
    *,
    Name: str,
    Policy: str = "",
    PolicyArns: Descriptors = (),
    DurationSeconds: int = DEFAULT_SECONDS,
    Tags: Tags = (),
) -> dict[str, Any]:
    """Without a session policy they may do only what policies of resources grant them."""
    tags = merged(as_mapping(Tags), (), None).tags
    found = policies.read(ctx, ctx.account, Policy, PolicyArns, tags)
    arn = f"arn:{partition_of(ctx.region)}:sts::{ctx.account}:federated-user/{Name}"
    id = f"{ctx.account}:{Name}"
    session = Session(
        name=Name,
        issuer=ctx.principal.arn,
        issuer_id=ctx.principal.id,
        policies=found.documents,
        tags=tags,
        started=ctx.now,
    )
    credentials = sessions.issue(
        ctx,
        account=ctx.account,
        kind="federated-user",
        arn=arn,
        id=id,
        seconds=_seconds(ctx, DurationSeconds),
        session=session,
    )
    return {
        "Credentials": credentials,
        "FederatedUser": {"FederatedUserId": id, "Arn": arn},
        "PackedPolicySize": found.packed,
    }


def _seconds(ctx: Context, wanted: int) -> int:
    return min(wanted, LONGEST_OF_ROOT) if ctx.principal.kind == "root" else wanted
