"""The roles that experiments act as: the experiment's own, and in other accounts those that it becomes from there.

https://docs.aws.amazon.com/fis/latest/userguide/getting-started-iam-service-role.html
https://docs.aws.amazon.com/fis/latest/userguide/multi-account-prerequisites.html
"""

from __future__ import annotations

import hodei.services.iam.api as iam
from hodei.kernel.arns import Arn
from hodei.kernel.context import Context, Principal, service_principal
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.authorise import check
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.kernel.iam.keys import Session
from hodei.kernel.iam.needs import Need
from hodei.services.fis.effects.effect import Failure
from hodei.services.fis.find import experiment_arn
from hodei.services.fis.state import Experiment, configurations

SERVICE = "fis.amazonaws.com"


def own(ctx: Context, experiment: Experiment) -> Principal:
    """A session of the role of an experiment. Raises: Failure."""
    by = service_principal(SERVICE, ctx.account, experiment_arn(ctx, experiment.id))
    return _assumed(ctx, by, experiment.role, experiment.id)


def callers(ctx: Context, experiment: Experiment, own: Principal) -> dict[str, Principal]:
    """Who acts for an experiment, by the account that it acts in. Raises: Failure."""
    arn = experiment_arn(ctx, experiment.id)
    if experiment.accounts == "single-account":
        return {ctx.account: own}
    return {
        one.account: _assumed(ctx, own, one.role, experiment.id, external_id=arn)
        for one in configurations.scan(ctx, experiment.id)
    }


def _assumed(ctx: Context, by: Principal, arn: str, session: str, external_id: str = "") -> Principal:
    """The session of a role that lets `by` assume it."""
    place = Arn.parse(arn)
    role = iam.role(ctx, arn)
    sts = ctx.world.context("sts", account=place.account, region=ctx.region, principal=by, operation="AssumeRole")
    asked = {"RoleSessionName": session} | ({"ExternalId": external_id} if external_id else {})
    owned = ResourcePolicy(place.account, role.trust if role else "", must_allow=True)
    try:
        check(sts, [Need("sts:AssumeRole", arn, asked, owned)], asked)
    except AwsError:
        role = None
    if role is None:
        raise Failure("AuthorizationFailure", f"Unable to assume role {arn}.", place.account)
    return Principal(
        account=place.account,
        arn=f"arn:{place.partition}:sts::{place.account}:assumed-role/{role.name}/{session}",
        access_key=role.id.replace("AROA", "ASIA", 1),
        kind="role-session",
        id=f"{role.id}:{session}",
        session=Session(name=session, issuer=arn, issuer_id=role.id),
    )
