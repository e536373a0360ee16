"""Roles that services become to act for a resource. No credentials are issued: nobody outside would see them."""

from __future__ import annotations

import hodei.services.iam.api as iam
from hodei.kernel.arns import Arn
from hodei.kernel.context import Context, Principal
from hodei.kernel.iam.authorise import check
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.kernel.iam.keys import Session
from hodei.kernel.iam.needs import Need
from hodei.services.sts import places


def become(ctx: Context, arn: str, name: str, by: Principal, *, external_id: str = "") -> Principal:
    """The session `name` of a role, for `by`: a service, or whom it has become before. Raises: AccessDenied."""
    place = Arn.parse(arn)
    role = iam.role(places.iam(ctx, place.account), arn)
    sts = ctx.world.context("sts", account=place.account, region=ctx.region, principal=by, operation="AssumeRole")
    asked = {"RoleSessionName": name} | ({"ExternalId": external_id} if external_id else {})
    owned = ResourcePolicy(place.account, role.trust if role else "", must_allow=True)
    check(sts, [Need("sts:AssumeRole", arn, asked, owned)], asked)
    assert role, "a role that there is not trusts nobody"
    return Principal(
        account=place.account,
        arn=f"arn:{place.partition}:sts::{place.account}:assumed-role/{role.name}/{name}",
        access_key=role.id.replace("AROA", "ASIA", 1),
        kind="role-session",
        id=f"{role.id}:{name}",
        session=Session(name=name, issuer=arn, issuer_id=role.id),
    )
