"""Roles that services become to act for a resource, with credentials only where something outside is to have them."""

from __future__ import annotations

from typing import Any

import hodei.services.iam.api as iam
from hodei.kernel.arns import Arn
from hodei.kernel.context import Context, Principal
from hodei.kernel.iam.authorise import check
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.kernel.iam.keys import Session
from hodei.kernel.iam.needs import Need
from hodei.services.sts import places, sessions


def become(ctx: Context, arn: str, name: str, by: Principal, *, external_id: str = "") -> Principal:
    """The session `name` of a role, for `by`: a service, or whom it has become before. Raises: AccessDenied."""
    role = _trusting(ctx, arn, name, by, external_id)
    return Principal(
        account=Arn.parse(arn).account,
        arn=_arn(arn, role, name),
        access_key=role.id.replace("AROA", "ASIA", 1),
        kind="role-session",
        id=f"{role.id}:{name}",
        session=Session(name=name, issuer=arn, issuer_id=role.id),
    )


def issue(ctx: Context, arn: str, name: str, by: Principal, seconds: int) -> dict[str, Any]:
    """Credentials of the session `name` of a role, for what a service runs: Lambda's functions have them. In the open
    batch. Raises: AccessDenied."""
    role = _trusting(ctx, arn, name, by, "")
    session = Session(name=name, issuer=arn, issuer_id=role.id, started=ctx.now)
    there = ctx.world.context("sts", account=Arn.parse(arn).account, region=ctx.region)
    return sessions.issue(
        there,
        account=there.account,
        kind="role-session",
        arn=_arn(arn, role, name),
        id=f"{role.id}:{name}",
        seconds=seconds,
        session=session,
    )


def _trusting(ctx: Context, arn: str, name: str, by: Principal, external_id: str) -> iam.Role:
    """The role, which lets `by` assume it."""
    account = Arn.parse(arn).account
    role = iam.role(places.iam(ctx, account), arn)
    sts = ctx.world.context("sts", account=account, region=ctx.region, principal=by, operation="AssumeRole")
    asked = {"RoleSessionName": name} | ({"ExternalId": external_id} if external_id else {})
    owned = ResourcePolicy(account, role.trust if role else "", must_allow=True)
    check(sts, [Need("sts:AssumeRole", arn, asked, owned)], asked)
    assert role, "a role that there is not trusts nobody"
    return role


def _arn(role_arn: str, role: iam.Role, session: str) -> str:
    place = Arn.parse(role_arn)
    return f"arn:{place.partition}:sts::{place.account}:assumed-role/{role.name}/{session}"
